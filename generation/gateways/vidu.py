"""Vidu (Shengshu): clips, by one key.

Source: Vidu's API reference v2 as of 2026-11. Addresses of results last 24 hours.
"""

from collections.abc import Mapping
from typing import Any, Final

from generation.gateways.base import Kind, Order, Standing, State
from generation.gateways.caller import Answer
from generation.gateways.shared import HttpGateway, count, read_outputs, read_setting, spell_data_url

_ROUTES: Final = {Kind.TEXT_TO_VIDEO: "/ent/v2/text2video", Kind.IMAGE_TO_VIDEO: "/ent/v2/img2video"}


class Vidu(HttpGateway):
    """Vidu; setting `api_key`."""

    name = "vidu"
    kinds = frozenset(_ROUTES)
    usual_url = "https://api.vidu.com"
    usual_model = "viduq3-pro"
    states = {  # noqa: RUF012
        "created": State.QUEUED,
        "queueing": State.QUEUED,
        "scheduling": State.QUEUED,
        "processing": State.RUNNING,
        "success": State.SUCCEEDED,
        "failed": State.FAILED,
        "canceled": State.CANCELLED,
    }
    callback_field = "callback_url"
    refusals = ("policyviolation", "auditsubmitillegal", "illegal")

    def build_headers(self) -> Mapping[str, str]:
        """Return Vidu's own spelling of a key."""
        return {"authorization": f"Token {read_setting(self.options, 'api_key')}"}

    def submit(self, order: Order, key: str) -> Standing:
        """Start one job; `key` goes along as its `payload`, which Vidu hands back."""
        body: dict[str, Any] = {
            "model": self.model_of(order),
            "prompt": order.prompt,
            "duration": order.seconds,
            "payload": key,
        }
        if order.source:
            body["images"] = [spell_data_url(order)]
        else:
            body["aspect_ratio"] = order.aspect
        if order.seed is not None:
            body["seed"] = order.seed
        answer = self.caller.call("POST", _ROUTES[order.kind], json_body={**body, **order.more}, is_paid=True)
        return self._stand(answer, answer.text("task_id"))

    def poll(self, job: str) -> Standing:
        """Say how a job stands."""
        return self._stand(self.caller.call("GET", f"/ent/v2/tasks/{job}/creations"), job)

    def cancel(self, job: str) -> bool:
        """Ask for a job to be given up."""
        return self.caller.call("POST", f"/ent/v2/tasks/{job}/cancel", json_body={"id": job}).status < 300

    def _stand(self, answer: Answer, job: str) -> Standing:
        code = answer.text("err_code") or answer.text("reason")
        if answer.status >= 400:
            return self.refuse(answer, code, answer.words("message"))
        standing = self.stand(job, answer.text("state"))
        usage = count({"credits": answer.dig("credits")})
        if standing.state is State.FAILED:
            return self.end(job, code or "failed", "", usage)
        return Standing(job, standing.state, read_outputs(answer.dig("creations"), "url"), usage=usage)
