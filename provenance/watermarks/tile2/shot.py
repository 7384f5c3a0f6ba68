"""Laying the second tile into the brightness of a clip's frames, at the rate of the clip.

One code and one origin for a shot: its salt is chosen by what the first frame holds already. What a shot hides is
measured every so many frames; the pattern is then the same from frame to frame, so encoders copy it along with the
picture.
"""

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Plane
from provenance.watermarks.tile.canonical import middle
from provenance.watermarks.tile.code import Bits, encode_salted
from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile.mask import Quality
from provenance.watermarks.tile.shot import LEAST_SIDE, STRONG, USUAL, FramesMark, as_frame, to_small
from provenance.watermarks.tile2.embedding import WINDOW, build_plane, choose_code
from provenance.watermarks.tile2.layout import CellLayout, Origin, choose_origin
from provenance.watermarks.tile2.mask import CELL, measure_visibility, scale

__all__ = ["LEAST_SIDE", "STRONG", "USUAL", "Laying", "ShotMark"]

Laying = tuple[Bits, Origin]
"""The code of a shot, and the cell of the square of signs that lies at its corner."""


class ShotMark(FramesMark):
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
        super().__init__(is_full_range=is_full_range)
        self._layout, self._payload, self._quality = layout, payload, quality
        self._codes = encode_salted(layout.lines, payload)
        self._laying = laying
        self._pattern: NDArray[np.float32] | None = None

    def _measure(self, luma: Plane) -> NDArray[np.float32]:
        small = to_small(luma)
        if self._pattern is None:
            self._pattern = self._build_pattern(small, luma.shape)
        mask = scale(measure_visibility(small), self._quality)
        change: NDArray[np.float32] = self._pattern * self._spread(
            mask, CELL, small.shape[1] / luma.shape[1], luma.shape
        )
        return change

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
