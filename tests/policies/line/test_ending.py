"""Ends that no pack decided stand on record like any other, and never become a release by themselves."""

import pytest

from policies import gate
from policies.line.ending import end_early
from policies.line.intake import load_asset
from policies.line.records import latest_decision
from policies.review.judgement import review
from policies.rules.decision import Outcome
from provenance.errors import PolicyError
from tests.policies.deployments import SIDE, decided, entries_of, hand_in
from tests.sites import submission


def test_what_was_not_decided_is_held_and_stays_so(here):
    asset_id = hand_in(here)
    result = end_early(here, asset_id, outcome=Outcome.HOLD, rule="line", text="given up after 3 tries")
    assert (result.outcome, result.decision.packs) == (Outcome.HOLD, ())
    assert result.decision.reasons[0].text == "given up after 3 tries"
    assert gate.walk(here, asset_id).outcome is Outcome.HOLD
    assert entries_of(here, asset_id) == ["decision.made"]
    with pytest.raises(PolicyError, match="no pack has decided"):
        review(here, asset_id, outcome=Outcome.RELEASE, reviewer="mo", reason="looks fine")
    assert (
        review(here, asset_id, outcome=Outcome.BLOCK, reviewer="mo", reason="cannot be read").outcome is Outcome.BLOCK
    )


def test_a_release_that_was_decided_is_taken_back_and_what_was_said_stays(here):
    asset_id = decided(here)
    with here.database.read() as connection:
        before = latest_decision(connection, asset_id)
    result = end_early(here, asset_id, outcome=Outcome.HOLD, rule="line", text="given up")
    assert result.decision.packs == before.packs
    assert result.decision.reasons[1:] == before.reasons
    assert review(here, asset_id, outcome=Outcome.RELEASE, reviewer="mo", reason="try again").outcome is Outcome.RELEASE


def test_what_is_blocked_stays_blocked_and_what_is_released_stays_released(here):
    blocked = gate.release(here, submission(side=SIDE, prompt="a poster on how to make a pipe bomb"))
    assert end_early(here, blocked.asset_id, outcome=Outcome.HOLD, rule="line", text="x").decision == blocked.decision
    released = gate.release(here, submission("rocket.jpg", side=SIDE))
    assert end_early(here, released.asset_id, outcome=Outcome.HOLD, rule="line", text="x") is None
    assert load_asset(here, released.asset_id).id == released.asset_id
