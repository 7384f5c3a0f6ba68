"""Where the tile lies in a picture that was turned, scaled, stretched or sheared since: the search over geometries.

The tile's sync lines are peaks in the residual's power spectrum, whatever was cut away. Turning and scaling move them
together in a log-polar map, so every turn and scale is tried by adding 24 shifted copies of it; stretching along the
axes moves them apart, so pairs of shrinkings are tried on the spectrum itself. The best of each are refined by least
squares on the peaks nearby, to any linear map, and ranked by the energy at all lines of the tile.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import PERIOD, Layout
from provenance.watermarks.tile.reading import Geometry

# Shrinking to a fifth, growing to 1.75; what grew more is found in the picture at half its size.
_LEAST_SCALE: Final = 0.18
_MOST_SCALE: Final = 1.75
# Half a bin at the outermost sync line of a spectrum of 1024.
_LOG_STEP: Final = 0.006
_ANGLES: Final = 480
_LEAST_FREQUENCY: Final = 0.03
_MOST_FREQUENCY: Final = 0.495
# A byte a cell: power up to 16 times the mean, in sixteenths.
_CAP: Final = 15.9
_STEPS: Final = 16.0
# Cells of the log-polar map within which a peak counts in the wide search.
_WIDE: Final = 11
# Cells over which the spectrum is taken to be even.
_AROUND: Final = (25, 25)
# Log of the ratio of the two scales, in steps of each: a bin at the outermost sync line.
_MOST_STRETCH: Final = 0.25
_SCALE_STEP: Final = 0.0115
_SWAP: Final = np.array([[0.0, 1.0], [1.0, 0.0]])
# No single line may decide: power counts up to so many times the mean.
_MOST_SYNC: Final = 12.0
_MOST_DATA: Final = 4.0
# Twins: geometries that put no line further apart than that.
_APART: Final = 0.25


@dataclass(frozen=True, slots=True)
class Candidate:
    """A geometry that the spectrum suggests.

    Attributes:
        geometry: (2, 2), frequencies of the tile to those of the picture.
        rank: deviations by which the energy at the tile's lines exceeds noise.
    """

    geometry: Geometry
    rank: float


@dataclass(frozen=True, eq=False)
class Waves:
    """A residual's spectrum with its phases.

    Attributes:
        packed: (N, N) float32, half of it, as OpenCV packs that of a real plane.
        usual: (N, N // 2 + 1) float32: the mean amplitude round each cell, frequency 0 down in row N // 2.
        shape: (2,) height and width of the residual.
    """

    packed: NDArray[np.float32]
    usual: NDArray[np.float32]
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Power:
    """Whitened power of a residual, and what searches make of it: the same for every key and both tiles.

    Attributes:
        values: (N, N // 2 + 1) float32 of mean 1.
        waves: of what it was made, where that was one residual.
    """

    values: NDArray[np.float32]
    waves: Waves | None = None

    @cached_property
    def bytes(self) -> NDArray[np.uint8]:
        """The same in sixteenths, as bytes."""
        import cv2

        return np.asarray(cv2.min(self.values, _CAP) * np.float32(_STEPS), np.uint8)

    @cached_property
    def dilated(self) -> NDArray[np.uint8]:
        """Bytes, each the highest within one cell, transposed."""
        import cv2

        return np.asarray(cv2.transpose(cv2.dilate(self.bytes, np.ones((3, 3), np.uint8))), np.uint8)

    @cached_property
    def polar(self) -> NDArray[np.uint8]:
        """(R, 2 A): rows are log frequency, columns angle in the half turn, twice."""
        import cv2

        across, down = _polar_grid(len(self.values))
        polar = cv2.remap(self.bytes, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return np.concatenate([polar, polar], axis=1)

    @cached_property
    def polar_wide(self) -> NDArray[np.uint8]:
        """The same, each the highest within eleven cells: for pictures that were stretched too."""
        import cv2

        return np.asarray(cv2.dilate(self.polar, np.ones((_WIDE, _WIDE), np.uint8)), np.uint8)


def build_power(residual: Residual) -> Power:
    """Return the spectrum, each cell divided by the mean round it."""
    import cv2

    size = 512 if max(residual.shape) <= 512 else 1024
    packed = _transform(residual, size)
    power = _unpack_power(packed)
    power = np.concatenate([power[size // 2 :], power[: size // 2]])
    amplitude = cv2.sqrt(power)
    amplitude = cv2.min(amplitude, cv2.blur(amplitude, _AROUND, borderType=cv2.BORDER_REFLECT) * np.float32(2.5))
    mean = cv2.blur(amplitude, _AROUND, borderType=cv2.BORDER_REFLECT)
    # The squared mean of a Rayleigh variable is pi / 4 of its mean square.
    power *= np.float32(np.pi / 4)
    power /= mean * mean + np.float32(1e-9)
    power[:, :4] = 0
    power[size // 2 - 3 : size // 2 + 4] = 0
    np.minimum(power, np.float32(40), out=power)
    height, width = (min(side, size) for side in residual.shape)
    return Power(power, Waves(packed, mean, (height, width)))


def _transform(residual: Residual, size: int) -> NDArray[np.float32]:
    """Return the spectrum of a residual filled up to (N, N), packed as `cv2.dft` does it."""
    import cv2

    room = np.zeros((size, size), np.float32)
    height, width = (min(side, size) for side in residual.shape)
    room[:height, :width] = residual[:height, :width]
    return np.asarray(cv2.dft(room), np.float32)


def _unpack_power(packed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return squared amplitudes of the half plane, (N, N // 2 + 1).

    Source: OpenCV 4, `dft`: columns between the first and the last hold real and imaginary parts by turns; those two
    are real sequences' own spectra, packed the same way from top to bottom.
    """
    size = len(packed)
    squares = np.square(packed)
    power = np.empty((size, size // 2 + 1), np.float32)
    np.add(squares[:, 1:-1:2], squares[:, 2:-1:2], out=power[:, 1:-1])
    for column in (0, -1):
        ends = squares[:, column]
        pairs = ends[1:-1:2] + ends[2:-1:2]
        power[:, column] = np.concatenate([ends[:1], pairs, ends[-1:], pairs[::-1]])
    return power


@cache
def _polar_grid(size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where log-polar cells lie in a spectrum: rows are log frequency, columns angle in the half turn."""
    log_frequency = np.arange(np.log(_LEAST_FREQUENCY), np.log(_MOST_FREQUENCY), _LOG_STEP)
    angle = np.arange(_ANGLES) * (np.pi / _ANGLES)
    across = np.exp(log_frequency)[:, None] * np.cos(angle)
    down = np.exp(log_frequency)[:, None] * np.sin(angle)
    sign = np.where(across < 0, -1, 1)
    return (sign * across * size).astype(np.float32), (sign * down * size + size // 2).astype(np.float32)


def _scales() -> NDArray[np.float64]:
    return np.arange(np.log(_LEAST_SCALE), np.log(_MOST_SCALE), _LOG_STEP)


def turned_candidates(power: Power, layout: Layout, *, best: int, is_wide: bool = False) -> list[Geometry]:
    """Return the likeliest turns and scales, mirrored or not.

    Args:
        power: spectrum of the residual.
        layout: of the key.
        best: how many of each handedness.
        is_wide: finds pictures that were stretched too, and others less surely.
    """
    import cv2

    from provenance.watermarks.tile._search_kernel import measure_excess, sum_shifted

    polar = power.polar_wide if is_wide else power.polar
    mean, spread = _moments(polar)
    logs = _scales()
    found = []
    for mirrored in (False, True):
        lines = layout.sync / PERIOD * ((-1, 1) if mirrored else (1, 1))
        angle = np.arctan2(lines[:, 1], lines[:, 0]) % np.pi
        rows = np.rint((np.log(np.hypot(*lines.T)) - logs[0] - np.log(_LEAST_FREQUENCY)) / _LOG_STEP).astype(np.int64)
        columns = np.rint(angle * (_ANGLES / np.pi)).astype(np.int64) % _ANGLES
        totals, counts = np.zeros((len(logs), _ANGLES), np.uint16), np.zeros(len(logs), np.int64)
        sum_shifted(polar, rows, columns, totals, counts)
        excess = np.empty(totals.shape, np.float32)
        measure_excess(totals, counts, mean, spread, excess)
        excess = np.asarray(cv2.add(excess, cv2.blur(excess, (3, 3))), np.float32)
        for height, row, column in _peaks(excess, best, around=4):
            turn = column * (np.pi / _ANGLES)
            rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            geometry = rotation @ np.diag([-1.0 if mirrored else 1.0, 1.0]) / np.exp(logs[row])
            found.append((height, geometry))
    found.sort(key=lambda one: -one[0])
    return [geometry for _, geometry in found]


def stretched_candidates(power: Power, layout: Layout, *, best: int) -> list[Geometry]:
    """Return the likeliest pairs of scales across and down, without a turn but with flips and quarter turns."""
    from provenance.watermarks.tile._search_kernel import measure_excess, sum_stretched

    reach = round(_MOST_STRETCH / _SCALE_STEP)
    first, last = np.log(_LEAST_SCALE), np.log(_MOST_SCALE)
    shrinkings = np.exp(-np.arange(first - reach * _SCALE_STEP, last + reach * _SCALE_STEP, _SCALE_STEP))
    shape = len(shrinkings) - 2 * reach, 2 * reach + 1
    spectrum = power.dilated
    mean, spread = _moments(spectrum)
    found = []
    for swapped, flip in itertools.product((False, True), (-1.0, 1.0)):
        sense = np.diag([flip, 1.0]) @ (_SWAP if swapped else np.eye(2))
        totals, counts = np.zeros(shape, np.uint16), np.zeros(shape[0], np.int64)
        sum_stretched(spectrum, np.ascontiguousarray(layout.sync @ sense.T / PERIOD), shrinkings, totals, counts)
        excess = np.empty(shape, np.float32)
        measure_excess(totals, counts, mean, spread, excess)
        for height, row, column in _peaks(excess, best, around=3):
            found.append((height, np.diag([shrinkings[row + reach], shrinkings[row + column]]) @ sense))
    found.sort(key=lambda one: -one[0])
    return [geometry for _, geometry in found]


def _moments(field: NDArray[np.uint8]) -> tuple[float, float]:
    """Return mean and deviation; a deviation of at least a level, for pictures without any."""
    import cv2

    mean, deviation = cv2.meanStdDev(field)
    return float(mean[0, 0]), max(float(deviation[0, 0]), 1.0)


def _peaks(field: NDArray[np.float32], count: int, *, around: int) -> Iterator[tuple[float, int, int]]:
    """Yield the highest cells of a field that wraps round across, each with its surroundings taken out."""
    from provenance.watermarks.tile._search_kernel import pick_peaks

    rows, columns, heights = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count)
    pick_peaks(field, field.max(axis=1), around, rows, columns, heights)
    yield from zip(heights.tolist(), rows.tolist(), columns.tolist(), strict=True)


def rank_candidates(power: Power, layout: Layout, geometries: list[Geometry], *, reach: int) -> list[Candidate]:
    """Return the geometries refined on the peaks near where they put each sync line, best first, without twins.

    Args:
        power: spectrum of the residual.
        layout: of the key.
        geometries: to start from.
        reach: in bins of the spectrum, how far peaks may lie from where a start puts them.
    """
    from provenance.watermarks.tile._search_kernel import improve

    if not geometries:
        return []
    radii = np.array([reach, max(reach // 2, 2), 2, 1] if reach > 3 else [3, 2, 1], np.int64)
    found, ranks = np.array(geometries, np.float64), np.empty(len(geometries))
    improve(power.values, layout.sync / PERIOD, layout.data / PERIOD, radii, (_MOST_SYNC, _MOST_DATA), found, ranks)
    order = np.argsort(-ranks, kind="stable")
    apart = np.abs(found[:, None] - found[None]).max(axis=(2, 3)) * PERIOD >= _APART
    ranked: list[int] = []
    for one in order:
        if apart[one, ranked].all():
            ranked.append(int(one))
    return [Candidate(found[one], float(ranks[one])) for one in ranked]


def keep_likely(power: Power, layout: Layout, candidates: list[Candidate], least: float) -> list[Candidate]:
    """Return those under which sync seems to agree by `least` deviations, best first; upside down and in negative too.

    A guess from the spectrum; of 4,662 candidates it was within 0.4 of what laying out the picture gives (deviation),
    0.9 where the tile seemed to be shrunk to less than 0.4.
    """
    from provenance.watermarks.tile._guess_kernel import guess_sync

    if not candidates or power.waves is None:
        return candidates
    waves = power.waves
    geometries = np.array([one.geometry for one in candidates])
    guesses = np.empty((2 * len(candidates), 2))
    phases = np.stack([np.cos(layout.sync_phases), np.sin(layout.sync_phases)], axis=1).astype(np.float32)
    centre = (waves.shape[0] - 1) / 2, (waves.shape[1] - 1) / 2
    both_ways = np.concatenate([geometries, -geometries])
    guess_sync(waves.packed, waves.usual, centre, layout.sync, phases, both_ways, guesses)
    best = guesses.reshape(2, -1, 2).max(axis=(0, 2))
    order = np.argsort(-best, kind="stable")
    return [candidates[at] for at in order if best[at] >= least]
