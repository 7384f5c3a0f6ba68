"""The label that people see, as it lies over frames: drawn once as on pictures, then blended plane by plane."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame, Plane
from provenance.errors import LabelError
from provenance.media.picture.label import choose_options, draw_label
from provenance.media.picture.raster import Picture
from provenance.media.video.stream import Planes

LEAST_S: Final = 2.0
"""GB 45438-2025 section 4.4: shown from the first frame for at least two seconds."""
THROUGHOUT: Final = "throughout"
_NEUTRAL: Final = 128.0
# Levels of grey by which ink stands out of its plate where a label is to be seen.
_CONTRAST: Final = 90.0
_INKED: Final = 0.9


@dataclass(frozen=True, slots=True)
class Overlay:
    """A label for frames of one size.

    Attributes:
        text: what it says.
        until_s: how long it is shown; None throughout.
        area: rows and columns that it lies in, even ones.
        opacity: (h, w) 0..1: how far it hides what is under it.
        light: (h, w) 0..255: what it adds, its opacity counted in.
        ink, plate: (h, w) where letters are, and where the plate is without them.
        size: width and height of the frames.
    """

    text: str
    until_s: float | None
    area: tuple[slice, slice]
    opacity: NDArray[np.float32]
    light: NDArray[np.float32]
    ink: NDArray[np.bool_]
    plate: NDArray[np.bool_]
    size: tuple[int, int]

    def is_shown(self, at_s: float) -> bool:
        """Say whether the label is to be seen at a time."""
        return self.until_s is None or at_s < self.until_s

    def lay_over(self, planes: Planes, *, is_full_range: bool) -> None:
        """Blend the label into a frame's planes where they lie."""
        rows, columns = self.area
        light = self.light if is_full_range else self.opacity * 16 + self.light * np.float32(219 / 255)
        _blend(planes.y[rows, columns], self.opacity, light)
        half = (slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2))
        opacity = self.opacity.reshape(self.opacity.shape[0] // 2, 2, -1, 2).max(axis=(1, 3))
        for plane in (planes.u, planes.v):
            _blend(plane[half], opacity, opacity * np.float32(_NEUTRAL))

    def is_seen(self, frame: Frame) -> bool:
        """Say whether a frame, in any size, shows the letters lighter than their plate where they were laid."""
        import cv2

        scale = frame.shape[1] / self.size[0]
        rows, columns = self.area
        top, left = round(rows.start * scale), round(columns.start * scale)
        size = max(1, round(self.ink.shape[1] * scale)), max(1, round(self.ink.shape[0] * scale))
        ink, plate = (
            cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > _INKED
            for mask in (self.ink, self.plate)
        )
        part = frame[top : top + size[1], left : left + size[0]].mean(axis=2)
        ink, plate = ink[: part.shape[0], : part.shape[1]], plate[: part.shape[0], : part.shape[1]]
        if not ink.any() or not plate.any():
            return False
        return float(part[ink].mean() - part[plate].mean()) > _CONTRAST


def build_overlay(width: int, height: int, parameters: Mapping[str, Any]) -> Overlay:
    """Draw the label for frames of a size.

    Args:
        width: even.
        height: even.
        parameters: text, corner and min_height_ratio as for pictures; seconds, 2 at least, or without it throughout.

    Raises:
        LabelError: as for pictures, or it would be shown for less than two seconds.
    """
    options, seconds = choose_options(parameters, str(parameters.get("text", ""))), parameters.get("seconds")
    if seconds is not None and seconds < LEAST_S:
        raise LabelError(f"a label is shown for at least {LEAST_S:g} s from the first frame on, got {seconds}")
    dark, light = (
        draw_label(Picture.from_frame(np.full((height, width, 3), level, np.uint8)), **options).frame[..., 1]
        for level in (0, 255)
    )
    # What shows of black and white ground alike is opaque; the label itself is what is left on black.
    opacity = (1 - (light.astype(np.float32) - dark) / np.float32(255)).astype(np.float32)
    rows, columns = (np.flatnonzero(opacity.max(axis=axis) > 0) for axis in (1, 0))
    area = _even(rows, height), _even(columns, width)
    opacity, added = opacity[area], dark[area].astype(np.float32)
    ink = added > 200
    # Ground beside letters, away from their soft edges.
    plate = (opacity > 0.5) & (added < 40)
    return Overlay(str(options.get("text", "")), seconds, area, opacity, added, ink, plate, (width, height))


def _even(places: NDArray[np.intp], side: int) -> slice:
    return slice(int(places[0]) // 2 * 2, min(side, (int(places[-1]) // 2 + 1) * 2))


def _blend(plane: Plane, opacity: NDArray[np.float32], light: NDArray[np.float32]) -> None:
    plane[:] = np.rint(plane * (1 - opacity) + light).clip(0, 255).astype(np.uint8)
