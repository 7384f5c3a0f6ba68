from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policies.rules.document import DEPTH_LIMIT, NODE_LIMIT, SIZE_LIMIT, _choose_loader, parse_document
from policies.rules.loader import BUILTIN_PACKS_DIR
from provenance.errors import PackInvalidError
from tests.policies.samples import PATIENT


def read_document(content, read):
    root, problems = parse_document(content if isinstance(content, bytes) else content.encode(), file="p.yaml")
    read(root)
    problems.raise_found()


def problems_of(content, read=lambda root: root):
    with pytest.raises(PackInvalidError) as caught:
        read_document(content, read)
    return caught.value.problems


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "p.yaml:1:1: expected a mapping of the pack's parts, got an empty file"),
        ("- a\n- b\n", "p.yaml:1:1: expected a mapping of the pack's parts, got a list"),
        ("just text", "p.yaml:1:1: expected a mapping of the pack's parts, got text 'just text'"),
        ("a: [1, 2", "p.yaml:1:9: file is not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\n b: 2\n", "p.yaml:2:3: file is not YAML: mapping values are not allowed here"),
        ("a: 1\n---\nb: 2\n", "p.yaml:2:1: file is not YAML: but found another document"),
        ("a: \x07\n", "p.yaml:1:1: file is not YAML: character 3 is not allowed"),
        (b"a: \xff\n", "p.yaml:1:1: file is not UTF-8: byte 3 is 0xff"),
        ("a: &x 1\n", "p.yaml:1:4: anchors and aliases are not allowed (write the value out)"),
        (
            "a: !!python/object:os.system 1\n",
            "p.yaml:1:4: tags are not allowed (remove what begins with an exclamation mark)",
        ),
        ("a: !x {b: 1}\n", "p.yaml:1:4: tags are not allowed (remove what begins with an exclamation mark)"),
        ("x" * (SIZE_LIMIT + 1), f"p.yaml:1:1: file has more than {SIZE_LIMIT} bytes"),
        ("a: " + "[" * 5000 + "]" * 5000, f"p.yaml:1:{DEPTH_LIMIT + 3}: file is too deep or too long to be a pack"),
        ("a: [" + "1," * NODE_LIMIT + "1]", "p.yaml:1:39997: file is too deep or too long to be a pack"),
    ],
)
def test_what_is_no_pack_document_is_refused_with_its_place(content, problem):
    assert problems_of(content) == (problem,)


def test_a_billion_laughs_are_refused_before_they_grow():
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{key}: &{key} [{', '.join([f'*{before}'] * 9)}]" for before, key in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    found = problems_of("\n".join(lines))
    assert all("anchors and aliases are not allowed" in problem for problem in found)


def test_unknown_missing_and_repeated_keys_are_all_found():
    found = problems_of(
        "tilte: x\nname: a\nname: b\n? [1]\n: x\n", lambda root: root.expect(required=("name", "title"))
    )
    assert found == (
        "p.yaml:1:1: 'title' is missing",
        "p.yaml:1:1: unknown key 'tilte' (did you mean 'title'?)",
        "p.yaml:3:1: 'name' is given twice (keep one)",
        "p.yaml:4:3: expected a key, got a list",
    )


@pytest.mark.parametrize(
    ("value", "reader", "problem"),
    [
        ("3", lambda root: root.read_text("a"), "a must be text, got a whole number '3' (put it in quotes)"),
        ("no", lambda root: root.read_text("a"), "a must be text, got true or false 'no' (put it in quotes)"),
        ("", lambda root: root.read_text("a"), "a must be text, got nothing"),
        ("[x]", lambda root: root.read_text("a"), "a must be text, got a list"),
        ("'  '", lambda root: root.read_text("a"), "a must have 1 to 500 printable characters, got 2"),
        (f"'{'x' * 501}'", lambda root: root.read_text("a"), "a must have 1 to 500 printable characters, got 501"),
        ('"\\u202e"', lambda root: root.read_text("a"), "a must have 1 to 500 printable characters, got 1"),
        ("x", lambda root: root.read_number("a", least=0, most=1), "a must be a number, got text 'x'"),
        ("1.5", lambda root: root.read_number("a", least=0, most=1), "a must be from 0 to 1, got 1.5"),
        (".nan", lambda root: root.read_number("a", least=0, most=1), "a must be from 0 to 1, got .nan"),
        ("1:30", lambda root: root.read_number("a", least=0, most=1), "a must be from 0 to 1, got 1:30"),
        (
            "yes",
            lambda root: root.read_flag("a", default=False),
            "a must be true or false, got yes (YAML's yes, no, on and off are not taken)",
        ),
        ("'true'", lambda root: root.read_flag("a", default=False), "a must be true or false, got text 'true'"),
        ("soon", lambda root: root.read_date("a"), "a must be a date, got text 'soon' (write it as 2025-09-01)"),
        ("2025-13-01", lambda root: root.read_date("a"), "a must be a date, got 2025-13-01 (write it as 2025-09-01)"),
        (
            "2025-09-01 12:00:00",
            lambda root: root.read_date("a"),
            "a must be a date, got 2025-09-01 12:00:00 (write it as 2025-09-01)",
        ),
        (
            "rad",
            lambda root: root.read_choice("a", ("red", "blue"), noun="colour"),
            "unknown colour 'rad' (did you mean 'red'?)",
        ),
        ("x", lambda root: list(root.read_sections("a")), "a must be a list, got text 'x'"),
        ("x", lambda root: root.read_section("a"), "a must be a mapping, got text 'x'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_pointed_at(value, reader, problem):
    assert problems_of(f"a: {value}\n", reader) == (f"p.yaml:1:{4 if value else 3}: {problem}",)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("[1]", "p.yaml:1:5: expected text in a, got a whole number '1'"),
        ("x", "p.yaml:1:4: a must be a list, got text 'x'"),
    ],
)
def test_lists_of_texts(value, problem):
    assert problems_of(f"a: {value}\n", lambda root: list(root.read_texts("a"))) == (problem,)


def test_a_list_of_mappings_holds_mappings():
    found = problems_of("a: [{b: 1}, 2]\n", lambda root: list(root.read_sections("a")))
    assert found == ("p.yaml:1:13: expected a mapping in a, got a whole number '2'",)


def test_values_are_read():
    content = (
        "text: >-\n  two\n  lines\nnumber: 0.5\nwhole: 1\nflag: true\nday: 2025-09-01\nlist: [a, b]\nmap: {x: 1}\n"
    )
    root, problems = parse_document(content.encode(), file="p.yaml")
    assert root.names == ("text", "number", "whole", "flag", "day", "list", "map")
    assert root.read_text("text") == "two lines"
    assert root.read_number("number", least=0, most=1) == 0.5
    assert root.read_number("whole", least=0, most=1) == 1.0
    assert root.read_flag("flag", default=False) is True
    assert root.read_date("day") == date(2025, 9, 1)
    assert root.read_choice("text", ("two lines",), noun="text") == "two lines"
    assert [text for text, _ in root.read_texts("list")] == ["a", "b"]
    assert [root.read_value(key) for key in ("text", "number", "whole", "flag")] == ["two lines", 0.5, 1.0, True]
    section = root.read_section("map")
    assert section.names == ("x",)
    assert "x" in section
    problems.raise_found()


def test_absent_values_have_their_defaults():
    root, problems = parse_document(b"{}", file="p.yaml")
    assert root.read_text("a") == ""
    assert root.read_number("a", least=0, most=1) is None
    assert root.read_flag("a", default=True) is True
    assert root.read_date("a") is None
    assert root.read_choice("a", (), noun="x") is None
    assert list(root.read_texts("a")) == []
    assert list(root.read_sections("a")) == []
    assert root.read_section("a") is None
    assert root.mark_of("a") == root.mark
    problems.raise_found()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("a: one two\n", "1:8"),
        ('a: "one two"\n', "1:9"),
        ('a: "one \\u0074wo"\n', "1:4"),
        ("a: |\n  one two\n", "1:4"),
        ("a:\n  - x\nb: 1\n", None),
    ],
)
def test_a_problem_inside_a_text_is_pointed_at_where_it_stands_as_written(content, place):
    if place is None:
        root, _ = parse_document(content.encode(), file="p.yaml")
        assert root.key_mark("b").line == 2
        return
    found = problems_of(content, lambda root: root.note_inside("a", 4, "here", ""))
    assert found == (f"p.yaml:{place}: here",)


def test_both_readers_of_yaml_read_the_shipped_packs_alike():
    def describe(node):
        value = node.value
        if isinstance(value, list):
            value = [tuple(map(describe, one)) if isinstance(one, tuple) else describe(one) for one in value]
        return node.tag, value, node.start_mark.line, node.start_mark.column, node.start_mark.index

    files = sorted(BUILTIN_PACKS_DIR.glob("*.yaml"))
    assert files
    for file in files:
        text = file.read_text()
        slow, quick = (yaml.compose(text, Loader=loader) for loader in (yaml.SafeLoader, yaml.CSafeLoader))
        assert describe(quick) == describe(slow)


def test_only_the_very_bytes_that_are_shipped_are_read_by_libyaml():
    file = next(BUILTIN_PACKS_DIR.glob("*.yaml"))
    assert _choose_loader(file.read_bytes(), f"/elsewhere/{file.name}") is yaml.CSafeLoader
    assert _choose_loader(file.read_bytes() + b"\n", str(file)) is yaml.SafeLoader
    assert _choose_loader(file.read_bytes(), "other.yaml") is yaml.SafeLoader


@PATIENT
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace")))
def test_any_bytes_are_a_document_or_refused(content):
    try:
        parse_document(content, file="p.yaml")
    except PackInvalidError as exc:
        assert_places(exc.problems)


def assert_places(problems):
    assert problems
    assert all(problem.startswith("p.yaml:") for problem in problems)
