"""ByteDance's Ark: Seedance makes clips, Seedream pictures, by one bearer key.

Source: Volcengine's API reference 82379 as of 2026-11; BytePlus serves the same under another base_url. Addresses of
results last 24 hours. In a field study a quarter of the calls came to nothing, most for what the output showed.
"""

from typing import Any

from generation.gateways.base import Kind, Order, Output, ProviderError, Standing, State
from generation.gateways.shared import HttpGateway, count, read_inline, read_outputs, spell_data_url

_TASKS = "/api/v3/contents/generations/tasks"


class Ark(HttpGateway):
    """Ark; setting `api_key`, and `image_model` for pictures."""

    name = "ark"
    kinds = frozenset({Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO, Kind.TEXT_TO_IMAGE})
    usual_url = "https://ark.cn-beijing.volces.com"
    usual_model = "doubao-seedance-2-0-260128"
    states = {  # noqa: RUF012
        "queued": State.QUEUED,
        "running": State.RUNNING,
        "succeeded": State.SUCCEEDED,
        "failed": State.FAILED,
        "cancelled": State.CANCELLED,
        "expired": State.EXPIRED,
    }
    callback_field = "callback_url"
    refusals = ("riskdetection", "sensitivecontentdetected")

    def submit(self, order: Order, key: str) -> Standing:
        """Start one job, or draw at once: pictures come with the answer."""
        model, headers = self.model_of(order), {"x-client-request-id": key}
        if order.kind is Kind.TEXT_TO_IMAGE:
            return self._draw(order, key)
        content: list[dict[str, Any]] = [{"type": "text", "text": order.prompt}]
        if order.source:
            image = {"type": "image_url", "image_url": {"url": spell_data_url(order)}, "role": "first_frame"}
            content.append(image)
        body: dict[str, Any] = {"model": model, "content": content, "duration": order.seconds, "ratio": order.aspect}
        if order.seed is not None:
            body["seed"] = order.seed
        answer = self.caller.call("POST", _TASKS, json_body={**body, **order.more}, headers=headers, is_paid=True)
        if answer.status >= 400:
            return self.refuse(answer, answer.text("error", "code"), answer.words("error", "message"))
        return self.stand(answer.text("id"), "queued")

    def poll(self, job: str) -> Standing:
        """Say how a job stands."""
        answer = self.caller.call("GET", f"{_TASKS}/{job}")
        code, message = answer.text("error", "code"), answer.words("error", "message")
        if answer.status >= 400:
            return self.refuse(answer, code, message)
        standing, usage = self.stand(job, answer.text("status")), count(answer.dig("usage"))
        if standing.state is State.FAILED:
            return self.end(job, code or "failed", message, usage)
        url = answer.text("content", "video_url")
        return Standing(job, standing.state, (Output(url=url),) if url else (), usage=usage)

    def cancel(self, job: str) -> bool:
        """Ask for a job to be given up; only one that waits can be."""
        return self.caller.call("DELETE", f"{_TASKS}/{job}").status < 300

    def _draw(self, order: Order, key: str) -> Standing:
        model = order.model or str(self.options.get("image_model") or "doubao-seedream-5-0-260128")
        body: dict[str, Any] = {"model": model, "prompt": order.prompt, "response_format": "b64_json"}
        if order.seed is not None:
            body["seed"] = order.seed
        path, headers = "/api/v3/images/generations", {"x-client-request-id": key}
        answer = self.caller.call("POST", path, json_body={**body, **order.more}, headers=headers, is_paid=True)
        if answer.status >= 400:
            return self.refuse(answer, answer.text("error", "code"), answer.words("error", "message"))
        code = answer.text("data", 0, "error", "code")
        if code:
            return self.end(key, code, answer.words("data", 0, "error", "message"))
        inline = read_inline(answer.dig("data", 0, "b64_json"))
        outputs = (inline,) if inline else read_outputs(answer.dig("data"), "url")
        if not outputs:
            raise ProviderError("ark answered without a picture")
        return Standing(key, State.SUCCEEDED, outputs, usage=count(answer.dig("usage")))
