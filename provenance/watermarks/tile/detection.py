"""The detector: straight first, then every turn, scale and stretch, for all keys at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.watermarks.tile.canonical import halved, to_canonical
from provenance.watermarks.tile.front import Residual, build_residual
from provenance.watermarks.tile.geometry import (
    Power,
    build_power,
    rank_candidates,
    stretched_candidates,
    turned_candidates,
)
from provenance.watermarks.tile.layout import Layout
from provenance.watermarks.tile.reading import IDENTITY, Folded, Geometry, Match, Placed, fold, place, read

_LEAST_SIDE: Final = 32
_QUARTER: Final = np.array([[0, -1], [1, 0]])
_MIRROR: Final = np.array([[-1, 0], [0, 1]])
_SENSES: Final = np.array(
    [
        np.linalg.matrix_power(_QUARTER, turns) @ mirror
        for mirror in (np.eye(2, dtype=int), _MIRROR)
        for turns in range(4)
    ]
)
_HALF_TURNS: Final = np.array([np.eye(2, dtype=int), -np.eye(2, dtype=int)])

# Unmarked pictures seldom agree better with a key's sync lines, over all origins and senses.
_LEAST_SYNC: Final = 4.6
_PATHS: Final = 32
_READS_A_STAGE: Final = 4
_STAGES: Final = 7
MOST_TESTS: Final = _PATHS * _READS_A_STAGE * _STAGES
"""Messages tried at most for one key in one call."""

# A picture of fewer pixels is quiet at its lines, and each attempt is cheap: more are made.
_SMALL: Final = 200_000
# What was enlarged is found in the picture at half its size; smaller ones are too poor in lines to be that.
_ENLARGED_FROM: Final = 600


@dataclass(frozen=True, slots=True)
class Detection:
    """A tile that was found.

    Attributes:
        key_id: under which key.
        match: what it says.
        sync: deviations by which the sync lines agree.
        geometry: (2, 2), frequencies of the tile to those of the picture at canonical size.
        stage: which search found it.
    """

    key_id: str
    match: Match
    sync: float
    geometry: Geometry
    stage: str


def detect(frame: Frame, layouts: Sequence[Layout]) -> Detection | None:
    """Return the first tile found under the keys' layouts, or None."""
    small = to_canonical(frame)
    if min(small.shape[:2]) < _LEAST_SIDE:
        return None
    residual = build_residual(small)
    found = _read_best(residual, {layout: [IDENTITY] for layout in layouts}, _SENSES, "straight")
    return found or _search(small, residual, layouts)


def _search(small: Frame, residual: Residual, layouts: Sequence[Layout]) -> Detection | None:
    found = _search_geometries(residual, layouts)
    if found or max(small.shape[:2]) < _ENLARGED_FROM:
        return found
    return _search_geometries(build_residual(halved(small)), layouts)


def _search_geometries(residual: Residual, layouts: Sequence[Layout]) -> Detection | None:
    power = build_power(residual)
    count = 12 if residual.size < _SMALL else 6
    for stage, search in _SEARCHES.items():
        found = _read_best(residual, {layout: search(power, layout, count) for layout in layouts}, _HALF_TURNS, stage)
        if found:
            return found
    return None


def _turned(power: Power, layout: Layout, count: int) -> list[Geometry]:
    ranked = rank_candidates(power, layout, turned_candidates(power, layout, reach=1, best=count), reach=3)
    return [one.geometry for one in ranked[: count // 2 + 1]]


def _stretched(power: Power, layout: Layout, count: int) -> list[Geometry]:
    ranked = rank_candidates(power, layout, stretched_candidates(power, layout, best=count // 2), reach=3)
    return [one.geometry for one in ranked[: count // 2]]


def _warped(power: Power, layout: Layout, count: int) -> list[Geometry]:
    ranked = rank_candidates(power, layout, turned_candidates(power, layout, reach=11, best=8), reach=10)
    return [one.geometry for one in ranked[: count // 2]]


_SEARCHES: Final = {"turned": _turned, "stretched": _stretched, "warped": _warped}


def _read_best(
    residual: Residual, geometries: Mapping[Layout, list[Geometry]], senses: NDArray[np.int64], stage: str
) -> Detection | None:
    """Read where sync lines agree best, over all keys' geometries."""
    for layout, wanted in geometries.items():
        tries = []
        for geometry in wanted:
            folded = fold(residual, geometry)
            if folded is not None:
                tries += [(placed.sync, folded, placed, geometry) for placed in place(folded, layout, senses)[:2]]
        tries.sort(key=lambda one: -one[0])
        for sync, folded, placed, geometry in tries[:_READS_A_STAGE]:
            if sync < _LEAST_SYNC:
                break
            match = read(folded, layout, placed, paths=_PATHS)
            if match:
                return Detection(layout.key_id, match, sync, geometry, stage)
    return None
