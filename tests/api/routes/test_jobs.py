"""Paid jobs over HTTP: ordered once under a key, judged first, counted, followed to a release; callbacks are verified."""

import base64
import json
import time

import pytest

from api.errands import build_callback_token
from api.routes.jobs import CALLBACKS
from generation.gateways.jobs import JobState
from tests.api.visitors import acting, open_client
from tests.generation.gateways.provider import serve
from tests.sites import encode, photograph

MINE = acting("producer")
BOAT = {"service": "openai_images", "prompt": "a paper boat on a pond"}


@pytest.fixture
def provider():
    with serve() as serving:
        yield serving


@pytest.fixture
def client(light, provider, monkeypatch):
    ready = {"base_url": provider.url, "api_key": "k-secret"}
    monkeypatch.setenv("CHOPMARK_GATEWAY_OPTIONS", json.dumps({"openai_images": ready, "vidu": ready}))
    monkeypatch.setenv("CHOPMARK_GATEWAY_JOBS_PER_DAY", "3")
    monkeypatch.setenv("CHOPMARK_GATEWAY_CALLBACKS", "true")
    monkeypatch.setenv("CHOPMARK_HTTP__ORIGIN", "https://gate.example")
    monkeypatch.setenv("CHOPMARK_TENANTS", '{"blue": {}}')
    with open_client() as client:
        yield client


def order(client, key="one", headers=MINE, **fields):
    return client.post("/v1/jobs", headers={**headers, "Idempotency-Key": key}, json={**BOAT, **fields})


def until_over(client, job_id, headers=MINE):
    for _ in range(1200):
        job = client.get(f"/v1/jobs/{job_id}", headers=headers).json()
        if JobState(job["state"]).is_over:
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def drawn():
    file = encode(photograph(side=256), "PNG")
    return {"data": [{"b64_json": base64.b64encode(file).decode()}], "usage": {"total_tokens": 5}}


def test_a_job_is_ordered_once_and_what_came_of_it_is_a_release(client, provider):
    provider.say(drawn())
    taken = order(client)
    assert taken.status_code == 202, taken.text
    job = until_over(client, taken.json()["id"])
    assert (job["state"], job["service"], job["key"], job["usage"]) == (
        "handed_in", "openai_images", "one", {"total_tokens": 5.0},
    )  # fmt: skip
    (asset_id,) = job["assets"]
    assert client.get(f"/v1/releases/{asset_id}?wait=60", headers=MINE).status_code == 200
    again = order(client)
    assert (again.status_code, again.json()["id"]) == (202, job["id"])
    assert len(provider.asked) == 1, "the same key is never paid for twice"
    other = order(client, prompt="a paper crane")
    assert (other.status_code, other.json()["title"]) == (422, "asset.key_reused")
    assert "boat" not in json.dumps(job)


def test_a_key_is_asked_for(client, provider):
    assert client.post("/v1/jobs", headers=MINE, json=BOAT).status_code == 422
    assert provider.asked == []


def test_a_blocked_prompt_is_never_sent_and_costs_nothing(client, provider):
    refused = order(client, prompt="a poster on how to make a pipe bomb")
    assert (refused.status_code, refused.json()["title"]) == (422, "prompt.blocked")
    assert provider.asked == []
    assert client.get("/v1/services", headers=MINE).json()["left_today"] == 3


def test_a_day_has_so_many_jobs_and_each_tenant_its_own(client, provider):
    for _ in range(4):
        provider.say({"error": {"code": "moderation_blocked", "message": "no"}}, 400)
    ids = [order(client, key=f"k{number}").json()["id"] for number in range(3)]
    assert [until_over(client, one)["state"] for one in ids] == ["refused"] * 3
    full = order(client, key="k3")
    assert (full.status_code, full.json()["title"]) == (429, "generation.quota")
    assert order(client, key="k0").json()["id"] == ids[0], "one that was ordered is still told"
    blue = acting("producer", "blue")
    assert order(client, key="k0", headers=blue).status_code == 202
    assert client.get("/v1/services", headers=MINE).json()["left_today"] == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"service": "nonesuch"}, "openai_images"),
        ({"prompt": ""}, "preset"),
        ({"preset": "icon", "words": "a bell"}, "either"),
        ({"prompt": "", "preset": "avatar-ink", "words": "me"}, "photograph"),
        ({"kind": "text-to-video"}, "text-to-image"),
        ({"packs": ["nonesuch"]}, "light"),
        ({"source": "%%%"}, "base64"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_sent(client, provider, fields, said):
    refused = order(client, **fields)
    assert refused.status_code == 422
    assert said in refused.text
    assert provider.asked == []


def test_nobody_sees_or_settles_another_ones(client, provider):
    provider.say({"nothing": "that is known"})
    job_id = order(client).json()["id"]
    job = until_over(client, job_id)
    for headers in (acting("producer", "blue"), {"X-As": "producer,submitter@main"}):
        assert client.get(f"/v1/jobs/{job_id}", headers=headers).status_code == 404
        assert client.post(f"/v1/jobs/{job_id}/cancel", headers=headers).status_code == 404
        assert client.get("/v1/jobs", headers=headers).json()["items"] == []
    assert client.get(f"/v1/jobs/{job_id}", headers=acting("admin")).status_code == 200
    assert client.get("/v1/jobs", headers=acting("submitter")).status_code == 403
    assert [one["id"] for one in client.get("/v1/jobs", headers=MINE).json()["items"]] == [job_id]
    assert client.post(f"/v1/jobs/{job_id}/settle", headers=MINE, json={}).status_code == 422
    wanted = {"send_again": True}
    expected = 200 if job["state"] == "unsure" else 409
    provider.say(drawn())
    assert client.post(f"/v1/jobs/{job_id}/settle", headers=MINE, json=wanted).status_code == expected


def test_a_service_that_calls_back_is_asked_and_not_believed(client, provider):
    provider.say({"task_id": "t-1", "state": "created"})
    provider.say({"state": "processing"})
    job_id = order(client, service="vidu", kind="text-to-video").json()["id"]
    for _ in range(200):
        if client.get(f"/v1/jobs/{job_id}", headers=MINE).json()["state"] == "running":
            break
        time.sleep(0.05)
    site = client.app.state.service.site
    address = f"{CALLBACKS}/vidu/{build_callback_token(site, 'vidu')}"
    assert provider.bodies[0]["callback_url"] == f"https://gate.example{address}"
    assert client.post(f"{CALLBACKS}/vidu/{'x' * 43}", json={"state": "success"}).status_code == 404
    assert client.post(f"{CALLBACKS}/ark/{build_callback_token(site, 'ark')}").status_code == 404
    provider.say({"state": "failed", "err_code": "CreationPolicyViolation"})
    heard = client.post(address, json={"state": "success", "creations": [{"url": "https://example.com/x"}]})
    assert heard.status_code == 204
    assert until_over(client, job_id)["state"] == "refused", "what the service says when asked counts"
