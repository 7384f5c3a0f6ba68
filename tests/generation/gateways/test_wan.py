"""Wan's shapes on DashScope."""

import pytest

from generation.gateways.base import Kind, ProviderBusyError, State
from tests.generation.gateways.provider import build, order


@pytest.fixture
def wan(provider):
    return build("wan", provider, api_key="k")


def test_a_job_is_started_polled_read_and_given_up(provider, wan):
    provider.say({"output": {"task_id": "t1", "task_status": "PENDING"}, "request_id": "r"})
    provider.say({"output": {"task_id": "t1", "task_status": "RUNNING"}})
    done = {"task_id": "t1", "task_status": "SUCCEEDED", "video_url": "https://oss.example/1.mp4"}
    provider.say({"output": done, "usage": {"video_duration": 5}}).say({})
    assert wan.submit(order(), "k").state is State.QUEUED
    assert provider.asked[0][2]["x-dashscope-async"] == "enable"
    assert provider.bodies[0]["model"] == "wan2.7-t2v"
    assert wan.poll("t1").state is State.RUNNING
    assert wan.poll("t1").outputs[0].url == "https://oss.example/1.mp4"
    assert wan.cancel("t1")


def test_pictures_are_jobs_too(provider, wan):
    provider.say({"output": {"task_id": "t1", "task_status": "PENDING"}})
    wan.submit(order(Kind.TEXT_TO_IMAGE), "k")
    assert provider.asked[0][1].endswith("/text2image/image-synthesis")
    provider.say({"output": {"task_status": "SUCCEEDED", "results": [{"url": "https://oss.example/1.png"}]}})
    assert wan.poll("t1").outputs[0].url == "https://oss.example/1.png"


def test_refusals_limits_and_expiry(provider, wan):
    provider.say({"code": "DataInspectionFailed", "message": "no"}, 400)
    assert wan.submit(order(), "k").state is State.REFUSED
    provider.say({"output": {"task_status": "FAILED", "code": "DataInspectionFailed", "message": "no"}})
    assert wan.poll("t1").state is State.REFUSED
    provider.say({"output": {"task_status": "UNKNOWN"}})
    assert wan.poll("t1").state is State.EXPIRED
    provider.say({"code": "Throttling.RateQuota", "message": "slow"}, 400)
    with pytest.raises(ProviderBusyError):
        wan.submit(order(), "k")
