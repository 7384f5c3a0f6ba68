from dataclasses import replace

from policies.review.job import State
from policies.review.judgement import ask_opinion, decide, escalate
from policies.review.opinion import ESCALATED, has_given, has_handed_up, is_own, list_opinions
from tests.policies.review.people import MIA, NO, NOA, SAM, held
from tests.policies.review.test_job import job_of


def said_of(here, asset_id):
    with here.database.read() as connection:
        return list_opinions(connection, asset_id)


def test_everybody_who_handed_it_up_is_remembered(here):
    asset_id = held(here)
    for who in (MIA, NOA):
        escalate(here, asset_id, who, "beyond me")
    said, job = said_of(here, asset_id), job_of(here, asset_id)
    assert [one.outcome for one in said] == [ESCALATED, ESCALATED]
    assert job.state is State.ESCALATED
    assert [has_handed_up(job, said, who.id) for who in (MIA, NOA, SAM)] == [True, True, False]


def test_an_opinion_counts_until_it_is_spent(here):
    asset_id = held(here)
    ask_opinion(here, asset_id, MIA, NO)
    assert has_given(said_of(here, asset_id), MIA.id)
    decide(here, asset_id, NOA, NO)
    assert not has_given(said_of(here, asset_id), MIA.id)


def test_what_one_handed_in_is_ones_own_unless_that_is_allowed(here):
    row = {"submitter": MIA.id}
    assert is_own(here, row, MIA)
    assert not is_own(here, row, NOA)
    assert not is_own(replace(here, may_review_own=True), row, MIA)
