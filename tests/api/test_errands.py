"""Jobs that wait are gone on with one step at a time, whoever else looks; what came of one is handed in once."""

import base64

import pytest

from api.errands import KEYED, Errands, Round, build_callback_token, find_waiting, hand_in, name_lease
from api.ordering import open_gateway, open_jobs
from api.service import build_service
from api.wiring import open_site
from generation.gateways.base import Kind, Order, QuotaSpentError
from generation.gateways.jobs import JobState
from generation.gateways.work import advance
from policies.line.standing import list_standings
from tests.generation.gateways.provider import serve
from tests.letters import letter
from tests.sites import build_light_settings, encode, photograph

BOAT = Order(Kind.TEXT_TO_IMAGE, "a paper boat on a pond")


@pytest.fixture
def provider():
    with serve() as serving:
        yield serving


@pytest.fixture
def service(tmp_path, provider):
    options = {"openai_images": {"base_url": provider.url, "api_key": "k-secret"}}
    with open_site(
        build_light_settings(tmp_path / "home", media=("picture", "text"), gateway_options=options), quiet=True
    ) as site:
        built = build_service(site)
        yield built
        built.walkers.close()


def plan(service, key="a", **fields):
    return open_jobs(service.site.deployment).plan("openai_images", BOAT, f"{KEYED}me:{key}", **fields)


def drawn(file=None):
    file = encode(photograph(side=256), "PNG") if file is None else file
    return {"data": [{"b64_json": base64.b64encode(file).decode()}]}


def test_only_what_was_ordered_over_http_waits_here(service):
    jobs = open_jobs(service.site.deployment)
    own = plan(service)
    jobs.plan("openai_images", BOAT, "by hand")
    assert find_waiting(service.site.deployment) == [(own.id, "main")]


def test_each_look_takes_a_job_one_step_on_and_the_end_is_a_release(service, provider):
    provider.say(drawn())
    job = plan(service, asked={"packs": [], "submitter": "sue"})
    errands, jobs = Errands(service.site), open_jobs(service.site.deployment)
    for _ in range(4):
        errands._rounds[job.id] = Round()
        errands.look(service)
    done = jobs.find(job.id)
    assert (done.state, len(done.outcome["assets"])) == (JobState.HANDED_IN, 1)
    assert len(provider.asked) == 1
    errands.look(service)
    assert errands._rounds == {}


def test_what_was_handed_in_when_all_ended_is_not_handed_in_twice(service, provider, monkeypatch):
    provider.say(drawn())
    here, jobs = service.site.deployment, open_jobs(service.site.deployment)
    job = plan(service)
    with open_gateway(service.site.settings, "openai_images") as gateway:
        while job.state is not JobState.MADE:
            job = advance(jobs, gateway, job)

    class EndedError(Exception):
        """The process ends after the asset is kept, before the job's row says so."""

    def end(*_, **__):
        raise EndedError

    with monkeypatch.context() as patch:
        patch.setattr(type(jobs), "move", end)
        with pytest.raises(EndedError):
            hand_in(service, here, job)
    assert jobs.find(job.id).state is JobState.MADE
    (kept,) = list_standings(here, most=10)
    done = hand_in(service, here, jobs.find(job.id))
    assert done.state is JobState.HANDED_IN
    assert done.outcome["assets"] == [kept.asset_id]
    assert len(list_standings(here, most=10)) == 1


def test_what_somebody_else_is_at_is_left_alone(service, provider):
    job = plan(service)
    with service.site.deployment.leases.hold(name_lease(job.id)):
        pass
    errands = Errands(service.site)
    provider.say({"error": {"code": "rate_limit_exceeded"}}, 429, retry_after="30")
    errands.look(service)
    assert open_jobs(service.site.deployment).find(job.id).state in {JobState.PLANNED, JobState.ASKED}
    asked = len(provider.asked)
    errands.look(service)
    assert len(provider.asked) == asked, "it asked to wait"


def test_what_is_no_picture_is_said_and_never_tried_again(service, provider):
    provider.say(drawn(b"<html>no picture</html>"))
    job = plan(service)
    errands = Errands(service.site)
    for _ in range(3):
        errands._rounds[job.id] = Round()
        errands.look(service)
    done = open_jobs(service.site.deployment).find(job.id)
    assert done.state is JobState.FAILED
    assert "cannot be taken" in done.outcome["problem"]


def test_a_page_of_words_is_none_either_where_texts_are_taken(service, provider):
    provider.say(drawn(b"<html><p>" + letter() + b"</p></html>"))
    job = plan(service)
    errands = Errands(service.site)
    for _ in range(3):
        errands._rounds[job.id] = Round()
        errands.look(service)
    done = open_jobs(service.site.deployment).find(job.id)
    assert (done.state, done.outcome["assets"]) == (JobState.FAILED, [])
    assert "as was ordered, got text/html" in done.outcome["problem"]
    assert len(provider.asked) == 1


def test_a_job_too_many_is_not_kept(service):
    plan(service, "a", most_a_day=1)
    with pytest.raises(QuotaSpentError, match="1 jobs a day"):
        plan(service, "b", most_a_day=1)
    assert plan(service, "a", most_a_day=1).key.endswith("a")
    assert open_jobs(service.site.deployment).count_today() == 1


def test_each_service_has_a_token_of_its_own_that_stays(service):
    site = service.site
    assert build_callback_token(site, "ark") == build_callback_token(site, "ark")
    assert build_callback_token(site, "ark") != build_callback_token(site, "vidu")
