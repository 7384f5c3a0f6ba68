"""What happens to clips in the world: each edit takes a clip's frames, and says how they are encoded again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from types import MappingProxyType
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

RATE: Final = 30

Frame = NDArray[np.uint8]
"""(H * 3 / 2, W): the planes of 4:2:0 one under the other, as FFmpeg lays them out."""
Frames = Sequence[Frame]
Planes = tuple[Frame, Frame, Frame]


@dataclass(frozen=True)
class Edit:
    """One row of the table.

    Attributes:
        change: frames in, frames out, both shown at `RATE`.
        codec: FFmpeg's name.
        options: of it.
        rate: at which what is left is shown.
    """

    change: Callable[[Frames], Frames] = list
    codec: str = "libx264"
    options: Mapping[str, str] = field(default_factory=lambda: {"crf": "26", "preset": "veryfast"})
    rate: int = RATE


def part(frame: Frame) -> Planes:
    """Return brightness and both differences of colour."""
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    rest = frame.reshape(-1)[height * width :].reshape(2, height // 2, width // 2)
    return frame[:height], rest[0], rest[1]


def join(planes: Planes) -> Frame:
    """Return a frame of planes."""
    height, width = planes[0].shape
    return np.concatenate([plane.reshape(-1) for plane in planes]).reshape(height * 3 // 2, width)


def scale(frame: Frame, width: int, height: int) -> Frame:
    """Return a frame in another size."""
    y, u, v = part(frame)
    half = (width // 2, height // 2)
    sized = (
        cv2.resize(one, size, interpolation=cv2.INTER_AREA)
        for one, size in ((y, (width, height)), (u, half), (v, half))
    )
    return join(tuple(np.asarray(one, np.uint8) for one in sized))  # type: ignore[arg-type]  # three of them


def lines(count: int) -> Callable[[Frames], Frames]:
    """Return what brings the shorter side of clips to so many pixels."""

    def change(frames: Frames) -> Frames:
        height, width = frames[0].shape[0] * 2 // 3, frames[0].shape[1]
        share = count / min(height, width)
        size = (round(width * share / 2) * 2, round(height * share / 2) * 2)
        return [scale(frame, *size) for frame in frames]

    return change


def crop(side: float) -> Callable[[Frames], Frames]:
    """Return what keeps the middle, so much of each side."""

    def change(frames: Frames) -> Frames:
        cut = []
        for frame in frames:
            y, u, v = part(frame)
            high, wide = (round(length * side) * 2 for length in u.shape)
            top, left = (u.shape[0] - high // 2) // 2, (u.shape[1] - wide // 2) // 2
            small = (plane[top : top + high // 2, left : left + wide // 2] for plane in (u, v))
            cut.append(join((y[2 * top : 2 * top + high, 2 * left : 2 * left + wide], *small)))  # type: ignore[arg-type]
        return cut

    return change


def lay(side: float, *, is_busy: bool) -> Callable[[Frames], Frames]:
    """Return what lays a smaller copy into a frame of the same size: black around it, or another picture in motion."""

    def change(frames: Frames) -> Frames:
        height, width = frames[0].shape[0] * 2 // 3, frames[0].shape[1]
        size = (round(width * side / 4) * 4, round(height * side / 4) * 4)
        top, left = ((height - size[1]) // 8 * 4, (width - size[0]) // 8 * 4) if not is_busy else (24, 24)
        noise = np.random.default_rng(3).integers(0, 255, (height // 16 + 2, width // 16 + len(frames)), np.uint8)
        laid = []
        for index, frame in enumerate(frames):
            ground = np.full((height, width), 16, np.uint8)
            if is_busy:
                shown = noise[: height // 16 + 1, index // 3 : index // 3 + width // 16 + 1]
                ground = np.asarray(cv2.resize(shown, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
            grey = np.full((2, height // 2, width // 2), 128, np.uint8)
            planes = (ground, grey[0], grey[1])
            for plane, inner, by in zip(planes, part(scale(frame, *size)), (1, 2, 2), strict=True):
                plane[top // by : top // by + inner.shape[0], left // by : left // by + inner.shape[1]] = inner
            laid.append(join(planes))
        return laid

    return change


def pick(step: float) -> Callable[[Frames], Frames]:
    """Return what keeps one frame in so many, or shows frames twice."""
    return lambda frames: [frames[int(at)] for at in np.arange(0, len(frames), step)]


def middle(seconds: float) -> Callable[[Frames], Frames]:
    """Return what keeps so many seconds out of the middle."""

    def change(frames: Frames) -> Frames:
        count = round(seconds * RATE)
        first = max(0, (len(frames) - count) // 2)
        return frames[first : first + count]

    return change


def record_screen(frames: Frames) -> Frames:
    """Return what a recorder sees of a player in a window: smaller, off the middle, between bars, its tones moved."""
    height, width = frames[0].shape[0] * 2 // 3, frames[0].shape[1]
    size = (round(width * 0.41) * 2, round(height * 0.41) * 2)
    curve = np.asarray(16 + 219 * (np.clip((np.arange(256) - 16) / 219, 0, 1) ** 0.9), np.uint8)
    laid = []
    for frame in frames:
        planes = np.full((height, width), 232, np.uint8), *np.full((2, height // 2, width // 2), 128, np.uint8)
        planes[0][: height // 16] = 60
        planes[0][height // 16 :: 24, : width // 12] = 120
        top, left = (height - size[1]) // 4 * 2, (width - size[0]) // 3 * 2
        for plane, inner, by in zip(planes, part(scale(frame, *size)), (1, 2, 2), strict=True):
            shown = cv2.LUT(inner, curve) if by == 1 else inner
            plane[top // by : top // by + inner.shape[0], left // by : left // by + inner.shape[1]] = shown
        laid.append(join(planes))
    return laid


def record_by_hand(frames: Frames) -> Frames:
    """Return what a camera sees of a screen: from a little aside, by a hand that shakes, soft, noisy, its light uneven."""
    height, width = frames[0].shape[0] * 2 // 3, frames[0].shape[1]
    random, turn = np.random.default_rng(7), np.deg2rad(2.0)
    given = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    centre = np.array([width, height], np.float32) / 2
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32)
    aside = np.array([[0.02, 0.03], [-0.01, 0.0], [-0.02, -0.02], [0.01, 0.0]], np.float32) * (width, height)
    light = np.linspace(1.06, 0.9, width, dtype=np.float32)
    noise = [random.normal(0, 4, (height, width)).astype(np.float32) for _ in range(8)]
    seen = []
    shake = np.zeros(2)
    for index, frame in enumerate(frames):
        shake = 0.9 * shake + random.normal(0, 0.8, 2)
        target = ((given - centre) * 0.9 @ rotation.T + centre + aside + shake).astype(np.float32)
        planes = []
        for plane, by in zip(part(frame), (1, 2, 2), strict=True):
            matrix = cv2.getPerspectiveTransform(given / by, target / by)
            size = (width // by, height // by)
            moved = cv2.warpPerspective(plane, matrix, size, borderValue=24 if by == 1 else 128)
            if by == 1:
                soft = cv2.GaussianBlur(moved, (0, 0), 0.8).astype(np.float32)
                flicker = 1 + 0.02 * np.sin(index * 0.9)
                moved = np.clip(soft * light * np.float32(flicker) + noise[index % 8], 0, 255).astype(np.uint8)
            planes.append(np.asarray(moved, np.uint8))
        seen.append(join(tuple(planes)))  # type: ignore[arg-type]  # three of them
    return seen


def _x264(crf: int) -> Mapping[str, str]:
    return MappingProxyType({"crf": str(crf), "preset": "veryfast"})


EDITS: Final[Mapping[str, Edit]] = {
    "crf 28": Edit(options=_x264(28)),
    "crf 33": Edit(options=_x264(33)),
    "480 lines, crf 26": Edit(lines(480)),
    "360 lines, crf 28": Edit(lines(360), options=_x264(28)),
    "the middle 60 % of the area, crf 26": Edit(crop(0.6**0.5)),
    "the middle 60 % of each side, crf 26": Edit(crop(0.6)),
    "HEVC superfast, crf 28": Edit(codec="libx265", options={"crf": "28", "preset": "superfast", "x265-params": "log-level=none"}),
    "VP9 realtime, crf 36": Edit(
        codec="libvpx-vp9", options={"crf": "36", "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"}
    ),
    "SVT-AV1 preset 10, crf 38": Edit(codec="libsvtav1", options={"crf": "38", "preset": "10"}),
    "15 frames a second, crf 26": Edit(pick(2), rate=15),
    "24 frames a second, crf 26": Edit(pick(1.25), rate=24),
    "two seconds out of the middle, crf 26": Edit(middle(2)),
    "in a letterbox at three quarters, crf 26": Edit(lay(0.75, is_busy=False)),
    "at half the side in another moving picture, crf 26": Edit(lay(0.5, is_busy=True)),
    "at three fifths of the side in another moving picture, crf 26": Edit(lay(0.6, is_busy=True)),
    "recorded off a screen, crf 28": Edit(record_screen, options=_x264(28)),
    "filmed off a screen by hand (simulated), crf 26": Edit(record_by_hand),
    "speed 1.5, crf 26": Edit(pick(1.5)),
    "speed 0.75, crf 26": Edit(pick(0.75)),
}  # fmt: skip


def encode(frames: Frames, edit: Edit) -> bytes:
    """Return an MP4 of frames, with one thread."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as made:
        video = made.add_stream(edit.codec, rate=edit.rate, options=dict(edit.options))
        assert isinstance(video, av.VideoStream)
        video.height, video.width, video.pix_fmt = frames[0].shape[0] * 2 // 3, frames[0].shape[1], "yuv420p"
        video.codec_context.thread_count = 1
        for index, frame in enumerate(frames):
            shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="yuv420p")
            shown.pts, shown.time_base = index, Fraction(1, edit.rate)
            made.mux(video.encode(shown))
        made.mux(video.encode(None))
    return file.getvalue()
