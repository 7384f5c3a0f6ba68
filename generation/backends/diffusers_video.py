"""Clips by any diffusers pipeline that makes some: of words, of a picture, or as another clip goes on.

From a folder, or from the hub at a pinned commit, pulled before. Safetensors only, no code from the folder, and no host
is asked unless the options say so.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from generation.backends.diffusers_local import MAX_SEED
from generation.base import CLIPS, GeneratedVideo, Progress, VideoRequest
from generation.one_model import OneModel
from generation.pinned import parse_count, parse_number, parse_pinned
from provenance.asset import Frame
from provenance.errors import ConfigurationError, GenerationError

if TYPE_CHECKING:
    from generation._diffusers_video_net import VideoNet

SIDE: Final = 480
"""The shorter side that most published pipelines were made for."""
_OWN: Final = ("steps", "guidance", "side", "rate", "frames", "overlap")
_OVERLAP: Final = 9
_MOST_PASSES: Final = 200
_MOST_S: Final = 600


class DiffusersVideo(OneModel["VideoNet"]):
    """Runs one pipeline, one clip at a time.

    Options:
        model: a folder, such as `chopmark models pull` prints, or a hub id ``owner/name``.
        revision: the hub commit, 40 hexadecimal digits; required with a hub id.
        models_dir: where pulled pipelines lie; required with a hub id.
        device, dtype: as `diffusers_local` has them.
        steps, guidance: for requests that name none; the pipeline's own numbers unless given.
        side: pixels of the shorter side that it works at; 480 unless given.
        rate: frames a second that it was made for, where the pipeline does not say.
        frames: how many it makes in a pass; the pipeline's own number unless given.
        overlap: how many frames a pass goes on from, for pipelines that read frames; 9 unless given.
        allow_download: let `warm` pull a missing pipeline; false unless given.

    What is longer than a pass is made in several, each from how the one before ended. Determinism holds for one device,
    number format and library version.
    """

    name: Final = "diffusers_video"
    makes: Final = CLIPS

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(parse_pinned(self.name, "diffusers", options, _OWN))
        self._steps, self._guidance = (
            parse_count(self.name, options, "steps"),
            parse_number(self.name, options, "guidance"),
        )
        self._side = parse_count(self.name, options, "side", least=16) or SIDE
        self._rate = parse_number(self.name, options, "rate") or 0.0
        self._frames = parse_count(self.name, options, "frames", least=2)
        self._overlap = parse_count(self.name, options, "overlap") or _OVERLAP

    def _import_net(self) -> "type[VideoNet]":
        from generation._diffusers_video_net import VideoNet

        return VideoNet

    def _verify_net(self, net: "VideoNet") -> None:
        if not (self._rate or net.rate):
            raise ConfigurationError(
                f"{net.class_name} does not say how many frames a second it was made for: give the option rate"
            )

    @property
    def rate(self) -> float:
        """Frames a second of what it makes."""
        return self._rate or self._warm().rate

    @property
    def lead(self) -> int:
        """How many frames of a clip it goes on from; 0 where it cannot."""
        net = self._warm()
        if net.reads == "frames":
            # What is read, like what is made, is a multiple of a step, and one; and less than a pass makes.
            steps = min((self._overlap - 1) // net.step, (self._pass() - 2) // net.step)
            return max(0, steps) * net.step + 1
        return 1 if net.reads else 0

    @property
    def needs_start(self) -> bool:
        """Whether it makes clips of pictures alone."""
        return not self._warm().draws

    def generate(self, request: VideoRequest, progress: Progress | None = None) -> GeneratedVideo:
        """Make one clip; loads the weights first if `warm` was not called.

        Raises:
            GenerationError: what this pipeline does not do, or too little memory; for what goes wrong while frames are
                made, where they are asked for.
        """
        net = self._warm()
        passes = self._verify(request)
        count = self._count(request)
        size = self._fit(request.width, request.height)
        steps = self._steps if request.steps is None else request.steps
        guidance = self._guidance if request.guidance is None else request.guidance
        arguments = {
            "prompt": request.prompt, "negative_prompt": request.negative_prompt or None, "num_inference_steps": steps,
            "guidance_scale": guidance, "width": size[0], "height": size[1], "rate": self.rate,
        }  # fmt: skip
        told: dict[str, Any] = {
            "seconds": request.seconds, "width": size[0], "height": size[1], "rate": self.rate, "steps": steps,
            "guidance": guidance, "passes": passes,
        }  # fmt: skip
        if passes > 1 or request.before:
            told["goes_on_from"] = "frames" if net.reads == "frames" and self.lead > 1 else "last frame"
        frames = self._make(request, arguments, count, passes, progress)
        told["has_negative_prompt"] = bool(request.negative_prompt)
        source = request.start if request.start is not None else (request.before or (None,))[-1]
        return GeneratedVideo(frames, self.rate, self._describe(request.prompt, request.seed, told, source))

    def _count(self, request: VideoRequest) -> int:
        """Return how many frames a request takes."""
        return max(1, round(request.seconds * self.rate))

    def _verify(self, request: VideoRequest) -> int:
        """Return how many passes a request takes, if it can be done at all."""
        net = self._warm()
        if not 0 <= request.seed <= MAX_SEED - _MOST_PASSES:
            raise GenerationError(f"seed must be 0 to {MAX_SEED - _MOST_PASSES}, got {request.seed}")
        if not 0 < request.seconds <= _MOST_S:
            raise GenerationError(f"expected more than 0 and at most {_MOST_S} seconds, got {request.seconds:g}")
        if request.steps is not None and request.steps < 1:
            raise GenerationError(f"expected at least 1 step, got {request.steps}")
        count = self._count(request)
        begins = request.start is not None or bool(request.before)
        if not begins and self.needs_start:
            raise GenerationError(f"{net.class_name} makes clips of pictures: begin with one")
        if begins and not self.lead:
            raise GenerationError(f"{net.class_name} cannot begin with a picture: it makes clips of words alone")
        if count > self._pass() and not self.lead:
            most = self._pass() / self.rate
            raise GenerationError(f"{net.class_name} makes {most:.1f} s at most, and cannot go on from there")
        passes = self._count_passes(count, min(self.lead, len(request.before)))
        if passes > _MOST_PASSES:
            raise GenerationError(f"this clip takes {passes} passes of {net.class_name}, and {_MOST_PASSES} are most")
        return passes

    def _make(
        self, request: VideoRequest, arguments: dict[str, Any], count: int, passes: int, progress: Progress | None
    ) -> Iterator[Frame]:
        """Yield frames, pass by pass: no more are held than one pass makes."""
        net, size = self._warm(), (arguments["width"], arguments["height"])
        tail = [_resize(frame, size) for frame in request.before[-self.lead :]] if request.before else []
        if request.start is not None:
            tail = [_resize(request.start, size)]
        # A picture that a clip begins with is its first frame; a clip that is gone on with has shown its own.
        skip = len(tail) if request.before else 0
        done = 0
        for number in range(passes):
            wanted = min(self._pass(), count - done + skip)
            given = {**arguments, "count": -(-(max(wanted, 2) - 1) // net.step) * net.step + 1}
            follow = None if progress is None else _follow(progress, number, passes)
            with self._lock:
                made = (
                    net.go_on(tail, given, request.seed + number, follow)
                    if tail
                    else net.draw(given, request.seed + number, follow)
                )
            new = made[skip : skip + count - done]
            if not len(new):
                raise GenerationError(f"{net.class_name} made {len(made)} frames, of which none is new")
            yield from new
            done += len(new)
            tail = list(made[-self.lead :]) if self.lead else []
            skip = len(tail)

    def _pass(self) -> int:
        """Return how many frames a pass makes: a multiple of a step, and one."""
        net = self._warm()
        asked = self._frames or net.frames
        return max(1, (asked - 1) // net.step) * net.step + 1

    def _count_passes(self, count: int, first_skip: int) -> int:
        per_pass, lead = self._pass(), self.lead
        first = per_pass - first_skip
        return 1 if count <= first else 1 + -(-(count - first) // max(1, per_pass - lead))

    def _fit(self, width: int, height: int) -> tuple[int, int]:
        """Return sides in the shape that is asked for, as the pipeline takes them."""
        multiple = self._warm().multiple
        scale = self._side / min(width, height)
        return tuple(max(1, round(side * scale / multiple)) * multiple for side in (width, height))  # type: ignore[return-value]  # two


def _resize(frame: Frame, size: tuple[int, int]) -> Frame:
    import cv2

    how = cv2.INTER_AREA if frame.shape[1] > size[0] else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(np.ascontiguousarray(frame), size, interpolation=how), np.uint8)


def _follow(progress: Progress, number: int, passes: int) -> Progress:
    """Return what counts the steps of one pass among those of all."""
    return lambda done, total: progress(number * total + done, passes * total)
