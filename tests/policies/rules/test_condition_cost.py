import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.rules.condition_cost import ASSUMED, MOST_US, Size, measure_values, weigh
from policies.rules.condition_syntax import parse_tree
from tests.policies.samples import PATIENT


def cost(text, items=100, weight=10_000):
    return weigh(parse_tree(text), Size(items, weight))


def test_values_are_measured_whole():
    assert measure_values({}) == Size(0, 1)
    assert measure_values({"ab": [1, {"c": "def"}]}) == Size(2, 1 + 3 + 1 + 1 + 1 + 2 + 4)


def test_a_list_inside_another_multiplies_and_beside_it_adds():
    one = cost("a.all(x, x > 1)")
    assert cost("a.all(x, x > 1) && a.all(y, y > 1)") == pytest.approx(2 * one, rel=0.05)
    assert cost("a.all(x, a.all(y, y > 1))") > 50 * one
    assert cost("[1, 2].all(x, x > 1)") < 20


def test_what_copies_its_list_for_each_item_weighs_as_much():
    assert cost("a.map(x, x).size() > 1", items=1000) > 20 * cost("a.all(x, x > 1)", items=1000)
    assert cost("a.filter(x, true).size() > 1", items=1000) > MOST_US / 10


def test_what_is_made_is_as_large_as_what_it_was_made_of():
    assert cost("a.map(x, [x, x, x]).all(y, y.all(z, z > 1))") > cost("a.all(x, x > 1)") * 3
    assert cost("(a + a + a).all(x, x > 1)") > 2.5 * cost("a.all(x, x > 1)")
    assert cost("(b ? a : []).all(x, x > 1)") > cost("a.all(x, x > 1)") * 0.9
    assert cost("a[0].b.all(x, x > 1)") >= cost("a.all(x, x > 1)") * 0.9


def test_texts_weigh_where_they_are_searched():
    long, short = {"weight": 10_000_000}, {"weight": 1000}
    for text in ("a.contains('b')", "a.matches('b')", "a + a == a", "string(a) == 'b'", "a in a", "size(a) == 1"):
        assert cost(text, **long) > 100 * cost(text, **short), text
    assert cost("a == 'b'", **long) == cost("a == 'b'", **short)


TREES = st.recursive(
    st.sampled_from(["a", "1", "'text'", "x"]),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "==", "&&", "in"]), inner)
        | st.builds("[{}, {}]".format, inner, inner)
        | st.builds("a.{}(x, {})".format, st.sampled_from(["all", "map", "filter", "exists"]), inner)
        | st.builds(
            "{}.{}(x, {})".format,
            inner.filter(lambda text: text[0] not in "1'"),
            st.sampled_from(["all", "map"]),
            inner,
        )
        | st.builds("({} ? {} : {})".format, inner, inner, inner)
    ),
    max_leaves=12,
)


@PATIENT
@given(TREES, st.integers(0, 500), st.integers(0, 50_000), st.integers(0, 500), st.integers(0, 50_000))
def test_more_to_read_never_weighs_less(text, items, weight, more_items, more_weight):
    """What was weighed for the sizes that are assumed holds for all that are smaller."""
    tree = parse_tree(text)
    smaller = weigh(tree, Size(items, weight + items))
    assert smaller <= weigh(tree, Size(items + more_items, weight + items + more_items + more_weight)) * 1.000001


def test_what_packs_are_for_weighs_next_to_nothing():
    for text in ("scores.nsfw > 0.5", "signals.a.evidence.exists(e, e.kind == 'claim' && e.text.contains('ai'))"):
        assert weigh(parse_tree(text), ASSUMED) < MOST_US / 100
