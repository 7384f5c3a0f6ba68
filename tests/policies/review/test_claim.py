import random
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest
from sqlalchemy import select, update

from policies.review import claim as module
from policies.review.claim import ASSIGNED_MS, CLAIM_MS, assign, claim, release_claim
from policies.review.job import Reviewer, now_ms
from policies.review.judgement import ask_opinion, decide, escalate, review
from policies.review.refusals import JobTakenError, NotYoursError
from policies.rules.decision import Outcome
from provenance.errors import PolicyError
from provenance.storage.review_tables import JOBS
from provenance.storage.tables import REVIEWS
from tests.policies.review.engines import site  # noqa: F401 - a fixture
from tests.policies.review.people import MIA, NO, NOA, SAM, held


def end_claim(here, asset_id):
    with here.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.asset_id == asset_id).values(expires_at_ms=1))


def test_one_has_it_and_others_are_told_who(here):
    asset_id = held(here)
    before = now_ms()
    job = claim(here, asset_id, MIA)
    assert (job.holder, job.is_held) == ("Mia Chen", True)
    assert before + CLAIM_MS <= job.expires_at_ms <= now_ms() + CLAIM_MS
    for attempt in (
        lambda: claim(here, asset_id, NOA),
        lambda: decide(here, asset_id, NOA, NO),
        lambda: review(here, asset_id, outcome=Outcome.BLOCK, reviewer="mo", reason="no"),
    ):
        with pytest.raises(JobTakenError, match="Mia Chen has this job"):
            attempt()


def test_claiming_again_prolongs(here, monkeypatch):
    asset_id = held(here)
    first = claim(here, asset_id, MIA).expires_at_ms
    monkeypatch.setattr(module, "CLAIM_MS", CLAIM_MS * 2)
    assert claim(here, asset_id, MIA).expires_at_ms > first
    monkeypatch.setattr(module, "CLAIM_MS", 1)
    assert claim(here, asset_id, MIA).expires_at_ms > first  # never shorter


def test_a_claim_that_ran_out_is_nobodys(here):
    asset_id = held(here)
    claim(here, asset_id, MIA)
    end_claim(here, asset_id)
    assert claim(here, asset_id, NOA).holder == "Noa"
    assert release_claim(here, asset_id, MIA).holder == "Noa"  # it is hers no more to give back


def test_it_can_be_given_back(here):
    asset_id = held(here)
    claim(here, asset_id, MIA)
    assert not release_claim(here, asset_id, MIA).is_held
    assert claim(here, asset_id, NOA).holder == "Noa"


def test_it_can_be_given_to_somebody_for_a_day(here):
    asset_id = held(here)
    claim(here, asset_id, MIA)
    job = assign(here, asset_id, MIA, NOA)
    assert (job.holder, job.assigned_by) == ("Noa", "Mia Chen")
    assert job.expires_at_ms > now_ms() + ASSIGNED_MS - 60_000
    with pytest.raises(JobTakenError):
        assign(here, asset_id, MIA, SAM)


def test_who_handed_it_up_is_not_given_it_again(here):
    asset_id = held(here)
    for who in (NOA, SAM):
        escalate(here, asset_id, who, "beyond me")
    for who in (NOA, SAM):  # not the last one alone
        with pytest.raises(NotYoursError):
            assign(here, asset_id, MIA, who)


def test_who_said_what_they_think_or_handed_the_file_in_is_not_given_it(here):
    asset_id = held(here, submitter=SAM.id)
    ask_opinion(here, asset_id, NOA, NO)
    for who in (NOA, SAM):
        with pytest.raises(NotYoursError):
            assign(here, asset_id, MIA, who)
    assert assign(here, asset_id, SAM, MIA).holder == "Mia Chen"


def test_what_is_decided_is_claimed_by_nobody(here):
    asset_id = held(here)
    decide(here, asset_id, MIA, NO)
    with pytest.raises(PolicyError, match="was decided"):
        claim(here, asset_id, NOA)


def test_of_many_who_claim_at_once_one_is_lucky(here):
    asset_id = held(here)

    def attempt(number):
        try:
            return claim(here, asset_id, module.Reviewer(f"person-{number}", str(number))).holder
        except JobTakenError:
            return None

    with ThreadPoolExecutor(8) as pool:
        lucky = [name for name in pool.map(attempt, range(8)) if name]
    assert len(lucky) == 1


def test_of_many_who_claim_and_decide_about_many_no_two_ever_hold_one_job(here):
    """Six people, each through all jobs in an order of their own: claimed, sometimes given back, decided once."""
    jobs, lock, held_by, overlaps = [held(here) for _ in range(5)], Lock(), {}, []

    def work(number):
        me, dice = Reviewer(f"person-{number}", f"Person {number}"), random.Random(number)
        for asset_id in dice.sample(jobs, len(jobs)) * 2:
            try:
                claim(here, asset_id, me)
            except (JobTakenError, PolicyError):
                continue
            with lock:
                overlaps.extend([(asset_id, held_by[asset_id], number)] if asset_id in held_by else [])
                held_by[asset_id] = number
            does_decide = dice.random() < 0.5
            with lock:
                del held_by[asset_id]
            if does_decide:
                decide(here, asset_id, me, NO)
            else:
                release_claim(here, asset_id, me)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert overlaps == []
    with here.database.read() as connection:
        decided = connection.execute(select(REVIEWS.c.asset_id).where(REVIEWS.c.asset_id.in_(jobs))).scalars().all()
    assert len(decided) == len(set(decided)) > 0
