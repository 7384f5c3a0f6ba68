"""The only module that imports diffusers and torch for generation; imported from inside functions alone.

It loads a pipeline from a folder and runs it. Foreign errors leave it as ours, and never with words of the prompt.
"""

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image

from generation.base import Progress
from provenance.asset import Frame
from provenance.errors import BackendUnavailableError, ConfigurationError, GenerationError, PromptRefusedError
from provenance.torchvision_guard import import_torchvision


def _import_diffusers() -> Any:  # noqa: ANN401 - diffusers has no types
    """Import diffusers, quietly, after making the torchvision that transformers may want importable."""
    with suppress(ImportError):
        import_torchvision()
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        # A warning about a long prompt would quote it, and progress is ours to show.
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    return diffusers


diffusers: Final = _import_diffusers()

DTYPES: Final[Mapping[str, torch.dtype]] = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}


def choose_device(wanted: str) -> str:
    """Return the device for ``auto``, or `wanted` if it is there.

    Raises:
        ConfigurationError: this machine has no such device.
    """
    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    if wanted == "auto":
        return available[0]
    if wanted.partition(":")[0] not in available:
        raise ConfigurationError(f"no device {wanted!r} here; there is {', '.join(available)}")
    return wanted


def choose_dtype(wanted: str, device: str) -> str:
    """Return the number format for ``auto`` (the fastest that is safe on the device), or `wanted`."""
    if wanted != "auto":
        return wanted
    if device.startswith("cuda"):
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    return "float16" if device == "mps" else "float32"


class DiffusersNet:
    """A loaded pipeline.

    Attributes:
        device: as loaded.
        dtype: name of the number format, as loaded.
        class_name: of the pipeline, such as ``StableDiffusionPipeline``.
    """

    def __init__(self, folder: Path, *, device: str, dtype: str) -> None:
        """Load the pipeline in `folder`: safetensors only, none of its own code, no network.

        Raises:
            BackendUnavailableError: the folder holds no whole pipeline.
            ConfigurationError: no such device.
        """
        # chop-draw's folder names its decoder, and diffusers finds only what was imported before.
        import generation._chop_draw_net  # noqa: F401

        self.device = choose_device(device)
        self.dtype = choose_dtype(dtype, self.device)
        options = {
            "dtype": DTYPES[self.dtype],
            "use_safetensors": True,
            "local_files_only": True,
            "trust_remote_code": False,
        }
        try:
            try:
                loaded = diffusers.AutoPipelineForText2Image.from_pretrained(folder, **options)
            except ValueError as exc:
                if "AutoPipeline" not in str(exc):
                    raise
                loaded = diffusers.DiffusionPipeline.from_pretrained(folder, **options)
            self._text_pipeline = loaded.to(self.device)
        except (OSError, ValueError, RuntimeError, TypeError, AttributeError, KeyError) as exc:
            raise BackendUnavailableError(f"the pipeline in {folder.name} cannot be loaded: {shorten(exc)}") from exc
        self.class_name = type(loaded).__name__
        self._image_pipeline: Any = None
        loaded.set_progress_bar_config(disable=True)

    def draw(self, arguments: Mapping[str, Any], seed: int, progress: Progress | None) -> Frame:
        """Run text-to-image with these arguments, leaving out those that are None.

        Raises:
            GenerationError: the pipeline cannot do what is asked.
            PromptRefusedError: its own safety checker refused the result.
        """
        return self._run(self._text_pipeline, dict(arguments), seed, progress)

    def redraw(self, source: Frame, arguments: Mapping[str, Any], seed: int, progress: Progress | None) -> Frame:
        """Run image-to-image on `source`.

        Raises:
            GenerationError: the pipeline has no such form, or cannot do what is asked.
            PromptRefusedError: its own safety checker refused the result.
        """
        if self._image_pipeline is None:
            decoder = getattr(self._text_pipeline, "vae", None)
            if decoder is not None and not hasattr(decoder, "encode"):
                raise GenerationError(f"{self.class_name} here has no image-to-image form: it cannot read pictures")
            try:
                made = diffusers.AutoPipelineForImage2Image.from_pipe(self._text_pipeline)
            except ValueError as exc:
                raise GenerationError(f"{self.class_name} has no image-to-image form") from exc
            made.set_progress_bar_config(disable=True)
            self._image_pipeline = made
        return self._run(self._image_pipeline, {"image": Image.fromarray(source), **arguments}, seed, progress)

    def _run(self, pipeline: Any, arguments: dict[str, Any], seed: int, progress: Progress | None) -> Frame:  # noqa: ANN401
        accepted = inspect.signature(pipeline.__call__).parameters
        given = {name: value for name, value in arguments.items() if value is not None}
        unknown = sorted(given.keys() - accepted.keys())
        if unknown:
            raise GenerationError(f"{type(pipeline).__name__} takes no {', '.join(unknown)}")
        _check_sides(pipeline, given)
        if progress is not None and "callback_on_step_end" in accepted:
            given["callback_on_step_end"] = follow_steps(progress)
        # A generator on the CPU gives one seed the same noise on every device.
        generator = torch.Generator("cpu").manual_seed(seed)
        try:
            with torch.inference_mode():
                made = pipeline(**given, generator=generator, output_type="np")
        except torch.OutOfMemoryError as exc:
            raise GenerationError(f"not enough memory on {self.device} for this size and number format") from exc
        except (ValueError, TypeError, RuntimeError, AttributeError, IndexError) as exc:
            raise GenerationError(
                f"{type(pipeline).__name__} failed: {shorten(exc, secret=given.get('prompt', ''))}"
            ) from exc
        if any(getattr(made, "nsfw_content_detected", None) or ()):
            raise PromptRefusedError("the pipeline's own safety checker refused the result")
        return _to_frame(np.asarray(made.images[0]))


def _check_sides(pipeline: Any, given: Mapping[str, Any]) -> None:  # noqa: ANN401 - diffusers has no types
    factor = getattr(pipeline, "vae_scale_factor", 1)
    for name in ("width", "height"):
        if given.get(name, 0) % factor:
            raise GenerationError(f"{name} must be a multiple of {factor}, got {given[name]}")


def follow_steps(progress: Progress) -> Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]:
    """Return what a pipeline calls after each of its steps."""

    def step(pipeline: Any, index: int, _: Any, values: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
        progress(index + 1, max(index + 1, int(getattr(pipeline, "num_timesteps", 0))))
        return values

    return step


def _to_frame(values: np.ndarray[Any, np.dtype[Any]]) -> Frame:
    """Return (H, W, 3) float 0..1 as uint8.

    Raises:
        GenerationError: not a colour picture, or not finite.
    """
    if values.ndim != 3 or values.shape[2] != 3:
        raise GenerationError(f"expected a picture of shape (H, W, 3), the pipeline made {values.shape}")
    if not np.isfinite(values).all():
        raise GenerationError("the pipeline made numbers that are no colours; try the option dtype: float32")
    return np.ascontiguousarray(np.rint(np.clip(values, 0, 1) * 255), np.uint8)


def shorten(exc: BaseException, secret: str = "") -> str:
    """Return an error's kind and its first line, unless that quotes the prompt."""
    lines = str(exc).strip().splitlines()
    first = lines[0][:200] if lines else ""
    quotes = bool(secret) and secret[:20] in first
    return type(exc).__name__ if quotes or not first else f"{type(exc).__name__}: {first}"
