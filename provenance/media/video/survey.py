"""Look through a whole clip once, in a process of its own, and keep what detectors, marks and fingerprints need.

A mistake in one of FFmpeg's decoders then ends a process that holds nothing. All frames are decoded, so that what ships
is what was seen to decode; of them are kept pictures (the first of each shot, and others evenly), planes of brightness
(frames coded by themselves, the first of each shot, and others), and PDQ codes (two a second and after each cut). A
quick look, which verifying begins with, decodes those frames alone that are coded by themselves, where they are enough.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from provenance.asset import Frame, MediaType, Plane
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.pdq import Pdq
from provenance.media.apart import Bounds, serve_files
from provenance.media.picture.raster import Picture
from provenance.media.sound.survey import MOST_WRITTEN_BYTES
from provenance.media.video.clip import CODES_A_SECOND, MARK_SIDE, MOST_PLANES, MOST_SHOTS, MOST_VIEWS, VIEW_SIDE
from provenance.media.video.shots import CutDetector
from provenance.media.video.soundtrack import Soundtrack
from provenance.media.video.stream import Clock, Planes, Shot, Source, decode, open_clip, show_planes
from provenance.media.workers import pour

LEAST_KEYS: Final = 4
"""Frames coded by themselves that say which clip it is: three codes have to agree."""
MOST_GAP_S: Final = 2.6
"""What may change unseen between two of them; the gate's own lie two seconds apart."""

_MEMORY_BYTES: Final = 2 << 30
# Pictures, planes, and what the soundtrack leaves.
_MOST_KEPT_BYTES: Final = (
    (MOST_VIEWS + MOST_SHOTS + 2) * 3 * VIEW_SIDE**2
    + (MOST_PLANES + MOST_SHOTS + 2) * MARK_SIDE**2
    + MOST_WRITTEN_BYTES
)


@dataclass(slots=True)
class _Kept:
    """Frames kept in their order, thinned out evenly where there would be too many; some always stay."""

    most: int
    step_s: float
    items: list[dict[str, Any]] = field(default_factory=list)
    _next_s: float = 0.0

    def wants(self, at_s: float, *, always: bool) -> bool:
        """Say whether a frame at this time is to be kept."""
        return always or at_s >= self._next_s

    def add(self, item: dict[str, Any], *, stays: bool) -> None:
        """Keep one more; where it is one too many, every second of those that do not stay goes."""
        self.items.append({**item, "stays": stays})
        self._next_s = item["at"] + self.step_s
        others = [index for index, one in enumerate(self.items) if not one["stays"]]
        if len(self.items) > self.most and len(others) > 1:
            dropped = set(others[1::2])
            self.items = [one for index, one in enumerate(self.items) if index not in dropped]
            self.step_s *= 2


class Pace(NamedTuple):
    """How often frames of a clip are coded by themselves.

    Attributes:
        keys: how many are.
        end_s: when the last frame begins.
        most_gap_s: the longest time without one.
        frames: how many there are in all.
    """

    keys: int
    end_s: float
    most_gap_s: float
    frames: int

    @property
    def is_enough(self) -> bool:
        """Say whether those alone show what a clip is."""
        return self.keys >= LEAST_KEYS and self.most_gap_s <= MOST_GAP_S


class Survey:
    """What is kept of one clip, frame by frame."""

    def __init__(self, most_pixels: int, most_seconds: float, name: str, *, pace: Pace | None = None) -> None:
        """Refuse frames beyond these bounds; with a `pace` expect those alone that are coded by themselves."""
        self._pace = pace
        self._most_pixels, self._most_seconds, self._name = most_pixels, most_seconds, name
        self._cuts, self._pdq = CutDetector(), Pdq()
        self.views, self.planes = _Kept(MOST_VIEWS, 1.0), _Kept(MOST_PLANES, 0.125)
        self.codes: list[tuple[float, Fingerprint]] = []
        self.cut_times: list[float] = []
        self.frames, self.end_s, self.size = 0, 0.0, (0, 0)
        self.is_turned = False
        self._next_code_s = 0.0

    @property
    def is_quick(self) -> bool:
        """Whether only frames that are coded by themselves were taken in."""
        return self._pace is not None

    def take(self, shot: Shot) -> None:
        """Take in the next frame.

        Raises:
            AssetTooLargeError: its size, its time or the number of shots is out of bounds.
            UndecodableAssetError: it has another size than the first one.
        """
        if shot.at_s > self._most_seconds:
            raise AssetTooLargeError(f"{self._name}: expected at most {self._most_seconds:g} s, got more")
        if shot.frame.width * shot.frame.height > self._most_pixels:
            raise AssetTooLargeError(f"{self._name}: expected frames of at most {self._most_pixels} pixels, got more")
        self.is_turned = self.is_turned or bool(shot.frame.rotation % 360)
        planes = show_planes(shot.frame)
        height, width = planes.y.shape
        if self.frames and (width, height) != self.size:
            raise UndecodableAssetError(f"{self._name}: expected frames of one size, got several")
        if min(height, width) < 1:
            raise UndecodableAssetError(f"{self._name}: expected at least 2x2 pixels, got {width}x{height}")
        self.frames, self.size = self.frames + 1, (width, height)
        self.end_s = shot.at_s
        # Frames that lie seconds apart say nothing of cuts.
        is_cut = self.frames == 1 if self._pace else self._cuts.is_cut(planes.y)
        if is_cut:
            self.cut_times.append(shot.at_s)
            if len(self.cut_times) > MOST_SHOTS:
                raise AssetTooLargeError(f"{self._name}: expected at most {MOST_SHOTS} shots, got more: hand in parts")
        self._keep(shot, planes, is_cut=is_cut)

    def _keep(self, shot: Shot, planes: Planes, *, is_cut: bool) -> None:
        is_key = bool(shot.frame.key_frame)
        if self.planes.wants(shot.at_s, always=is_cut or is_key):
            luma = np.array(shrink(planes.y, MARK_SIDE))  # the frame's memory goes on to the next one
            item = {"at": shot.at_s, "shot": len(self.cut_times) - 1, "is_key": is_key, "pixels": luma}
            self.planes.add(item, stays=is_cut)
        wants_code = is_cut or shot.at_s >= self._next_code_s
        wants_view = self.views.wants(shot.at_s, always=is_cut)
        if not wants_code and not wants_view:
            return
        frame = to_rgb(planes, VIEW_SIDE if wants_view else 512, is_full=shot.frame.color_range == 2)
        if wants_view:
            self.views.add({"at": shot.at_s, "is_cut": is_cut, "pixels": frame}, stays=is_cut)
        if wants_code:
            self._next_code_s = shot.at_s + 1 / CODES_A_SECOND
            code = self._pdq.compute(Picture.from_frame(frame))
            if isinstance(code, Fingerprint):
                self.codes.append((shot.at_s, code))


def shrink(plane: Plane, longest: int) -> Plane:
    """Return a plane of a longest side of at most so many pixels; the same object where it is no longer."""
    import cv2

    scale = longest / max(plane.shape)
    if scale >= 1:
        return plane
    size = max(1, round(plane.shape[1] * scale)), max(1, round(plane.shape[0] * scale))
    shrunk: Plane = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    return shrunk


def to_rgb(planes: Planes, longest: int, *, is_full: bool = False) -> Frame:
    """Return (h, w, 3) sRGB of planes, shrunk first; BT.601, whose differences from BT.709 no detector minds."""
    import cv2

    y = shrink(planes.y, longest)
    if is_full:
        y = np.rint(16 + y * np.float32(219 / 255)).astype(np.uint8)
    height, width = (side // 2 * 2 for side in y.shape)
    y = y[: max(2, height), : max(2, width)]
    half = (y.shape[1] // 2, y.shape[0] // 2)
    u, v = (cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in (planes.u, planes.v))
    stacked = np.concatenate([plane.reshape(-1) for plane in (y, u, v)]).reshape(y.shape[0] * 3 // 2, y.shape[1])
    frame: Frame = cv2.cvtColor(stacked, cv2.COLOR_YUV2RGB_I420)
    return frame


def look_through(
    source: Source, survey: Survey, name: str, soundtrack: Soundtrack | None = None, *, keys_only: bool = False
) -> None:
    """Have a survey take in every frame of a clip, or those coded by themselves, and its soundtrack."""
    clock = Clock(source.time_base, source.video.average_rate)
    for packet in source.packets(with_sound=soundtrack is not None):
        if packet.stream.type == "audio":
            if soundtrack is not None:
                soundtrack.take(packet)
            continue
        if keys_only and packet.size and not packet.is_keyframe:
            continue
        for shot in decode(packet, clock, name):
            survey.take(shot)


def find_keys(source: Source) -> Pace:
    """Return how often frames of a clip are coded by themselves; nothing is decoded."""
    times: list[int] = []
    keys: list[int] = []
    for packet in source.packets(with_sound=False):
        if packet.size and packet.pts is not None:
            times.append(packet.pts)
            keys += [packet.pts] if packet.is_keyframe else []
    if not keys:
        return Pace(0, 0.0, inf, 0)
    first, end = min(times), max(times)
    gaps = [after - before for before, after in pairwise([first, *sorted(keys), end])]
    return Pace(len(keys), float((end - first) * source.time_base), float(max(gaps) * source.time_base), len(times))


def serve() -> None:
    """Be the process: look through one clip after another until the parent goes."""
    import av  # noqa: F401 - loaded before the bounds are set
    import cv2
    import scipy.fft  # noqa: F401

    cv2.setNumThreads(1)
    serve_files(_take, _find_bounds)


def _find_bounds(header: Mapping[str, Any]) -> Bounds:
    memory_bytes = _MEMORY_BYTES + int(header["most_pixels"]) * 64
    return Bounds(memory_bytes, _MOST_KEPT_BYTES, threads=os.cpu_count() or 1)  # FFmpeg decodes with one a core


def _take(header: Mapping[str, Any], _: tuple[bytes, ...], memory: int) -> dict[str, Any]:
    media_type = MediaType.add(header["media_type"], extension=header["extension"])
    name = media_type.value
    path, pace = Path(header["path"]), None
    if header["is_quick"]:
        with path.open("rb") as opened, open_clip(opened, media_type, threads=1) as source:
            found = find_keys(source)
        pace = found if found.is_enough else None
    survey = Survey(header["most_pixels"], header["most_seconds"], name, pace=pace)
    with path.open("rb") as opened, open_clip(opened, media_type) as source:
        soundtrack = Soundtrack(source, media_type) if source.sounds and header["listens"] else None
        look_through(source, survey, name, soundtrack, keys_only=pace is not None)
        if not survey.frames:
            raise UndecodableAssetError(f"{name}: expected frames, got none: truncated or damaged")
        if pace is not None:
            survey.frames, survey.end_s = pace.frames, pace.end_s
        return _describe(survey, source, memory, soundtrack)


def _describe(survey: Survey, source: Source, file: int, soundtrack: Soundtrack | None) -> dict[str, Any]:
    """Return what was seen; pixels go to the file that the parent reads, one after another."""
    rate = source.video.average_rate
    step_s = float(1 / rate) if rate else 0.04
    position = 0
    for item in (*survey.views.items, *survey.planes.items):
        pixels: Plane = np.ascontiguousarray(item.pop("pixels"))
        item["shape"] = pixels.shape
        pour(file, pixels.data.cast("B"), position)
        position += pixels.nbytes
    return {
        "size": survey.size,
        "frames": survey.frames,
        "duration_s": survey.end_s + step_s,
        "cuts": survey.cut_times,
        "codec": source.video.codec_context.name,
        "rate": float(rate) if rate else 0.0,
        "sounds": [sound.codec_context.name for sound in source.sounds],
        "left_out": source.left_out,
        "is_turned": survey.is_turned,
        "is_quick": survey.is_quick,
        "views": survey.views.items,
        "planes": survey.planes.items,
        "soundtrack": None if soundtrack is None else soundtrack.describe(file, position),
        "codes": [[at_s, code.value.hex(), code.quality] for at_s, code in survey.codes],
    }


if __name__ == "__main__":
    serve()
