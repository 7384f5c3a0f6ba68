import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.rules.condition_syntax import DEPTH_LIMIT, ConditionSyntaxError, Node, parse_tree, read_literal
from tests.policies.samples import PATIENT


def shape(node):
    """Return a tree as text, each node in brackets."""
    inner = " ".join(shape(child) for child in node.children)
    return f"({node.value} {inner})" if inner else node.value or "()"


@pytest.mark.parametrize(("text", "expected"), [
    ("a || b && c", "(|| a (&& b c))"), ("a + b * c - d == e", "(== (- (+ a (* b c)) d) e)"),
    ("a ? b : c ? d : e", "(? a b (? c d e))"), ("!a.b[0].c", "(! (c ([] (b a) 0)))"), ("--1 < 2", "(< (- (- 1)) 2)"),
    ("'x' in a || -a.b > 1.5e3", "(|| (in 'x' a) (> (- (b a)) 1.5e3))"), ("(a || b) && c", "(&& (|| a b) c)"),
    ("[1, 'b', [true],]", "( 1 'b' ( true))"), ("{'a': 1, b: {}}", "( 'a' 1 b ())"), ("size(a) == a.size()", "(== (size a) (size a))"),
    ("a.exists(x, x > 1)", "(exists a x (> x 1))"), ("a.map(x, x > 1, x)", "(map a x (> x 1) x)"),
    ("r'\\d' + \"\"\"a\"b\"\"\" // remark", "(+ r'\\d' \"\"\"a\"b\"\"\")"), ("a\n.b", "(b a)"), ("0x1F == 31u", "(== 0x1F 31u)"),
    ("has(a.b)", "(has (b a))"), ("null == true", "(== null true)"),
])  # fmt: skip
def test_trees(text, expected):
    assert shape(parse_tree(text)) == expected


@pytest.mark.parametrize(("text", "said", "at"), [
    ("", "expected a value", 0), ("a +", "expected a value", 3), ("(a", "expected ')'", 2), ("a b", "unexpected 'b'", 2),
    ("a.1", "unexpected '.1'", 1), ("a ? b", "expected ':'", 5), ("[1 2]", "expected ']'", 3), ("a[1", "expected ']'", 3),
    ("a.map(1, 2)", "expected map(name, expression)", 2), ("a # b", "a sign that conditions do not use", 2),
    ("'a", "a sign that conditions do not use", 0), ("T{a: 1}", "unexpected '{'", 1), ("a.?b", "expected a name", 2),
    ("in", "expected a value", 0), ("{1, 2}", "expected ':'", 2),
])  # fmt: skip
def test_what_is_no_condition_is_refused_where_it_is(text, said, at):
    with pytest.raises(ConditionSyntaxError) as caught:
        parse_tree(text)
    assert (str(caught.value), caught.value.offset) == (said, at)


@pytest.mark.parametrize("text", ["(" * 400 + "1" + ")" * 400, "!" * 900 + "true", "[" * 400, "1?" * 300, "-" * 999])
def test_levels_are_bounded(text):
    with pytest.raises(ConditionSyntaxError, match=f"more than {DEPTH_LIMIT} levels"):
        parse_tree(text)


@pytest.mark.parametrize(("text", "expected"), [
    ("'a'", "a"), ("r'\\d'", r"\d"), ("'\\\\d'", r"\d"), ('"""a\n"""', "a\n"), ("'\\u00e9'", "é"), ("1", None), ("a", None),
])  # fmt: skip
def test_literals_are_read(text, expected):
    assert read_literal(parse_tree(text)) == expected


def test_every_node_is_walked():
    kinds = [node.kind for node in parse_tree("a.all(x, f(x)[0] ? 'b' : {1: -2})").walk()]
    assert sorted(set(kinds)) == ["call", "if", "index", "macro", "map", "name", "number", "text", "unary"]
    assert Node("text", "'a'").children == ()


@PATIENT
@given(st.text(alphabet="ab.()[]{}?:,+-*!<>=&|'\"\\r 01eEx\n/in", max_size=60) | st.text(max_size=40))
def test_any_text_is_a_tree_or_refused_at_a_place(text):
    assert all(0 <= place <= len(text) for place in places_of(text))


def places_of(text):
    """Return where the nodes of a text are, or where it is refused."""
    try:
        return [node.offset for node in parse_tree(text).walk()]
    except ConditionSyntaxError as exc:
        return [exc.offset]
