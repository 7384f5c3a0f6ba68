"""The AIGC item: exact JSON, strict reading, one merging rule."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import LabelError
from provenance.labels.aigc import KEYS, MAX_ITEM_CHARS, AigcItem, build_aigc, is_provider_code, merge_aigc, parse_aigc

CODE = "001191440300708461136T1XGW3"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
PRODUCER = TEXT.filter(lambda text: text and not (len(text) == 27 and text.startswith("00")))

items = st.builds(
    AigcItem,
    PRODUCER,
    TEXT.filter(bool),
    st.sampled_from("123"),
    TEXT,
    PRODUCER | st.just("") | st.just(CODE),
    TEXT,
    TEXT,
)


def test_json_is_exactly_the_standards():
    assert build_aigc(AigcItem(CODE, "p-1")) == (
        '{"Label":"1","ContentProducer":"001191440300708461136T1XGW3","ProduceID":"p-1","ReservedCode1":"",'
        '"ContentPropagator":"","PropagateID":"","ReservedCode2":""}'
    )


@given(items)
def test_round_trip_of_any_text(item):
    text = build_aigc(item)
    assert parse_aigc(text) == item
    assert tuple(json.loads(text)) == KEYS
    assert not any(char < " " or char in "\ufffe\uffff" for char in text)


@given(
    st.text(max_size=200)
    | st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(
        json.dumps
    )
)
def test_reading_anything_raises_only_label_errors(text):
    with contextlib.suppress(LabelError):
        parse_aigc(text)


@pytest.mark.parametrize("code", [CODE, "001191110102MACQD9K64010000"])
def test_codes_seen_in_use_are_codes(code):
    assert is_provider_code(code)
    assert AigcItem(code, "x").content_producer == code


@pytest.mark.parametrize(
    "code",
    [
        "",
        "A company",
        CODE[:-1],
        CODE + "0",
        "01" + CODE[2:],
        CODE.lower(),
        CODE[:22] + "X" + CODE[23:],
        CODE[:-1] + "\u0663",
    ],
)
def test_other_texts_are_no_codes(code):
    assert not is_provider_code(code)


@pytest.mark.parametrize(
    "make",
    [
        lambda: AigcItem(CODE, "x", "AIGC"),
        lambda: AigcItem(CODE, ""),
        lambda: AigcItem("", "x"),
        lambda: AigcItem(CODE.lower(), "x"),
        lambda: AigcItem("us", "x", content_propagator=CODE[:22] + "X" + CODE[23:]),
        lambda: AigcItem("us", "\ud800"),
    ],
)
def test_items_that_break_the_standard_are_refused(make):
    with pytest.raises(LabelError):
        make()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        ("[" * 30_000, "not JSON"),
        ("[]", "JSON object"),
        ('{"Label":"1"}', "lacks ContentProducer, ProduceID"),
        ('{"Label":1,"ContentProducer":"a","ProduceID":"b"}', "Label must be a text"),
        ('{"Label":"AIGC","ContentProducer":"a","ProduceID":"b"}', "'AIGC'"),
        ('{"Label":"1","Label":"2","ContentProducer":"a","ProduceID":"b"}', "twice"),
        ('{"AIGC":"{"}', "not JSON"),
        ("1" * (MAX_ITEM_CHARS + 1), "bound"),
    ],
)
def test_bad_items_are_named(text, problem):
    with pytest.raises(LabelError, match=problem):
        parse_aigc(text)


@pytest.mark.parametrize(
    "wrap", [lambda inner: {"AIGC": inner}, lambda inner: {"AIGC": json.dumps(inner)}, lambda inner: inner]
)
def test_wrapped_items_are_read(wrap):
    inner = {"Label": "2", "ContentProducer": "a", "ProduceID": "b", "Extra": 3}
    assert parse_aigc(json.dumps(wrap(inner))) == AigcItem("a", "b", "2")


def test_merging_keeps_the_first_producer_and_adds_us_as_propagator():
    first, ours = AigcItem("them", "t-1", "1", "sig"), AigcItem("us", "u-1")
    merged = merge_aigc(first, ours)
    assert merged == AigcItem("them", "t-1", "1", "sig", "us", "u-1")
    assert merge_aigc(merged, ours) == merged
    given_ = AigcItem("us", "u-1", content_propagator="us, passing on", propagate_id="u-2", reserved_code2="s")
    assert merge_aigc(first, given_) == AigcItem("them", "t-1", "1", "sig", "us, passing on", "u-2", "s")


def test_merging_with_nothing_or_with_itself():
    ours = AigcItem("us", "u-1")
    assert merge_aigc(None, None) is None
    assert merge_aigc(None, ours) is ours
    assert merge_aigc(ours, None) is ours
    renewed = AigcItem("us", "u-1", reserved_code1="new")
    assert merge_aigc(ours, renewed) is renewed
