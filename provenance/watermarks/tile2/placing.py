"""Where the tile lies under a geometry, which way round, and whether light and dark were exchanged: what sync tells."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import Layout
from provenance.watermarks.tile.reading import Folded, Geometry, invert, place_senses

_QUARTER: Final = np.array([[0, -1], [1, 0]])
_MIRROR: Final = np.array([[-1, 0], [0, 1]])
SENSES: Final = np.array(
    [
        np.linalg.matrix_power(_QUARTER, turns) @ mirror
        for mirror in (np.eye(2, dtype=int), _MIRROR)
        for turns in range(4)
    ]
)
"""(8, 2, 2): flips and quarter turns."""
HALF_TURNS: Final = np.array([np.eye(2, dtype=int), -np.eye(2, dtype=int)])


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the tile lies under one sense (a flip or turn of the tile).

    Attributes:
        sync: how far the sync lines agree, in deviations of noise.
        sense: (2, 2) of integers: the flip or turn.
        origin: a corner of some cell, in tile pixels of the folded plane.
        is_negative: light and dark were exchanged.
    """

    sync: float
    sense: NDArray[np.int64]
    origin: NDArray[np.float64]
    is_negative: bool = False


UPRIGHT: Final = Placed(0.0, np.eye(2, dtype=np.int64), np.zeros(2))
"""Where the embedder lays the tile."""


def place(folded: Folded, layout: Layout, senses: NDArray[np.int64]) -> list[Placed]:
    """Return for each (2, 2) sense the origin at which the sync lines agree best; best sense first."""
    places, syncs = place_senses(folded, layout, senses, negatives=True)
    placed = [Placed(sync, senses[at], places[at, :2], bool(places[at, 3])) for at, sync in enumerate(syncs)]
    return sorted(placed, key=lambda one: -one.sync)


def measure_sync(folded: Folded, layout: Layout) -> float:
    """Return the deviations by which the sync lines agree where the embedder lays the tile, which takes no search."""
    waves = folded.lines[layout.sync[:, 1], layout.sync[:, 0] % len(folded.lines)] * np.exp(-1j * layout.sync_phases)
    noise = folded.noise[np.rint(np.hypot(*layout.sync.T)).astype(int)]
    return float((waves.real / noise).sum() / np.sqrt((1 / noise).sum() / 2))


def find_low(residual: Residual, geometry: Geometry) -> NDArray[np.float64]:
    """Return where a plane that `fold` lays begins, in tile pixels: it starts at whole samples of its own."""
    det = abs(geometry[0, 0] * geometry[1, 1] - geometry[0, 1] * geometry[1, 0])
    step = 2 if det > 2.8 else 1
    to_picture = invert(geometry).T * step
    height, width = residual.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ invert(to_picture).T
    low: NDArray[np.float64] = np.floor(corners.min(0)) * step
    return low
