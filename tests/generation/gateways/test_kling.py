"""Kling's shapes: a signed token, jobs found again by our key, its own codes."""

import base64
import json

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from generation.gateways.base import Kind, ProviderBusyError, ProviderError, State
from tests.generation.gateways.provider import build, order


@pytest.fixture
def kling(provider):
    return build("kling", provider, access_key="AK", secret_key="SK-secret-of-more-than-14")


def answer(status="submitted", number="123", **more):
    return {"code": 0, "message": "SUCCEED", "data": {"task_id": number, "task_status": status, **more}}


def test_a_job_is_started_polled_and_read(provider, kling):
    provider.say(answer()).say(answer("processing"))
    videos = {"videos": [{"id": "1", "url": "https://cdn.example/1.mp4", "duration": "5"}]}
    provider.say(answer("succeed", task_result=videos))
    standing = kling.submit(order(seconds=10), "our-key")
    assert (standing.job, standing.state) == ("videos/text2video/123", State.QUEUED)
    assert kling.poll(standing.job).state is State.RUNNING
    done = kling.poll(standing.job)
    assert (done.state, done.outputs[0].url) == (State.SUCCEEDED, "https://cdn.example/1.mp4")
    sent = provider.bodies[0]
    assert (sent["duration"], sent["external_task_id"], sent["model_name"]) == ("10", "our-key", "kling-v3")
    assert provider.asked[2][1] == "/v1/videos/text2video/123"


def test_each_call_carries_a_token_of_half_an_hour(provider, kling):
    provider.say(answer())
    kling.submit(order(), "k")
    token = provider.asked[0][2]["authorization"].removeprefix("Bearer ")
    decoded = jwt.decode(token, OctKey.import_key("SK-secret-of-more-than-14"))
    assert decoded.header["typ"] == "JWT"
    assert decoded.claims["iss"] == "AK"
    assert decoded.claims["exp"] - decoded.claims["nbf"] == 1805


def test_a_picture_to_start_from_goes_as_bare_base64(provider, kling):
    provider.say(answer())
    kling.submit(order(Kind.IMAGE_TO_VIDEO, source=b"png", source_type="image/png"), "k")
    assert base64.b64decode(provider.bodies[0]["image"]) == b"png"
    assert "aspect_ratio" not in provider.bodies[0]


def test_a_job_is_found_by_our_key(provider, kling):
    provider.say(answer("processing")).say({"code": 1203, "message": "not found"}, 404)
    assert kling.find("our-key", order()).job == "videos/text2video/123"
    assert kling.find("our-key", order()) is None
    assert provider.asked[0][1] == "/v1/videos/text2video/our-key"


def test_refusals_are_final_and_limits_are_not(provider, kling):
    provider.say({"code": 1301, "message": "content policy"}, 400)
    refused = kling.submit(order(), "k")
    assert (refused.state, refused.refusal.code) == (State.REFUSED, "1301")
    provider.say(answer("failed", task_status_msg="Failure to pass the risk control system"))
    assert kling.poll("videos/text2video/1").state is State.REFUSED
    provider.say(answer("failed", task_status_msg="internal"))
    assert kling.poll("videos/text2video/1").state is State.FAILED
    provider.say({"code": 1303, "message": "too many"}, 400)
    with pytest.raises(ProviderBusyError):
        kling.submit(order(), "k")
    provider.say({"code": 1102, "message": "no balance"}, 400)
    with pytest.raises(ProviderError, match="no balance"):
        kling.submit(order(), "k")


def test_a_job_named_like_a_path_is_refused(provider, kling):
    provider.say(answer(number="../../keys"))
    with pytest.raises(ProviderError):
        kling.submit(order(), "k")
    assert "SK-secret-of-more-than-14" not in json.dumps([str(one) for one in provider.asked])
    assert not kling.cancel("videos/text2video/1")
