"""The newest tile on luma planes alone: what marks frames of a video.

    mark = LumaTile((key,))
    pattern = mark.build_pattern(first_plane, payload)      # once a shot: one code, one place
    marked = pattern.add(plane)                             # for each frame of the shot
    reading = mark.read([plane])                            # a key frame alone
    reading = mark.read(planes)                             # frames that agree in geometry and code, added up

Planes are (H, W) uint8, full range; a limited range (16 to 235) works as well. Nothing is read back here: whoever
encodes the frames reads what was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Plane
from provenance.errors import UnmarkableError, WatermarkError
from provenance.watermarks.base import Reading, WatermarkKey
from provenance.watermarks.tile2.scheme import Tile2

LEAST_SIDE: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class LumaPattern:
    """A mark laid out for planes of one size.

    Attributes:
        shape: height and width of the planes.
        plane: (R, C) the pattern at canonical size, of variance 1.
    """

    shape: tuple[int, int]
    plane: NDArray[np.float32]

    def add(self, plane: Plane) -> Plane:
        """Return a marked copy of a plane; PSNR at least 42 dB.

        Raises:
            WatermarkError: wrong dtype or shape.
        """
        from provenance.watermarks.tile2.embedding import add_to_plane

        _require_plane(plane)
        if plane.shape != self.shape:
            raise WatermarkError(f"expected a plane of {self.shape}, got one of {plane.shape}")
        return add_to_plane(plane, self.plane)


class LumaTile:
    """Hides 64 bits in luma planes with sides of at least 200 pixels, under one or more keys."""

    scheme: Final = Tile2.name
    alg: Final = Tile2.alg

    def __init__(self, keys: tuple[WatermarkKey, ...]) -> None:
        self._tile = Tile2(keys)
        self.false_positive_bound = self._tile.false_positive_bound
        """Probability that one call of `read` finds something in planes not marked under a key held."""

    def build_pattern(self, plane: Plane, payload: int) -> LumaPattern:
        """Return the pattern for planes like this one; the code is the one that this plane favours.

        Raises:
            PayloadTooLargeError: more than 64 bits.
            UnmarkableError: a side under 200 pixels.
            WatermarkError: wrong dtype or shape.
        """
        from provenance.watermarks.tile2.embedding import build_pattern

        _require_plane(plane)
        if min(plane.shape) < LEAST_SIDE:
            raise UnmarkableError(f"expected sides of at least {LEAST_SIDE} pixels, got {plane.shape[::-1]}")
        return LumaPattern(plane.shape, build_pattern(plane, payload, self._tile.layouts[0]))

    def read(self, planes: Sequence[Plane]) -> Reading | None:
        """Look for one mark in all planes together, under every key held.

        Raises:
            WatermarkError: no plane, wrong dtype or shape, or planes of several sizes.
        """
        from provenance.watermarks.tile2.detection import detect_planes

        if not planes:
            raise WatermarkError("expected at least one plane, got none")
        for plane in planes:
            _require_plane(plane)
            if plane.shape != planes[0].shape:
                raise WatermarkError(f"expected planes of one size, got {planes[0].shape} and {plane.shape}")
        found = detect_planes(planes, self._tile.layouts)
        return None if found is None else self._tile.report(found)


def _require_plane(plane: Plane) -> None:
    if not isinstance(plane, np.ndarray) or plane.dtype != np.uint8 or plane.ndim != 2 or not plane.size:
        raise WatermarkError("expected a plane (H, W) of uint8")
