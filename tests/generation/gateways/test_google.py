"""Vertex's shapes: Veo and Imagen."""

import base64

import pytest

from generation.gateways.base import Kind, ProviderError, State
from tests.generation.gateways.provider import build, order

NAME = "projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001/operations/1"


@pytest.fixture
def google(provider):
    return build("google", provider, api_key="token", project="p")


def test_a_job_is_started_polled_and_read(provider, google):
    clip = {"bytesBase64Encoded": base64.b64encode(b"mp4").decode(), "mimeType": "video/mp4"}
    provider.say({"name": NAME}).say({"name": NAME}).say({"done": True, "response": {"videos": [clip]}})
    assert google.submit(order(), "k").job == NAME
    assert google.poll(NAME).state is State.RUNNING
    assert google.poll(NAME).outputs[0].data == b"mp4"
    assert provider.asked[1][1].endswith("veo-3.1-generate-001:fetchPredictOperation")
    assert provider.bodies[1] == {"operationName": NAME}


def test_done_with_nothing_in_it_is_a_refusal(provider, google):
    reasons = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["the output shows a celebrity"]}
    provider.say({"done": True, "response": reasons})
    refused = google.poll(NAME)
    assert (refused.state, refused.refusal.categories) == (State.REFUSED, ("real_person",))
    provider.say({"done": True, "response": {}})
    with pytest.raises(ProviderError, match="gave no clip"):
        google.poll(NAME)
    provider.say({"done": True, "response": {"videos": [{"gcsUri": "gs://bucket/1.mp4"}]}})
    with pytest.raises(ProviderError, match="bucket"):
        google.poll(NAME)


def test_pictures_come_with_the_answer(provider, google):
    provider.say({"predictions": [{"bytesBase64Encoded": base64.b64encode(b"png").decode()}]})
    assert google.submit(order(Kind.TEXT_TO_IMAGE), "k").outputs[0].data == b"png"
    provider.say({"predictions": [{"raiFilteredReason": "violates usage guidelines"}]})
    assert google.submit(order(Kind.TEXT_TO_IMAGE), "k").state is State.REFUSED


def test_errors(provider, google):
    provider.say({"done": True, "error": {"code": 3, "message": "violates Vertex AI's usage guidelines"}})
    assert google.poll(NAME).state is State.REFUSED
    provider.say({"error": {"status": "PERMISSION_DENIED", "message": "no"}}, 403)
    with pytest.raises(ProviderError, match="PERMISSION_DENIED"):
        google.submit(order(), "k")
