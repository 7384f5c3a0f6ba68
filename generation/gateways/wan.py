"""Alibaba's Wan on DashScope: clips and pictures, by one bearer key.

Source: DashScope's API reference as of 2026-11. A job is kept for 24 hours, and so is what came of it.
"""

from typing import Any, Final

from generation.gateways.base import Kind, Order, Output, ProviderBusyError, Standing, State
from generation.gateways.caller import Answer
from generation.gateways.shared import HttpGateway, count, read_outputs, spell_data_url

_SERVICES: Final = "/api/v1/services/aigc"
_ROUTES: Final = {
    Kind.TEXT_TO_IMAGE: "text2image/image-synthesis",
    Kind.TEXT_TO_VIDEO: "video-generation/video-synthesis",
    Kind.IMAGE_TO_VIDEO: "video-generation/video-synthesis",
}
_MODELS: Final = {
    Kind.TEXT_TO_IMAGE: "wan2.7-t2i",
    Kind.TEXT_TO_VIDEO: "wan2.7-t2v",
    Kind.IMAGE_TO_VIDEO: "wan2.7-i2v",
}


class Wan(HttpGateway):
    """Wan; setting `api_key`."""

    name = "wan"
    kinds = frozenset(_ROUTES)
    usual_url = "https://dashscope.aliyuncs.com"
    usual_model = ""
    states = {  # noqa: RUF012
        "pending": State.QUEUED,
        "running": State.RUNNING,
        "suspended": State.QUEUED,
        "succeeded": State.SUCCEEDED,
        "failed": State.FAILED,
        "canceled": State.CANCELLED,
        "unknown": State.EXPIRED,
    }
    refusals = ("datainspectionfailed", "ipinfringementsuspect", "custom_role_blocked")

    def submit(self, order: Order, key: str) -> Standing:
        """Start one job."""
        model = self.model_of(order) or _MODELS[order.kind]
        told: dict[str, Any] = {"prompt": order.prompt}
        if order.negative_prompt:
            told["negative_prompt"] = order.negative_prompt
        if order.source:
            told["media"] = [{"type": "first_frame", "url": spell_data_url(order)}]
        parameters: dict[str, Any] = {"watermark": False}
        if order.kind.is_video:
            parameters |= {"duration": order.seconds, "ratio": order.aspect}
        if order.seed is not None:
            parameters["seed"] = order.seed
        body = {"model": model, "input": told, "parameters": parameters, **order.more}
        headers = {"x-dashscope-async": "enable", "x-request-id": key}
        path = f"{_SERVICES}/{_ROUTES[order.kind]}"
        answer = self.caller.call("POST", path, json_body=body, headers=headers, is_paid=True)
        return self._stand(answer, answer.text("output", "task_id"))

    def poll(self, job: str) -> Standing:
        """Say how a job stands."""
        return self._stand(self.caller.call("GET", f"/api/v1/tasks/{job}"), job)

    def cancel(self, job: str) -> bool:
        """Ask for a job to be given up; only one that waits can be."""
        return self.caller.call("POST", f"/api/v1/tasks/{job}/cancel").status < 300

    def _stand(self, answer: Answer, job: str) -> Standing:
        code = answer.text("code") or answer.text("output", "code")
        message = answer.words("message") or answer.words("output", "message")
        if code.casefold().startswith("throttling"):
            raise ProviderBusyError(f"wan answered {code}: {message}", answer.wait_s)
        if answer.status >= 400:
            return self.refuse(answer, code, message)
        standing, usage = self.stand(job, answer.text("output", "task_status")), count(answer.dig("usage"))
        if standing.state is State.FAILED:
            return self.end(job, code or "failed", message, usage)
        url = answer.text("output", "video_url")
        outputs = (Output(url=url),) if url else read_outputs(answer.dig("output", "results"), "url")
        return Standing(job, standing.state, outputs, usage=usage)
