import pytest

from policies.review.backlog import Filter, find_items
from policies.review.claim import CLAIM_MS
from policies.review.job import now_ms
from policies.review.quality_deal import (
    assign_deal,
    claim_deal,
    falls,
    find_deal,
    note_deal,
    release_deal,
)
from policies.review.refusals import JobTakenError, NotYoursError
from provenance.errors import PolicyError
from tests.policies.review.people import MIA, NOA, SAM, held
from tests.policies.review.test_quality_answer import second_look
from tests.policies.review.test_quality_second import deals_for


@pytest.fixture
def deal(here):
    (found,) = deals_for(here, NOA, second_look(here))
    return found


def again(here, deal, reviewer):
    with here.database.read() as connection:
        return find_deal(connection, here, deal.id, reviewer)


def test_it_stands_among_the_jobs_that_wait(here):
    held(here)
    (deal,) = deals_for(here, NOA, second_look(here))
    waiting = [item.job.asset_id for item in find_items(here, NOA, Filter())]
    assert deal.id[:13] in {one[:13] for one in waiting[:10]}  # the time of one of them
    assert deal.id not in waiting
    assert len(deal.id) == 36
    assert deal.created_at == deal.item.created_at


def test_one_at_a_time_has_it(here, deal):
    claim_deal(here, deal, NOA)
    mine = again(here, deal, NOA)
    assert mine.job.is_held
    assert mine.expires_at_ms <= now_ms() + CLAIM_MS
    with pytest.raises(JobTakenError):
        claim_deal(here, mine, SAM)
    release_deal(here, mine, NOA)
    claim_deal(here, again(here, deal, SAM), SAM)
    assert again(here, deal, SAM).holder == "Sam"


def test_it_is_given_to_somebody_who_does_not_know(here, deal):
    with pytest.raises(NotYoursError):
        assign_deal(here, deal, NOA, MIA)
    assign_deal(here, deal, NOA, SAM)
    assert (again(here, deal, SAM).holder, again(here, deal, SAM).assigned_by) == ("Sam", "Noa")
    assert again(here, deal, MIA) is None


def test_notes_are_kept_with_it(here, deal):
    note_deal(here, deal, NOA, "odd, @sam")
    assert [(one.text, one.mentions) for one in again(here, deal, NOA).notes] == [("odd, @sam", ("sam",))]
    with pytest.raises(PolicyError):
        note_deal(here, deal, NOA, " ")


def test_filters_find_it_as_they_would_a_job(deal):
    finding = (
        {},
        {"category": "prompt.gambling"},
        {"detector": "prompt", "pack": "light"},
        {"holder": "free"},
        {"state": "open"},
        {"until": "2199-01-01"},
    )
    missing = (
        {"category": "prompt.weapons"},
        {"holder": "others"},
        {"state": "escalated"},
        {"opinion": True},
        {"sensitive": True},
        {"name": "nowhere"},
        {"since": "2199-01-01"},
    )
    assert [asked for asked in finding if not deal.fits(Filter(**asked), NOA)] == []
    assert [asked for asked in missing if deal.fits(Filter(**asked), NOA)] == []


def test_the_lot_falls_as_often_as_it_should():
    assert not falls(0)
    assert falls(1)
