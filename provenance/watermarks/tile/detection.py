"""The detector: straight first, then every turn, scale and stretch, for all keys at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from provenance.asset import Frame
from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.geometry import (
    Candidate,
    Power,
    keep_likely,
    rank_candidates,
    stretched_candidates,
    turned_candidates,
)
from provenance.watermarks.tile.layout import Layout
from provenance.watermarks.tile.reading import IDENTITY, UPRIGHT, Folded, Geometry, Match, Placed, fold, place, read
from provenance.watermarks.tile.views import SMALL, Views, views_of

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

# Deviations by which sync lines agree, over all origins: of 180 unmarked tuning pictures straight, one in twenty
# passed 4.9; of 1,080 places suggested by search (the likeliest of many), a third passed 6.
# Tiles that were read: 5.5 and 7.2 or more.
_LEAST_SYNC: Final = 5.0
_LEAST_SYNC_SEARCHED: Final = 6.0
# Energy at all lines of the tile, in deviations: 6.6 at least where a tile of a picture of 500x375 was read, 14 at
# 1024x768; unmarked, the best of all candidates has 7 on average.
_LEAST_RANK: Final = 6.0
_LEAST_RANK_LARGE: Final = 9.0
_PATHS: Final = 32
_READS_A_STAGE: Final = 4
# The middle straight, the whole straight, three searches at full and three at half size.
_STAGES: Final = 8
MOST_TESTS: Final = _PATHS * _READS_A_STAGE * _STAGES
"""Messages tried at most for one key in one call."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A tile that was found.

    Attributes:
        key_id: under which key.
        match: what it says.
        sync: deviations by which the sync lines agree.
        geometry: (2, 2), frequencies of the tile to those of the picture at canonical size, flips and turns included.
        stage: which search found it: ``straight``, ``turned``, ``stretched`` or ``warped``.
    """

    key_id: str
    match: Match
    sync: float
    geometry: Geometry
    stage: str


def detect(frame: Frame, layouts: Sequence[Layout]) -> Detection | None:
    """Return the first tile found under the keys' layouts, or None."""
    views = views_of(frame)
    if min(views.small.shape[:2]) < _LEAST_SIDE:
        return None
    if views.is_large:
        found = _read_straight(views.middle_luma + views.difference, layouts, at_origin=False)
        if found:
            return found
    whole = views.both if views.difference.shape == views.luma.shape else views.luma
    return _read_straight(whole, layouts, at_origin=True) or _search(views, layouts)


def _search(views: Views, layouts: Sequence[Layout]) -> Detection | None:
    """Search what the second tile's reader searches as well."""
    if views.is_small:
        found = _search_geometries(views.both, views.power_of_both, layouts)
    else:
        found = _search_geometries(views.luma, views.power, layouts)
    if found or not views.is_enlarged:
        return found
    found = _search_geometries(views.halved_luma, views.halved_power, layouts)
    return found and replace(found, geometry=found.geometry / 2)


def _search_geometries(residual: Residual, power: Power, layouts: Sequence[Layout]) -> Detection | None:
    count, least_rank = (12, _LEAST_RANK) if residual.size < SMALL else (6, _LEAST_RANK_LARGE)
    for stage, search in _SEARCHES.items():
        candidates = [
            (layout, candidate)
            for layout in layouts
            for candidate in keep_likely(
                power,
                layout,
                [one for one in search(power, layout, count)[: count // 2 + 1] if one.rank >= least_rank],
                _LEAST_SYNC_SEARCHED,
            )
        ]
        found = _read_candidates(residual, candidates, stage)
        if found:
            return found
    return None


def _turned(power: Power, layout: Layout, count: int) -> list[Candidate]:
    return rank_candidates(power, layout, turned_candidates(power, layout, best=count), reach=3)


def _stretched(power: Power, layout: Layout, count: int) -> list[Candidate]:
    return rank_candidates(power, layout, stretched_candidates(power, layout, best=count // 2), reach=3)


def _warped(power: Power, layout: Layout, count: int) -> list[Candidate]:
    return rank_candidates(power, layout, turned_candidates(power, layout, best=count, is_wide=True), reach=10)


_SEARCHES: Final = {"turned": _turned, "stretched": _stretched, "warped": _warped}


def _read_straight(residual: Residual, layouts: Sequence[Layout], *, at_origin: bool) -> Detection | None:
    """Read where sync says that the tile lies, and `at_origin` where the embedder laid it, whatever sync says.

    The latter outlives whoever notched sync out.
    """
    folded = fold(residual, IDENTITY)
    assert folded is not None, "the identity is never degenerate"
    tries = [
        _Try(placed.sync, layout, folded, placed, IDENTITY)
        for layout in layouts
        for placed in place(folded, layout, _SENSES)[:2]
        if placed.sync >= _LEAST_SYNC
    ]
    if at_origin:
        tries += [_Try(0.0, layout, folded, UPRIGHT, IDENTITY) for layout in layouts]
    return _read(tries, "straight")


def _read_candidates(
    residual: Residual, candidates: Sequence[tuple[Layout, Candidate]], stage: str
) -> Detection | None:
    tries = []
    for layout, candidate in candidates:
        folded = fold(residual, candidate.geometry)
        if folded is None:
            continue
        tries += [
            _Try(placed.sync, layout, folded, placed, candidate.geometry)
            for placed in place(folded, layout, _HALF_TURNS)
            if placed.sync >= _LEAST_SYNC_SEARCHED
        ]
    return _read(tries, stage)


@dataclass(frozen=True, slots=True)
class _Try:
    sync: float
    layout: Layout
    folded: Folded
    placed: Placed
    geometry: Geometry


def _read(tries: Sequence[_Try], stage: str) -> Detection | None:
    """Read where sync lines agree best, at most so many times a key."""
    reads: Counter[Layout] = Counter()
    for one in sorted(tries, key=lambda one: -one.sync):
        reads[one.layout] += 1
        if reads[one.layout] > _READS_A_STAGE:
            continue
        match = read(one.folded, one.layout, one.placed, paths=_PATHS)
        if match:
            return Detection(one.layout.key_id, match, one.sync, one.geometry @ one.placed.sense, stage)
    return None
