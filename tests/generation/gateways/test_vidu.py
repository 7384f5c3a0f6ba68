"""Vidu's shapes."""

import pytest

from generation.gateways.base import ProviderError, State
from tests.generation.gateways.provider import build, order


@pytest.fixture
def vidu(provider):
    return build("vidu", provider, api_key="k")


def test_a_job_is_started_polled_read_and_given_up(provider, vidu):
    provider.say({"task_id": "t1", "state": "created", "credits": 4}).say({"state": "processing"})
    creations = [{"id": "c", "url": "https://s3.example/1.mp4", "watermarked_url": "https://s3.example/w.mp4"}]
    provider.say({"state": "success", "credits": 4, "creations": creations}).say({})
    standing = vidu.submit(order(), "our-key")
    assert (standing.job, standing.usage) == ("t1", {"credits": 4.0})
    assert provider.asked[0][2]["authorization"] == "Token k"
    assert provider.bodies[0]["payload"] == "our-key"
    assert vidu.poll("t1").state is State.RUNNING
    assert vidu.poll("t1").outputs[0].url == "https://s3.example/1.mp4"
    assert vidu.cancel("t1")


def test_refusals_and_errors(provider, vidu):
    provider.say({"state": "failed", "err_code": "CreationPolicyViolation"})
    assert vidu.poll("t1").state is State.REFUSED
    provider.say({"state": "failed", "err_code": "SystemError"})
    assert vidu.poll("t1").state is State.FAILED
    provider.say({"reason": "CreditInsufficient", "message": "no credits"}, 400)
    with pytest.raises(ProviderError, match="CreditInsufficient"):
        vidu.submit(order(), "k")
