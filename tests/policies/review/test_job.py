from dataclasses import replace

import pytest
from sqlalchemy import select

from policies.line.publishing import withhold
from policies.review.backlog import Filter, count_items, find_ids, find_items
from policies.review.batch import make_batch
from policies.review.claim import claim
from policies.review.history import list_earlier, list_lines
from policies.review.job import State, find_job, find_postponed, is_hidden
from policies.review.judgement import decide, escalate, review
from policies.review.note import list_notes
from policies.rules.decision import Outcome
from provenance.errors import AssetNotFoundError
from provenance.storage.review_tables import FACETS
from provenance.tenant import Tenant
from tests.policies.review.people import MIA, NO, SAM, YES, held
from tests.sites import submission


def job_of(here, asset_id, who=SAM):
    with here.database.read() as connection:
        return find_job(connection, asset_id, here.tenant, who)


@pytest.fixture
def wary(here):
    """The same gate, to which gambling is sensitive."""
    return replace(here, sensitive=("*gambling*",))


def test_what_is_held_has_an_open_job_with_what_speaks_against_it(here):
    asset_id = held(here)
    assert (job_of(here, asset_id).state, job_of(here, asset_id).is_sensitive) == (State.OPEN, False)
    with here.database.read() as connection:
        rows = connection.execute(select(FACETS).where(FACETS.c.asset_id == asset_id)).mappings().all()
    assert [(row["detector"], row["category"], row["pack"]) for row in rows] == [("prompt", "prompt.gambling", "light")]


def test_what_is_blocked_has_a_closed_one_and_what_is_released_none(here):
    from policies import gate

    blocked = gate.release(here, submission(prompt="how to make a pipe bomb")).asset_id
    released = gate.release(here, submission()).asset_id
    assert job_of(here, blocked).state is State.CLOSED
    with pytest.raises(AssetNotFoundError):
        job_of(here, released)


def test_deciding_on_the_command_line_closes_it(here):
    asset_id = held(here)
    review(here, asset_id, outcome=Outcome.BLOCK, reviewer="mo", reason="no")
    assert job_of(here, asset_id).state is State.CLOSED


def test_what_is_sensitive_is_found_by_nobody_who_may_not_see_it(wary):
    asset_id = held(wary)
    assert asset_id not in find_ids(wary, MIA, Filter(), most=1000)
    assert find_items(wary, MIA, Filter(sensitive=True)) == ()
    assert count_items(wary, MIA, Filter(sensitive=True)) == 0
    for attempt in (
        lambda: claim(wary, asset_id, MIA),
        lambda: decide(wary, asset_id, MIA, NO),
        lambda: list_notes(wary, asset_id, MIA),
        lambda: list_earlier(wary, asset_id, MIA),
        lambda: make_batch(wary, MIA, [asset_id], NO, key="k", confirmed=1),
    ):
        with pytest.raises(AssetNotFoundError):
            attempt()
    with wary.database.read() as connection:
        assert is_hidden(connection, asset_id, sees_sensitive=False)
        assert not is_hidden(connection, asset_id, sees_sensitive=True)


def test_who_may_see_it_decides_and_others_do_not_read_of_it(wary):
    asset_id = held(wary)
    assert [item.job.asset_id for item in find_items(wary, SAM, Filter(sensitive=True), limit=100)][-1] == asset_id
    decide(wary, asset_id, SAM, NO)
    assert asset_id in {line.asset_id for line in list_lines(wary, SAM)}
    assert asset_id not in {line.asset_id for line in list_lines(wary, MIA)}
    assert job_of(wary, asset_id).is_sensitive


def test_another_tenant_finds_none_of_it(here):
    asset_id = held(here)
    with here.database.read() as connection, pytest.raises(AssetNotFoundError):
        find_job(connection, asset_id, Tenant("other"), SAM)


def test_another_setting_makes_more_of_them_sensitive_and_none_less(here):
    from policies.review.job import sort_jobs

    asset_id = held(here)
    assert sort_jobs(here.database, ("*no such*",)) == 0
    assert sort_jobs(here.database, ("prompt.gambling",)) >= 1
    assert job_of(here, asset_id).is_sensitive
    assert sort_jobs(here.database, ("prompt.gambling",)) == 0
    assert sort_jobs(here.database, ()) == 0
    assert job_of(here, asset_id).is_sensitive


def test_what_was_handed_up_stays_so_where_it_is_withheld_again(here):
    asset_id = held(here)
    escalate(here, asset_id, MIA, "somebody else should look")
    withhold(here, asset_id)
    assert (job_of(here, asset_id).state, job_of(here, asset_id).escalated_by) == (State.ESCALATED, MIA.id)
    decide(here, asset_id, SAM, NO)
    assert job_of(here, asset_id).state is State.CLOSED


def test_what_is_approved_is_postponed_until_its_moment(here):
    later, now, refused = held(here), held(here), held(here)
    decide(here, later, MIA, YES, grace_s=3600)
    decide(here, now, MIA, YES, grace_s=0)
    decide(here, refused, MIA, NO)
    with here.database.read() as connection:
        assert {later, now, refused} & find_postponed(connection) == {later}
        assert [find_postponed(connection, one) for one in (later, now)] == [{later}, set()]
