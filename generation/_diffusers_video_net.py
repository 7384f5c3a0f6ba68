"""Runs a diffusers pipeline that makes clips; imported from inside functions alone, as `_diffusers_net` is.

A pass makes so many frames at a time: of words, of a picture, or of the frames that another pass ended with. Which of
these a pipeline can do is read off its class; one that shares its weights with a sibling is run as that, too.
"""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from generation._diffusers_net import (
    DTYPES,
    choose_device,
    choose_dtype,
    diffusers,
    follow_steps,
    shorten,
)
from generation.base import Progress
from provenance.asset import Frame
from provenance.errors import BackendUnavailableError, GenerationError

Frames = NDArray[np.uint8]
"""(N, H, W, 3)."""

# Classes whose weights are those of another, which reads pictures: LTX-Video's, and Wan 2.2's 5B, which says so in
# `expand_timesteps`.
_READS_PICTURES: Final = {"LTXPipeline": "LTXImageToVideoPipeline", "WanPipeline": "WanImageToVideoPipeline"}
# The only class of diffusers 0.42 that is conditioned on frames at the start of a clip, and goes on with their motion.
_READS_FRAMES: Final = "LTXConditionPipeline"
# Where neither a pipeline's arguments nor its configuration say how many frames a second it was made for: Wan's
# published sampling rate, CogVideoX's and HunyuanVideo's model cards, AnimateDiff's paper (16 frames, 8 a second).
_RATES: Final = {"Wan": 16.0, "CogVideoX": 8.0, "HunyuanVideo": 24.0, "AnimateDiff": 8.0, "Mochi": 30.0}
_LEAST_MULTIPLE: Final = 32
_FRAMES: Final = 16
_COUNTS: Final = ("num_frames", "video_length")
_FAILURES: Final = (ValueError, TypeError, RuntimeError, AttributeError, IndexError, KeyError)


class VideoNet:
    """A loaded pipeline.

    Attributes:
        device, dtype: as loaded.
        class_name: of the pipeline, such as ``WanPipeline``.
        rate: frames a second that it was made for; 0.0 where it does not say.
        frames: that it makes in a pass, unless asked otherwise.
        multiple: its sides are multiples of this.
        step: it makes a multiple of this many frames, and one.
        draws: whether it makes clips of words alone.
        reads: "frames", "picture" or "": what it can begin with.
    """

    def __init__(self, folder: Path, *, device: str, dtype: str) -> None:
        """Load the pipeline in `folder`: safetensors only, none of its own code, no network.

        Raises:
            BackendUnavailableError: the folder holds no whole pipeline, or none that makes clips.
            ConfigurationError: no such device.
        """
        self.device = choose_device(device)
        self.dtype = choose_dtype(dtype, self.device)
        try:
            loaded = diffusers.DiffusionPipeline.from_pretrained(
                folder,
                dtype=DTYPES[self.dtype],
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
            )
            self._main = loaded.to(self.device)
        except (OSError, *_FAILURES) as exc:
            raise BackendUnavailableError(f"the pipeline in {folder.name} cannot be loaded: {shorten(exc)}") from exc
        self.class_name = type(loaded).__name__
        taken = inspect.signature(loaded.__call__).parameters
        count = next((name for name in _COUNTS if name in taken), "")
        if not count:
            raise BackendUnavailableError(f"{self.class_name} in {folder.name} makes no clips: name it as the backend")
        self._count = count
        own = getattr(getattr(loaded, "unet", None), "config", None)
        self.frames = int(taken[count].default or getattr(own, "num_frames", None) or _FRAMES)
        self.rate = _find_rate(self.class_name, taken)
        self.step = _find_step(loaded)
        self.multiple = _find_multiple(loaded)
        loaded.set_progress_bar_config(disable=True)
        self._picture = self._find_picture_form(taken)
        self.draws = "prompt" in taken and (
            "image" not in taken or taken["image"].default is not inspect.Parameter.empty
        )
        if self.class_name == _READS_FRAMES:
            self.reads = "frames"
        else:
            self.draws = self.draws and "image" not in taken
            self.reads = "picture" if self._picture is not None else ""

    def draw(self, arguments: Mapping[str, Any], seed: int, progress: Progress | None) -> Frames:
        """Make a pass of words; arguments that are None are left out.

        Raises:
            GenerationError: the pipeline cannot do what is asked.
        """
        if not self.draws:
            raise GenerationError(f"{self.class_name} makes clips of pictures: begin with one")
        return self._run(self._main, dict(arguments), seed, progress)

    def go_on(
        self, before: Sequence[Frame], arguments: Mapping[str, Any], seed: int, progress: Progress | None
    ) -> Frames:
        """Make a pass that begins with these frames, the last of them where it reads one alone; they come first in it.

        Raises:
            GenerationError: the pipeline cannot begin with any, or cannot do what is asked.
        """
        pictures = [Image.fromarray(frame) for frame in before]
        if self.reads == "frames" and len(pictures) > 1:
            from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition

            own: dict[str, Any] = {"conditions": [LTXVideoCondition(video=pictures, frame_index=0)]}
            return self._run(self._main, {**arguments, **own}, seed, progress)
        if self._picture is None:
            raise GenerationError(f"{self.class_name} cannot begin with a picture: it makes clips of words alone")
        return self._run(self._picture, {**arguments, "image": pictures[-1]}, seed, progress)

    def _find_picture_form(self, taken: Mapping[str, Any]) -> Any:  # noqa: ANN401 - diffusers has no types
        if "image" in taken:
            return self._main
        sibling = _READS_PICTURES.get(self.class_name, "")
        if not sibling or (self.class_name == "WanPipeline" and not self._main.config.expand_timesteps):
            return None
        made = getattr(diffusers, sibling)(**self._main.components, **_shared_options(self._main, sibling))
        made.set_progress_bar_config(disable=True)
        return made

    def _run(self, pipeline: Any, arguments: dict[str, Any], seed: int, progress: Progress | None) -> Frames:  # noqa: ANN401
        accepted = inspect.signature(pipeline.__call__).parameters
        given = {name: value for name, value in arguments.items() if value is not None}
        given[self._count] = given.pop("count")
        rate = given.pop("rate")
        for name in ("frame_rate", "fps"):
            if name in accepted:
                given[name] = round(rate)
        if not given.get("prompt") and "prompt" not in accepted:
            given.pop("prompt", None)
        if unknown := sorted(given.keys() - accepted.keys()):
            raise GenerationError(f"{type(pipeline).__name__} takes no {', '.join(unknown)}")
        if progress is not None and "callback_on_step_end" in accepted:
            given["callback_on_step_end"] = follow_steps(progress)
        # A generator on the CPU gives one seed the same noise on every device.
        generator = torch.Generator("cpu").manual_seed(seed)
        try:
            with torch.inference_mode():
                made = pipeline(**given, generator=generator, output_type="np").frames
        except torch.OutOfMemoryError as exc:
            raise GenerationError(
                f"not enough memory on {self.device}: a smaller side, or fewer frames, by the backend's options"
            ) from exc
        except _FAILURES as exc:
            raise GenerationError(
                f"{type(pipeline).__name__} failed: {shorten(exc, secret=given.get('prompt', ''))}"
            ) from exc
        return _to_frames(np.asarray(made[0]))


def _shared_options(pipeline: Any, sibling: str) -> dict[str, Any]:  # noqa: ANN401 - diffusers has no types
    """Return what of a pipeline's configuration its sibling is built with, beside the parts."""
    taken = inspect.signature(getattr(diffusers, sibling).__init__).parameters
    return {name: value for name, value in pipeline.config.items() if name in taken and name not in pipeline.components}


def _find_rate(class_name: str, taken: Mapping[str, Any]) -> float:
    for name in ("frame_rate", "fps"):
        if name in taken and isinstance(taken[name].default, int | float):
            return float(taken[name].default)
    return next((rate for start, rate in _RATES.items() if class_name.startswith(start)), 0.0)


def _find_step(pipeline: Any) -> int:  # noqa: ANN401 - diffusers has no types
    names = ("vae_temporal_compression_ratio", "vae_scale_factor_temporal")
    return max(1, *(int(getattr(pipeline, name, None) or 1) for name in names))


def _find_multiple(pipeline: Any) -> int:  # noqa: ANN401 - diffusers has no types
    names = ("vae_spatial_compression_ratio", "vae_scale_factor_spatial", "vae_scale_factor")
    spatial = next((int(getattr(pipeline, name)) for name in names if getattr(pipeline, name, None)), 8)
    config = getattr(getattr(pipeline, "transformer", None), "config", {})
    patch = config.get("patch_size", 1) if hasattr(config, "get") else 1
    size = int(patch[-1] if isinstance(patch, list | tuple) else patch or 1)
    multiple = spatial * size
    return multiple * -(-_LEAST_MULTIPLE // multiple) if multiple < _LEAST_MULTIPLE else multiple


def _to_frames(values: NDArray[Any]) -> Frames:
    """Return (N, H, W, 3) float 0..1 as uint8.

    Raises:
        GenerationError: not a clip in colour, or not finite.
    """
    if values.ndim != 4 or values.shape[3] != 3:
        raise GenerationError(f"expected a clip of shape (N, H, W, 3), the pipeline made {values.shape}")
    if not np.isfinite(values).all():
        raise GenerationError("the pipeline made numbers that are no colours; try the option dtype: float32")
    return np.ascontiguousarray(np.rint(np.clip(values, 0, 1) * 255), np.uint8)
