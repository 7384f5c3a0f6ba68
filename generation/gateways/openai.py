"""OpenAI's pictures, and services that speak the shape of its videos (its own closed in September 2026).

Source: OpenAI's API reference as of 2026-11 and its client's types. Clips are read from the service under our key.
"""

from typing import Any, Final

from generation.gateways.base import Kind, Order, Output, ProviderError, Standing, State
from generation.gateways.caller import Answer
from generation.gateways.shared import HttpGateway, count, read_inline

_SIZES: Final = {"1:1": "1024x1024", "16:9": "1536x1024", "9:16": "1024x1536"}
_CLIP_SIZES: Final = {"16:9": "1280x720", "9:16": "720x1280"}
_REFUSALS: Final = ("moderation", "content_policy", "safety", "policy_violation")


class OpenAIImages(HttpGateway):
    """Pictures; setting `api_key`."""

    name = "openai_images"
    kinds = frozenset({Kind.TEXT_TO_IMAGE})
    usual_url = "https://api.openai.com"
    usual_model = "gpt-image-2"
    states = {}  # noqa: RUF012 - pictures come with the answer
    refusals = _REFUSALS

    def submit(self, order: Order, key: str) -> Standing:
        """Draw; the picture comes with the answer."""
        body: dict[str, Any] = {
            "model": self.model_of(order),
            "prompt": order.prompt,
            "size": _SIZES.get(order.aspect, "auto"),
            "n": 1,
        }
        headers = {"idempotency-key": key}
        path = "/v1/images/generations"
        answer = self.caller.call("POST", path, json_body={**body, **order.more}, headers=headers, is_paid=True)
        if answer.status >= 400:
            return self.refuse(answer, answer.text("error", "code"), answer.words("error", "message"))
        inline = read_inline(answer.dig("data", 0, "b64_json"))
        if inline is None:
            raise ProviderError("openai_images answered without a picture")
        return Standing(key, State.SUCCEEDED, (inline,), usage=count(answer.dig("usage")))

    def poll(self, job: str) -> Standing:
        """Say that nothing is to be asked: a picture comes with the answer, or not at all."""
        return Standing(job, State.EXPIRED, problem="its answer was lost, and cannot be asked for again")

    def cancel(self, job: str) -> bool:
        """Say no: it is drawn before the answer comes."""
        return not job


class OpenAIVideos(HttpGateway):
    """Clips in the shape of OpenAI's videos; settings `base_url`, `api_key` and `model`."""

    name = "openai_videos"
    kinds = frozenset({Kind.TEXT_TO_VIDEO})
    usual_url = ""
    usual_model = ""
    states = {  # noqa: RUF012
        "queued": State.QUEUED,
        "in_progress": State.RUNNING,
        "completed": State.SUCCEEDED,
        "failed": State.FAILED,
        "cancelled": State.CANCELLED,
        "expired": State.EXPIRED,
    }
    refusals = _REFUSALS

    def submit(self, order: Order, key: str) -> Standing:
        """Start one job."""
        body: dict[str, Any] = {
            "model": self.model_of(order),
            "prompt": order.prompt,
            "seconds": str(order.seconds),
            "size": _CLIP_SIZES.get(order.aspect, "1280x720"),
        }
        headers = {"idempotency-key": key}
        answer = self.caller.call("POST", "/v1/videos", json_body={**body, **order.more}, headers=headers, is_paid=True)
        return self._stand(answer, answer.text("id"))

    def poll(self, job: str) -> Standing:
        """Say how a job stands."""
        return self._stand(self.caller.call("GET", f"/v1/videos/{job}"), job)

    def cancel(self, job: str) -> bool:
        """Ask for a job to be given up."""
        return self.caller.call("DELETE", f"/v1/videos/{job}").status < 300

    def _stand(self, answer: Answer, job: str) -> Standing:
        code, message = answer.text("error", "code"), answer.words("error", "message")
        if answer.status >= 400:
            return self.refuse(answer, code, message)
        standing, usage = self.stand(job, answer.text("status")), count(answer.dig("usage"))
        if standing.state is State.FAILED:
            return self.end(job, code or "failed", message, usage)
        is_made = standing.state is State.SUCCEEDED
        return Standing(
            job, standing.state, (Output(path=f"/v1/videos/{job}/content"),) if is_made else (), usage=usage
        )
