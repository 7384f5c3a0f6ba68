"""Hunyuan's shapes at TokenHub."""

import pytest

from generation.gateways.base import ProviderError, State
from tests.generation.gateways.provider import build, order


@pytest.fixture
def hunyuan(provider):
    return build("hunyuan", provider, api_key="k")


def test_a_job_is_started_polled_and_read(provider, hunyuan):
    provider.say({"task_id": "t1"}).say({"status": "running"})
    provider.say({"status": "succeeded", "video_url": "https://cdn.example/1.mp4", "usage": {"credits": 3}})
    standing = hunyuan.submit(order(), "our-key")
    assert (standing.job, standing.state) == ("t1", State.QUEUED)
    assert hunyuan.poll("t1").state is State.RUNNING
    done = hunyuan.poll("t1")
    assert (done.outputs[0].url, done.usage) == ("https://cdn.example/1.mp4", {"credits": 3.0})
    assert provider.asked[0][2]["authorization"] == "Bearer k"
    assert provider.asked[1][1] == "/v1/wand/hunyuan-video/generation?task_id=t1"


def test_refusals_and_errors(provider, hunyuan):
    provider.say({"error": {"code": "FailedOperation.ModerationFailed", "message": "no"}}, 400)
    assert hunyuan.submit(order(), "k").state is State.REFUSED
    provider.say({"status": "failed", "error": {"code": "FailedOperation.ModerationAudioFailed"}})
    assert hunyuan.poll("t1").state is State.REFUSED
    provider.say({"status": "failed", "error": {"code": "Internal"}})
    assert hunyuan.poll("t1").state is State.FAILED
    provider.say({"error": {"code": "InvalidKey"}}, 401)
    with pytest.raises(ProviderError, match="InvalidKey"):
        hunyuan.submit(order(), "k")
    assert not hunyuan.cancel("t1")
