"""Find where a window of sound lies in the pattern, at which speed, and what it says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.chord.evidence import Ear
from provenance.watermarks.chord.layout import CODE_BITS, COLUMNS, SLOT_S, SYNC, TURN_ROWS, Layout
from provenance.watermarks.chord.spectrum import Window
from provenance.watermarks.tile.code import decode

Ratios = NDArray[np.float32]

SHIFTS: Final = 5
"""Places within a slot that are tried; where many poses are, three do."""
PATHS: Final = 64

# A window of ten seconds drifts by 15 ms at its ends between two speeds that are tried.
_STEP: Final = 0.006
_SPEEDS: Final = 39
_STRETCHES: Final = 18


@dataclass(frozen=True, slots=True)
class Pose:
    """How a sound was changed: how many times faster it runs, how many times higher it sounds."""

    speed: float = 1.0
    pitch: float = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window may lie.

    Attributes:
        pose: how it was changed.
        shift_s: where in the window the first whole chip begins.
        row: which row of the pattern that chip has.
        score: deviations of sync.
    """

    pose: Pose
    shift_s: float
    row: int
    score: float

    @property
    def turn_start_s(self) -> float:
        """Where in the window's time row 0 lies, of the turn that the first chip belongs to."""
        return self.shift_s - self.row * 2 * SLOT_S / self.pose.speed

    def is_beside(self, other: "Place") -> bool:
        """Say whether both say the same, a step of the search apart."""
        return abs(self.turn_start_s * self.pose.speed - other.turn_start_s * other.pose.speed) < SLOT_S


def gather(window: Window, pose: Pose, shift_s: float) -> NDArray[np.float32]:
    """Return (2, R, 23): the value of each chip, for chips that begin at an even and at an odd slot."""
    cells = window.stand_out(pose.speed, pose.pitch, shift_s)
    crosses = cells[:, 0::2] - cells[:, 1::2]
    rows = (len(crosses) - 1) // 2
    if rows < 1:
        return np.zeros((2, 0, COLUMNS), np.float32)
    return np.stack([crosses[odd : odd + 2 * rows : 2] - crosses[odd + 1 : odd + 1 + 2 * rows : 2] for odd in (0, 1)])


@lru_cache(maxsize=16)
def _transform_sync(layout: Layout) -> NDArray[np.complex64]:
    """Return the conjugate spectrum of the sync chips along time."""
    sync = np.where(layout.bits == SYNC, layout.signs, 0).astype(np.float32)
    return np.conj(np.fft.rfft(sync, axis=0)).astype(np.complex64)


def find_places(
    window: Window, layout: Layout, poses: Sequence[Pose], least: float, shifts: int = SHIFTS
) -> list[Place]:
    """Return the likeliest places of each pose at a rough look, likeliest first; those under `least` are left out."""
    pattern = _transform_sync(layout)
    share = float((layout.bits == SYNC).mean())
    found: list[Place] = []
    for pose in poses:
        slot = SLOT_S / pose.speed
        for step in range(shifts):
            shift = step * slot / shifts
            chips = gather(window, pose, shift)
            rows = min(chips.shape[1], TURN_ROWS)
            if rows < 8:
                continue
            spectra = np.fft.rfft(chips[:, :rows], TURN_ROWS, axis=1)
            peaks = np.fft.irfft((spectra * pattern).sum(2), TURN_ROWS, axis=1)
            peaks /= np.sqrt((chips[:, :rows] ** 2).sum((1, 2)) * share)[:, None] + 1e-6
            for odd in (0, 1):
                for at in np.argpartition(peaks[odd], -2)[-2:]:
                    score = float(peaks[odd, at])
                    if score >= least:
                        # A peak at -r says that the window's first chip is row r.
                        found.append(Place(pose, shift + odd * slot, int(-at % TURN_ROWS), score))
    return sorted(found, key=lambda place: place.score, reverse=True)


def listen(ear: Ear, layout: Layout, places: Sequence[Place]) -> list[Place]:
    """Return places by how well sync agrees with all that the ear hears there, best first; `score` says that."""
    heard = []
    for place in places:
        values, bits = _line_up(ear, layout, place)
        sync = values[bits == SYNC]
        power = float((values**2).sum()) * len(sync) / max(values.size, 1)
        heard.append(replace(place, score=float(sync.sum()) / (math.sqrt(power) + 1e-6)))
    return sorted(heard, key=lambda place: place.score, reverse=True)


def weigh(ear: Ear, layout: Layout, places: Sequence[Place]) -> Ratios:
    """Return (1024,) log-likelihood ratios of the code bits, positive for 0.

    With two places the sound was cut: each counts on its side of where the cut fits best.
    """
    parts = [_line_up(ear, layout, place) for place in places]
    if len(parts) == 2:
        parts = _part(*parts)
    values, bits = (np.concatenate([part[i].ravel() for part in parts]) for i in (0, 1))
    carries = bits != SYNC
    return np.bincount(bits[carries], values[carries], CODE_BITS).astype(np.float32)


Lined = tuple[NDArray[np.float32], NDArray[np.int16]]
"""(R, 23): what each chip says with its own sign taken off, and which code bit it carries."""


def _line_up(ear: Ear, layout: Layout, place: Place) -> Lined:
    chips = ear.hear(place.pose.speed, place.pose.pitch, place.shift_s)
    rows = (place.row + np.arange(len(chips))) % TURN_ROWS
    return chips * layout.signs[rows], layout.bits[rows]


def _part(one: Lined, other: Lined) -> list[Lined]:
    """Cut both where sync before the cut by one and after it by the other is strongest, whichever comes first."""
    rows = min(len(one[0]), len(other[0]))
    sums = [np.where(bits[:rows] == SYNC, values[:rows], 0).sum(1).cumsum() for values, bits in (one, other)]
    _, cut, first = max(
        (float((a + b[-1] - b).max()), int((a + b[-1] - b).argmax()) + 1, number)
        for number, (a, b) in enumerate((sums, sums[::-1]))
    )
    early, late = (one, other) if first == 0 else (other, one)
    return [(early[0][:cut], early[1][:cut]), (late[0][cut:rows], late[1][cut:rows])]


def read_ratios(layout: Layout, ratios: Ratios) -> tuple[int, int] | None:
    """Return payload and corrected bits, or None."""
    found = decode(layout.message, ratios, paths=PATHS)
    if found is None:
        return None
    payload, code = found
    return payload, int(((ratios < 0) != code.astype(bool))[ratios != 0].sum())


@cache
def list_poses() -> tuple[Pose, ...]:
    """Return every pose that is looked for beside the plain one: speeds of 0.79 to 1.26, and stretches by 11 %."""
    speeds = (math.exp(number * _STEP) for number in range(-_SPEEDS, _SPEEDS + 1) if number)
    stretches = (math.exp(number * _STEP) for number in range(-_STRETCHES, _STRETCHES + 1) if number)
    return (*(Pose(factor, factor) for factor in speeds), *(Pose(factor, 1.0) for factor in stretches))


def list_neighbours(pose: Pose) -> tuple[Pose, ...]:
    """Return finer poses around one that was found."""
    factors = (1 - _STEP / 2, 1 - _STEP / 4, 1 + _STEP / 4, 1 + _STEP / 2)
    together = (Pose(pose.speed * factor, pose.pitch * factor) for factor in factors)
    return (*together, *(Pose(pose.speed * factor, pose.pitch) for factor in factors))
