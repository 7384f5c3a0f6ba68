"""Whatever happens between two steps, nothing is paid for twice and nothing that was made is lost."""

import base64
from dataclasses import replace

import pytest

from generation.gateways import work
from generation.gateways.base import JobSettledError, Kind, ProviderBusyError
from generation.gateways.jobs import Jobs, JobState
from generation.gateways.work import MOST_STUMBLES, Pace, advance, cancel, finish
from provenance.errors import FetchError
from provenance.storage.store import Blobs
from tests.generation.gateways.provider import CLIP, build, hang_up, order


@pytest.fixture
def jobs(database, tmp_path):
    return Jobs(database, Blobs(tmp_path / "quarantine", private=True))


@pytest.fixture
def ark(provider):
    return build("ark", provider, api_key="k")


@pytest.fixture
def kling(provider):
    return build("kling", provider, access_key="a", secret_key="s" * 16)


@pytest.fixture
def pace():
    return Pace(sleep=lambda _seconds: None, may_be_local=True)


def paid(provider):
    """How many calls were made that cost money."""
    return sum(1 for method, path, *_ in provider.asked if method == "POST" and "cancel" not in path)


def forget(jobs, job, monkeypatch):
    """Let so much time pass that a call under way is nobody's any more."""
    monkeypatch.setattr("generation.gateways.work.CALL_S", -1)
    return jobs.find(job.id)


def made(provider):
    return {"status": "succeeded", "content": {"video_url": f"{provider.url}/files/1"}, "usage": {"total_tokens": 9}}


def test_a_job_is_taken_to_what_came_of_it(provider, jobs, ark, pace):
    provider.say({"id": "cgt-1"}).say({"status": "running"}).say({"status": "running"}).say(made(provider))
    job = finish(jobs, ark, jobs.plan("ark", order(), "k"), pace)
    assert (job.state, job.job, job.outcome["usage"]) == (JobState.MADE, "cgt-1", {"total_tokens": 9.0})
    assert [file.read() for file in jobs.files(job)] == [CLIP]
    assert paid(provider) == 1


def test_pictures_come_with_the_answer(provider, jobs, ark, pace):
    provider.say({"data": [{"b64_json": base64.b64encode(b"png").decode()}]})
    job = finish(jobs, ark, jobs.plan("ark", order(Kind.TEXT_TO_IMAGE), "k"), pace)
    assert [file.read() for file in jobs.files(job)] == [b"png"]


@pytest.mark.parametrize("name", ["musesteamer", "ark"])
def test_a_picture_whose_address_came_with_the_answer_is_fetched_from_there_and_never_asked_for(
    provider, jobs, pace, monkeypatch, name
):
    """MuseSteamer's pictures were asked for at the address of its clips, which knows none: paid, and lost."""
    service = build(name, provider, api_key="k")
    provider.say({"id": "../i1", "data": [{"url": f"{provider.url}/files/1"}], "usage": {"images": 1}})
    take, tries = work._take, []

    def stumble(*arguments, **more):
        tries.append(1)
        if len(tries) == 1:
            raise KeyboardInterrupt  # the process ends while it fetches
        if len(tries) == 2:
            raise FetchError("the address does not answer")
        return take(*arguments, **more)

    monkeypatch.setattr(work, "_take", stumble)
    job = jobs.plan(name, order(Kind.TEXT_TO_IMAGE), "k")
    with pytest.raises(KeyboardInterrupt):
        finish(jobs, service, job, pace)
    job = finish(jobs, service, jobs.find(job.id), pace)
    assert (job.state, job.job, job.outcome["usage"]) == (JobState.MADE, "k", {"images": 1.0})
    assert [file.read() for file in jobs.files(job)] == [CLIP]
    assert [path for _, path, *_ in provider.asked if not path.startswith("/files")] == [provider.asked[0][1]]
    assert jobs.find_addresses(job) == (), "an address that lets anybody in is not kept longer than it is needed"


def test_a_refusal_is_kept_with_its_reason(provider, jobs, ark, pace):
    error = {"code": "OutputVideoSensitiveContentDetected.PrivacyInformation", "message": "a face"}
    provider.say({"id": "cgt-1"}).say({"status": "failed", "error": error})
    job = finish(jobs, ark, jobs.plan("ark", order(), "k"), pace)
    assert job.state is JobState.REFUSED
    assert job.outcome["refusal"] == {"code": error["code"], "categories": ["real_person"], "about": "output"}


def test_a_call_that_was_not_made_is_made_again(provider, jobs, ark, pace):
    provider.say({}, 429).say({}, 503).say({"id": "cgt-1"}).say(made(provider))
    assert finish(jobs, ark, jobs.plan("ark", order(), "k"), pace).state is JobState.MADE


@pytest.mark.parametrize("answer", [hang_up, b"", b"<html>", {"id": "../x"}])
def test_a_call_of_which_nobody_knows_is_not_made_again(provider, jobs, ark, pace, answer):
    provider.say(answer)
    job = finish(jobs, ark, jobs.plan("ark", order(), "k"), pace)
    assert job.state in {JobState.UNSURE, JobState.FAILED}
    assert finish(jobs, ark, job, pace) == job
    assert paid(provider) == 1


def test_a_crash_while_the_call_was_under_way_costs_nothing(provider, jobs, ark, pace, monkeypatch):
    asked = jobs.move(jobs.plan("ark", order(), "k"), JobState.ASKED)
    with pytest.raises(ProviderBusyError, match="another process"):
        advance(jobs, ark, asked)
    job = finish(jobs, ark, forget(jobs, asked, monkeypatch), pace)
    assert job.state is JobState.UNSURE
    assert provider.asked == []


def test_where_the_service_finds_jobs_by_our_key_a_crash_is_cleared_up(provider, jobs, kling, pace, monkeypatch):
    asked = jobs.move(jobs.plan("kling", order(), "our-key"), JobState.ASKED)
    found = {"code": 0, "data": {"task_id": "7", "task_status": "processing"}}
    videos = {"videos": [{"url": f"{provider.url}/files/1"}]}
    done = {"code": 0, "data": {"task_id": "7", "task_status": "succeed", "task_result": videos}}
    provider.say(found).say(done)
    job = finish(jobs, kling, forget(jobs, asked, monkeypatch), pace)
    assert (job.state, job.job) == (JobState.MADE, "videos/text2video/7")
    assert paid(provider) == 0


def test_what_the_service_never_had_is_sent(provider, jobs, kling, pace, monkeypatch):
    asked = jobs.move(jobs.plan("kling", order(), "our-key"), JobState.ASKED)
    videos = {"videos": [{"url": f"{provider.url}/files/1"}]}
    done = {"code": 0, "data": {"task_id": "7", "task_status": "succeed", "task_result": videos}}
    provider.say({"code": 1203, "message": "no such"}, 404).say(done)
    assert finish(jobs, kling, forget(jobs, asked, monkeypatch), pace).state is JobState.MADE
    assert paid(provider) == 1


def test_a_call_that_may_still_arrive_is_not_sent_again(provider, jobs, kling, pace, monkeypatch):
    missing = {"code": 1203, "message": "no such"}
    provider.say(hang_up).say(missing, 404).say(missing, 404)
    planned = jobs.plan("kling", order(), "our-key")
    for _ in range(2):
        with pytest.raises(ProviderBusyError, match="not have the job yet"):
            advance(jobs, kling, jobs.find(planned.id))
    assert (jobs.find(planned.id).state, paid(provider)) == (JobState.ASKED, 1)
    provider.say(missing, 404)
    assert advance(jobs, kling, forget(jobs, planned, monkeypatch)).state is JobState.PLANNED, "now it never will"


def test_a_404_of_anybody_is_no_word_of_the_service(provider, jobs, kling, pace, monkeypatch):
    asked = jobs.move(jobs.plan("kling", order(), "our-key"), JobState.ASKED)
    provider.say({"error": "no route"}, 404)
    assert finish(jobs, kling, forget(jobs, asked, monkeypatch), pace).state is JobState.UNSURE
    assert paid(provider) == 0


def test_a_call_that_was_taken_and_cannot_be_followed_is_unsure(provider, jobs, ark, pace):
    provider.say({"status": "accepted"})
    assert finish(jobs, ark, jobs.plan("ark", order(), "k"), pace).state is JobState.UNSURE


def test_a_person_says_what_became_of_a_doubt(provider, jobs, ark, pace):
    provider.say(hang_up).say(hang_up)
    first, second = (finish(jobs, ark, jobs.plan("ark", order(), key), pace) for key in "ab")
    assert {first.state, second.state} == {JobState.UNSURE}
    provider.say(made(provider))
    assert finish(jobs, ark, jobs.settle(first, "cgt-1"), pace).state is JobState.MADE
    assert paid(provider) == 2, "the service had it"
    provider.say({"id": "cgt-2"}).say(made(provider))
    assert finish(jobs, ark, jobs.settle(second), pace).state is JobState.MADE
    assert paid(provider) == 3
    with pytest.raises(JobSettledError, match="not unsure"):
        jobs.settle(second)


def test_two_processes_send_one_call(provider, jobs, ark):
    planned = jobs.plan("ark", order(), "k")
    provider.say({"id": "cgt-1"})
    assert advance(jobs, ark, planned).state is JobState.RUNNING
    assert advance(jobs, ark, planned).state is JobState.RUNNING, "the second found it moved"
    assert paid(provider) == 1


def test_a_service_may_stumble_a_few_times(provider, jobs, ark, pace):
    provider.say({"id": "cgt-1"})
    for answer in (b"<html>", {}, {"status": "what"}):
        provider.say(answer)
    provider.say({"status": "running"}).say(made(provider))
    assert finish(jobs, ark, jobs.plan("ark", order(), "k"), pace).state is JobState.MADE
    provider.say({"id": "cgt-2"})
    for _ in range(MOST_STUMBLES):
        provider.say(b"<html>")
    failed = finish(jobs, ark, jobs.plan("ark", order(), "k2"), pace)
    assert (failed.state, "JSON" in failed.outcome["problem"]) == (JobState.FAILED, True)


def test_an_address_inside_is_never_fetched(provider, jobs, ark, pace):
    provider.say({"id": "cgt-1"})
    for _ in range(MOST_STUMBLES):
        provider.say({"status": "succeeded", "content": {"video_url": f"{provider.url}/files/1"}})
    job = finish(jobs, ark, jobs.plan("ark", order(), "k"), replace(pace, may_be_local=False))
    assert job.state is JobState.FAILED
    assert not any(path.startswith("/files/") for _, path, *_ in provider.asked)


def test_what_is_made_and_gone_is_expired_and_what_is_empty_failed(provider, jobs, ark, pace):
    provider.say({"id": "cgt-1"}).say({"status": "expired"})
    assert finish(jobs, ark, jobs.plan("ark", order(), "k"), pace).state is JobState.EXPIRED
    provider.say({"id": "cgt-2"}).say({"status": "succeeded", "content": {}})
    assert finish(jobs, ark, jobs.plan("ark", order(), "k2"), pace).state is JobState.FAILED


def test_a_deadline_leaves_the_job_as_it_stands(provider, jobs, ark, pace):
    provider.say({"id": "cgt-1"})
    job = finish(jobs, ark, jobs.plan("ark", order(), "k"), replace(pace, deadline=0))
    assert job.state is JobState.RUNNING
    provider.say(made(provider))
    assert finish(jobs, ark, job, pace).state is JobState.MADE


def test_giving_up(provider, jobs, ark, kling):
    assert cancel(jobs, ark, jobs.plan("ark", order(), "k")).state is JobState.CANCELLED
    provider.say({"id": "cgt-1"}).say({})
    assert cancel(jobs, ark, advance(jobs, ark, jobs.plan("ark", order(), "k2"))).state is JobState.CANCELLED
    provider.say({"code": 0, "data": {"task_id": "7", "task_status": "submitted"}})
    running = advance(jobs, kling, jobs.plan("kling", order(), "k3"))
    assert cancel(jobs, kling, running) == running, "it goes on, and is paid for"
