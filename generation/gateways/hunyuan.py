"""Tencent Hunyuan by TokenHub: clips, by one bearer key.

Source: TokenHub's pages as of 2026-11, of which `POST /v1/wand/hunyuan-video/generation` and its states are certain;
that a job is asked for at the same path with its `task_id` is what its sibling routes do, and `poll_path` changes it.
"""

from typing import Any

from generation.gateways.base import Kind, Order, Output, Standing, State
from generation.gateways.caller import Answer
from generation.gateways.shared import HttpGateway, count, read_outputs, spell_data_url

_PATH = "/v1/wand/hunyuan-video/generation"


class Hunyuan(HttpGateway):
    """Hunyuan; settings `api_key`, and `poll_path` where a job is asked for elsewhere."""

    name = "hunyuan"
    kinds = frozenset({Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO})
    usual_url = "https://tokenhub.tencentmaas.com"
    usual_model = "hy-video-1.5"
    states = {  # noqa: RUF012
        "queued": State.QUEUED,
        "running": State.RUNNING,
        "succeeded": State.SUCCEEDED,
        "failed": State.FAILED,
    }
    refusals = ("moderationfailed", "moderationaudiofailed", "moderation_failed", "content_policy", "sensitive")

    def submit(self, order: Order, key: str) -> Standing:
        """Start one job; TokenHub takes no key of ours, so `key` is only told as a request id."""
        body: dict[str, Any] = {"model": self.model_of(order), "prompt": order.prompt, "duration": order.seconds}
        if order.source:
            body["image"] = {"url": spell_data_url(order)}
        headers = {"x-request-id": key}
        answer = self.caller.call("POST", _PATH, json_body={**body, **order.more}, headers=headers, is_paid=True)
        return self._stand(answer, answer.text("task_id") or answer.text("id"))

    def poll(self, job: str) -> Standing:
        """Say how a job stands."""
        path = str(self.options.get("poll_path") or _PATH)
        return self._stand(self.caller.call("GET", path, params={"task_id": job}), job)

    def cancel(self, job: str) -> bool:
        """Say no: TokenHub takes no job back."""
        return not job

    def _stand(self, answer: Answer, job: str) -> Standing:
        code, message = answer.text("error", "code"), answer.words("error", "message")
        if answer.status >= 400:
            return self.refuse(answer, code, message)
        standing = self.stand(job, answer.text("status") or "queued")
        usage = count(answer.dig("usage"))
        if standing.state is State.FAILED:
            return self.end(job, code or "failed", message, usage)
        single = answer.text("video_url") or answer.text("output", "video_url") or answer.text("content", "video_url")
        outputs = (Output(url=single),) if single else read_outputs(answer.dig("data"), "url", "video_url")
        return Standing(job, standing.state, outputs, usage=usage)
