import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.rules.case_places import find_in_json

DOCUMENT = """{
  "signals": [
    {"detector": "nsfw", "scores": {"a\\"b": 1}},
    {"detector": [1, 2, {"x": null}], "detector": "clip"}
  ],
  "context": {}
}"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("signals",), (2, 14)),
        (("signals", 0, "detector"), (3, 18)),
        (("signals", 0, "scores", 'a"b'), (3, 45)),
        (("signals", 1, "detector"), (4, 51)),
        (("signals", 0, "missing"), (3, 5)),
        (("signals", 7), (2, 14)),
        (("context", "x", "y"), (6, 14)),
    ],
)
def test_places_are_counted_from_1(path, place):
    assert find_in_json(DOCUMENT, path) == place


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def leaves(value, path=()):
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))


@given(JSON, st.sampled_from([None, 0, 2]))
def test_each_value_is_where_it_is_said_to_be(value, indent):
    document = json.dumps(value, indent=indent)
    for path, item in leaves(value):
        line, column = find_in_json(document, path)
        rest = "\n".join(document.split("\n")[line - 1 :])[column - 1 :]
        assert json.JSONDecoder().raw_decode(rest)[0] == item
