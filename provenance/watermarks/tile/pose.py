"""How a tile lies in a picture, in words that people use: turned, scaled, stretched, mirrored."""

from dataclasses import dataclass

import numpy as np

from provenance.watermarks.tile.reading import Geometry


@dataclass(frozen=True, slots=True)
class Pose:
    """How a tile lies; a marked picture that nobody touched has a turn of 0, a scale and a stretch of 1.

    Attributes:
        turn_deg: -180 to 180, clockwise as seen; after mirroring, where there is any.
        scale: pixels of the picture, shrunk to at most 1024 on its longest side, to a pixel of the tile.
        stretch: how many times longer one axis has become than the one across; 1 or more.
        is_mirrored: left and right were exchanged.
    """

    turn_deg: float
    scale: float
    stretch: float
    is_mirrored: bool


def build_pose(geometry: Geometry) -> Pose:
    """Return how a tile lies under a geometry: the polar decomposition of what takes tile places to picture places.

    Args:
        geometry: (2, 2), invertible; takes frequencies of the tile to those of the picture (`Detection.geometry`).
    """
    # Where frequencies go by G, places go by its inverse transposed.
    places = np.linalg.inv(geometry).T
    is_mirrored = bool(np.linalg.det(places) < 0)
    if is_mirrored:
        places = places @ np.diag([-1.0, 1.0])
    left, lengths, right = np.linalg.svd(places)
    turn = left @ right
    return Pose(
        turn_deg=float(np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))),
        scale=float(np.sqrt(lengths[0] * lengths[1])),
        stretch=float(lengths[0] / lengths[1]),
        is_mirrored=is_mirrored,
    )
