"""OpenAI's pictures, and clips in the shape that its videos had."""

import base64

import pytest

from generation.gateways.base import Kind, ProviderError, State
from provenance.errors import ConfigurationError
from tests.generation.gateways.provider import CLIP, build, order


def test_pictures_come_with_the_answer(provider):
    images = build("openai_images", provider, api_key="k")
    provider.say({"data": [{"b64_json": base64.b64encode(b"png").decode()}], "usage": {"total_tokens": 5}})
    drawn = images.submit(order(Kind.TEXT_TO_IMAGE, aspect="1:1"), "our-key")
    assert (drawn.state, drawn.outputs[0].data, drawn.usage) == (State.SUCCEEDED, b"png", {"total_tokens": 5.0})
    assert provider.asked[0][2]["idempotency-key"] == "our-key"
    provider.say({"error": {"code": "moderation_blocked", "message": "sexual"}}, 400)
    refused = images.submit(order(Kind.TEXT_TO_IMAGE), "k")
    assert (refused.state, refused.refusal.categories) == (State.REFUSED, ("sexual",))
    provider.say({"data": [{}]})
    with pytest.raises(ProviderError, match="without a picture"):
        images.submit(order(Kind.TEXT_TO_IMAGE), "k")
    with pytest.raises(ProviderError, match="makes text-to-image"):
        images.submit(order(), "k")
    assert images.poll("k").state is State.EXPIRED


def test_clips_are_jobs_whose_file_is_read_from_the_service(provider):
    videos = build("openai_videos", provider, api_key="k", model="veo-3.1-fast")
    provider.say({"id": "video_1", "status": "queued"}).say({"id": "video_1", "status": "in_progress"})
    provider.say({"id": "video_1", "status": "completed"}).say(CLIP).say({})
    assert videos.submit(order(seconds=8), "k").job == "video_1"
    assert provider.bodies[0]["seconds"] == "8"
    assert videos.poll("video_1").state is State.RUNNING
    done = videos.poll("video_1")
    with videos.open(done.outputs[0].path, 1000) as chunks:
        assert b"".join(chunks) == CLIP
    assert provider.asked[-1][2]["authorization"] == "Bearer k"
    assert videos.cancel("video_1")
    provider.say({"status": "failed", "error": {"code": "moderation_blocked"}})
    assert videos.poll("video_1").state is State.REFUSED


def test_clips_need_a_place():
    from generation.gateways.openai import OpenAIVideos

    with pytest.raises(ConfigurationError, match="base_url"):
        OpenAIVideos({"api_key": "k"})
