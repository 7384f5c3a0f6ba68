"""Laying the tile into the brightness of a clip's frames, at the rate of the clip.

One code for a shot: its salt is chosen by what the first frame holds already. What a shot hides is measured every so
many frames; the pattern is then the same from frame to frame, so encoders copy it along with the picture.
"""

from abc import ABC, abstractmethod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame, Plane
from provenance.watermarks.tile.canonical import middle
from provenance.watermarks.tile.code import encode_salted
from provenance.watermarks.tile.embedding import build_tile
from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile.layout import PERIOD, Layout
from provenance.watermarks.tile.mask import CELL, Quality, measure_visibility
from provenance.watermarks.tile.reading import IDENTITY, UPRIGHT, fold, weigh

LONGEST_SIDE: Final = 640
"""The size at which the tile is laid: coarser than in stills by 1.6, since codecs keep coarse patterns longer."""
LEAST_SIDE: Final = 160
"""Sides under which too little of the tile fits in."""

USUAL: Final = Quality(42.3, 0.017, 1.15)
STRONG: Final = Quality(42.0, 0.024, 1.4)
# Frames after which the mask is measured anew; at 30 a second a pan moves it by less than its own cells till then.
_REMEASURED: Final = 12
_PARTS: Final = (np.maximum, np.minimum)
_FINE: Final = 4
_WINDOW: Final = 320
# ITU-R BT.601 and BT.709: 219 levels of luma where full range has 255.
_NARROW: Final = 219 / 255


class FramesMark(ABC):
    """Marks the frames of one shot, given in their order; what is added to them is measured anew every so many."""

    def __init__(self, *, is_full_range: bool) -> None:
        self._scale = np.float32(1.0 if is_full_range else _NARROW)
        self._count = 0
        self._up = self._down = np.zeros((0, 0), np.uint8)

    def add(self, luma: Plane, out: Plane | None = None) -> Plane:
        """Return a marked copy of the next frame's (H, W) luma, in `out` where given; all of a shot have one size."""
        import cv2

        if self._count % _REMEASURED == 0:
            change = self._measure(luma)
            # Rounded and saturated: what is to be added to each pixel, and what is to be taken away.
            self._up, self._down = (np.asarray(cv2.convertScaleAbs(part(change, 0)), np.uint8) for part in _PARTS)
        self._count += 1
        marked: Plane = cv2.add(luma, self._up, out)
        cv2.subtract(marked, self._down, marked)
        return marked

    @abstractmethod
    def _measure(self, luma: Plane) -> NDArray[np.float32]:
        """Return (H, W) by how many levels the frames to come are to change."""

    def _spread(self, mask: NDArray[np.float32], cell: int, ratio: float, size: tuple[int, ...]) -> NDArray[np.float32]:
        """Return a mask, in cells of the small plane, over a frame of (height, width), in levels of its range."""
        import cv2

        height, width = size
        grown = (max(width, round(mask.shape[1] * cell / ratio)), max(height, round(mask.shape[0] * cell / ratio)))
        spread = cv2.resize(mask, grown, interpolation=cv2.INTER_LINEAR)[:height, :width]
        return np.asarray(spread * self._scale, np.float32)


class ShotMark(FramesMark):
    """Lays the first tile, as versions before 0.11 did; today it is taken out of what they made."""

    def __init__(self, layout: Layout, payload: int, *, quality: Quality = USUAL, is_full_range: bool = False) -> None:
        """Prepare to mark under a key's layout.

        Raises:
            PayloadTooLargeError: more than 64 bits.
        """
        super().__init__(is_full_range=is_full_range)
        self._layout, self._quality = layout, quality
        self._codes = encode_salted(layout, payload)
        self._tile: NDArray[np.float32] | None = None

    def _measure(self, luma: Plane) -> NDArray[np.float32]:
        small = to_small(luma)
        if self._tile is None:
            code = self._codes[_choose(small, self._codes, self._layout)]
            self._tile = build_tile(self._layout, code, samples=PERIOD if small is luma else _FINE * PERIOD)
        ratio = small.shape[1] / luma.shape[1]
        strength = self._spread(measure_visibility(small).scaled(self._quality), CELL, ratio, luma.shape)
        rows, columns = (_cells(side, ratio, len(self._tile)) for side in luma.shape)
        change: NDArray[np.float32] = self._tile[rows[:, None], columns[None, :]] * strength
        return change


def to_small(luma: Plane) -> Plane:
    """Return the plane shrunk to a longest side of 640; the same object where it is no longer."""
    import cv2

    scale = LONGEST_SIDE / max(luma.shape)
    if scale >= 1:
        return luma
    size = max(1, round(luma.shape[1] * scale)), max(1, round(luma.shape[0] * scale))
    small: Plane = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    return small


def as_frame(luma: Plane) -> Frame:
    """Return a plane as a grey (H, W, 3) picture."""
    return np.ascontiguousarray(np.broadcast_to(luma[..., None], (*luma.shape, 3)))


def _cells(side: int, scale: float, samples: int) -> NDArray[np.int32]:
    """Return which sample of the tile lies at each row or column, as in stills."""
    place = (np.arange(side) + 0.5) * scale - 0.5
    cells: NDArray[np.int32] = np.floor(place * (samples / PERIOD) + 0.5).astype(np.int32) % samples
    return cells


def _choose(small: Plane, codes: NDArray[np.uint8], layout: Layout) -> int:
    folded = fold(build_residual(as_frame(middle(small, _WINDOW)), in_colour=False), IDENTITY)
    assert folded is not None, "the identity is never degenerate"
    return int((codes @ weigh(folded, layout, UPRIGHT)).argmin())
