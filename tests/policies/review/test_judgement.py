from dataclasses import replace

import pytest
from sqlalchemy import select

from policies.gate import walk
from policies.review.claim import claim
from policies.review.follower import follow
from policies.review.job import State, now_ms
from policies.review.judgement import (
    ask_opinion,
    decide,
    escalate,
    list_clauses,
    review,
    show_opinions,
    take_back,
)
from policies.review.refusals import NotYoursError
from policies.review.verdicts import Verdict
from policies.rules.decision import Outcome
from provenance.errors import AssetInUseError, PolicyError
from provenance.storage.tables import ASSETS, REVIEWS
from tests.policies.review.people import GAMBLING, MIA, NO, NOA, SAM, YES, held
from tests.policies.review.test_job import job_of


def stage_of(here, asset_id):
    with here.database.read() as connection:
        return connection.execute(select(ASSETS.c.stage).where(ASSETS.c.id == asset_id)).scalar()


def test_an_approval_waits_a_moment_and_then_walks_on(here):
    asset_id = held(here)
    ruling = decide(here, asset_id, MIA, YES, grace_s=60)
    assert (ruling.state, ruling.outcome) == (State.CLOSED, Outcome.RELEASE)
    assert ruling.due_at_ms > now_ms()
    follow(here, grace_s=0)
    # Whoever else would walk it waits, too: a worker, the upkeep, the same file handed in under its id again.
    with pytest.raises(AssetInUseError, match="taken back"):
        walk(here, asset_id)
    assert stage_of(here, asset_id) == "decided"
    assert take_back(here, asset_id, MIA, "a slip").state is State.OPEN
    assert stage_of(here, asset_id) == "held"
    decide(here, asset_id, MIA, YES, grace_s=0)
    while follow(here, grace_s=0):
        pass
    assert stage_of(here, asset_id) == "published"
    assert job_of(here, asset_id).due_at_ms == 0
    with pytest.raises(PolicyError, match="not released yet"):
        take_back(here, asset_id, MIA, "too late")


def test_a_refusal_stands_at_once_and_can_be_taken_back(here):
    asset_id = held(here)
    decide(here, asset_id, MIA, NO)
    assert stage_of(here, asset_id) == "blocked"
    with here.database.read() as connection:
        row = connection.execute(select(REVIEWS).where(REVIEWS.c.asset_id == asset_id)).mappings().one()
    assert (row["clause"], row["reviewer_id"], row["batch_id"]) == (GAMBLING, "person-mia", "")
    take_back(here, asset_id, NOA, "a slip")
    assert job_of(here, asset_id).state is State.OPEN


@pytest.mark.parametrize("clause", ["", "Made up 1", "x" * 201])
def test_a_clause_of_a_pack_is_cited(here, clause):
    asset_id = held(here)
    with pytest.raises(PolicyError, match="clause"):
        decide(here, asset_id, MIA, Verdict(Outcome.BLOCK, clause, "no"))
    assert not job_of(here, asset_id).is_held


def test_what_spoke_against_it_is_offered_first(here):
    clauses = list_clauses(here.packs.values(), None)
    assert "House rules 1" in clauses
    assert clauses[-1] == "human review"


def test_who_hands_a_job_up_does_not_decide(here):
    asset_id = held(here)
    claim(here, asset_id, MIA)
    assert escalate(here, asset_id, MIA, "beyond me").state is State.ESCALATED
    assert not job_of(here, asset_id).is_held
    with pytest.raises(NotYoursError):
        decide(here, asset_id, MIA, NO)
    assert show_opinions(here, asset_id, NOA)[0].reason == "beyond me"
    assert decide(here, asset_id, NOA, NO).outcome is Outcome.BLOCK


def test_whoever_handed_a_job_up_does_not_decide_though_others_did_after_them(here):
    asset_id = held(here)
    escalate(here, asset_id, MIA, "beyond me")
    escalate(here, asset_id, NOA, "beyond me, too")
    for who in (MIA, NOA):
        with pytest.raises(NotYoursError):
            decide(here, asset_id, who, NO)
    assert decide(here, asset_id, SAM, NO).outcome is Outcome.BLOCK


def test_nobody_approves_what_they_handed_in(here):
    first, second = held(here, submitter=MIA.id), held(here, submitter=MIA.id)
    with pytest.raises(NotYoursError, match="handed in"):
        decide(here, first, MIA, YES)
    assert not job_of(here, first).is_held
    assert decide(here, first, MIA, NO).outcome is Outcome.BLOCK
    assert decide(replace(here, may_review_own=True), second, MIA, YES).outcome is Outcome.RELEASE


def test_two_who_agree_without_knowing_decide(here):
    asset_id = held(here)
    ask_opinion(here, asset_id, MIA, NO)
    assert show_opinions(here, asset_id, NOA) == ()
    assert [one.reviewer for one in show_opinions(here, asset_id, MIA)] == ["Mia Chen"]
    with pytest.raises(NotYoursError):
        decide(here, asset_id, MIA, NO)
    assert decide(here, asset_id, NOA, NO).outcome is Outcome.BLOCK
    assert [one.reviewer for one in show_opinions(here, asset_id, SAM)] == ["Mia Chen", "Noa"]


def test_where_two_disagree_a_third_decides_who_sees_both(here):
    asset_id = held(here)
    ask_opinion(here, asset_id, MIA, NO)
    ruling = decide(here, asset_id, NOA, YES)
    assert (ruling.state, ruling.outcome) == (State.ESCALATED, None)
    assert stage_of(here, asset_id) == "held"
    for who in (MIA, NOA):
        with pytest.raises(NotYoursError):
            decide(here, asset_id, who, NO)
    assert [one.outcome for one in show_opinions(here, asset_id, SAM)] == ["block", "release"]
    assert decide(here, asset_id, SAM, NO).outcome is Outcome.BLOCK


def test_a_second_opinion_is_asked_once(here):
    asset_id = held(here)
    ask_opinion(here, asset_id, MIA, NO)
    with pytest.raises(NotYoursError):
        ask_opinion(here, asset_id, NOA, NO)


def test_the_command_line_gives_the_second_opinion_or_hands_it_to_a_third_like_any_hand(here):
    agreed, disputed = held(here), held(here)
    for asset_id in (agreed, disputed):
        ask_opinion(here, asset_id, MIA, NO)
    assert review(here, agreed, outcome=Outcome.BLOCK, reviewer="mo", reason="no").outcome is Outcome.BLOCK
    left = review(here, disputed, outcome=Outcome.RELEASE, reviewer="mo", reason="fine")
    assert (left.outcome, left.decision.decided_by) == (Outcome.HOLD, "policy")
    assert job_of(here, disputed).state is State.ESCALATED
    with pytest.raises(NotYoursError):
        review(here, disputed, outcome=Outcome.RELEASE, reviewer="mo", reason="fine")
