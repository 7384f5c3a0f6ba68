"""Ark's shapes: Seedance and Seedream."""

import base64

import pytest

from generation.gateways.base import Kind, ProviderBusyError, ProviderError, ProviderUnsureError, State
from tests.generation.gateways.provider import build, order


@pytest.fixture
def ark(provider):
    return build("ark", provider, api_key="k")


def test_a_job_is_started_polled_read_and_given_up(provider, ark):
    provider.say({"id": "cgt-1"}).say({"id": "cgt-1", "status": "running"})
    content = {"video_url": "https://tos.example/1.mp4"}
    provider.say({"status": "succeeded", "content": content, "usage": {"total_tokens": 246840}}).say({})
    assert ark.submit(order(seed=7), "k").job == "cgt-1"
    assert provider.bodies[0]["seed"] == 7
    assert ark.poll("cgt-1").state is State.RUNNING
    done = ark.poll("cgt-1")
    assert (done.outputs[0].url, done.usage) == ("https://tos.example/1.mp4", {"total_tokens": 246840.0})
    assert ark.cancel("cgt-1")


def test_pictures_come_with_the_answer(provider, ark):
    provider.say({"data": [{"b64_json": base64.b64encode(b"png").decode()}], "usage": {"generated_images": 1}})
    drawn = ark.submit(order(Kind.TEXT_TO_IMAGE), "k")
    assert (drawn.state, drawn.outputs[0].data) == (State.SUCCEEDED, b"png")
    provider.say({"data": [{"error": {"code": "OutputImageSensitiveContentDetected", "message": "m"}}]})
    assert ark.submit(order(Kind.TEXT_TO_IMAGE), "k").refusal.about == "output"
    provider.say({"data": []})
    with pytest.raises(ProviderError, match="without a picture"):
        ark.submit(order(Kind.TEXT_TO_IMAGE), "k")


def test_refusals_limits_expiry_and_empty_answers(provider, ark):
    provider.say({"error": {"code": "InputTextRiskDetection", "message": "no"}}, 400)
    refused = ark.submit(order(), "k")
    assert (refused.state, refused.refusal.about) == (State.REFUSED, "prompt")
    error = {"code": "OutputVideoSensitiveContentDetected.PrivacyInformation", "message": "a face"}
    provider.say({"status": "failed", "error": error})
    assert ark.poll("cgt-1").refusal.categories == ("real_person",)
    provider.say({"status": "expired"})
    assert ark.poll("cgt-1").state is State.EXPIRED
    provider.say({"error": {"code": "RateLimitExceeded"}}, 429)
    with pytest.raises(ProviderBusyError):
        ark.submit(order(), "k")
    provider.say(b"")
    with pytest.raises(ProviderUnsureError, match="nothing"):
        ark.submit(order(), "k")
