"""RFC 8785, by its own examples."""

import json
from enum import StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import LedgerError
from provenance.ledger.canonical import canonical_json, canonical_text


class Outcome(StrEnum):
    HOLD = "hold"


def test_the_examples_of_the_rfc():
    # RFC 8785 s3.2.2 and s3.2.3
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\\/",
        "literals": [None, True, False],
    }
    assert canonical_json(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"\\\\/"}'
    )
    names = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7}
    assert list(json.loads(canonical_json(names)).values()) == [2, 4, 6, 7, 1, 5, 3]


def test_mappings_sequences_and_enums_are_taken():
    value = MappingProxyType({"b": (1, 2), "a": Outcome.HOLD})
    assert canonical_json(value) == b'{"a":"hold","b":[1,2]}'


@pytest.mark.parametrize("value", [float("inf"), 2**53, -(2**53), b"x", {1: 2}, "\udfff", {"\ud800": 1}, object()])
def test_what_json_cannot_say_is_refused(value):
    with pytest.raises(LedgerError, match="not expressible"):
        canonical_json({"value": value})


def test_endless_nesting_is_refused():
    value = []
    value.append(value)
    with pytest.raises(LedgerError, match="RecursionError"):
        canonical_json(value)


def test_the_fast_way_for_text_is_the_same():
    for first in range(0, 0x110000, 0x800):
        if not 0xD800 <= first < 0xE000:
            text = "".join(map(chr, range(first, first + 0x800)))
            assert canonical_text(text).encode() == canonical_json(text)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)


@given(values)
def test_one_value_has_one_form(value):
    once = canonical_json(value)
    assert json.loads(once) == value
    assert canonical_json(json.loads(once)) == once
