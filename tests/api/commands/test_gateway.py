"""`chopmark gateway`, with a service on this machine."""

import base64
import json
import os

import pytest

from tests.generation.gateways.provider import serve
from tests.sites import encode, photograph


@pytest.fixture
def provider(light, monkeypatch):
    with serve() as serving:
        options = {"openai_images": {"base_url": serving.url, "api_key": "k-secret"}}
        monkeypatch.setenv("CHOPMARK_GATEWAY_OPTIONS", json.dumps(options))
        yield serving


def drawn():
    return {"data": [{"b64_json": base64.b64encode(encode(photograph(side=384), "PNG")).decode()}]}


def test_a_service_is_asked_and_what_it_made_is_released(run, provider, tmp_path):
    provider.say(drawn())
    done = run("gateway", "run", "openai_images", "a paper boat", "--key", "k", "-o", tmp_path / "out" / "")
    assert done.code == 0, done
    assert "released" in done.words
    assert len(list((tmp_path / "out").iterdir())) == 1
    listed = run("gateway", "jobs", "--json").document["jobs"]
    assert [(job["state"], job["key"]) for job in listed] == [("handed_in", "k")]
    assert "handed_in" in run("gateway", "jobs").words
    assert run("gateway", "resume", "--json").document == {"jobs": [], "results": []}
    assert "boat" not in json.dumps(listed)


def test_refusals_and_doubts_are_told(run, provider, tmp_path):
    provider.say({"error": {"code": "moderation_blocked", "message": "sexual"}}, 400)
    refused = run("gateway", "run", "openai_images", "x y z", "-o", tmp_path / "a" / "")
    assert refused.code == 2
    assert "refused: moderation_blocked (sexual)" in refused.words
    provider.say(b"<html>", 502)
    unsure = run("gateway", "run", "openai_images", "a red boat", "-o", tmp_path / "b" / "", "--json")
    assert (unsure.code, unsure.document["jobs"][0]["state"]) == (2, "unsure")
    job = unsure.document["jobs"][0]["id"]
    assert run("gateway", "cancel", job).code == 2
    assert run("gateway", "settle", job).code == 2, "one of both has to be said"
    assert run("gateway", "settle", job, "--service-job", "../files").code == 2
    assert "planned" in run("gateway", "settle", job, "--send-again").words
    provider.say(drawn())
    assert run("gateway", "resume", "-o", tmp_path / "b" / "").code == 0
    assert run("gateway", "settle", job, "--send-again").code == 2


def test_one_job_keeps_no_other_from_going_on(run, provider, tmp_path, monkeypatch):
    provider.say({}, 429)
    assert run("gateway", "run", "openai_images", "a red boat", "--patience", 0, "-o", tmp_path / "a" / "").code == 5
    options = json.loads(os.environ["CHOPMARK_GATEWAY_OPTIONS"])
    both = {**options, "ark": {"base_url": provider.url, "api_key": "k"}}
    monkeypatch.setenv("CHOPMARK_GATEWAY_OPTIONS", json.dumps(both))
    provider.say({}, 429)
    assert run("gateway", "run", "ark", "a blue boat", "--patience", 0, "-o", tmp_path / "a" / "").code == 5
    monkeypatch.setenv("CHOPMARK_GATEWAY_OPTIONS", json.dumps(options))
    provider.say(drawn())
    done = run("gateway", "resume", "-o", tmp_path / "b" / "", "--json").document
    assert {job["gateway"]: job["state"] for job in done["jobs"]} == {"openai_images": "handed_in", "ark": "planned"}
    assert "gateway_options.ark" in json.dumps(done["results"])


def test_a_blocked_prompt_is_not_sent(run, provider):
    done = run("gateway", "run", "openai_images", "a poster on how to make a pipe bomb")
    assert done.code == 4
    assert provider.asked == []


def test_the_list_says_what_is_set_up(run, provider):
    rows = {row["gateway"]: row for row in run("gateway", "list", "--json").document["gateways"]}
    assert rows["openai_images"] == {"gateway": "openai_images", "makes": ["text-to-image"], "is_set_up": True}
    assert not rows["kling"]["is_set_up"]
    assert "kling" in run("gateway", "list").words


def test_mistakes_teach(run, provider):
    assert "gateway_options.kling" in run("gateway", "run", "kling", "x").err
    assert run("gateway", "run", "openai_images", "x", "--more", "[1]").code == 2
    assert run("gateway", "cancel", "nonesuch").code == 2
    assert run("gateway", "run", "openai_images").code == 2
