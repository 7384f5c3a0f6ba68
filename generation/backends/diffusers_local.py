"""Any diffusers pipeline on this machine: ours, one in a folder, or one from the hub at a pinned commit, pulled before.

Loads safetensors only and runs no code from the pipeline's folder; nothing is fetched unless the options say so.
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from generation.base import Generated, ImageToImage, Progress, Recipe, Request, TextToImage
from generation.pull import pull_pipeline
from generation.weights import EMBEDDED_PIPELINE, INDEX_NAME, measure_pipeline, parse_pulled, pipeline_dir
from provenance.asset import sha256_hex
from provenance.errors import BackendUnavailableError, ConfigurationError, GenerationError, MissingExtraError

if TYPE_CHECKING:
    from generation._diffusers_net import DiffusersNet

EMBEDDED_DEFAULTS: Final = {"steps": 12, "guidance": 4.0}
"""Of chop-draw, from its model card: what its figures were measured with."""

_DTYPES: Final = ("auto", "float32", "float16", "bfloat16")
_NUMBERS: Final = ("steps", "guidance")
_TEXTS: Final = ("model", "revision", "models_dir", "device", "dtype")
_MAX_SEED: Final = 2**63 - 1


class DiffusersLocal:
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

    def __init__(self, options: Mapping[str, Any]) -> None:
        unknown = sorted(options.keys() - {*_TEXTS, *_NUMBERS, "allow_download"})
        if unknown:
            known = ", ".join((*_TEXTS, *_NUMBERS, "allow_download"))
            raise ConfigurationError(f"diffusers_local has no option {', '.join(unknown)}; known: {known}")
        texts = {key: str(options.get(key, "")) for key in _TEXTS}
        own = {} if texts["model"] or texts["revision"] else EMBEDDED_DEFAULTS
        self._model, self._revision = texts["model"] or str(EMBEDDED_PIPELINE), texts["revision"]
        self._steps, self._guidance = _parse_numbers({**own, **options})
        self._models_dir = Path(texts["models_dir"]) if texts["models_dir"] else None
        self._device, self._dtype = texts["device"] or "auto", texts["dtype"] or "auto"
        if self._dtype not in _DTYPES:
            raise ConfigurationError(f"dtype must be one of {', '.join(_DTYPES)}, got {self._dtype!r}")
        self._allow_download = options.get("allow_download", False) is True
        self._lock = threading.Lock()
        self._net: DiffusersNet | None = None
        self._model_sha256 = ""
        self._is_folder = not self._revision and (not texts["model"] or Path(self._model).exists())
        if not self._is_folder:
            self._pulled_dir()

    def warm(self) -> None:
        """Measure the weights and load them; a second call does nothing.

        Raises:
            MissingExtraError: the extra ``generate`` is not installed.
            BackendUnavailableError: the pipeline is missing, damaged, or of a kind that is not loaded.
            ConfigurationError: no such device.
        """
        with self._lock:
            if self._net is not None:
                return
            folder = self._find_folder()
            self._model_sha256 = measure_pipeline(folder)
            try:
                from generation._diffusers_net import DiffusersNet
            except ImportError as exc:
                raise MissingExtraError(
                    f"diffusers_local needs an extra: pip install 'chopmark[generate]' ({exc})"
                ) from exc
            self._net = DiffusersNet(folder, device=self._device, dtype=self._dtype)

    def generate(self, request: Request, progress: Progress | None = None) -> Generated:
        """Make one picture; loads the weights first if `warm` was not called.

        Image-to-image pipelines round the source's sides down to what their autoencoder takes, usually multiples of 8.

        Raises:
            GenerationError: a seed, size, strength or option that this pipeline does not take, or too little memory.
            PromptRefusedError: the pipeline's own safety checker refused the result.
        """
        if isinstance(request, ImageToImage) and request.style:
            raise GenerationError("styles are the painter's: use the backend sketch, or say the style in the prompt")
        if not 0 <= request.seed <= _MAX_SEED:
            raise GenerationError(f"seed must be 0 to {_MAX_SEED}, got {request.seed}")
        self.warm()
        assert self._net is not None
        arguments: dict[str, Any] = {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt or None,
            "num_inference_steps": self._steps if request.steps is None else request.steps,
            "guidance_scale": self._guidance if request.guidance is None else request.guidance,
        }
        with self._lock:
            if isinstance(request, TextToImage):
                own: dict[str, Any] = {"width": request.width, "height": request.height}
                frame = self._net.draw({**arguments, **own}, request.seed, progress)
            else:
                own = {"strength": _parse_strength(request.strength, arguments["num_inference_steps"])}
                frame = self._net.redraw(request.source, {**arguments, **own}, request.seed, progress)
        own |= {"steps": arguments["num_inference_steps"], "guidance": arguments["guidance_scale"]}
        return Generated(frame, self._recipe(request, own))

    def _recipe(self, request: Request, parameters: Mapping[str, Any]) -> Recipe:
        assert self._net is not None
        named = (self._model, self._revision) if not self._is_folder else parse_pulled(Path(self._model))
        return Recipe(
            backend=f"{self.name}/{self._net.class_name}",
            model_name=named[0] if named else Path(self._model).resolve().name,
            digital_source_type="trainedAlgorithmicMedia",
            prompt_sha256=sha256_hex(request.prompt.encode()),
            seed=request.seed,
            model_identifier=f"pkg:huggingface/{named[0]}@{named[1]}" if named else "",
            model_type="c2pa.types.model.pytorch",
            model_sha256=self._model_sha256,
            parameters={
                **parameters,
                "dtype": self._net.dtype,
                "device": self._net.device.partition(":")[0],
                "has_negative_prompt": bool(request.negative_prompt),
            },
            source_sha256=sha256_hex(request.source.tobytes()) if isinstance(request, ImageToImage) else "",
        )

    def _pulled_dir(self) -> Path:
        if self._models_dir is None:
            raise ConfigurationError(
                f"{self._model!r} is no folder here; a hub id needs models_dir and a revision of 40 hexadecimal digits"
            )
        return pipeline_dir(self._models_dir, self._model, self._revision)

    def _find_folder(self) -> Path:
        if self._is_folder:
            return Path(self._model)
        folder = self._pulled_dir()
        if (folder / INDEX_NAME).is_file():
            return folder
        if self._allow_download and self._models_dir is not None:
            return pull_pipeline(self._models_dir, self._model, self._revision)
        raise BackendUnavailableError(
            f"{self._model} at {self._revision[:12]} was not pulled; run: "
            f"chopmark models pull diffusers {self._model} {self._revision}"
        )


def _parse_numbers(options: Mapping[str, Any]) -> tuple[int | None, float | None]:
    steps, guidance = options.get("steps"), options.get("guidance")
    if steps is not None and (not isinstance(steps, int) or isinstance(steps, bool) or steps < 1):
        raise ConfigurationError(f"diffusers_local: steps is a whole number of at least 1, got {steps!r}")
    if guidance is not None and (not isinstance(guidance, int | float) or isinstance(guidance, bool) or guidance < 0):
        raise ConfigurationError(f"diffusers_local: guidance is a number of at least 0, got {guidance!r}")
    return steps, guidance if guidance is None else float(guidance)


def _parse_strength(strength: float, steps: int | None) -> float:
    if not 0 < strength <= 1:
        raise GenerationError(f"strength must be above 0 and at most 1, got {strength}")
    if steps is not None and steps * strength < 1:
        raise GenerationError(f"{steps} steps at strength {strength} leave none to run; raise either")
    return strength
