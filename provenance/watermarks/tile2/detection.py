"""The detector: straight first, then with other colours, then every turn, scale and stretch, for all keys at once.

Sync says where the tile lies and which way round (flips, quarter turns, negatives); the square's origin is found from
the data lines themselves; then a code is read. A frame that was kept is read without any help from sync.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame, Plane
from provenance.watermarks.tile.canonical import halved, middle, to_canonical
from provenance.watermarks.tile.detection import Detection
from provenance.watermarks.tile.front import Residual, build_residual
from provenance.watermarks.tile.geometry import (
    Candidate,
    Power,
    build_power,
    rank_candidates,
    stretched_candidates,
    turned_candidates,
)
from provenance.watermarks.tile.layout import PERIOD, Layout
from provenance.watermarks.tile.reading import IDENTITY, Geometry, fold
from provenance.watermarks.tile2.layout import CellLayout
from provenance.watermarks.tile2.placing import HALF_TURNS, SENSES, UPRIGHT, Placed, find_low, place
from provenance.watermarks.tile2.reading import lay, rank_origins, read

_LEAST_SIDE: Final = 32

# Deviations by which sync lines agree, over all origins (docs/watermark.md).
_LEAST_SYNC: Final = 5.0
_LEAST_SYNC_SEARCHED: Final = 6.0
# Energy at sync lines, in deviations.
_LEAST_RANK: Final = 5.0
_PATHS: Final = 32
_READS_A_STAGE: Final = 4
_ORIGINS: Final = 2
# The middle straight, the whole straight, other colours, three searches at full and three at half size.
_STAGES: Final = 9
MOST_TESTS: Final = _PATHS * _READS_A_STAGE * _ORIGINS * _STAGES
"""Messages tried at most for one key in one call."""

_SMALL: Final = 200_000
_MIDDLE: Final = 512
# What was enlarged is found in the picture at half its size; smaller ones are too poor in lines to be that.
_ENLARGED_FROM: Final = 600


def detect(frame: Frame, layouts: Sequence[CellLayout]) -> Detection | None:
    """Return the first tile found under the keys' layouts, or None."""
    small = to_canonical(frame)
    if min(small.shape[:2]) < _LEAST_SIDE:
        return None
    if min(small.shape[:2]) > _MIDDLE + PERIOD:
        found = _read_straight(build_residual(middle(small, _MIDDLE)), layouts, at_corner=False)
        if found:
            return found
    residual = build_residual(small)
    return (
        _read_straight(residual, layouts, at_corner=True)
        or _read_recoloured(small, layouts)
        or _search(small, residual, layouts)
    )


def detect_planes(planes: Sequence[Plane], layouts: Sequence[CellLayout]) -> Detection | None:
    """Return the first tile found in luma planes (H, W) of one size that carry one code, their residuals added up."""
    frames = [to_canonical(np.repeat(plane[..., None], 3, axis=2)) for plane in planes]
    if min(frames[0].shape[:2]) < _LEAST_SIDE:
        return None
    residual = _add_residuals(frames)
    found = _read_straight(residual, layouts, at_corner=True) or _search_geometries(residual, layouts)
    if found or max(residual.shape) < _ENLARGED_FROM:
        return found
    found = _search_geometries(_add_residuals([halved(frame) for frame in frames]), layouts)
    return found and replace(found, geometry=found.geometry / 2)


def _add_residuals(frames: Sequence[Frame]) -> Residual:
    total = build_residual(frames[0], in_colour=False)
    for frame in frames[1:]:
        total += build_residual(frame, in_colour=False)
    return total


def _read_recoloured(small: Frame, layouts: Sequence[CellLayout]) -> Detection | None:
    """Read where channels were exchanged or hues turned: brightness keeps its sign, the blue difference does not."""
    part = middle(small, _MIDDLE)
    brightness = build_residual(part, in_colour=False)
    found = _read_straight(2 * brightness - build_residual(part), layouts, at_corner=False)
    return found and replace(found, stage="recoloured")


def _search(small: Frame, residual: Residual, layouts: Sequence[CellLayout]) -> Detection | None:
    found = _search_geometries(residual, layouts)
    if found or max(small.shape[:2]) < _ENLARGED_FROM:
        return found
    found = _search_geometries(build_residual(halved(small)), layouts)
    return found and replace(found, geometry=found.geometry / 2)


def _search_geometries(residual: Residual, layouts: Sequence[CellLayout]) -> Detection | None:
    power = build_power(residual)
    count = 12 if residual.size < _SMALL else 6
    for stage, search in _SEARCHES.items():
        candidates = [
            (layout, candidate)
            for layout in layouts
            for candidate in search(power, layout.searched, count)[: count // 2 + 1]
            if candidate.rank >= _LEAST_RANK
        ]
        found = _read_candidates(residual, candidates, stage)
        if found:
            return found
    return None


def _turned(power: Power, layout: Layout, count: int) -> list[Candidate]:
    return rank_candidates(power, layout, turned_candidates(power, layout, reach=1, best=count), reach=3)


def _stretched(power: Power, layout: Layout, count: int) -> list[Candidate]:
    return rank_candidates(power, layout, stretched_candidates(power, layout, best=count // 2), reach=3)


def _warped(power: Power, layout: Layout, count: int) -> list[Candidate]:
    return rank_candidates(power, layout, turned_candidates(power, layout, reach=11, best=count), reach=10)


_SEARCHES: Final = {"turned": _turned, "stretched": _stretched, "warped": _warped}


@dataclass(frozen=True, slots=True)
class _Try:
    layout: CellLayout
    placed: Placed
    geometry: Geometry
    low: NDArray[np.float64]


def _read_straight(residual: Residual, layouts: Sequence[CellLayout], *, at_corner: bool) -> Detection | None:
    """Read where sync says that the tile lies, and `at_corner` where the embedder laid it, whatever sync says.

    The latter outlives whoever took sync out.
    """
    folded = fold(residual, IDENTITY)
    assert folded is not None, "the identity is never degenerate"
    tries = [
        _Try(layout, placed, IDENTITY, np.zeros(2))
        for layout in layouts
        for placed in place(folded, layout.lines, SENSES)[:2]
        if placed.sync >= _LEAST_SYNC
    ]
    if at_corner:
        tries += [_Try(layout, UPRIGHT, IDENTITY, np.zeros(2)) for layout in layouts]
    return _read(residual, tries, "straight")


def _read_candidates(
    residual: Residual, candidates: Sequence[tuple[CellLayout, Candidate]], stage: str
) -> Detection | None:
    tries = []
    for layout, candidate in candidates:
        folded = fold(residual, candidate.geometry)
        if folded is None:
            continue
        low = find_low(residual, candidate.geometry)
        tries += [
            _Try(layout, placed, candidate.geometry, low)
            for placed in place(folded, layout.lines, HALF_TURNS)
            if placed.sync >= _LEAST_SYNC_SEARCHED
        ]
    return _read(residual, tries, stage)


def _read(residual: Residual, tries: Sequence[_Try], stage: str) -> Detection | None:
    """Read where sync lines agree best, at most so many times a key."""
    reads: Counter[CellLayout] = Counter()
    for one in sorted(tries, key=lambda one: -one.placed.sync):
        reads[one.layout] += 1
        if reads[one.layout] > _READS_A_STAGE:
            continue
        found = _read_placed(residual, one, stage)
        if found:
            return found
    return None


def _read_placed(residual: Residual, one: _Try, stage: str) -> Detection | None:
    geometry = one.geometry @ one.placed.sense
    corner = one.placed.sense.T @ (one.placed.origin + one.low)
    if np.array_equal(one.geometry, IDENTITY):
        nearest = np.rint(corner)
        corner = nearest if np.abs(corner - nearest).max() < 0.2 else corner
    laid = lay(residual, one.layout.lines, geometry, corner)
    if laid is None:
        return None
    if one.placed.is_negative:
        laid = replace(laid, values=-laid.values)
    for placing in rank_origins(laid, one.layout, _ORIGINS):
        match = read(laid, one.layout, placing.origin, paths=_PATHS)
        if match:
            return Detection(one.layout.lines.key_id, match, one.placed.sync, geometry, stage)
    return None
