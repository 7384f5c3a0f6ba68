"""Any diffusers pipeline on this machine: ours, one in a folder, or one from the hub at a pinned commit, pulled before.

Loads safetensors only and runs no code from the pipeline's folder; nothing is fetched unless the options say so.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from generation.base import PICTURES, Generated, ImageToImage, Progress, Request, TextToImage
from generation.one_model import OneModel
from generation.pinned import parse_count, parse_number, parse_pinned
from generation.weights import EMBEDDED_PIPELINE
from provenance.errors import GenerationError

if TYPE_CHECKING:
    from generation._diffusers_net import DiffusersNet

EMBEDDED_DEFAULTS: Final = {"steps": 12, "guidance": 4.0}
"""Of chop-draw, from its model card: what its figures were measured with."""

MAX_SEED: Final = 2**63 - 1
_OWN: Final = ("steps", "guidance")


class DiffusersLocal(OneModel["DiffusersNet"]):
    """Runs one pipeline, one picture at a time.

    Options:
        model: a folder, such as `chopmark models pull` prints, or a hub id ``owner/name``; unless given, the embedded
            chop-draw.
        revision: the hub commit, 40 hexadecimal digits; required with a hub id.
        models_dir: where `chopmark models pull` puts pipelines; required with a hub id.
        device: ``auto`` (cuda, else mps, else cpu), or a device's name.
        dtype: ``auto`` (bfloat16 or float16 on an accelerator, float32 on a CPU), or one of them.
        steps, guidance: for requests that name none; the pipeline's own numbers unless given.
        allow_download: let `warm` pull a missing pipeline; false unless given.

    Limits: determinism holds for one device, number format and library version, not across them.
    """

    name: Final = "diffusers_local"
    makes: Final = PICTURES

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(parse_pinned(self.name, "diffusers", options, _OWN, str(EMBEDDED_PIPELINE)))
        own = {} if options.get("model") or options.get("revision") else EMBEDDED_DEFAULTS
        given = {**own, **options}
        self._steps = parse_count(self.name, given, "steps")
        self._guidance = parse_number(self.name, given, "guidance")

    def _import_net(self) -> "type[DiffusersNet]":
        from generation._diffusers_net import DiffusersNet

        return DiffusersNet

    def generate(self, request: Request, progress: Progress | None = None) -> Generated:
        """Make one picture; loads the weights first if `warm` was not called.

        Image-to-image pipelines round the source's sides down to what their autoencoder takes, usually multiples of 8.

        Raises:
            GenerationError: a seed, size, strength or option that this pipeline does not take, or too little memory.
            PromptRefusedError: the pipeline's own safety checker refused the result.
        """
        if isinstance(request, ImageToImage) and request.style:
            raise GenerationError("styles are the painter's: use the backend sketch, or say the style in the prompt")
        if not 0 <= request.seed <= MAX_SEED:
            raise GenerationError(f"seed must be 0 to {MAX_SEED}, got {request.seed}")
        net = self._warm()
        arguments: dict[str, Any] = {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt or None,
            "num_inference_steps": self._steps if request.steps is None else request.steps,
            "guidance_scale": self._guidance if request.guidance is None else request.guidance,
        }
        with self._lock:
            if isinstance(request, TextToImage):
                own: dict[str, Any] = {"width": request.width, "height": request.height}
                frame = net.draw({**arguments, **own}, request.seed, progress)
            else:
                own = {"strength": _parse_strength(request.strength, arguments["num_inference_steps"])}
                frame = net.redraw(request.source, {**arguments, **own}, request.seed, progress)
        own |= {"steps": arguments["num_inference_steps"], "guidance": arguments["guidance_scale"]}
        told = {**own, "has_negative_prompt": bool(request.negative_prompt)}
        source = request.source if isinstance(request, ImageToImage) else None
        return Generated(frame, self._describe(request.prompt, request.seed, told, source))


def _parse_strength(strength: float, steps: int | None) -> float:
    if not 0 < strength <= 1:
        raise GenerationError(f"strength must be above 0 and at most 1, got {strength}")
    if steps is not None and steps * strength < 1:
        raise GenerationError(f"{steps} steps at strength {strength} leave none to run; raise either")
    return strength
