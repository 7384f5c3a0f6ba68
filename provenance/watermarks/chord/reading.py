"""Read a stream: windows of ten seconds, as they are first, then the fullest of them at every speed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.chord.detection import (
    Place,
    Pose,
    Ratios,
    find_places,
    list_neighbours,
    list_poses,
    read_ratios,
    weigh,
)
from provenance.watermarks.chord.layout import CODE_BITS, Layout
from provenance.watermarks.chord.spectrum import HOP_S, Analyser, Powers, Window

WINDOW_S: Final = 10.0
STEP_S: Final = 5.0
LEAST_S: Final = 1.0
MOST_READS: Final = 256
"""Times that a message is looked for in one stream and under one key; each tries `detection.PATHS` of them."""

# Deviations of sync that something is tried from: noise gets there in one plain window of eight, and in some searches.
_PLAIN_SYNC: Final = 4.2
_SEARCH_SYNC: Final = 4.6
_PLACES: Final = 3
_CUTS: Final = 3
_SEARCHED: Final = 2


@dataclass(frozen=True, slots=True)
class Detection:
    """What was read and where.

    Attributes:
        payload: 64 bits.
        key_id: the key that opened it.
        corrected_bits: code bits that had the wrong sign.
        score: deviations by which sync stands out, where it was read.
        pose: how many times faster and higher the sound is than when it was marked.
        start_s: where in the stream the window begins in which it was read.
    """

    payload: int
    key_id: str
    corrected_bits: int
    score: float
    pose: Pose
    start_s: float


@dataclass(slots=True)
class _Search:
    """One key's reading so far.

    Attributes:
        layout: of the key.
        sums: of all windows that lie apart from each other, by pose.
        reads: how often a message was looked for.
    """

    layout: Layout
    sums: dict[Pose, Ratios] = field(default_factory=dict)
    reads: int = 0

    def read(
        self, window: Window, start_s: float, poses: Sequence[Pose], least: float, *, adds: bool
    ) -> Detection | None:
        """Look in one window, by its likeliest places, by two of them around a cut, and with the windows before."""
        places = find_places(window, self.layout, poses, least)
        if not places:
            return None
        best = places[0]
        others = _tell_apart(places)
        tries: list[tuple[Place, ...]] = [(place,) for place in others[:_PLACES]]
        tries += [(best, place) for place in others[1 : _CUTS + 1] if place.pose == best.pose]
        alone = weigh(window, self.layout, (best,))
        found = self._decode(alone, best, start_s)
        if found is None and adds:
            known = self.sums.get(best.pose, np.zeros(CODE_BITS, np.float32))
            self.sums[best.pose] = known + alone
            found = self._decode(self.sums[best.pose], best, start_s) if known.any() else None
        for some in tries[1:] if found is None else ():
            found = self._decode(weigh(window, self.layout, some), best, start_s)
            if found is not None:
                break
        return found

    def _decode(self, ratios: Ratios, place: Place, start_s: float) -> Detection | None:
        if self.reads >= MOST_READS:
            return None
        self.reads += 1
        found = read_ratios(self.layout, ratios)
        if found is None:
            return None
        return Detection(found[0], self.layout.key_id, found[1], place.score, place.pose, start_s)


class Reader:
    """Reads one stream under every key; memory is some windows, however long the stream. Not for several threads."""

    def __init__(self, layouts: Sequence[Layout], rate_hz: int, *, is_plain: bool = False) -> None:
        self._searches = [_Search(layout) for layout in layouts]
        self._analyser, self._is_plain = Analyser(rate_hz), is_plain
        self._held: list[Powers] = []
        self._count = self._windows = 0  # spectra held, windows read
        self._fullest: list[tuple[float, int, Powers]] = []
        self._found: Detection | None = None

    @property
    def found(self) -> Detection | None:
        """What has been read so far; once there is something, nothing else is looked for."""
        return self._found

    def push(self, block: NDArray[np.float32]) -> None:
        """Take samples (C, N), float32, -1 to 1."""
        if self._found is None:
            powers = self._analyser.push(block)
            self._held.append(powers)
            self._count += len(powers)
            while self._count >= int(WINDOW_S / HOP_S) and self._found is None:
                self._look(int(WINDOW_S / HOP_S))

    def finish(self) -> Detection | None:
        """Look at what is left, and where nothing was found, at the fullest windows at other speeds."""
        is_new = self._windows == 0 or self._count > int(STEP_S / HOP_S)
        if self._found is None and self._count * HOP_S >= LEAST_S and is_new:
            self._look(self._count)
        for search in self._searches:
            for _, number, powers in () if self._found or self._is_plain else self._fullest:
                self._found = self._found or self._search(search, powers, number * STEP_S)
        return self._found

    def _look(self, count: int) -> None:
        """Read the first `count` spectra held, plainly, and let go of what the next window does not need."""
        whole = np.concatenate(self._held)
        powers = whole[:count]
        window = Window(powers, self._analyser.bin_hz)
        for search in self._searches:
            self._found = self._found or search.read(
                window, self._windows * STEP_S, (Pose(),), _PLAIN_SYNC, adds=self._windows % 2 == 0
            )
        self._keep_fullest(powers)
        self._windows += 1
        whole = whole[int(STEP_S / HOP_S) :]
        self._held, self._count = [whole], len(whole)

    def _keep_fullest(self, powers: Powers) -> None:
        """Keep the windows with most going on for the search, none of which overlap."""
        fullness = float(np.sqrt(np.sqrt(powers.sum(1))).sum())
        kept = [*self._fullest, (fullness, self._windows, powers)]
        kept.sort(key=lambda item: item[0], reverse=True)
        chosen: list[tuple[float, int, Powers]] = []
        for item in kept:
            if all(abs(item[1] - other[1]) >= WINDOW_S / STEP_S for other in chosen):
                chosen.append(item)
        self._fullest = chosen[:_SEARCHED]

    def _search(self, search: _Search, powers: Powers, start_s: float) -> Detection | None:
        window = Window(powers, self._analyser.bin_hz)
        places = find_places(window, search.layout, list_poses(), _SEARCH_SYNC, shifts=3)
        for place in _tell_apart(places)[:_PLACES]:
            poses = (place.pose, *list_neighbours(place.pose))
            finer = find_places(window, search.layout, poses, _SEARCH_SYNC)
            pose = finer[0].pose if finer else place.pose
            found = search.read(window, start_s, (pose,), _SEARCH_SYNC, adds=True)
            if found is not None:
                return found
        return None


def _tell_apart(places: Sequence[Place]) -> list[Place]:
    """Return those that are not a likelier one, a step of the search away."""
    kept: list[Place] = []
    for place in places:
        if not any(place.is_beside(other) for other in kept):
            kept.append(place)
    return kept
