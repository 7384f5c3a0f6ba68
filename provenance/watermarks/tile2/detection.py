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

from provenance.asset import Frame
from provenance.watermarks.tile.canonical import LONGEST_SIDE
from provenance.watermarks.tile.detection import Detection
from provenance.watermarks.tile.front import Residual, build_residual
from provenance.watermarks.tile.geometry import (
    Candidate,
    Power,
    keep_likely,
    rank_candidates,
    stretched_candidates,
    turned_candidates,
)
from provenance.watermarks.tile.layout import PERIOD, Layout
from provenance.watermarks.tile.reading import IDENTITY, Geometry, fold
from provenance.watermarks.tile.views import SMALL, Views, views_of
from provenance.watermarks.tile2.bending import straighten
from provenance.watermarks.tile2.cells import Waves, analyse, count_samples, lay_out, wrap
from provenance.watermarks.tile2.layout import SQUARE, CellLayout
from provenance.watermarks.tile2.parts import Part, find_parts
from provenance.watermarks.tile2.placing import HALF_TURNS, SENSES, UPRIGHT, Placed, find_low, measure_sync, place
from provenance.watermarks.tile2.reading import (
    TINY,
    agree_phases,
    find_held,
    rank_origins,
    read,
    read_anywhere,
    weigh_waves,
)

_LEAST_SIDE: Final = 32

# Deviations by which sync lines agree, over all origins (docs/watermark.md). Of what search suggests in small unmarked
# pictures half passes 6.4; of 356 that were read by search 6.74 was the least; of 56 large ones 12.2.
_LEAST_SYNC: Final = 5.0
# In small parts from here on, where the phases of other lines make up for it: of places of twentieths of 46 tuning
# pictures 96 % of those that could be read have 5 by both, 92 % by sync, and 6 % of all others by either.
_LEAST_SYNC_TINY: Final = 4.4
_LEAST_SYNC_SEARCHED: Final = 6.4
_LEAST_SYNC_LARGE: Final = 7.0
# By how much a guess from the spectrum may fall short of that: of those 356 the least had 6.51.
_GUESSED: Final = 0.2
# How many places of each kind are suggested, how many of those, best guess first, are placed, and from which energy at
# sync lines on, in deviations. The smaller a picture, the less its spectrum tells, and the less each attempt costs.
_TINY_SEARCH: Final = (24, 8, 4.0)
_SMALL_SEARCH: Final = (12, 6, 4.5)
_LARGE_SEARCH: Final = (6, 3, 5.0)
# Deviations by which lines stand out under an origin. Of 86 small pictures that were read 3.2 had the least; of places
# that say nothing half have 3.3.
_LEAST_ORIGIN: Final = 2.9
# Where nothing but the origin is unknown: of 28 thumbnails of 320 pixels at JPEG 75 all that read had 7.7, and of as
# many under another key the most had 4.1.
_LEAST_ORIGIN_SHRUNK: Final = 4.5
# From here on a thumbnail is looked at once more, four times as closely: what reads then had 3.7 before.
_LEAST_ORIGIN_AGAIN: Final = 3.4
# Deviations by which sync agrees where a frame that was kept has it, from which on a small picture is.
_LEAST_SYNC_KEPT: Final = 2.0
# Pixels below which all that is there is looked at four times as closely: of twentieths of 46 tuning pictures 89 of
# 135 read so, 84 without.
_LEAST_OF_ALL: Final = 20_000
# What was shrunk by less than 1.6 is found by its sync.
_LONGEST_SHRUNK: Final = 640
_PATHS: Final = 32
_PATHS_AGAIN: Final = 128
_TESTS_AGAIN: Final = 64
_READS_A_STAGE: Final = 4
# A large picture's likeliest places are few, and reading it costs more.
_READS_LARGE: Final = 2
# Of what was placed and did not read, how many are laid straight, and from which sync on.
_STRAIGHTENED: Final = 1
_LEAST_SYNC_BENT: Final = 7.0
_MOST_BENT: Final = 1 << 21
# Sync of the first tile from which on a picture is left to its reader: by chance once in 10^8 pictures.
_FIRST_TILE: Final = 8.0
_ORIGINS: Final = 2
# Straight: the middle, the whole, with and against colour, again; shrunk, in whose five reads what is tried again has
# room; parts; three searches each by brightness and in colour, two halved.
_STAGES: Final = 15
# Each as it is and, of a picture that may have no room for more, as a ticket.
_KINDS: Final = 2
# Where no origin stands out, as of parts that lie in one cell, all are decoded, and of all messages so many tried: of
# 54 that were right 53 were the likeliest.
_TESTS_ANYWHERE: Final = 16
# Deviations by which phases agree from which on that is done where search suggests a place; straight they were asked.
_LEAST_PHASES: Final = 2.0
MOST_TESTS: Final = (_PATHS * _ORIGINS * _KINDS + _TESTS_ANYWHERE) * (_READS_A_STAGE + _STRAIGHTENED) * _STAGES
"""Messages tried at most for one key in one call."""

LARGEST_PAGE: Final = 2_400_000
"""Pixels of the largest page that is looked through at its own size."""


def detect(frame: Frame, layouts: Sequence[CellLayout]) -> Detection | None:
    """Return the first tile found under the keys' layouts, or None.

    Brightness is read first: compression leaves next to nothing of the blue difference but noise.
    """
    views = views_of(frame)
    if min(views.small.shape[:2]) < _LEAST_SIDE:
        return None
    if views.is_large and (found := _read_straight(views.middle_luma, layouts, at_corner=False)):
        return found
    if found := _read_straight(views.luma, layouts, at_corner=True):
        return found
    if found := _read_coloured(views, layouts) or _read_shrunk(views, layouts) or _read_again(views, layouts):
        return found
    if _bears_first_tile(views, layouts):
        return None
    return _read_parts(frame, views, layouts) or _search(views, layouts)


def _bears_first_tile(views: Views, layouts: Sequence[CellLayout]) -> bool:
    """Say whether the first tile lies here as it was laid: then its own scheme reads it, and nothing is searched."""
    return any(place(views.folded_luma, layout.first, SENSES)[0].sync >= _FIRST_TILE for layout in layouts)


def _read_coloured(views: Views, layouts: Sequence[CellLayout]) -> Detection | None:
    """Read with the blue difference, as it was laid, and against it: channels exchanged, hues turned."""
    both = views.thorough_both if views.luma.size < _LEAST_OF_ALL else views.both
    if found := _read_straight(both, layouts, at_corner=False):
        return found
    found = _read_straight(views.coloured_luma - views.difference, layouts, at_corner=False)
    return found and replace(found, stage="recoloured")


def _read_again(views: Views, layouts: Sequence[CellLayout]) -> Detection | None:
    """Read a small picture whose frame was kept and where sync shows a little, four times as closely."""
    if not views.is_small:
        return None
    for layout in layouts:
        if measure_sync(views.folded_luma, layout.lines) < _LEAST_SYNC_KEPT:
            continue
        one = _Try(layout, UPRIGHT, IDENTITY, np.zeros(2))
        waves = _analyse(views.thorough_luma, one, "straight")
        match = waves is not None and read_anywhere(weigh_waves(waves, layout.lines), layout, tests=_TESTS_AGAIN)
        if match:
            return Detection(layout.lines.key_id, match, 0.0, IDENTITY, "straight")
    return None


def _read_shrunk(views: Views, layouts: Sequence[CellLayout]) -> Detection | None:
    """Read a small picture as what is left of a large one whose frame was kept: where the tile lies is then known.

    Sync need not be found, of which so small a thumbnail has little.
    """
    longest = max(views.luma.shape)
    if longest > _LONGEST_SHRUNK:
        return None
    scale = LONGEST_SIDE / longest
    corner = Placed(0.0, UPRIGHT.sense, np.full(2, 0.5 - 0.5 * scale))
    for layout in layouts:
        one = _Try(layout, corner, scale * IDENTITY, np.zeros(2))
        found, rank = _read_laid(_analyse(views.luma, one, "shrunk"), one, "shrunk", paths=_PATHS)
        if not found and rank >= _LEAST_ORIGIN_AGAIN:
            found, _ = _read_laid(_analyse(views.thorough_luma, one, "shrunk"), one, "shrunk", paths=_PATHS_AGAIN)
        if found:
            return found
    return None


def _read_parts(frame: Frame, views: Views, layouts: Sequence[CellLayout]) -> Detection | None:
    """Read windows of a page at its own size: pictures are mostly shown at theirs."""
    residual, longest = views.luma, max(frame.shape[:2])
    if longest > LONGEST_SIDE:
        if frame.shape[0] * frame.shape[1] > LARGEST_PAGE:
            return None
        residual = build_residual(frame, in_colour=False)
    for layout in layouts:
        for part in find_parts(residual, layout.lines, _READS_A_STAGE):
            found = read_part(residual, part, layout)
            if found:
                return replace(found, geometry=found.geometry * max(1.0, longest / LONGEST_SIDE))
    return None


def read_part(residual: Residual, part: Part, layout: CellLayout) -> Detection | None:
    """Read one window of a residual at its own size."""
    inside = np.ascontiguousarray(residual[part.rows, part.columns])
    return _read_placed(inside, _Try(layout, part.placed, IDENTITY, np.zeros(2)), "part")


def _search(views: Views, layouts: Sequence[CellLayout]) -> Detection | None:
    found = _search_geometries(views.luma, views.power, layouts)
    if not found and views.is_small:
        # What is small and was not compressed needs all that there is.
        found = _search_geometries(views.both, views.power_of_both, layouts)
    if found or not views.is_enlarged:
        return found
    # What was enlarged was seldom bent as well.
    found = _search_geometries(views.halved_luma, views.halved_power, layouts, ("turned", "stretched"))
    return found and replace(found, geometry=found.geometry / 2)


def _search_geometries(
    residual: Residual,
    power: Power,
    layouts: Sequence[CellLayout],
    stages: Sequence[str] = ("turned", "stretched", "warped"),
) -> Detection | None:
    (count, kept, least), least_sync = _LARGE_SEARCH, _LEAST_SYNC_LARGE
    if residual.size < SMALL:
        count, kept, least = _TINY_SEARCH if residual.size < TINY else _SMALL_SEARCH
        least_sync = _LEAST_SYNC_SEARCHED
    for stage in stages:
        search = _SEARCHES[stage]
        candidates = [
            (layout, candidate)
            for layout in layouts
            for candidate in keep_likely(
                power,
                layout.lines,
                [one for one in search(power, layout.searched, count) if one.rank >= least],
                least_sync - _GUESSED,
            )[:kept]
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
    tries = []
    for layout in layouts:
        places = [_Try(layout, placed, IDENTITY, np.zeros(2)) for placed in place(folded, layout.lines, SENSES)]
        if residual.size < TINY:
            places = _confirm(residual, places)
        tries += [one for one in places[:2] if one.placed.sync >= _LEAST_SYNC]
    if at_corner:
        tries += [_Try(layout, UPRIGHT, IDENTITY, np.zeros(2)) for layout in layouts]
    return _read(residual, tries, "straight")


def _confirm(residual: Residual, tries: Sequence[_Try]) -> list[_Try]:
    """Return the places of a small part that lines other than sync confirm, best first; `sync` is then that of both."""
    confirmed = []
    for one in tries:
        if one.placed.sync < _LEAST_SYNC_TINY or (plane := _lay_out(residual, one)) is None:
            continue
        lines = one.layout.lines
        phases = agree_phases(analyse(plane, lines.data, PERIOD), lines)
        both = max(one.placed.sync**2 + phases * abs(phases), 0.0) ** 0.5
        confirmed.append(replace(one, placed=replace(one.placed, sync=both)))
    return sorted(confirmed, key=lambda one: -one.placed.sync)


def _read_candidates(
    residual: Residual, candidates: Sequence[tuple[CellLayout, Candidate]], stage: str
) -> Detection | None:
    tries = []
    least = _LEAST_SYNC_SEARCHED if residual.size < SMALL else _LEAST_SYNC_LARGE
    for layout, candidate in candidates:
        folded = fold(residual, candidate.geometry)
        if folded is None:
            continue
        low = find_low(residual, candidate.geometry)
        tries += [
            _Try(layout, placed, candidate.geometry, low)
            for placed in place(folded, layout.lines, HALF_TURNS)
            if placed.sync >= least
        ]
    return _read(residual, tries, stage)


def _read(residual: Residual, tries: Sequence[_Try], stage: str) -> Detection | None:
    """Read where sync lines agree best, at most so many times a key; then once more what seems bent."""
    likely = sorted(tries, key=lambda one: -one.placed.sync)
    most = _READS_A_STAGE if residual.size < SMALL or stage == "straight" else _READS_LARGE
    reads: Counter[CellLayout] = Counter()
    for one in likely:
        reads[one.layout] += 1
        if reads[one.layout] > most:
            continue
        found = _read_placed(residual, one, stage)
        if found:
            return found
    bent: Counter[CellLayout] = Counter()
    least = _LEAST_SYNC_BENT if stage == "straight" else _LEAST_SYNC_BENT + 1
    for one in likely:
        bent[one.layout] += 1
        if one.placed.sync < least or bent[one.layout] > _STRAIGHTENED:
            continue
        found = _read_placed(residual, one, "bent")
        if found:
            return found
    return None


def _lay_out(residual: Residual, one: _Try) -> Residual | None:
    """Return whole cells as they lie in a residual, upright and positive."""
    corner = one.placed.sense.T @ (one.placed.origin + one.low)
    if np.array_equal(one.geometry, IDENTITY):
        nearest = np.rint(corner)
        corner = nearest if np.abs(corner - nearest).max() < 0.2 else corner
    plane = lay_out(residual, one.geometry @ one.placed.sense, corner)
    return -plane if plane is not None and one.placed.is_negative else plane


def _read_placed(residual: Residual, one: _Try, stage: str) -> Detection | None:
    is_tiny = residual.size < TINY
    waves = _analyse(residual, one, stage)
    found, _ = _read_laid(waves, one, stage, paths=_PATHS, tickets=is_tiny)
    if found or waves is None or not (is_tiny and _may_lie_anywhere(one, stage, waves)):
        return found
    geometry, lines = one.geometry @ one.placed.sense, one.layout.lines
    held = find_held(lines, geometry)
    match = read_anywhere(weigh_waves(waves, lines), one.layout, tests=_TESTS_ANYWHERE, held=held)
    return None if match is None else Detection(lines.key_id, match, one.placed.sync, geometry, stage)


def _analyse(residual: Residual, one: _Try, stage: str) -> Waves | None:
    """Return data lines in cells; None where the geometry is degenerate or too large, or cannot be straightened."""
    plane = _lay_out(residual, one)
    if plane is None:
        return None
    samples, lines = count_samples(one.geometry @ one.placed.sense), one.layout.lines
    if stage == "bent":
        if samples != PERIOD or plane.size > _MOST_BENT:
            return None
        plane = straighten(plane, lines)
    return analyse(wrap(plane, samples, SQUARE), lines.data, samples)


def _read_laid(
    waves: Waves | None, one: _Try, stage: str, *, paths: int, tickets: bool = False
) -> tuple[Detection | None, float]:
    """Return what is read under the origins that stand out most, and by how many deviations the first does."""
    if waves is None:
        return None, 0.0
    geometry, lines = one.geometry @ one.placed.sense, one.layout.lines
    laid = weigh_waves(waves, lines)
    least = _LEAST_ORIGIN_SHRUNK if stage == "shrunk" else _LEAST_ORIGIN
    placings = rank_origins(laid, one.layout, _ORIGINS)
    for placing in placings:
        if placing.rank < least:
            break
        held = find_held(lines, geometry)
        match = read(laid, one.layout, placing.origin, paths=paths, held=held, tickets=tickets)
        if match:
            return Detection(lines.key_id, match, one.placed.sync, geometry, stage), placing.rank
    return None, placings[0].rank


def _may_lie_anywhere(one: _Try, stage: str, waves: Waves) -> bool:
    """Say whether a small part, in which all origins may look alike, seems to hold a tile."""
    if one.placed.sync < _LEAST_SYNC:
        return False
    return stage == "straight" or (stage in _SEARCHES and agree_phases(waves, one.layout.lines) >= _LEAST_PHASES)
