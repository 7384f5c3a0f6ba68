"""Rows to values and back: nothing is lost on the way through JSON."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Finding, Signal, Status
from policies.line.granting import grant
from policies.line.records import (
    append_decision,
    asset_row,
    build_decision,
    build_signal,
    find_grant,
    latest_decision,
    lock_asset,
    parse_asset,
    parse_decision,
    parse_signal,
)
from policies.rules.decision import Decision, Outcome, Reason
from provenance.asset import AssetId, new_asset_id
from provenance.errors import AssetNotFoundError
from provenance.grant import MarkKind, Obligation, PackRef
from provenance.media.view import Span
from tests.policies.deployments import decided
from tests.policies.samples import PATIENT

texts = st.text(max_size=20)
numbers = st.floats(0, 1)
reasons = st.builds(
    Reason, texts, texts, st.sampled_from(Outcome), texts, texts, texts, texts, st.none() | numbers, st.none() | numbers
)
obligations = st.builds(
    Obligation,
    st.sampled_from(MarkKind),
    st.dictionaries(texts, texts | numbers, max_size=3),
    st.booleans(),
    st.lists(texts, max_size=2).map(tuple),
)
decisions = st.builds(
    Decision,
    id=texts,
    asset_id=texts.map(AssetId),
    outcome=st.sampled_from(Outcome),
    reasons=st.lists(reasons, max_size=3).map(tuple),
    obligations=st.lists(obligations, max_size=3).map(tuple),
    packs=st.lists(st.builds(PackRef, texts, texts), max_size=2).map(tuple),
    decided_by=texts,
)
signals = st.builds(
    Signal,
    texts,
    texts,
    st.sampled_from(Status),
    st.dictionaries(texts, numbers, max_size=4),
    st.lists(st.dictionaries(texts, texts | numbers | st.lists(st.integers(), max_size=3), max_size=3), max_size=2).map(
        tuple
    ),
    texts,
    numbers,
)


@PATIENT
@given(decisions)
def test_a_decision_survives_json(decision):
    assert parse_decision(json.loads(json.dumps(build_decision(decision)))) == decision


@PATIENT
@given(signals)
def test_a_signal_survives_json(signal):
    assert parse_signal(json.loads(json.dumps(build_signal(signal)))) == signal


def test_the_newest_decision_counts(here):
    from dataclasses import replace

    asset_id = decided(here)
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        first = latest_decision(connection, asset_id)
        append_decision(connection, replace(first, id="second", outcome=Outcome.HOLD))
        append_decision(connection, replace(first, id="third", outcome=Outcome.BLOCK))
        assert latest_decision(connection, asset_id).id == "third"
        assert latest_decision(connection, new_asset_id()) is None


def test_a_grant_of_an_older_decision_is_none(here):
    from dataclasses import replace

    asset_id = decided(here)
    licence = grant(here, asset_id)
    with here.database.read() as connection:
        asset, decision = parse_asset(asset_row(connection, asset_id)), latest_decision(connection, asset_id)
        assert find_grant(connection, asset, decision) == licence
        assert find_grant(connection, asset, replace(decision, id="a later one")) is None


def test_an_unknown_asset_has_no_row(here):
    with here.database.read() as connection, pytest.raises(AssetNotFoundError, match="no asset has the id"):
        asset_row(connection, new_asset_id())


def test_findings_come_back_with_their_time():
    found = (Finding("gore", 0.7, Span(1.0, 2.5)), Finding("nsfw", 0.2))
    signal = Signal("nsfw", "1", Status.OK, {"gore": 0.7, "nsfw": 0.2}, findings=found, looked_at=("picture",))
    record = json.loads(json.dumps(build_signal(signal)))
    assert parse_signal(record) == signal
    assert record["findings"] == [
        {"category": "gore", "score": 0.7, "span": [1.0, 2.5]}, {"category": "nsfw", "score": 0.2}
    ]  # fmt: skip
    older = build_signal(replace(signal, findings=(), looked_at=()))
    assert {"findings", "looked_at"}.isdisjoint(older), "the digest of what was signed before stays what it was"
