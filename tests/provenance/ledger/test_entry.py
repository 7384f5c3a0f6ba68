"""The leaf commits to the canonical JSON of the whole entry and shows none of it, and times are told in one way."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import LedgerError
from provenance.ledger.canonical import canonical_json
from provenance.ledger.entry import blind, build_entry, find_leaf, format_time

TIME = "2026-11-22T21:35:00.123Z"
texts = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30)


@given(texts, texts, st.dictionaries(st.text(), st.integers(-9, 9) | st.text()))
def test_the_leaf_is_the_canonical_json_of_all_fields(subject, key, body):
    entry = build_entry(3, kind="review", subject=subject, key=key, body=canonical_json(body), created_at=TIME)
    whole = {"body": body, "created_at": TIME, "key": key, "kind": "review", "subject": subject, "v": 1}
    assert entry.leaf == canonical_json(whole)


@given(texts, texts, st.dictionaries(st.text(), st.integers(-9, 9) | st.text()), st.binary(min_size=32, max_size=32))
def test_with_a_salt_the_leaf_is_a_commitment_that_the_opening_opens(subject, key, body, salt):
    facts = {"kind": "review", "subject": subject, "key": key, "created_at": TIME}
    entry = build_entry(3, **facts, body=canonical_json(body), salt=salt)
    assert entry.opening == canonical_json({**facts, "body": body, "salt": salt.hex(), "v": 2})
    assert json.loads(entry.leaf) == {"commitment": sha256(entry.opening).hexdigest(), "v": 2}
    assert find_leaf(entry.opening) == find_leaf(entry.leaf) == entry.leaf
    assert not entry.is_old


def test_the_same_event_has_another_leaf_each_time_and_nothing_less_than_the_salt_finds_it():
    facts = {"kind": "decision.made", "subject": "s", "key": "k", "created_at": TIME, "body": b'{"outcome":"BLOCK"}'}
    one, other = (build_entry(0, **facts, salt=bytes([at]) * 32) for at in (1, 2))
    guess = build_entry(0, **facts)
    assert len({one.leaf, other.leaf, guess.leaf, blind(guess.opening)}) == 4
    assert guess.is_old


@given(st.binary(max_size=60) | st.sampled_from([b"[]", b"1", b"{}", b'{"v":1}', b'{"salt":"","v":1}', b"[" * 9999]))
def test_what_opens_nothing_is_its_own_leaf(unverified):
    assert find_leaf(unverified) == unverified


@pytest.mark.parametrize("salt", [b"", b"s" * 32])
def test_every_field_but_the_place_is_in_the_leaf(salt):
    entry = build_entry(0, kind="review", subject="s", key="k", body=b"{}", created_at=TIME, salt=salt)
    others = [{"kind": "x"}, {"subject": "x"}, {"key": "x"}, {"body": b'{"a":1}'}, {"created_at": "x"}]
    assert len({replace(entry, **other).leaf for other in others} | {entry.leaf}) == 6
    assert replace(entry, index=1).leaf == entry.leaf


def test_times():
    moment = datetime(2026, 11, 22, 23, 35, 0, 123_999, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == TIME
    assert format_time(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
    with pytest.raises(LedgerError, match="time zone"):
        format_time(datetime(2026, 1, 1))
