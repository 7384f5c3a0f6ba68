"""What moderators can do, and what they cannot."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from policies import gate
from policies.decision import Outcome
from policies.review import REASON_LIMIT, REVIEWER_LIMIT, queue, review
from provenance.asset import new_asset_id
from provenance.errors import AssetNotFoundError, GateError, PolicyError
from provenance.tables import REVIEWS
from tests.policies.line import SIDE, decided, entries_of, public_of
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
    assert answers.count("policy") == 1
    assert entries_of(here, asset_id).count("review.made") == 1
    assert bool(public_of(here, asset_id)) == (Outcome.RELEASE in answers)
