"""How a clip ends: its last frame, what of that is still, and how its camera was moving.

Optical flow (DIS, Kroeger et al. 2016, by OpenCV) between the last frames is explained by a camera before a scene of
guessed depth. What it cannot explain, such as people who walk, does not go on: the clip goes on as a still would.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.animation.camera import Pose, Velocity
from generation.animation.geometry import trace_back
from generation.animation.reel import Colours, Still, to_frame
from generation.animation.scene import Scene, build_scene
from provenance.asset import Frame, MediaType
from provenance.errors import GenerationError
from provenance.media.video.stream import Clock, Planes, decode, open_clip, read_planes
from provenance.storage.blob import Blob

Floats = NDArray[np.float64]
Clean = Callable[[Planes], Planes]
"""What is done to frames as they come, in their order."""

KEPT: Final = 9
"""Last frames that are looked at."""
_BACK: Final = 3
"""Frames over which motion is measured."""
_FLOW_SIDE: Final = 320
# Of each unknown, how much it costs to be other than 0: what depth explains is taken only where it explains more.
_COSTS: Final = (0.02, 0.02, 0.02, 0.01, 0.002, 0.002, 0.002)
_MOST_SPEED: Final = 0.5
_FULL_RANGE: Final = 2


@dataclass(frozen=True, slots=True)
class Ending:
    """How a clip ends.

    Attributes:
        last: its last frame, (H, W, 3).
        still: the same without what came and went in its last moments.
        scene: of `still`.
        velocity: of its camera at the end.
        seconds: when a next frame would be shown.
    """

    last: Frame
    still: Frame
    scene: Scene
    velocity: Velocity
    seconds: float


class Unwound:
    """A clip whose frames are handed on one by one, and whose end is then known.

    Attributes:
        rate: frames a second.
        size: width and height.
        colours: what the file says of them.
    """

    def __init__(self, file: Blob, media_type: MediaType, begin_clean: Callable[[], Clean] | None = None) -> None:
        """Look at the first frame; what `begin_clean` returns is done to each.

        Raises:
            AssetError: it cannot be decoded.
            MissingExtraError: PyAV is not installed.
        """
        self._file, self._media_type, self._begin_clean = file, media_type, begin_clean
        self._tail: deque[Still] = deque(maxlen=KEPT)
        self.rate, self.size, self.colours = Fraction(25), (0, 0), Colours()
        first = next(self._decode(), None)
        if first is None:
            raise GenerationError("expected a clip of at least one frame to go on from")
        self.size = (first.planes.y.shape[1], first.planes.y.shape[0])

    def frames(self) -> Iterator[Still]:
        """Yield every frame, and keep the last ones."""
        self._tail.clear()
        for still in self._decode():
            self._tail.append(still)
            yield still

    def ending(self) -> Ending:
        """Return how it ends, once all of `frames` were taken."""
        return find_ending([to_frame(one.planes) for one in self._tail], self._tail[-1].at_s, float(self.rate))

    def _decode(self) -> Iterator[Still]:
        with self._file.open() as file, open_clip(file, self._media_type) as source:
            rate = source.video.average_rate or Fraction(25)
            self.rate = min(Fraction(60), max(Fraction(10), Fraction(rate)))
            context = source.video.codec_context
            if context.colorspace not in {0, 2}:
                self.colours = Colours(int(context.colorspace), int(context.color_primaries), int(context.color_trc))
            clock = Clock(source.time_base, rate)
            clean = None if self._begin_clean is None else self._begin_clean()
            for packet in source.packets(with_sound=False):
                for shot in decode(packet, clock, self._media_type.value):
                    planes = read_planes(shot.frame)
                    if shot.frame.color_range == _FULL_RANGE:
                        planes = _narrow(planes)
                    yield Still(planes if clean is None else clean(planes), shot.at_s)


def find_ending(frames: list[Frame], at_s: float, rate: float) -> Ending:
    """Return how a clip ends.

    Args:
        frames: the last ones, in order.
        at_s: when the very last is shown.
        rate: how many a second.
    """
    last = frames[-1]
    scene = build_scene(last, whole=True)
    velocity = Velocity()
    if len(frames) > _BACK:
        velocity = measure_velocity(frames[-1 - _BACK], last, scene, _BACK / rate)
    still = _clean(frames, last, scene, velocity, rate)
    if still is not last:
        scene = build_scene(still, whole=True)
    return Ending(last, still, scene, velocity, at_s + 1 / rate)


def measure_velocity(before: Frame, last: Frame, scene: Scene, apart_s: float) -> Velocity:
    """Return what the camera did in a second, from two frames that are `apart_s` apart."""
    import cv2

    height, width = last.shape[:2]
    scale = _FLOW_SIDE / max(height, width)
    size = (round(width * scale), round(height * scale))
    grey = [
        cv2.cvtColor(cv2.resize(one, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY) for one in (before, last)
    ]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey[0], grey[1], None)
    unit = min(size) / 2
    x, y = np.meshgrid((np.arange(size[0]) + 0.5 - size[0] / 2) / unit, (np.arange(size[1]) + 0.5 - size[1] / 2) / unit)
    near = np.asarray(cv2.resize(scene.near_ground, size, interpolation=cv2.INTER_LINEAR), np.float64)
    rim = 8
    inside = (slice(rim, -rim, 3), slice(rim, -rim, 3))
    solved = _solve(flow[inside].astype(np.float64) / unit, x[inside], y[inside], near[inside], scene.pivot)
    # The pose of the earlier frame, seen from the last one, is minus what was done since.
    speeds = np.clip(-solved / apart_s, -_MOST_SPEED, _MOST_SPEED)
    return Velocity(*(float(value) for value in speeds))


def _solve(moved: Floats, x: Floats, y: Floats, near: Floats, pivot: float) -> Floats:
    """Return the pose that explains where each point of an earlier frame went: x, y, z, roll, shift x, shift y, growth.

    By least squares with weights that forget what does not fit, as things that move by themselves do not (Huber).
    """
    zero, one = np.zeros(x.size), np.ones(x.size)
    x, y, near = x.ravel(), y.ravel(), near.ravel()
    across = np.stack([near - pivot, zero, -near * x, -y, one, zero, -x], axis=1)
    down = np.stack([zero, near - pivot, -near * y, x, zero, one, -y], axis=1)
    matrix = np.concatenate([across, down])
    wanted = np.concatenate([moved[..., 0].ravel(), moved[..., 1].ravel()])
    costs = np.diag(np.asarray(_COSTS) * len(wanted))
    weights, solved = np.ones(len(wanted)), np.zeros(7)
    for _ in range(6):
        weighted = matrix * weights[:, None]
        solved = np.linalg.solve(weighted.T @ matrix + costs, weighted.T @ wanted)
        misfit = np.abs(wanted - matrix @ solved)
        weights = np.minimum(1, 1.5 * np.median(misfit) / np.maximum(misfit, 1e-9))
    return solved


def _clean(frames: list[Frame], last: Frame, scene: Scene, velocity: Velocity, rate: float) -> Frame:
    """Return the last frame without specks that were not there a moment before, in its place and shape."""
    import cv2

    if len(frames) < KEPT:
        return last
    moved = []
    for index, frame in enumerate(frames):
        back = (len(frames) - 1 - index) / rate
        moved.append(trace_back(frame, scene.near_ground, _look_back(velocity, back, scene.pivot)) if back else frame)
    middle = np.median(np.stack(moved), axis=0).astype(np.uint8)
    odd = cv2.absdiff(last, middle).max(axis=2)
    share = cv2.GaussianBlur((odd > 14).astype(np.float32), (0, 0), 2.0)
    share = np.clip(share * 3, 0, 1)[..., None]
    if not share.any():
        return last
    return np.asarray(last + (middle.astype(np.float32) - last) * share + 0.5, np.uint8)


def _look_back(velocity: Velocity, back_s: float, pivot: float) -> Pose:
    """Return where the camera was, seen from where it is."""
    x, y, z, roll, shift_x, shift_y, growth = (-back_s * value for value in astuple(velocity))
    return Pose(x, y, z, roll, pivot, shift_x, shift_y, growth)


def _narrow(planes: Planes) -> Planes:
    """Return planes of full range as such of narrow range."""
    y = np.asarray(np.round(16 + planes.y.astype(np.float32) * np.float32(219 / 255)), np.uint8)
    u, v = (
        np.asarray(np.round(128 + (one.astype(np.float32) - 128) * np.float32(224 / 255)), np.uint8)
        for one in (planes.u, planes.v)
    )
    return Planes(y, u, v)
