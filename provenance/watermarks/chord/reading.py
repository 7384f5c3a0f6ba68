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
    listen,
    read_ratios,
    weigh,
)
from provenance.watermarks.chord.evidence import Ear
from provenance.watermarks.chord.layout import CODE_BITS, Layout
from provenance.watermarks.chord.spectrum import HOP_S, Analyser, Powers, Window

WINDOW_S: Final = 10.0
STEP_S: Final = 5.0
LEAST_S: Final = 1.0
MOST_READS: Final = 256
"""Times that a message is looked for in one stream and under one key; each tries `detection.PATHS` of them."""

# Deviations of sync at a rough look from which a place is listened to: the place that is right seldom has less.
_ROUGH: Final = 3.0
_SEARCH_ROUGH: Final = 4.4
# Deviations of sync, as the ear hears it, that something is tried from: noise gets there in one plain window of eight.
_PLAIN_SYNC: Final = 4.2
_SEARCH_SYNC: Final = 4.6
# Deviations that one side of a cut has to have.
_FAINT: Final = 3.0
# From here on a place is likely right, and is tried before others are listened to.
_CLEAR: Final = 6.5
_HEARD: Final = (5, 3)
"""Places of a window that are listened to: in the first two, all that a short sound has, and in later ones."""
_PLACES: Final = 3
_CUTS: Final = ((0, 1), (0, 2), (0, 3), (1, 2))
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

    def read(self, ear: Ear, start_s: float, poses: Sequence[Pose], least: float, *, adds: bool) -> Detection | None:
        """Look in one window, by its likeliest places, by two of them around a cut, and with the windows before."""
        rough = _tell_apart(find_places(ear.window, self.layout, poses, _ROUGH))[: _HEARD[start_s > STEP_S]]
        clear = listen(ear, self.layout, [place for place in rough[:1] if place.score >= _CLEAR])
        found = self._decode(weigh(ear, self.layout, clear), clear[0], start_s) if clear else None
        if found is not None:
            return found
        places = [place for place in listen(ear, self.layout, rough) if place.score >= _FAINT]
        if not places or places[0].score < least:
            return None
        best = places[0]
        if adds:
            alone = weigh(ear, self.layout, (best,))
            known = self.sums.get(best.pose, np.zeros(CODE_BITS, np.float32))
            self.sums[best.pose] = known + alone
            found = self._decode(self.sums[best.pose], best, start_s) if known.any() else None
        tries: list[tuple[Place, ...]] = [(place,) for place in places[:_PLACES] if place.score >= least]
        tries += [(places[i], places[j]) for i, j in _CUTS if j < len(places) and places[i].pose == places[j].pose]
        for some in tries if found is None else ():
            found = self._decode(weigh(ear, self.layout, some), best, start_s)
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
        ear = Ear(Window(powers, self._analyser.bin_hz))
        for search in self._searches:
            self._found = self._found or search.read(
                ear, self._windows * STEP_S, (Pose(),), _PLAIN_SYNC, adds=self._windows % 2 == 0
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
        ear = Ear(Window(powers, self._analyser.bin_hz))
        places = find_places(ear.window, search.layout, list_poses(), _SEARCH_ROUGH, shifts=3)
        for place in _tell_apart(places)[:_PLACES]:
            poses = (place.pose, *list_neighbours(place.pose))
            finer = find_places(ear.window, search.layout, poses, _SEARCH_ROUGH)
            pose = finer[0].pose if finer else place.pose
            found = search.read(ear, start_s, (pose,), _SEARCH_SYNC, adds=True)
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
