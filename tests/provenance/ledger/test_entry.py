"""The leaf is canonical JSON of the whole entry, and times are told in one way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import LedgerError
from provenance.ledger.canonical import canonical_json
from provenance.ledger.entry import build_entry, format_time

TIME = "2026-11-22T21:35:00.123Z"
texts = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30)


@given(texts, texts, st.dictionaries(st.text(), st.integers(-9, 9) | st.text()))
def test_the_leaf_is_the_canonical_json_of_all_fields(subject, key, body):
    entry = build_entry(3, kind="review", subject=subject, key=key, body=canonical_json(body), created_at=TIME)
    whole = {"body": body, "created_at": TIME, "key": key, "kind": "review", "subject": subject, "v": 1}
    assert entry.leaf == canonical_json(whole)


def test_every_field_but_the_place_is_in_the_leaf():
    entry = build_entry(0, kind="review", subject="s", key="k", body=b"{}", created_at=TIME)
    others = [{"kind": "x"}, {"subject": "x"}, {"key": "x"}, {"body": b'{"a":1}'}, {"created_at": "x"}]
    assert len({replace(entry, **other).leaf for other in others} | {entry.leaf}) == 6
    assert replace(entry, index=1).leaf == entry.leaf


def test_times():
    moment = datetime(2026, 11, 22, 23, 35, 0, 123_999, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == TIME
    assert format_time(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
    with pytest.raises(LedgerError, match="time zone"):
        format_time(datetime(2026, 1, 1))
