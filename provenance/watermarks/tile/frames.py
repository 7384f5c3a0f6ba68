"""Reading a tile from frames of a clip: each alone, then frames of one shot together.

Frames between those that were coded by themselves hold the mark less well, and where the camera moves, elsewhere: the
encoder moves what was there along with the picture. So each frame is placed by its own sync lines, and what its lines
say counts as far as sync agrees. Where the clip was cropped, scaled or turned, the spectra of several frames together
say how: they do not mind where in a frame the tile begins.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Plane
from provenance.watermarks.tile.code import decode
from provenance.watermarks.tile.front import Residual, build_residual
from provenance.watermarks.tile.geometry import (
    Candidate,
    Power,
    build_power,
    rank_candidates,
    stretched_candidates,
    turned_candidates,
)
from provenance.watermarks.tile.layout import Layout
from provenance.watermarks.tile.reading import IDENTITY, UPRIGHT, Folded, Geometry, Match, Placed, fold, place, weigh
from provenance.watermarks.tile.shot import as_frame

MOST_READS: Final = 192
"""Attempts at most for one key in one call."""
PATHS: Final = 32

_HALF_TURNS: Final = np.array([np.eye(2, dtype=int), -np.eye(2, dtype=int)])
_MIRROR: Final = np.array([[-1, 0], [0, 1]])
_QUARTER: Final = np.array([[0, -1], [1, 0]])
_SENSES: Final = np.array(
    [
        np.linalg.matrix_power(_QUARTER, turns) @ mirror
        for mirror in (np.eye(2, dtype=int), _MIRROR)
        for turns in range(4)
    ]
)
_LEAST_SYNC: Final = 4.0
_LEAST_RANK: Final = 6.0
# Of a shot, the frames that are searched together, and those that are read at a place found.
_SEARCHED: Final = 6
_PLACES: Final = 3
_LEAST_SIDE: Final = 32
_ENLARGED_FROM: Final = 300


@dataclass(frozen=True, slots=True)
class FrameOfShot:
    """A plane to be read.

    Attributes:
        luma: (H, W) uint8, longest side 640 at most.
        shot: which shot it is of; frames of one carry one code.
        is_key: whether it was coded by itself, or begins a shot.
    """

    luma: Plane
    shot: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A tile that was read.

    Attributes:
        key_id: of the key.
        match: what it says.
        stage: how it was found: straight or searched, alone or together.
    """

    key_id: str
    match: Match
    stage: str


@dataclass(slots=True)
class _Search:
    """One call: residuals are made when they are first needed, attempts are counted."""

    frames: Sequence[FrameOfShot]
    layouts: Sequence[Layout]
    is_halved: bool = False
    reads: dict[str, int] = field(default_factory=dict)
    residuals: dict[int, Residual] = field(default_factory=dict)

    def residual(self, index: int) -> Residual:
        """Return what stands out of a frame."""
        if index not in self.residuals:
            luma = self.frames[index].luma
            if self.is_halved:
                luma = np.ascontiguousarray(halve(luma))
            self.residuals[index] = build_residual(as_frame(luma), in_colour=False)
        return self.residuals[index]

    def read(self, layout: Layout, ratios: NDArray[np.float32], stage: str) -> Found | None:
        """Decode what lines say; nothing once a key has had its attempts."""
        self.reads[layout.key_id] = self.reads.get(layout.key_id, 0) + 1
        if self.reads[layout.key_id] > MOST_READS:
            return None
        decoded = decode(layout, ratios, paths=PATHS)
        if decoded is None:
            return None
        payload, code = decoded
        agreement = ratios * (1 - 2.0 * code)
        score = float(agreement.sum() / np.sqrt((ratios**2).sum() + 1e-9))
        return Found(layout.key_id, Match(payload, code, score, int(np.count_nonzero(agreement < 0))), stage)


def read_frames(frames: Sequence[FrameOfShot], layouts: Sequence[Layout]) -> Found | None:
    """Return the first tile found under the keys' layouts, or None."""
    usable = _choose_usable(frames)
    if not usable or not layouts:
        return None
    search = _Search(usable, layouts)
    found = _read_straight(search) or _read_searched(search)
    if found or max(usable[0].luma.shape) < _ENLARGED_FROM:
        return found
    return _read_searched(_Search(usable, layouts, is_halved=True, reads=search.reads))


def read_straight(frames: Sequence[FrameOfShot], layouts: Sequence[Layout]) -> Found | None:
    """Return the first tile found where an embedder lays it, or None: a part of what `read_frames` tries."""
    usable = _choose_usable(frames)
    return _read_straight(_Search(usable, layouts)) if usable and layouts else None


def _choose_usable(frames: Sequence[FrameOfShot]) -> list[FrameOfShot]:
    return [one for one in frames if min(one.luma.shape) >= _LEAST_SIDE]


def _read_straight(search: _Search) -> Found | None:
    """Read each frame where the embedder laid the tile or its sync lines say that it lies; then shots as sums."""
    order = sorted(range(len(search.frames)), key=lambda index: not search.frames[index].is_key)
    sums: dict[tuple[str, int], NDArray[np.float32]] = {}
    for index in order:
        frame, folded = search.frames[index], fold(search.residual(index), IDENTITY)
        assert folded is not None, "the identity is never degenerate"
        for layout in search.layouts:
            best = place(folded, layout, _SENSES)[0]
            ratios = weigh(folded, layout, UPRIGHT if best.sync < _LEAST_SYNC else best)
            if frame.is_key and (found := search.read(layout, ratios, "straight")):
                return found
            _add(sums, (layout.key_id, frame.shot), ratios, best.sync)
    return _read_sums(search, sums, "straight, together")


def _read_sums(search: _Search, sums: dict[tuple[str, int], NDArray[np.float32]], stage: str) -> Found | None:
    layouts = {layout.key_id: layout for layout in search.layouts}
    for (key_id, _), ratios in sums.items():
        if found := search.read(layouts[key_id], ratios, stage):
            return found
    return None


def _add(
    sums: dict[tuple[str, int], NDArray[np.float32]],
    key: tuple[str, int],
    ratios: NDArray[np.float32],
    sync: float,
) -> None:
    """Add what a frame says to its shot's sum, by how far its sync lines stand out."""
    # A frame without the mark has a sync of 3 to 4 by chance: the best of all places.
    weight = np.float32(max(sync - 2.5, 0.1) ** 2)
    norm = np.float32(np.sqrt((ratios**2).mean()) + 1e-6)
    known = sums.get(key)
    sums[key] = ratios * (weight / norm) if known is None else known + ratios * (weight / norm)


def _read_searched(search: _Search) -> Found | None:
    """Find out how the clip was cropped, scaled or turned, and read its frames there."""
    for chosen in _choose_frames(search.frames):
        power = average_powers([build_power(search.residual(index)) for index in chosen])
        for name, suggest in SEARCHES.items():
            for layout in search.layouts:
                best = [one for one in suggest(power, layout) if one.rank >= _LEAST_RANK][:_PLACES]
                for candidate in best:
                    if found := _read_at(search, chosen, layout, candidate.geometry, name):
                        return found
    return None


def _choose_frames(frames: Sequence[FrameOfShot]) -> Iterator[list[int]]:
    """Yield frames to be searched together: the best of all shots, then those of the longest shot."""
    keys = [index for index, one in enumerate(frames) if one.is_key]
    yield keys[:: max(1, -(-len(keys) // _SEARCHED))] or [0]
    shots = [one.shot for one in frames]
    longest = max(set(shots), key=shots.count)
    of_shot = [index for index, one in enumerate(frames) if one.shot == longest]
    if len(of_shot) > 1:
        yield of_shot[:: max(1, -(-len(of_shot) // _SEARCHED))]


def average_powers(powers: Sequence[Power]) -> Power:
    """Return the mean of spectra."""
    values = np.mean([power.values for power in powers], axis=0, dtype=np.float32)
    # Averaged, noise varies less about its mean of 1: it is spread again, so that lines stand out as in one frame.
    spread = np.maximum(1 + (values - 1) * np.float32(np.sqrt(len(powers))), 0)
    return Power(np.minimum(spread, np.float32(40)))


def _read_at(search: _Search, chosen: Sequence[int], layout: Layout, geometry: Geometry, stage: str) -> Found | None:
    """Read frames under one geometry: each alone, then their sum."""
    sums: dict[tuple[str, int], NDArray[np.float32]] = {}
    placed = [one for index in chosen if (one := _place(search, index, layout, geometry)) is not None]
    for sync, shot, ratios in sorted(placed, key=lambda one: -one[0]):
        _add(sums, (layout.key_id, shot), ratios, sync)
        if sync >= _LEAST_SYNC and (found := search.read(layout, ratios, stage)):
            return found
    return _read_sums(search, sums, f"{stage}, together") if len(placed) > 1 else None


def _place(
    search: _Search, index: int, layout: Layout, geometry: Geometry
) -> tuple[float, int, NDArray[np.float32]] | None:
    folded: Folded | None = fold(search.residual(index), geometry)
    if folded is None:
        return None
    best: Placed = place(folded, layout, _HALF_TURNS)[0]
    return best.sync, search.frames[index].shot, weigh(folded, layout, best)


def halve(luma: Plane) -> Plane:
    """Return a plane at half its size."""
    import cv2

    half: Plane = cv2.resize(luma, (luma.shape[1] // 2, luma.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return half


def _turned(power: Power, layout: Layout) -> list[Candidate]:
    return rank_candidates(power, layout, turned_candidates(power, layout, best=6), reach=3)


def _stretched(power: Power, layout: Layout) -> list[Candidate]:
    return rank_candidates(power, layout, stretched_candidates(power, layout, best=3), reach=3)


SEARCHES: Final[dict[str, Callable[[Power, Layout], list[Candidate]]]] = {"turned": _turned, "stretched": _stretched}
"""Ways in which a clip may have been changed, by name: what suggests geometries of each, likeliest first."""
