"""Reading the second tile from frames of a clip: each alone, then frames of one shot together.

Frames between those that were coded by themselves hold the mark less well, and where the camera moves, elsewhere: the
encoder moves what was there along with the picture. So each frame is placed by its own sync lines, and what its lines
say in each cell counts as far as sync agrees. What stands still where all else moves is the mark: the mean of all
frames shows it, and how the clip was cropped, scaled or turned. Where a hand shook, the mean of spectra says that,
which does not mind where in a frame the tile begins.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.frames import SEARCHES, FrameOfShot, average_powers, halve
from provenance.watermarks.tile.front import Residual, build_residual
from provenance.watermarks.tile.geometry import Power, build_power, keep_likely
from provenance.watermarks.tile.layout import PERIOD, Layout
from provenance.watermarks.tile.reading import IDENTITY, Geometry, Match, fold
from provenance.watermarks.tile.shot import as_frame
from provenance.watermarks.tile2.bending import straighten
from provenance.watermarks.tile2.cells import Waves, analyse, count_samples, find_cells, lay_out, wrap
from provenance.watermarks.tile2.layout import SQUARE, CellLayout, Origin
from provenance.watermarks.tile2.placing import HALF_TURNS, SENSES, UPRIGHT, Placed, find_low, place
from provenance.watermarks.tile2.reading import find_held, rank_origins, read, weigh_waves

MOST_READS: Final = 192
"""Attempts at most for one key in one call."""
PATHS: Final = 32

_ORIGINS: Final = 2
# Deviations by which sync agrees, and by which lines stand out under an origin, from which on a reading is tried.
_LEAST_SYNC: Final = 5.0
_LEAST_SYNC_SEARCHED: Final = 6.6
_LEAST_SYNC_BENT: Final = 8.0
_LEAST_ORIGIN: Final = 2.9
# A guess of the former from a spectrum may fall short by so much.
_GUESSED: Final = 0.4
_LEAST_RANK: Final = 5.0
# Of what is searched: frames whose spectra are averaged, shots whose frames are, and places that are read.
_AVERAGED: Final = 24
_TOGETHER: Final = 12
_SEARCHED: Final = 6
_SHOTS: Final = 3
# Of those that were coded by themselves, whose parts are searched.
_KEYS: Final = 2
# Of the former, so many show whether any will agree.
_TELLING: Final = 2
# And so many are read alone.
_ALONE: Final = 3
_PLACES: Final = 3
# Of each side, what a clip in the middle or a corner of another one may fill.
_SHARE: Final = 0.6
_LEAST_SIDE: Final = 32
_ENLARGED_FROM: Final = 300


@dataclass(frozen=True, slots=True)
class Found:
    """A tile that was read.

    Attributes:
        key_id: of the key.
        match: what it says.
        origin: the cell of the square of signs at the tile's corner nearest to the frame's, as it was laid.
        stage: how it was found: straight, in the mean or searched, alone or together.
    """

    key_id: str
    match: Match
    origin: Origin
    stage: str


@dataclass(frozen=True, slots=True)
class _Spot:
    """A residual, how much it counts, and where the tile lies in it."""

    residual: Residual
    weight: float
    placed: Placed
    geometry: Geometry = field(default_factory=lambda: IDENTITY)
    low: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

    @property
    def turned(self) -> Geometry:
        """The geometry, flips and turns included."""
        return self.geometry @ self.placed.sense

    def find_corner(self, near: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the corner of a cell nearest to a point, in tile pixels."""
        corner = self.placed.sense.T @ (self.placed.origin + self.low)
        nearest: NDArray[np.float64] = near + (corner - near + PERIOD / 2) % PERIOD - PERIOD / 2
        whole = np.rint(nearest)
        is_whole = np.array_equal(self.geometry, IDENTITY) and np.abs(nearest - whole).max() < 0.2
        return whole if is_whole else nearest


@dataclass(slots=True)
class _Search:
    """One call: residuals are made when they are first needed, attempts are counted."""

    frames: Sequence[FrameOfShot]
    layouts: Sequence[CellLayout]
    is_halved: bool = False
    reads: Counter[str] = field(default_factory=Counter)
    residuals: dict[int, Residual] = field(default_factory=dict)

    def residual(self, index: int) -> Residual:
        """Return what stands out of a frame, of variance 1."""
        if index not in self.residuals:
            luma = self.frames[index].luma
            made = build_residual(as_frame(halve(luma) if self.is_halved else luma), in_colour=False)
            self.residuals[index] = made / np.float32(np.sqrt(np.square(made).mean()) + 1e-6)
        return self.residuals[index]

    def average(self, chosen: Sequence[int]) -> Residual:
        """Return the mean of frames' residuals, of variance 1 where they have nothing in common."""
        few = _thin(chosen, _AVERAGED)
        total = np.zeros_like(self.residual(few[0]))
        for index in few:
            total += self.residual(index)
        mean: Residual = total / np.float32(np.sqrt(len(few)))
        return mean

    def read(self, spots: Sequence[_Spot], layout: CellLayout, stage: str, *, is_bent: bool = False) -> Found | None:
        """Decode what lines say in all of these residuals; nothing once a key has had its attempts."""
        added = _add_up(spots, layout.lines, is_bent=is_bent)
        if added is None:
            return None
        waves, first = added
        laid, held = weigh_waves(waves, layout.lines), find_held(layout.lines, spots[0].turned)
        for placing in rank_origins(laid, layout, _ORIGINS):
            self.reads[layout.lines.key_id] += 1
            if placing.rank < _LEAST_ORIGIN or self.reads[layout.lines.key_id] > MOST_READS:
                return None
            match = read(laid, layout, placing.origin, paths=PATHS, held=held)
            if match is not None:
                row, column = (int(at) % SQUARE for at in np.array(placing.origin) - first[::-1])
                return Found(layout.lines.key_id, match, (row, column), stage)
        return None


def read_frames(frames: Sequence[FrameOfShot], layouts: Sequence[CellLayout]) -> Found | None:
    """Return the first tile found under the keys' layouts, or None."""
    usable = _choose_usable(frames)
    if not usable or not layouts:
        return None
    search = _Search(usable, layouts)
    found = _read_laid(search) or _read_searched(search)
    if found or max(usable[0].luma.shape) < _ENLARGED_FROM:
        return found
    return _read_searched(_Search(usable, layouts, is_halved=True, reads=search.reads))


def read_straight(frames: Sequence[FrameOfShot], layouts: Sequence[CellLayout]) -> Found | None:
    """Return the first tile found where an embedder lays it, or None: a part of what `read_frames` tries."""
    usable = _choose_usable(frames)
    search = _Search(usable, layouts)
    return _read_laid(search) if usable and layouts else None


def _choose_usable(frames: Sequence[FrameOfShot]) -> list[FrameOfShot]:
    return [one for one in frames if min(one.luma.shape) >= _LEAST_SIDE]


def _find_spot(residual: Residual, layout: CellLayout) -> _Spot:
    """Return where sync says that the tile lies, or the place where it is laid where sync says nothing."""
    folded = fold(residual, IDENTITY)
    assert folded is not None, "the identity is never degenerate"
    best = place(folded, layout.lines, SENSES)[0]
    return _Spot(residual, _weigh(best.sync), best if best.sync >= _LEAST_SYNC else UPRIGHT)


def _weigh(sync: float) -> float:
    # A frame without the mark has a sync of 3 to 4 by chance: the best of all places.
    return max(sync - 2.5, 0.1)


def _read_laid(search: _Search) -> Found | None:
    """Read frames that were coded by themselves, then each shot's mean, then its frames where sync shows each."""
    for index, frame in enumerate(search.frames):
        for layout in search.layouts if frame.is_key else ():
            if found := _read_one(search, search.residual(index), layout, "straight"):
                return found
    for chosen in _list_shots(search.frames):
        mean = search.average(chosen)
        for layout in search.layouts:
            if found := _read_one(search, mean, layout, "mean"):
                return found
            spots = [_find_spot(search.residual(index), layout) for index in _thin(chosen, _TOGETHER)]
            seen = [spot for spot in _choose_alike(spots) if spot.placed.sync >= _LEAST_SYNC]
            if len(seen) > 1 and (found := search.read(seen, layout, "straight, together")):
                return found
    return None


def _read_one(search: _Search, residual: Residual, layout: CellLayout, stage: str) -> Found | None:
    """Read a residual where sync says that the tile lies, then where it is laid: sync may have been taken out."""
    spot = _find_spot(residual, layout)
    if found := search.read([spot], layout, stage):
        return found
    return None if spot.placed is UPRIGHT else search.read([_Spot(residual, 1.0, UPRIGHT)], layout, stage)


def _choose_alike(spots: Sequence[_Spot]) -> list[_Spot]:
    """Return those that lie as the best one does, best first."""
    ordered = sorted(spots, key=lambda spot: -spot.weight)
    return [spot for spot in ordered if np.array_equal(spot.placed.sense, ordered[0].placed.sense)]


def _add_up(spots: Sequence[_Spot], layout: Layout, *, is_bent: bool) -> tuple[Waves, NDArray[np.int64]] | None:
    """Return lines by cell, each frame's weighed, and which cell comes first, across and down; None without any."""
    parts: list[tuple[Waves, NDArray[np.int64]]] = []
    near = np.zeros(2)
    for spot in spots:
        near = spot.find_corner(near)
        plane = lay_out(spot.residual, spot.turned, near)
        if plane is None:
            continue
        samples = count_samples(spot.turned)
        if is_bent and samples == PERIOD:
            plane = straighten(plane, layout)
        weight = np.float32(-spot.weight if spot.placed.is_negative else spot.weight)
        first, _ = find_cells(spot.residual.shape, spot.turned, near)
        parts.append((analyse(wrap(plane, samples, SQUARE), layout.data, samples) * weight, first))
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    low = np.min([first for _, first in parts], axis=0)
    high = np.max([first + waves.shape[1::-1] for waves, first in parts], axis=0)
    columns, rows = (min(int(side), SQUARE) for side in high - low)
    total = np.zeros((rows, columns, parts[0][0].shape[2]), np.complex64)
    for waves, first in parts:
        down = (np.arange(waves.shape[0]) + first[1] - low[1]) % rows
        across = (np.arange(waves.shape[1]) + first[0] - low[0]) % columns
        total[np.ix_(down, across)] += waves
    return total, low


def _list_shots(frames: Sequence[FrameOfShot]) -> list[list[int]]:
    """Return which frames each shot has, of which several are known; the longest first."""
    shots: dict[int, list[int]] = {}
    for index, one in enumerate(frames):
        shots.setdefault(one.shot, []).append(index)
    return sorted((chosen for chosen in shots.values() if len(chosen) > 1), key=len, reverse=True)


def _read_searched(search: _Search) -> Found | None:
    """Find out how the clip was cropped, scaled or turned, and read its frames there.

    Sync is the same in all shots, and what looks like a cut in a picture round the clip is none of the clip's: so all
    frames together say where the tile lies, then all and each of the longest shots what it says.
    """
    everything, shots = list(range(len(search.frames))), _list_shots(search.frames)
    groups = [everything, *(chosen for chosen in shots[:_SHOTS] if len(chosen) < len(everything))]
    means = [search.average(chosen) for chosen in groups]
    alone = [search.residual(index) for index in _thin(_list_keys(search.frames), _KEYS)]
    for part in _list_parts(means[0].shape, is_whole=search.is_halved):
        is_whole = part[0] == slice(None)
        for name, views in (("mean", means), ("part", () if is_whole else alone)):
            seen = [np.ascontiguousarray(view[part]) for view in views]
            # What is shown in another clip is seldom stretched.
            kinds = ("turned", "stretched") if is_whole else ("turned",)
            if seen and (found := _search_power(search, build_power(seen[0]), seen, name, kinds)):
                return found
    for chosen in _choose_frames(search.frames) if len(everything) > 1 else ():
        residuals = [search.residual(index) for index in chosen]
        powers = [build_power(residual) for residual in residuals]
        if found := _search_power(search, powers[0] if len(powers) == 1 else average_powers(powers), residuals, ""):
            return found
    return None


def _list_parts(shape: tuple[int, ...], *, is_whole: bool) -> Iterator[tuple[slice, slice]]:
    """Yield the whole, and unless that is all, the middle and the corners, where another clip may show this one."""
    yield slice(None), slice(None)
    (height, width), (high, wide) = shape, (round(_SHARE * side) for side in shape)
    low, right = height - high, width - wide
    for top, left in () if is_whole else ((low // 2, right // 2), (0, 0), (0, right), (low, 0), (low, right)):
        yield slice(top, top + high), slice(left, left + wide)


def _search_power(
    search: _Search,
    power: Power,
    residuals: Sequence[Residual],
    name: str,
    kinds: Sequence[str] = ("turned", "stretched"),
) -> Found | None:
    """Read residuals where their spectrum says that the tile lies: each alone, then together."""
    for kind in kinds:
        stage = f"{name}, {kind}" if name else kind
        for layout in search.layouts:
            likely = [one for one in SEARCHES[kind](power, layout.searched) if one.rank >= _LEAST_RANK]
            for candidate in keep_likely(power, layout.lines, likely, _LEAST_SYNC_SEARCHED - _GUESSED)[:_PLACES]:
                if found := _read_at(search, residuals, layout, candidate.geometry, stage):
                    return found
    return None


def _read_at(
    search: _Search, residuals: Sequence[Residual], layout: CellLayout, geometry: Geometry, stage: str
) -> Found | None:
    spots = []
    for residual in residuals:
        folded = fold(residual, geometry)
        if folded is None:
            return None
        best = place(folded, layout.lines, HALF_TURNS)[0]
        spots.append(_Spot(residual, _weigh(best.sync), best, geometry, find_low(residual, geometry)))
        if len(spots) == _TELLING and max(spot.placed.sync for spot in spots) < _LEAST_SYNC:
            return None
    alike = _choose_alike(spots)
    for spot in alike[:_ALONE]:
        if spot.placed.sync < _LEAST_SYNC_SEARCHED:
            break
        if found := search.read([spot], layout, stage):
            return found
    if alike[0].placed.sync < _LEAST_SYNC_SEARCHED:
        return None
    if found := search.read(alike, layout, f"{stage}, together"):
        return found
    is_clear = alike[0].placed.sync >= _LEAST_SYNC_BENT
    return search.read(alike, layout, f"{stage}, bent", is_bent=True) if is_clear else None


def _choose_frames(frames: Sequence[FrameOfShot]) -> Iterator[list[int]]:
    """Yield frames to be searched together: the best of all shots, then those of the longest shot."""
    yield _thin(_list_keys(frames), _SEARCHED)
    shots = _list_shots(frames)
    if shots:
        yield _thin(shots[0], _SEARCHED)


def _list_keys(frames: Sequence[FrameOfShot]) -> list[int]:
    return [index for index, one in enumerate(frames) if one.is_key] or [0]


def _thin(chosen: Sequence[int], most: int) -> list[int]:
    """Return at most so many, evenly."""
    return list(chosen[:: max(1, -(-len(chosen) // most))])
