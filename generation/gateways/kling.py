"""Kling (Kuaishou): clips and pictures, by a token that we sign ourselves for half an hour.

Source: Kling's API reference as of 2026-11. A job is found again by the key that it was started with
(`external_task_id`), so a crash between starting it and writing that down costs nothing.
"""

import base64
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from joserfc import jwt
from joserfc.jwk import OctKey

from generation.gateways.base import Kind, Order, ProviderBusyError, ProviderError, Standing, State
from generation.gateways.caller import Answer
from generation.gateways.shared import HttpGateway, read_outputs, read_refusal, read_setting
from provenance.errors import ConfigurationError
from provenance.text import show

_ROUTES: Final = {
    Kind.TEXT_TO_IMAGE: "images/generations",
    Kind.TEXT_TO_VIDEO: "videos/text2video",
    Kind.IMAGE_TO_VIDEO: "videos/image2video",
}
_TOKEN_S: Final = 1800
_SECRET_CHARS: Final = 14
_REFUSED, _MISSING = 1301, 1203
_BUSY: Final = frozenset({1302, 1303, 5000, 5001, 5002})


class Kling(HttpGateway):
    """Kling; settings `access_key` and `secret_key`. A job's name here is its route and Kling's number."""

    name = "kling"
    kinds = frozenset(_ROUTES)
    finds = True
    usual_url = "https://api-singapore.klingai.com"
    usual_model = "kling-v3"
    states = {  # noqa: RUF012 - as the class that declares it says
        "submitted": State.QUEUED,
        "processing": State.RUNNING,
        "succeed": State.SUCCEEDED,
        "failed": State.FAILED,
    }
    callback_field = "callback_url"
    refusals = ("risk control", "content policy", "sensitive")

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._access = read_setting(options, "access_key")
        secret = read_setting(options, "secret_key")
        if len(secret) < _SECRET_CHARS:
            raise ConfigurationError(
                f"secret_key of this gateway has fewer than {_SECRET_CHARS} characters: it is no key"
            )
        self._secret = OctKey.import_key(secret)
        super().__init__(options)

    def build_headers(self) -> Mapping[str, str]:
        """Return nothing: each call carries a token of its own."""
        return {}

    def submit(self, order: Order, key: str) -> Standing:
        """Start one job; `key` becomes its `external_task_id`."""
        body: dict[str, Any] = {"model_name": self.model_of(order), "prompt": order.prompt, "external_task_id": key}
        if order.negative_prompt:
            body["negative_prompt"] = order.negative_prompt
        if order.kind.is_video:
            body["duration"] = str(order.seconds)
        if order.source:
            body["image"] = base64.b64encode(order.source).decode()
        else:
            body["aspect_ratio"] = order.aspect
        route = _ROUTES[order.kind]
        return self._stand(route, self._call("POST", f"/v1/{route}", {**body, **order.more}, is_paid=True))

    def find(self, key: str, order: Order) -> Standing | None:
        """Return the job that was started under `key`, or None."""
        route = _ROUTES[order.kind]
        answer = self._call("GET", f"/v1/{route}/{quote(key, safe='')}")
        if answer.dig("code") == _MISSING:  # a bare 404 may come from anybody in between
            return None
        return self._stand(route, answer)

    def poll(self, job: str) -> Standing:
        """Say how a job stands."""
        route, _, number = job.rpartition("/")
        return self._stand(route, self._call("GET", f"/v1/{route}/{number}"))

    def cancel(self, job: str) -> bool:
        """Say no: Kling takes no job back."""
        return not job

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, is_paid: bool = False) -> Answer:
        now = int(time.time())
        claims = {"iss": self._access, "exp": now + _TOKEN_S, "nbf": now - 5}
        token = jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, self._secret)
        headers = {"authorization": f"Bearer {token}"}
        return self.caller.call(method, path, json_body=body, headers=headers, is_paid=is_paid)

    def _stand(self, route: str, answer: Answer) -> Standing:
        code, message = answer.dig("code"), answer.words("message")
        if code == _REFUSED:
            refusal = read_refusal(str(code), message)
            return Standing("", State.REFUSED, refusal=refusal, problem=show(f"{code}: {message}")[:300])
        if code in _BUSY:
            raise ProviderBusyError(f"kling answered {code}: {message}", answer.wait_s)
        if code != 0:
            raise ProviderError(f"kling answered {show(str(code))[:20]}: {message}")
        number = answer.text("data", "task_id")
        if "/" in number:
            raise ProviderError("kling gave its job a name that is none")
        job = f"{route}/{number}" if number else ""
        standing = self.stand(job, answer.text("data", "task_status"))
        if standing.state is State.FAILED:
            return self.end(job, answer.text("data", "task_status_msg") or "failed", "")
        results = answer.dig("data", "task_result", "videos") or answer.dig("data", "task_result", "images")
        return Standing(job, standing.state, read_outputs(results, "url"))
