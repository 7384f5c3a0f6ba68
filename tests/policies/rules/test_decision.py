"""Outcomes are ordered, and a decision by policy says so."""

import itertools

from policies.rules.decision import Decision, Outcome
from provenance.asset import AssetId


def test_outcomes_grow_stricter_from_release_to_block():
    ordered = sorted(Outcome, key=lambda outcome: outcome.strictness)
    assert ordered == [Outcome.RELEASE, Outcome.HOLD, Outcome.BLOCK]
    for milder, stricter in itertools.pairwise(ordered):
        assert max(milder, stricter, key=lambda outcome: outcome.strictness) is stricter


def test_outcomes_are_spelled_as_records_and_documents_spell_them():
    assert [str(outcome) for outcome in Outcome] == ["release", "hold", "block"]


def test_a_decision_is_the_policys_own_unless_a_person_is_named():
    decision = Decision(id="d", asset_id=AssetId("a"), outcome=Outcome.HOLD, reasons=(), obligations=(), packs=())
    assert decision.decided_by == "policy"
