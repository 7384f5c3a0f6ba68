"""Baidu MuseSteamer on Qianfan: clips and pictures, by one bearer key.

Source: Qianfan's API reference as of 2026-11. Addresses of results last 24 hours; its own mark is off unless asked for.
"""

from collections.abc import Mapping
from typing import Any

from generation.gateways.base import Kind, Order, Output, Standing, State
from generation.gateways.caller import Answer
from generation.gateways.shared import HttpGateway, count, read_inline, read_outputs, spell_data_url

_PATH = "/video/generations"
_PICTURES = "/v2/musesteamer/images/generations"


class MuseSteamer(HttpGateway):
    """MuseSteamer; setting `api_key` (``bce-v3/...``), and `image_model` for pictures."""

    name = "musesteamer"
    kinds = frozenset({Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO, Kind.TEXT_TO_IMAGE})
    usual_url = "https://qianfan.baidubce.com"
    usual_model = "musesteamer-2.1-turbo-i2v"
    states = {  # noqa: RUF012
        "pending": State.QUEUED,
        "queued": State.QUEUED,
        "running": State.RUNNING,
        "succeeded": State.SUCCEEDED,
        "failed": State.FAILED,
        "cancelled": State.CANCELLED,
    }
    refusals = ("sensitive", "risk", "content_filter", "safety", "audit")

    def submit(self, order: Order, key: str) -> Standing:
        """Start one job, or draw at once: pictures come with the answer."""
        model, headers = self.model_of(order), {"x-request-id": key}
        if order.kind is Kind.TEXT_TO_IMAGE:
            return self._draw(order, key, headers)
        content: list[dict[str, Any]] = [{"type": "text", "text": order.prompt}]
        if order.source:
            content.append({"type": "image_url", "image_url": {"url": spell_data_url(order)}})
        body = {"model": model, "content": content, "duration": order.seconds, "watermark": False}
        answer = self.caller.call("POST", _PATH, json_body={**body, **order.more}, headers=headers, is_paid=True)
        return self._stand(answer, answer.text("task_id") or answer.text("id"))

    def poll(self, job: str) -> Standing:
        """Say how a job stands."""
        return self._stand(self.caller.call("GET", _PATH, params={"task_id": job}), job)

    def cancel(self, job: str) -> bool:
        """Ask for a job to be given up."""
        return self.caller.call("DELETE", _PATH, params={"task_id": job}).status < 300

    def _draw(self, order: Order, key: str, headers: Mapping[str, str]) -> Standing:
        """Return a picture under our key: one cannot be asked for by a name of the service's."""
        model = order.model or str(self.options.get("image_model") or "musesteamer-air-image")
        body: dict[str, Any] = {"model": model, "prompt": order.prompt, "n": 1, **order.more}
        answer = self.caller.call("POST", _PICTURES, json_body=body, headers=headers, is_paid=True)
        if answer.status >= 400:
            return self.refuse(answer, answer.text("error", "code"), answer.words("error", "message"))
        inline = read_inline(answer.dig("data", 0, "b64_json"))
        outputs = (inline,) if inline else read_outputs(answer.dig("data"), "url")
        return Standing(key, State.SUCCEEDED, outputs, usage=count(answer.dig("usage")))

    def _stand(self, answer: Answer, job: str) -> Standing:
        code, message = answer.text("error", "code") or answer.text("code"), answer.words("error", "message")
        if answer.status >= 400:
            return self.refuse(answer, code, message or answer.words("message"))
        standing = self.stand(job, answer.text("status") or "pending")
        usage = count(answer.dig("usage"))
        if standing.state is State.FAILED:
            return self.end(job, code or "failed", message, usage)
        url = answer.text("content", "video_url")
        return Standing(job, standing.state, (Output(url=url),) if url else (), usage=usage)
