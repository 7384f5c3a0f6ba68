"""Tencent VOD's `CreateAigcVideoTask`: one door to Kling, Vidu, Hailuo, Hunyuan, Mingmou, Veo and PixVerse.

Source: Tencent Cloud's API reference, vod 2018-07-17, as its SDK 3.1.194 has it; signed as TC3-HMAC-SHA256. A key of
ours (`SessionId`) is taken once in three days: a second call under it is turned away, and so never paid for.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from generation.gateways.base import Kind, Order, ProviderBusyError, ProviderError, Standing, State
from generation.gateways.caller import Answer
from generation.gateways.shared import HttpGateway, read_outputs, read_setting
from provenance.errors import ConfigurationError

_VERSION, _SERVICE, _KIND = "2018-07-17", "vod", "application/json; charset=utf-8"
_BUSY: Final = ("requestlimitexceeded", "internalerror", "limitexceeded")


class TencentVod(HttpGateway):
    """Tencent VOD; settings `secret_id`, `secret_key`, `sub_app_id`, and `model` as ``Family/version``."""

    name = "tencent_vod"
    kinds = frozenset({Kind.TEXT_TO_VIDEO})
    usual_url = "https://vod.tencentcloudapi.com"
    usual_model = "Hunyuan/1.5"
    states = {  # noqa: RUF012
        "waiting": State.QUEUED,
        "processing": State.RUNNING,
        "finish": State.SUCCEEDED,
        "fail": State.FAILED,
        "aborted": State.CANCELLED,
    }
    refusals = ("moderation", "sensitive", "policyviolation", "auditfailed")

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._id, self._secret = read_setting(options, "secret_id"), read_setting(options, "secret_key")
        try:
            self._app = int(options["sub_app_id"])
        except (KeyError, TypeError, ValueError) as exc:
            raise ConfigurationError("tencent_vod needs sub_app_id, a number: set it in gateway_options") from exc
        super().__init__(options)

    def build_headers(self) -> Mapping[str, str]:
        """Return nothing: each call is signed."""
        return {}

    def submit(self, order: Order, key: str) -> Standing:
        """Start one job; `key` becomes its `SessionId`."""
        family, _, version = self.model_of(order).partition("/")
        body: dict[str, Any] = {
            "SubAppId": self._app,
            "ModelName": family,
            "ModelVersion": version,
            "Prompt": order.prompt,
            "NegativePrompt": order.negative_prompt,
            "OutputConfig": {
                "StorageMode": "Temporary",
                "Duration": order.seconds,
                "AspectRatio": order.aspect,
            },
            "SessionId": key[:50],
        }
        answer = self._call("CreateAigcVideoTask", {**body, **order.more}, is_paid=True)
        code = answer.text("Response", "Error", "Code")
        if code:
            return self._fail(answer, code)
        return self.stand(answer.text("Response", "TaskId"), "waiting")

    def poll(self, job: str) -> Standing:
        """Say how a job stands."""
        answer = self._call("DescribeTaskDetail", {"SubAppId": self._app, "TaskId": job})
        code = answer.text("Response", "Error", "Code")
        if code:
            self._fail(answer, code)
        task = answer.dig("Response", "AigcVideoTask")
        standing = self.stand(
            job, answer.text("Response", "Status") or answer.text("Response", "AigcVideoTask", "Status")
        )
        if not standing.state.is_over:
            return standing
        error = answer.text("Response", "AigcVideoTask", "ErrCode")
        told = answer.text("Response", "AigcVideoTask", "ErrCodeExt") or error
        if standing.state is not State.SUCCEEDED or error not in {"", "0"}:
            return self.end(job, told or "failed", answer.words("Response", "AigcVideoTask", "Message"))
        output = task.get("Output") if isinstance(task, Mapping) else None
        infos = output.get("FileInfos") if isinstance(output, Mapping) else None
        return Standing(job, State.SUCCEEDED, read_outputs(infos, "FileUrl"))

    def cancel(self, job: str) -> bool:
        """Say no: VOD takes no job back."""
        return not job

    def _fail(self, answer: Answer, code: str) -> Standing:
        message = answer.words("Response", "Error", "Message")
        if any(part in code.casefold() for part in _BUSY):
            raise ProviderBusyError(f"tencent_vod answered {code}: {message}")
        return self.refuse(answer, code, message)

    def _call(self, action: str, body: Mapping[str, Any], *, is_paid: bool = False) -> Answer:
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = {
            "content-type": _KIND,
            "x-tc-action": action,
            "x-tc-version": _VERSION,
            **sign_tc3(self._id, self._secret, self.caller.host, content, int(time.time())),
        }
        answer = self.caller.call("POST", "/", content=content, headers=headers, is_paid=is_paid)
        if not isinstance(answer.dig("Response"), Mapping):
            raise ProviderError("tencent_vod answered without a Response")
        return answer


def sign_tc3(secret_id: str, secret_key: str, host: str, content: bytes, now: int) -> dict[str, str]:
    """Return the headers that sign a call by TC3-HMAC-SHA256.

    Args:
        secret_id: of the account.
        secret_key: of the account.
        host: that is called, as in its header.
        content: of the call.
        now: seconds since 1970, at most five minutes from the service's.
    """
    date = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    names = "content-type;host"
    request = f"POST\n/\n\ncontent-type:{_KIND}\nhost:{host}\n\n{names}\n{hashlib.sha256(content).hexdigest()}"
    scope = f"{date}/{_SERVICE}/tc3_request"
    told = f"TC3-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for part in (date, _SERVICE, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    credential = f"Credential={secret_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {"authorization": f"TC3-HMAC-SHA256 {credential}", "x-tc-timestamp": str(now)}
