"""MuseSteamer's shapes on Qianfan."""

import pytest

from generation.gateways.base import Kind, ProviderError, State
from tests.generation.gateways.provider import build, order


@pytest.fixture
def muse(provider):
    return build("musesteamer", provider, api_key="bce-v3/ALTAK-x/y")


def test_a_job_is_started_polled_read_and_given_up(provider, muse):
    provider.say({"id": "r", "task_id": "t1"}).say({"id": "r", "task_id": "t1", "status": "running"})
    provider.say({"task_id": "t1", "status": "succeeded", "content": {"video_url": "https://bj.example/1.mp4"}})
    provider.say({})
    source = {"source": b"png", "source_type": "image/png"}
    assert muse.submit(order(Kind.IMAGE_TO_VIDEO, **source), "k").state is State.QUEUED
    sent = provider.bodies[0]
    assert sent["watermark"] is False
    assert sent["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert muse.poll("t1").state is State.RUNNING
    assert muse.poll("t1").outputs[0].url == "https://bj.example/1.mp4"
    assert muse.cancel("t1")
    assert provider.asked[-1][:2] == ("DELETE", "/video/generations?task_id=t1")


def test_a_picture_comes_with_the_answer(provider, muse):
    provider.say({"id": "i1", "data": [{"url": "https://bj.example/1.png"}]})
    drawn = muse.submit(order(Kind.TEXT_TO_IMAGE), "k")
    assert (drawn.job, drawn.state, drawn.outputs[0].url) == ("k", State.SUCCEEDED, "https://bj.example/1.png")
    assert provider.asked[-1][:2] == ("POST", "/v2/musesteamer/images/generations")
    assert "i2v" not in provider.bodies[-1]["model"], "a clip's model draws no picture"
    provider.say({"id": "i2", "data": [{"b64_json": "cG5n"}]})
    assert muse.submit(order(Kind.TEXT_TO_IMAGE, model="m"), "k").outputs[0].data == b"png"
    assert provider.bodies[-1]["model"] == "m"


def test_refusals_and_errors(provider, muse):
    provider.say({"error": {"code": "content_filter", "message": "sensitive"}}, 400)
    assert muse.submit(order(), "k").state is State.REFUSED
    provider.say({"error": {"code": "invalid_iam_token"}}, 401)
    with pytest.raises(ProviderError, match="invalid_iam_token"):
        muse.submit(order(), "k")
    with pytest.raises(ProviderError, match="picture to start from"):
        muse.submit(order(Kind.IMAGE_TO_VIDEO), "k")
