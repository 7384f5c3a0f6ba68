"""From an order to the gate: judged before it is paid for, handed in once, and what is no asset is said to be none."""

import base64

import pytest

from api.ordering import describe, go_on, open_gateway, open_jobs, order_and_release
from api.output import parse_output
from api.wiring import open_site
from generation.gateways.base import Kind, Order
from generation.gateways.jobs import JobState
from policies.line.sweeping import sweep
from policies.rules.decision import Outcome
from provenance.errors import ConfigurationError, UnknownPluginError
from tests.generation.gateways.provider import serve
from tests.sites import build_light_settings, encode, photograph


@pytest.fixture
def provider():
    with serve() as serving:
        yield serving


@pytest.fixture
def settings(tmp_path, provider):
    return build_light_settings(
        tmp_path / "home", gateway_options={"openai_images": {"base_url": provider.url, "api_key": "k-secret"}}
    )


@pytest.fixture
def site(settings):
    with open_site(settings, quiet=True) as opened:
        yield opened


@pytest.fixture
def gateway(settings):
    with open_gateway(settings, "openai_images") as opened:
        yield opened


@pytest.fixture
def target(tmp_path):
    return parse_output(str(tmp_path / "out") + "/")


def drawn(file):
    return {"data": [{"b64_json": base64.b64encode(file).decode()}], "usage": {"total_tokens": 5}}


def wanted(prompt="a paper boat on a pond"):
    return Order(Kind.TEXT_TO_IMAGE, prompt)


def test_what_a_service_made_is_released_with_its_recipe(site, gateway, provider, target, tmp_path):
    provider.say(drawn(encode(photograph(side=384), "PNG")))
    job, (ended,) = order_and_release(site, gateway, wanted(), target, key="k")
    assert ended.result.outcome is Outcome.RELEASE
    assert (job.state, job.outcome["assets"]) == (JobState.HANDED_IN, [ended.result.asset_id])
    (written,) = (tmp_path / "out").iterdir()
    assert written.suffix == ".png"
    assert [key for key, _ in site.deployment.blobs.quarantine.keys(job.id)] == []
    again, more = order_and_release(site, gateway, wanted(), target, key="k")
    assert (again, more) == (job, [])
    assert len(provider.asked) == 1
    told = str(describe(job))
    assert "boat" not in told
    assert "k-secret" not in told


def test_a_prompt_that_is_blocked_is_never_sent(site, gateway, provider, target):
    job, (ended,) = order_and_release(site, gateway, wanted("a poster on how to make a pipe bomb"), target)
    assert job is None
    assert ended.result.outcome is Outcome.BLOCK
    assert provider.asked == []


def test_what_is_no_asset_is_kept_out_and_said(site, gateway, provider, target):
    provider.say(drawn(b"<html>sorry</html>"))
    job, (ended,) = order_and_release(site, gateway, wanted(), target)
    assert ended.error is not None
    assert job.state is JobState.FAILED
    assert "cannot be taken" in job.outcome["problem"]


def test_a_crash_before_it_was_handed_in_loses_nothing(site, gateway, provider, target, monkeypatch):
    provider.say(drawn(encode(photograph(side=384), "PNG")))
    with monkeypatch.context() as broken:
        broken.setattr("api.ordering.end_one", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            order_and_release(site, gateway, wanted(), target, key="k")
    (job,) = open_jobs(site.deployment).list()
    assert job.state is JobState.MADE
    assert not [key for key in sweep(site.deployment, grace_s=0).orphans if job.id in key]
    done, (ended,) = go_on(site, gateway, job, target)
    assert done.state is JobState.HANDED_IN
    assert ended.result.outcome is Outcome.RELEASE
    assert len(provider.asked) == 1


def test_only_what_the_settings_name_is_called(settings):
    with pytest.raises(ConfigurationError, match=r"gateway_options\.kling"), open_gateway(settings, "kling"):
        pass
    with pytest.raises(UnknownPluginError, match="openai_images"), open_gateway(settings, "sora"):
        pass
