"""A job is there before its call, moves on once, and takes its order along until it is over."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.gateways.base import Kind, Order, QuotaSpentError
from generation.gateways.jobs import Jobs, JobState, parse_order, spell_order
from provenance.errors import AssetNotFoundError, BlobNotFoundError, DamagedRecordError, KeyReusedError
from provenance.storage.blob import Blob
from provenance.storage.store import Blobs
from tests.generation.gateways.provider import order


@pytest.fixture
def quarantine(tmp_path):
    return Blobs(tmp_path / "quarantine", private=True)


@pytest.fixture
def jobs(database, quarantine):
    return Jobs(database, quarantine)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.binary(max_size=50), st.none() | st.integers())
def test_an_order_comes_back_as_it_was(prompt, source, seed):
    told = Order(Kind.IMAGE_TO_VIDEO, prompt, source=source, seed=seed, more={"a": [1, {"b": None}]})
    assert parse_order(spell_order(told)) == told


@pytest.mark.parametrize("spelled", [b"", b"{}", b"[]", b'{"kind": "x", "source": ""}', b"\xff"])
def test_an_order_that_cannot_be_read_is_damaged(spelled):
    with pytest.raises(DamagedRecordError):
        parse_order(spelled)


def test_the_same_key_and_order_is_one_job(jobs, quarantine):
    first = jobs.plan("ark", order(), "mine")
    assert jobs.plan("ark", order(), "mine") == first
    with pytest.raises(KeyReusedError):
        jobs.plan("ark", order(seconds=9), "mine")
    with pytest.raises(KeyReusedError):
        jobs.plan("wan", order(), "mine")
    assert [key for key, _ in quarantine.keys("")] == [f"{first.id}/order"]
    assert jobs.plan("ark", order()).key != jobs.plan("ark", order()).key


def test_orders_that_come_at_once_share_one_days_quota(jobs, quarantine):
    """On PostgreSQL, too, where none sees what the others are adding."""
    start = Barrier(8)

    def plan(number):
        start.wait()
        try:
            return jobs.plan("ark", order(seed=number), most_a_day=3)
        except QuotaSpentError:
            return None

    with ThreadPoolExecutor(8) as pool:
        planned = [job for job in pool.map(plan, range(8)) if job is not None]
    assert len(planned) == jobs.count_today() == 3
    assert sorted(key for key, _ in quarantine.keys("")) == sorted(f"{job.id}/order" for job in planned)


def test_a_job_moves_on_once_from_where_it_stood(jobs):
    planned = jobs.plan("ark", order(), "k")
    asked = jobs.move(planned, JobState.ASKED)
    assert jobs.move(planned, JobState.ASKED) is None, "somebody else was quicker"
    running = jobs.move(asked, JobState.RUNNING, name="cgt-1", usage={"tokens": 1.0})
    assert jobs.find(planned.id) == running
    again = jobs.move(running, JobState.RUNNING)
    assert jobs.move(running, JobState.RUNNING) is None
    assert (again.job, again.outcome["usage"]) == ("cgt-1", {"tokens": 1.0})


def test_an_order_is_kept_until_its_job_is_over(jobs):
    planned = jobs.plan("ark", order(), "k")
    assert jobs.load_order(planned) == order()
    over = jobs.move(jobs.move(planned, JobState.ASKED), JobState.FAILED, problem="no")
    with pytest.raises(BlobNotFoundError):
        jobs.load_order(over)


def test_a_swapped_order_is_not_sent(jobs, quarantine):
    planned = jobs.plan("ark", order(), "k")
    quarantine.put(f"{planned.id}/order", Blob.from_bytes(spell_order(order(seconds=60))))
    with pytest.raises(DamagedRecordError, match="not the one"):
        jobs.load_order(planned)


def test_lists_are_read_a_page_at_a_time_and_by_tenant(jobs, database, quarantine):
    made = [jobs.plan("ark", order(seconds=1 + number), f"k{number}") for number in range(5)]
    other = Jobs(database, quarantine, "other")
    assert other.list() == ()
    with pytest.raises(AssetNotFoundError):
        other.find(made[0].id)
    first = jobs.list(limit=2)
    rest = jobs.list(before=first[-1].id)
    assert sorted(job.id for job in (*first, *rest)) == sorted(job.id for job in made)
    jobs.move(made[0], JobState.CANCELLED)
    assert [job.id for job in jobs.list([JobState.CANCELLED])] == [made[0].id]


def test_what_came_of_it_waits_in_quarantine(jobs):
    planned = jobs.plan("ark", order(), "k")
    jobs.keep_files(planned, [Blob.from_bytes(b"one"), Blob.from_bytes(b"two")])
    made = jobs.move(planned, JobState.MADE, files=2)
    assert [file.read() for file in jobs.files(made)] == [b"one", b"two"]
    jobs.drop_files(made)
    with pytest.raises(BlobNotFoundError):
        jobs.files(made)
