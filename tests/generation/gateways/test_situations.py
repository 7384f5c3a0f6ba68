"""Every service in every situation that it may bring about: taken on, told why, and paid for once."""

import json

import pytest

from generation.gateways.base import ProviderError
from generation.gateways.jobs import Jobs, JobState
from generation.gateways.work import MOST_STUMBLES, Pace, cancel, finish
from provenance.storage.store import Blobs
from tests.end_to_end.test_gateway_pages import CASES, INSIDE
from tests.generation.gateways.provider import CLIP, build, hang_up, order

SERVICES = sorted(CASES)
LATER = [name for name in SERVICES if len(CASES[name][2]) > 1]
"""They say first that they took the job."""
BY_ADDRESS = [name for name in SERVICES if name not in INSIDE and name != "openai_videos"]
"""Their answer says where the file is."""


@pytest.fixture
def jobs(database, tmp_path):
    return Jobs(database, Blobs(tmp_path / "quarantine", private=True))


def pace(*, may_be_local=True):
    return Pace(sleep=lambda _seconds: None, may_be_local=may_be_local, deadline=60)


def set_up(name, provider, jobs):
    options, kind, answers = CASES[name]
    said = [json.loads(json.dumps(answer).replace("{url}", provider.url)) for answer in answers]
    return build(name, provider, **options), jobs.plan(name, order(kind), f"key-{name}"), said


def say(provider, *answers):
    for answer in answers:
        provider.say(*answer) if isinstance(answer, tuple) else provider.say(answer)


def count_paid(provider, name):
    """How many calls were made that cost money: those that carry the prompt."""
    return sum(1 for _, _, _, body in provider.asked if b"paper boat" in body)


def bring(provider, name, jobs, job, gateway, **given):
    found = finish(jobs, gateway, job, pace(**given))
    calls = count_paid(provider, name)
    if found.state.is_over:
        assert finish(jobs, build(name, provider, **CASES[name][0]), jobs.find(job.id), pace()) == found
    assert count_paid(provider, name) == calls
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_asked_to_wait_is_asked_again_and_paid_once(provider, jobs, name):
    gateway, job, said = set_up(name, provider, jobs)
    say(provider, ({}, 429), *said, *([] if name in INSIDE else [CLIP]))
    found = bring(provider, name, jobs, job, gateway)
    assert found.state is JobState.MADE, found.outcome
    assert count_paid(provider, name) == 2, "the first was not taken"


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html><p>Sign in</p></html>", b"[]", hang_up, ({}, 502)],
    ids=["empty", "html", "list", "broken off", "502"],
)
@pytest.mark.parametrize("name", SERVICES)
def test_a_paid_call_without_an_answer_is_not_made_again(provider, jobs, name, answer):
    gateway, job, _ = set_up(name, provider, jobs)
    say(provider, *[answer] * (4 if name == "kling" else 1))
    found = finish(jobs, gateway, job, Pace(sleep=lambda _seconds: None, deadline=0))
    assert found.state in {JobState.UNSURE, JobState.FAILED, JobState.ASKED}, found.outcome
    assert count_paid(provider, name) == 1


@pytest.mark.parametrize("name", LATER)
def test_who_dies_between_the_order_and_the_first_look_goes_on_with_the_same_job(provider, jobs, name):
    gateway, job, said = set_up(name, provider, jobs)
    say(provider, said[0])
    taken = finish(jobs, gateway, job, Pace(sleep=lambda _seconds: None, deadline=0))
    assert taken.state is JobState.RUNNING
    say(provider, b"<html>busy</html>", ({}, 500), said[1], *([] if name in INSIDE else [CLIP]))
    again = build(name, provider, **CASES[name][0])
    found = finish(jobs, again, jobs.find(job.id), pace())
    assert found.state is JobState.MADE, found.outcome
    assert count_paid(provider, name) == 1


@pytest.mark.parametrize("name", sorted({*BY_ADDRESS} & {*LATER}))
def test_an_address_inside_is_refused_and_recorded(provider, jobs, name):
    gateway, job, said = set_up(name, provider, jobs)
    say(provider, *said, *[said[-1]] * MOST_STUMBLES)
    found = bring(provider, name, jobs, job, gateway, may_be_local=False)
    assert found.state is JobState.FAILED
    assert found.outcome["problem"]
    assert count_paid(provider, name) == 1
    assert not [path for _, path, _, _ in provider.asked if path == "/page"]


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in INSIDE])
def test_a_file_that_is_gone_is_expired_or_failed_and_not_paid_for_again(provider, jobs, name):
    gateway, job, said = set_up(name, provider, jobs)
    say(provider, *said, *[({}, 404)] * 12)
    found = bring(provider, name, jobs, job, gateway)
    assert found.state in {JobState.EXPIRED, JobState.FAILED}, found.outcome
    assert count_paid(provider, name) == 1


@pytest.mark.parametrize("name", LATER)
def test_giving_up_ends_the_job_or_says_that_it_goes_on(provider, jobs, name):
    gateway, job, said = set_up(name, provider, jobs)
    say(provider, said[0])
    taken = finish(jobs, gateway, job, Pace(sleep=lambda _seconds: None, deadline=0))
    say(provider, {"code": 0, "success": True}, {})
    try:
        given_up = cancel(jobs, gateway, taken)
    except ProviderError:
        given_up = jobs.find(job.id)
    assert given_up.state in {JobState.CANCELLED, JobState.RUNNING}
    assert count_paid(provider, name) == 1
