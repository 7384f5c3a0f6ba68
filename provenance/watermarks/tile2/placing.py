"""Where the tile lies under a geometry, which way round, and whether light and dark were exchanged: what sync tells."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import PERIOD, Layout
from provenance.watermarks.tile.reading import Folded, Geometry

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
_NEAR: Final = np.stack(np.meshgrid(*[np.array([-0.5, -0.25, 0.0, 0.25, 0.5])] * 2), -1).reshape(-1, 2)
_RINGS: Final = 48


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
    samples = len(folded.lines)
    placed = []
    for sense in senses:
        lines = layout.sync @ sense.T
        ring = np.minimum(np.rint(np.hypot(*lines.T)).astype(int), _RINGS - 1)
        values = folded.lines[lines[:, 1] % samples, lines[:, 0] % samples] * np.exp(-1j * layout.sync_phases)
        values /= folded.noise[ring]
        grid = np.zeros((samples, samples), np.complex64)
        grid[lines[:, 1] % samples, lines[:, 0] % samples] = values
        field = np.fft.ifft2(grid).real
        is_negative = bool(-field.min() > field.max())
        turned = -field if is_negative else field
        down, across = np.unravel_index(int(turned.argmax()), field.shape)
        rough = np.array([across, down]) * (PERIOD / samples)
        origin, agreement = _sharpen(-values if is_negative else values, lines, rough)
        deviation = np.sqrt((1 / folded.noise[ring]).sum() / 2)
        placed.append(Placed(float(agreement / deviation), sense, origin, is_negative))
    return sorted(placed, key=lambda one: -one.sync)


def _sharpen(
    values: NDArray[np.complex64], lines: NDArray[np.int64], rough: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return the best origin near a rough one to a sixteenth of a pixel, and the agreement there."""
    origin, agreement = rough, 0.0
    for width in (1.0, 0.25):
        near = origin + width * _NEAR
        fields = (values * np.exp(2j * np.pi / PERIOD * (near @ lines.T))).real.sum(axis=1)
        best = int(fields.argmax())
        origin, agreement = near[best], float(fields[best])
    return origin, agreement


def find_low(residual: Residual, geometry: Geometry) -> NDArray[np.float64]:
    """Return where a plane that `fold` lays begins, in tile pixels: it starts at whole samples of its own."""
    det = abs(geometry[0, 0] * geometry[1, 1] - geometry[0, 1] * geometry[1, 0])
    step = 2 if det > 2.8 else 1
    to_picture = np.linalg.inv(geometry).T * step
    height, width = residual.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ np.linalg.inv(to_picture).T
    low: NDArray[np.float64] = np.floor(corners.min(0)) * step
    return low
