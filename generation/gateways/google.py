"""Google Vertex: Veo makes clips, Imagen pictures, by an OAuth token of the operator's.

Source: Vertex AI's REST reference as of 2026-11. A job may succeed with nothing in it: what was filtered is counted and
said why, and counts here as refused.
"""

import base64
from typing import Any

from generation.gateways.base import Kind, Order, Output, ProviderError, Standing, State
from generation.gateways.caller import Answer, dig
from generation.gateways.shared import HttpGateway, read_inline, read_refusal, read_setting
from provenance.text import show


class Google(HttpGateway):
    """Vertex; settings `api_key` (an access token), `project`, `location`, and `image_model` for pictures."""

    name = "google"
    kinds = frozenset({Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO, Kind.TEXT_TO_IMAGE})
    usual_url = "https://us-central1-aiplatform.googleapis.com"
    usual_model = "veo-3.1-generate-001"
    states = {"running": State.RUNNING}  # noqa: RUF012
    refusals = ("responsible ai", "safety", "usage guidelines", "violat")

    def submit(self, order: Order, key: str) -> Standing:
        """Start one job, or draw at once: pictures come with the answer."""
        model = self.model_of(order)
        instance: dict[str, Any] = {"prompt": order.prompt}
        if order.source:
            instance["image"] = {
                "bytesBase64Encoded": base64.b64encode(order.source).decode(),
                "mimeType": order.source_type,
            }
        parameters: dict[str, Any] = {"sampleCount": 1, "aspectRatio": order.aspect}
        if order.negative_prompt:
            parameters["negativePrompt"] = order.negative_prompt
        if order.seed is not None:
            parameters["seed"] = order.seed
        if order.kind is Kind.TEXT_TO_IMAGE:
            model = order.model or str(self.options.get("image_model") or "imagen-4.0-generate-001")
            answer = self._call(model, "predict", {"instances": [instance], "parameters": parameters}, is_paid=True)
            return self._drawn(answer, key)
        parameters |= {"durationSeconds": order.seconds, **order.more}
        body = {"instances": [instance], "parameters": parameters}
        answer = self._call(model, "predictLongRunning", body, is_paid=True)
        if answer.status >= 400:
            return self._refuse(answer)
        return self.stand(answer.text("name"), "running")

    def poll(self, job: str) -> Standing:
        """Say how a job stands."""
        model = job.partition("/models/")[2].partition("/")[0] or self.default_model
        answer = self._call(model, "fetchPredictOperation", {"operationName": job})
        if answer.status >= 400:
            return self._refuse(answer)
        if answer.dig("done") is not True:
            return self.stand(job, "running")
        if answer.dig("error") is not None:
            return self.end(job, answer.text("error", "code") or "failed", answer.words("error", "message"))
        return self._made(answer, job)

    def cancel(self, job: str) -> bool:
        """Say no: the route is not offered for these models."""
        return not job

    def _made(self, answer: Answer, job: str) -> Standing:
        videos = answer.dig("response", "videos")
        outputs = tuple(one for item in (videos if isinstance(videos, list) else []) if (one := _read_video(item)))
        if outputs:
            return Standing(job, State.SUCCEEDED, outputs)
        reasons = answer.dig("response", "raiMediaFilteredReasons")
        told = show(" ".join(str(one) for one in reasons))[:300] if isinstance(reasons, list) else ""
        if told or answer.dig("response", "raiMediaFilteredCount"):
            refusal = read_refusal("raiMediaFiltered", f"output {told}")
            return Standing(job, State.REFUSED, refusal=refusal, problem=told)
        raise ProviderError("google said that it is done, and gave no clip")

    def _drawn(self, answer: Answer, key: str) -> Standing:
        if answer.status >= 400:
            return self._refuse(answer)
        inline = read_inline(answer.dig("predictions", 0, "bytesBase64Encoded"))
        if inline is not None:
            return Standing(key, State.SUCCEEDED, (inline,))
        told = answer.words("predictions", 0, "raiFilteredReason")
        refusal = read_refusal("raiFiltered", f"output {told}")
        return Standing(key, State.REFUSED, refusal=refusal, problem=told or "nothing was drawn, and no reason given")

    def _refuse(self, answer: Answer) -> Standing:
        return self.refuse(answer, answer.text("error", "status"), answer.words("error", "message"))

    def _call(self, model: str, verb: str, body: dict[str, Any], *, is_paid: bool = False) -> Answer:
        project, location = read_setting(self.options, "project"), str(self.options.get("location") or "us-central1")
        path = f"/v1/projects/{project}/locations/{location}/publishers/google/models/{model}:{verb}"
        return self.caller.call("POST", path, json_body=body, is_paid=is_paid)


def _read_video(item: object) -> Output | None:
    url = dig(item, "gcsUri")
    if isinstance(url, str) and url.startswith("gs://"):
        raise ProviderError("google put the clip into a bucket: leave storageUri out, so that it comes in the answer")
    return read_inline(dig(item, "bytesBase64Encoded"))
