"""From a residual and a geometry to a payload: lay the tile's periods over each other and weigh its lines.

The residual is resampled to tile pixels and added up with twice the tile's period. In the spectrum of that sum the
mark's lines fall on even places; odd places hold none and tell the noise.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.code import Bits, decode
from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import PERIOD, Layout

Spectrum = NDArray[np.complex64]
Geometry = NDArray[np.float64]
"""(2, 2): takes a frequency of the tile, in cycles a pixel, to one of the picture."""

IDENTITY: Final = np.eye(2)
# A picture a tenth or ten times as large.
_LEAST_DET: Final = 0.01
_MOST_SAMPLES: Final = 1 << 23
_RINGS: Final = 48


@dataclass(frozen=True, slots=True)
class Folded:
    """The periods of a residual added up.

    Attributes:
        lines: (N, N) spectrum at even places: one a tile line, N samples a period.
        noise: (48,) mean power at odd places, by distance from 0 in waves a period.
    """

    lines: Spectrum
    noise: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """What was decoded, and how.

    Attributes:
        payload: 64-bit value.
        code: (1024,) code bits.
        score: deviations by which the lines agree with the code beyond what noise does on average.
        corrected_bits: code bits whose sign disagreed.
    """

    payload: int
    code: Bits
    score: float
    corrected_bits: int


def invert(matrix: Geometry) -> Geometry:
    """Return the inverse of a (2, 2) matrix; the library's takes ten times as long on one so small."""
    (a, b), (c, d) = matrix.tolist()
    inverse: Geometry = np.array([[d, -b], [-c, a]]) / (a * d - b * c)
    return inverse


def fold(residual: Residual, geometry: Geometry) -> Folded | None:
    """Return the residual laid over itself under a geometry; None where that is degenerate or too large."""
    import cv2

    from provenance.watermarks.tile._place_kernel import sum_noise

    det = abs(geometry[0, 0] * geometry[1, 1] - geometry[0, 1] * geometry[1, 0])
    if not _LEAST_DET < det < 1 / _LEAST_DET:
        return None
    # Tile pixels a sample: 2 where the picture was shrunk to less than about 0.6 (tile lines end below 32 waves).
    step = 2 if det > 2.8 else 1
    samples = PERIOD // step
    to_picture = invert(geometry).T * step
    height, width = residual.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ invert(to_picture).T
    low = np.floor(corners.min(0))
    size = np.ceil((corners.max(0) - low) / (2 * samples)).astype(int) * 2 * samples
    if size[0] * size[1] > _MOST_SAMPLES:
        return None
    if np.array_equal(to_picture, IDENTITY):
        laid = residual
    else:
        matrix = np.column_stack([to_picture, to_picture @ low])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        laid = cv2.warpAffine(residual, matrix, tuple(map(int, size)), flags=flags, borderMode=cv2.BORDER_CONSTANT)
    spectrum = cv2.dft(_add_up(laid, 2 * samples), flags=cv2.DFT_COMPLEX_OUTPUT)
    ring, count = _rings(2 * samples)
    noise = np.zeros(_RINGS)
    sum_noise(spectrum, ring, noise)
    return Folded(np.ascontiguousarray(spectrum[::2, ::2]).view(np.complex64)[..., 0], noise / count + 1e-9)


def _add_up(laid: Residual, period: int) -> Residual:
    """Return the (N, N) sum of all squares of a plane; what the last ones lack is empty."""
    if laid.shape == (period, period):
        return laid
    summed = np.zeros((period, period), np.float32)
    for top in range(0, laid.shape[0], period):
        for left in range(0, laid.shape[1], period):
            part = laid[top : top + period, left : left + period]
            summed[: part.shape[0], : part.shape[1]] += part
    return summed


@cache
def _rings(period: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (N, N) which ring an odd place lies in, -1 for all others, and how many places a ring has."""
    waves = np.rint(np.fft.fftfreq(period, 1 / period)).astype(int)
    down, across = np.meshgrid(waves, waves, indexing="ij")
    is_odd = ((down % 2 != 0) | (across % 2 != 0)) & (down != 0) & (across != 0)
    ring = np.minimum(np.rint(np.hypot(down, across) / 2).astype(np.int64), _RINGS - 1)
    count = np.maximum(np.bincount(ring[is_odd], minlength=_RINGS), 1)
    return np.where(is_odd, ring, -1), count


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the tile's origin lies under one sense (a flip or turn of the tile).

    Attributes:
        sync: how far the sync lines agree, in deviations of noise.
        sense: (2, 2) of integers: the flip or turn.
        origin: in tile pixels.
    """

    sync: float
    sense: NDArray[np.int64]
    origin: NDArray[np.float64]


def place(folded: Folded, layout: Layout, senses: NDArray[np.int64]) -> list[Placed]:
    """Return for each (2, 2) sense the origin at which the sync lines agree best; best sense first."""
    places, syncs = place_senses(folded, layout, senses, negatives=False)
    placed = [Placed(sync, senses[at], places[at, :2]) for at, sync in enumerate(syncs)]
    return sorted(placed, key=lambda one: -one.sync)


def place_senses(
    folded: Folded, layout: Layout, senses: NDArray[np.int64], *, negatives: bool
) -> tuple[NDArray[np.float64], list[float]]:
    """Return where the sync lines agree best under each (2, 2) sense, and by how many deviations.

    Places are (S, 4): across, down, the lines' sum, and 1 where light and dark seem to have been exchanged.
    """
    from provenance.watermarks.tile import _place_kernel

    samples = len(folded.lines)
    lines = np.ascontiguousarray(layout.sync @ senses.transpose(0, 2, 1))
    ring = np.minimum(np.rint(np.hypot(lines[..., 0], lines[..., 1])).astype(int), _RINGS - 1)
    noise = folded.noise[ring]
    seen = folded.lines[lines[..., 1] % samples, lines[..., 0] % samples] * np.exp(-1j * layout.sync_phases) / noise
    values = np.ascontiguousarray(seen, np.complex64).view(np.float32).reshape(*lines.shape)
    places = np.empty((len(senses), 4))
    _place_kernel.place_senses(values, lines, samples, int(negatives), places)
    return places, (places[:, 2] / np.sqrt((1 / noise).sum(axis=1) / 2)).tolist()


UPRIGHT: Final = Placed(0.0, np.eye(2, dtype=np.int64), np.zeros(2))
"""Where the embedder lays the tile."""


def weigh(folded: Folded, layout: Layout, placed: Placed) -> NDArray[np.float32]:
    """Return (1024,) log-likelihood ratios of the code bits, positive for 0."""
    samples = len(folded.lines)
    lines = layout.data @ placed.sense.T
    turn = np.exp(2j * np.pi / PERIOD * (lines @ placed.origin) - 1j * layout.data_phases)
    seen = folded.lines[lines[:, 1] % samples, lines[:, 0] % samples]
    ring = np.minimum(np.rint(np.hypot(*lines.T)).astype(int), _RINGS - 1)
    strength = _strengths(folded, np.abs(seen) ** 2, ring)
    values = (seen * turn).real * strength[ring] / folded.noise[ring]
    ratios = np.empty(len(lines), np.float32)
    ratios[layout.code_bits] = 4 * values
    return ratios


def _strengths(folded: Folded, power: NDArray[np.float64], ring: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (48,) the mark's amplitude by ring: what lines hold beyond noise, smoothed over nine rings."""
    count = np.bincount(ring, minlength=_RINGS)
    excess = np.bincount(ring, power / folded.noise[ring], _RINGS) - count
    window = np.ones(9)
    smooth = np.convolve(excess, window, "same") / np.maximum(np.convolve(count, window, "same"), 1)
    ratios: NDArray[np.float64] = np.sqrt(np.maximum(smooth, 0.04) * folded.noise)
    return ratios


def read(folded: Folded, layout: Layout, placed: Placed, *, paths: int) -> Match | None:
    """Return what the tile says, or None: `paths` messages are tried."""
    ratios = weigh(folded, layout, placed)
    decoded = decode(layout, ratios, paths=paths)
    if decoded is None:
        return None
    payload, code = decoded
    agreement = ratios * (1 - 2.0 * code)
    score = float(agreement.sum() / np.sqrt((ratios**2).sum() + 1e-9))
    return Match(payload, code, score, int(np.count_nonzero(agreement < 0)))
