"""Tencent VOD's shapes, and its signature against the published worked example's way of building it."""

import hashlib
import hmac

import pytest

from generation.gateways.base import ProviderBusyError, ProviderError, State
from generation.gateways.tencent_vod import sign_tc3
from provenance.errors import ConfigurationError
from tests.generation.gateways.provider import build, order

OPTIONS = {"secret_id": "AKID", "secret_key": "SK", "sub_app_id": "251"}


@pytest.fixture
def vod(provider):
    return build("tencent_vod", provider, **OPTIONS)


def test_a_job_is_started_polled_and_read(provider, vod):
    provider.say({"Response": {"TaskId": "251-AigcVideoTask-1", "RequestId": "r"}})
    provider.say({"Response": {"Status": "PROCESSING", "AigcVideoTask": {"Status": "PROCESSING"}}})
    files = {"FileInfos": [{"FileUrl": "https://vod.example/1.mp4"}]}
    task = {"Status": "FINISH", "ErrCode": 0, "Message": "", "Output": files}
    provider.say({"Response": {"Status": "FINISH", "AigcVideoTask": task}})
    standing = vod.submit(order(model="Kling/2.5"), "our-key")
    assert (standing.job, standing.state) == ("251-AigcVideoTask-1", State.QUEUED)
    assert vod.poll(standing.job).state is State.RUNNING
    assert vod.poll(standing.job).outputs[0].url == "https://vod.example/1.mp4"
    sent = provider.bodies[0]
    assert (sent["ModelName"], sent["ModelVersion"], sent["SessionId"]) == ("Kling", "2.5", "our-key")
    headers = {name.lower(): value for name, value in provider.asked[0][2].items()}
    assert headers["x-tc-action"] == "CreateAigcVideoTask"
    content, now = provider.asked[0][3], int(headers["x-tc-timestamp"])
    assert headers["authorization"] == sign_tc3("AKID", "SK", headers["host"], content, now)["authorization"]


def test_the_signature_chains_date_service_and_request():
    signed = sign_tc3("AKID", "SK", "vod.tencentcloudapi.com", b"{}", 1551113065)
    assert "Credential=AKID/2019-02-25/vod/tc3_request, SignedHeaders=content-type;host" in signed["authorization"]
    day = hmac.new(b"TC3SK", b"2019-02-25", hashlib.sha256).digest()
    key = hmac.new(hmac.new(day, b"vod", hashlib.sha256).digest(), b"tc3_request", hashlib.sha256).digest()
    kind = "application/json; charset=utf-8"
    request = "\n".join(
        [
            "POST",
            "/",
            "",
            f"content-type:{kind}",
            "host:vod.tencentcloudapi.com",
            "",
            "content-type;host",
            hashlib.sha256(b"{}").hexdigest(),
        ]
    )
    told = "\n".join(
        [
            "TC3-HMAC-SHA256",
            "1551113065",
            "2019-02-25/vod/tc3_request",
            hashlib.sha256(request.encode()).hexdigest(),
        ]
    )
    assert signed["authorization"].endswith(hmac.new(key, told.encode(), hashlib.sha256).hexdigest())


def test_refusals_limits_and_errors(provider, vod):
    provider.say(
        {"Response": {"Status": "FINISH", "AigcVideoTask": {"ErrCode": 70000, "ErrCodeExt": "ModerationFailed"}}}
    )
    assert vod.poll("1").state is State.REFUSED
    provider.say({"Response": {"Error": {"Code": "RequestLimitExceeded", "Message": "slow"}}})
    with pytest.raises(ProviderBusyError):
        vod.submit(order(), "k")
    provider.say({"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "no"}}})
    with pytest.raises(ProviderError, match="AuthFailure"):
        vod.submit(order(), "k")
    provider.say({"Something": 1})
    with pytest.raises(ProviderError, match="Response"):
        vod.poll("1")
    with pytest.raises(ConfigurationError, match="sub_app_id"):
        build("tencent_vod", provider, secret_id="a", secret_key="b")
