"""What moderators can do, and what they cannot."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from policies import gate
from policies.review.judgement import review
from policies.review.verdicts import REASON_LIMIT, REVIEWER_LIMIT, queue, undo
from policies.rules.decision import Outcome
from provenance.asset import new_asset_id
from provenance.errors import AssetNotFoundError, GateError, PolicyError
from provenance.storage.tables import REVIEWS
from tests.policies.deployments import SIDE, decided, entries_of, public_of
from tests.sites import submission

PROMPT = "people at a roulette table in a casino"


def held(here):
    return gate.release(here, submission(side=SIDE, prompt=PROMPT)).asset_id


def test_the_queue_is_oldest_first_and_says_why(here):
    first, second = held(here), held(here)
    waiting = [(asset_id, decision.reasons[0].category) for asset_id, _, decision in queue(here)]
    assert waiting[-2:] == [(first, "prompt.gambling"), (second, "prompt.gambling")]
    review(here, first, outcome=Outcome.BLOCK, reviewer="mo", reason="no")
    assert first not in {asset_id for asset_id, _, _ in queue(here)}


@pytest.mark.parametrize("fields", [
    {"outcome": Outcome.HOLD}, {"reviewer": " "}, {"reason": ""}, {"reviewer": "x" * (REVIEWER_LIMIT + 1)},
    {"reason": "x" * (REASON_LIMIT + 1)}, {"reason": "nul\0"},
])  # fmt: skip
def test_an_incomplete_review_changes_nothing(here, fields):
    asset_id = held(here)
    with pytest.raises(PolicyError, match="a review needs"):
        review(here, asset_id, **{"outcome": Outcome.RELEASE, "reviewer": "mo", "reason": "fine", **fields})
    assert entries_of(here, asset_id) == ["decision.made"]


def test_only_what_waits_can_be_reviewed(here):
    for asset_id in (gate.release(here, submission(side=SIDE)).asset_id, decided(here)):
        with pytest.raises(PolicyError, match="expected a held asset"):
            review(here, asset_id, outcome=Outcome.BLOCK, reviewer="mo", reason="no")
    with pytest.raises(AssetNotFoundError):
        review(here, new_asset_id(), outcome=Outcome.BLOCK, reviewer="mo", reason="no")


def test_a_release_by_a_person_keeps_the_packs_marks_and_reasons(here):
    asset_id = held(here)
    done = review(here, asset_id, outcome=Outcome.RELEASE, reviewer="mo", reason="a painting class; <b>fine</b>")
    assert {mark["kind"] for mark in done.seal["marks"] if mark["made"]} == {"signed_metadata", "watermark"}
    assert [reason.rule for reason in done.decision.reasons] == ["moderator", "thresholds.prompt.gambling"]
    assert entries_of(here, asset_id) == ["decision.made", "review.made", "asset.released"]
    with here.database.read() as connection:
        (row,) = connection.execute(select(REVIEWS).where(REVIEWS.c.asset_id == asset_id)).mappings()
    assert (row["reviewer"], row["decision_id"]) == ("mo", done.decision.id)
    told = json.dumps([entry.fields() for entry in here.log.entries(subject=asset_id)])
    assert "painting class" not in told, "what people write stays out of the ledger"


def test_two_moderators_at_once_make_one_review(here):
    asset_id = held(here)

    def answer(outcome):
        try:
            return review(here, asset_id, outcome=outcome, reviewer="mo", reason="because").outcome
        except GateError as exc:
            return exc.code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(answer, (Outcome.RELEASE, Outcome.BLOCK)))
    assert sum(one.startswith("policy.") for one in answers) == 1
    assert entries_of(here, asset_id).count("review.made") == 1
    assert bool(public_of(here, asset_id)) == (Outcome.RELEASE in answers)


def test_a_refusal_can_be_undone_and_decided_again(here):
    asset_id = held(here)
    review(here, asset_id, outcome=Outcome.BLOCK, reviewer="mo", reason="no")
    done = undo(here, asset_id, reviewer="kim", reason="the wrong one")
    assert (done.outcome, done.decision.decided_by) == (Outcome.HOLD, "review:kim")
    assert [reason.rule for reason in done.decision.reasons] == ["undone", "thresholds.prompt.gambling"]
    assert asset_id in {waiting for waiting, _, _ in queue(here)}
    assert entries_of(here, asset_id) == ["decision.made", "review.made", "review.undone"]
    with pytest.raises(PolicyError, match="which is held"):
        undo(here, asset_id, reviewer="kim", reason="again")
    released = review(here, asset_id, outcome=Outcome.RELEASE, reviewer="kim", reason="a charity evening")
    assert released.decision.reasons[0].rule == "moderator"
    assert public_of(here, asset_id)


def test_an_approval_can_be_undone_until_it_is_recorded(here, monkeypatch):
    asset_id = held(here)
    monkeypatch.setattr(
        "policies.review.judgement.walk", lambda *_: None
    )  # as if it was killed right after the decision
    review(here, asset_id, outcome=Outcome.RELEASE, reviewer="mo", reason="fine")
    monkeypatch.undo()
    assert undo(here, asset_id, reviewer="mo", reason="not fine").outcome is Outcome.HOLD
    assert gate.walk(here, asset_id).outcome is Outcome.HOLD
    assert public_of(here, asset_id) == []


def test_what_is_out_or_was_decided_by_packs_cannot_be_undone(here):
    released = held(here)
    review(here, released, outcome=Outcome.RELEASE, reviewer="mo", reason="fine")
    with pytest.raises(PolicyError, match="what is out cannot be called back"):
        undo(here, released, reviewer="mo", reason="oh")
    with pytest.raises(PolicyError, match="which is held"):
        undo(here, held(here), reviewer="mo", reason="oh")
    with pytest.raises(PolicyError, match="a moderator decided about"):
        undo(here, decided(here), reviewer="mo", reason="oh")
    with pytest.raises(PolicyError, match="a review needs a reason"):
        undo(here, held(here), reviewer="mo", reason="")
