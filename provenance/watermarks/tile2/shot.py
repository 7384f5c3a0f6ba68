"""Laying the second tile into the brightness of a clip's frames, at the rate of the clip.

One code and one origin for a shot: its salt is chosen by what the first frame holds already. What a shot hides is
measured every so many frames; the pattern is then the same from frame to frame, so encoders copy it along with the
picture.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Plane
from provenance.watermarks.tile.canonical import middle
from provenance.watermarks.tile.code import Bits, encode_salted
from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile.mask import Quality
from provenance.watermarks.tile.shot import as_frame, to_small
from provenance.watermarks.tile2.embedding import WINDOW, build_plane, choose_code
from provenance.watermarks.tile2.layout import CellLayout, Origin, choose_origin
from provenance.watermarks.tile2.mask import CELL, measure_visibility, scale

LEAST_SIDE: Final = 160
"""Sides under which too little of the tile fits in."""

USUAL: Final = Quality(42.3, 0.017, 1.15)
STRONG: Final = Quality(42.0, 0.024, 1.4)
# Frames after which the mask is measured anew; at 30 a second a pan moves it by less than its own cells till then.
_REMEASURED: Final = 12
# ITU-R BT.601 and BT.709: 219 levels of luma where full range has 255.
_NARROW: Final = 219 / 255

Laying = tuple[Bits, Origin]
"""The code of a shot, and the cell of the square of signs that lies at its corner."""


class ShotMark:
    """Marks the frames of one shot, given in their order."""

    def __init__(
        self,
        layout: CellLayout,
        payload: int,
        *,
        quality: Quality = USUAL,
        is_full_range: bool = False,
        laying: Laying | None = None,
    ) -> None:
        """Prepare to mark under a key's layout, with the code and origin of `laying` where these are known already.

        Raises:
            PayloadTooLargeError: more than 64 bits.
        """
        self._layout, self._payload, self._quality = layout, payload, quality
        self._codes = encode_salted(layout.lines, payload)
        self._laying = laying
        self._scale = np.float32(1.0 if is_full_range else _NARROW)
        self._pattern: NDArray[np.float32] | None = None
        self._count = 0
        self._up = self._down = np.zeros((0, 0), np.uint8)

    def add(self, luma: Plane, out: Plane | None = None) -> Plane:
        """Return a marked copy of the next frame's (H, W) luma, in `out` where given; all of a shot have one size."""
        import cv2

        if self._count % _REMEASURED == 0:
            self._measure(luma)
        self._count += 1
        marked: Plane = cv2.add(luma, self._up, out)
        cv2.subtract(marked, self._down, marked)
        return marked

    def _measure(self, luma: Plane) -> None:
        """Lay the tile out for the frames to come: what is added to each pixel, and what is taken away."""
        import cv2

        small = to_small(luma)
        if self._pattern is None:
            self._pattern = self._build_pattern(small, luma.shape)
        ratio, (height, width) = small.shape[1] / luma.shape[1], luma.shape
        mask = scale(measure_visibility(small), self._quality)
        grown = (max(width, round(mask.shape[1] * CELL / ratio)), max(height, round(mask.shape[0] * CELL / ratio)))
        strength = cv2.resize(mask, grown, interpolation=cv2.INTER_LINEAR)[:height, :width]
        change = cv2.multiply(self._pattern, strength, scale=float(self._scale))
        # Saturated and rounded: what is below 0 is none of `up`.
        self._up = np.asarray(cv2.convertScaleAbs(cv2.max(change, 0)), np.uint8)
        self._down = np.asarray(cv2.convertScaleAbs(cv2.min(change, 0)), np.uint8)

    def _build_pattern(self, small: Plane, size: tuple[int, ...]) -> NDArray[np.float32]:
        """Return the mark over a frame of (height, width), before anything says how strong it may be."""
        import cv2

        code, origin = self._laying or self._choose(small)
        rows, columns = (-(-side // PERIOD) for side in small.shape)
        plane = build_plane(self._layout, code, origin, rows, columns)
        (height, width), ratio = size, small.shape[1] / size[1]
        if ratio == 1:
            return np.ascontiguousarray(plane[:height, :width])
        matrix = np.array([[ratio, 0, 0.5 * ratio - 0.5], [0, ratio, 0.5 * ratio - 0.5]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        laid = cv2.warpAffine(plane, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(laid, np.float32)

    def _choose(self, small: Plane) -> Laying:
        frame = as_frame(small)
        origin = choose_origin(self._layout, frame, self._payload)
        seen = build_residual(middle(frame, WINDOW), in_colour=False)
        return choose_code(frame, seen, self._codes, self._layout, origin), origin
