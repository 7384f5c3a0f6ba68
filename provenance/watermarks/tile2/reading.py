"""From lines in cells to a payload: which cell of the square lies first, and what the lines say.

An origin is known without knowing what is said: under the right one each line's cells add up, whatever its code bit, so
the sum of squares over lines stands out. It is looked for in the lowest lines alone as well, because compression takes
the highest first.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.code import Bits, decode, decode_likeliest
from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import DATA_LINES, PERIOD, Layout
from provenance.watermarks.tile.reading import Geometry, Match
from provenance.watermarks.tile2.cells import Waves, analyse, count_samples, lay_out
from provenance.watermarks.tile2.layout import SQUARE, CellLayout, Origin

Floats = NDArray[np.float32]

TINY: Final = 60_000
"""Pixels of a residual below which tickets are looked for, too."""

_RINGS: Final = 48
_RINGS_SMOOTHED: Final = 9
# Data lines end at 27 waves a period. Four bands of about as many lines each.
_BANDS: Final = (0.0, 15.2, 19.9, 23.7)
_FEW_CELLS: Final = 24
# What lines hold beyond noise is never taken for less than this share of it.
_LEAST_EXCESS: Final = 0.08
# Of 256 origins that a single path was tried under, how many are decoded with a list, and how long that is: of 72 parts
# of tuning pictures that read with 8 and 8 paths at first 71 did with 8 and one, 70 with 4.
_KEPT: Final = 8
_PATHS_ANYWHERE: Final = 32


@dataclass(frozen=True, slots=True)
class Laid:
    """A residual's data lines in cells, ready to be tried against origins.

    Attributes:
        values: (1024, R, C), R and C at most 16: real parts with phases taken off; over all cells of variance 1.
    """

    values: Floats


@dataclass(frozen=True, slots=True)
class Placing:
    """An origin of the square.

    Attributes:
        origin: row and column of the cell that lies first.
        rank: deviations by which the energy of lines exceeds noise under it.
    """

    origin: Origin
    rank: float


def lay(residual: Residual, layout: Layout, geometry: Geometry, corner: NDArray[np.float64]) -> Laid | None:
    """Return the data lines of a residual by cell; None where the geometry is degenerate or too large.

    Args:
        residual: of a picture.
        layout: of the key.
        geometry: frequencies of the tile to those of the picture, flips and turns included.
        corner: (2,) of some cell, in tile pixels: across and down.
    """
    laid = lay_out(residual, geometry, corner)
    if laid is None:
        return None
    return weigh_waves(analyse(laid, layout.data, count_samples(geometry)), layout)


def weigh_waves(waves: Waves, layout: Layout) -> Laid:
    """Return data lines by cell, phases taken off, in units of their ring's noise."""
    return Laid(np.ascontiguousarray(_turn_back(waves, layout).real.transpose(2, 0, 1), np.float32))


def _turn_back(waves: Waves, layout: Layout) -> Waves:
    ring = _ring_of(layout)
    power = (waves.real**2 + waves.imag**2).sum(axis=(0, 1))
    count = np.bincount(ring, minlength=_RINGS)
    noise = np.bincount(ring, power, _RINGS) / np.maximum(count, 1) + 1e-9
    turned: Waves = waves * (np.exp(-1j * layout.data_phases) * np.sqrt(2 / noise[ring])).astype(np.complex64)
    return turned


def agree_phases(waves: Waves, layout: Layout) -> float:
    """Return the deviations by which lines agree with their phases, whatever their signs and code bits.

    Where the tile lies elsewhere than supposed, or not at all, lines are turned by anything: their squares add up to 0.
    """
    turned = _turn_back(waves, layout)
    power = turned.real**2 + turned.imag**2
    return float((2 * turned.real**2 - power).sum() / np.sqrt((power**2).sum() / 2 + 1e-9))


def _ring_of(layout: Layout) -> NDArray[np.int64]:
    ring: NDArray[np.int64] = np.minimum(np.rint(np.hypot(*layout.data.T)).astype(np.int64), _RINGS - 1)
    return ring


@cache
def _bands_of(layout: Layout) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return which band each line lies in, and how many lines each band and those below it have."""
    band = np.asarray(np.searchsorted(np.array(_BANDS[1:]), np.hypot(*layout.data.T)), np.int64)
    return band, np.cumsum(np.bincount(band, minlength=len(_BANDS))).astype(np.float64)


def rank_origins(laid: Laid, layout: CellLayout, count: int) -> list[Placing]:
    """Return the origins under which lines stand out most, best first."""
    from provenance.watermarks.tile2._cells_kernel import sum_origins

    band, counts = _bands_of(layout.lines)
    # Of many cells the lower half of the lines is enough; it is also what compression leaves.
    used = DATA_LINES if laid.values[0].size <= _FEW_CELLS else DATA_LINES // 2
    counts = np.minimum(counts, used)
    energies = np.zeros((len(_BANDS), SQUARE, SQUARE), np.float32)
    sum_origins(laid.values[:used], layout.signs[:used], band[:used], energies)
    counts = counts[:, None, None]
    ranks = ((np.cumsum(energies, axis=0) - counts) / np.sqrt(2 * counts)).max(axis=0)
    best = np.argsort(ranks, axis=None)[::-1][:count]
    return [Placing(divmod(int(place), SQUARE), float(ranks.flat[place])) for place in best]


def fold_signed(laid: Laid, layout: CellLayout, origin: Origin) -> Floats:
    """Return (1024,) lines added up over cells under their signs, of variance 1 where there is no mark."""
    rows, columns = laid.values.shape[1:]
    part = layout.signs[:, origin[0] : origin[0] + rows, origin[1] : origin[1] + columns]
    sums: Floats = np.einsum("lrc,lrc->l", laid.values, part, dtype=np.float32, casting="unsafe")
    return sums


def weigh(folded: Floats, layout: Layout) -> Floats:
    """Return (1024,) log-likelihood ratios of the code bits, positive for 0."""
    ratios = np.empty(DATA_LINES, np.float32)
    ratios[layout.code_bits] = 2 * folded * _measure_amplitudes(folded**2, layout)
    return ratios


def _measure_amplitudes(energies: Floats, layout: Layout) -> NDArray[np.float64]:
    """Return (1024,) how much of the mark each line holds, in deviations of noise: by ring, smoothed over nine.

    energies: (1024,) squares of lines, of mean 1 where there is no mark.
    """
    ring = _ring_of(layout)
    count = np.bincount(ring, minlength=_RINGS)
    window = np.ones(_RINGS_SMOOTHED)
    excess = np.convolve(np.bincount(ring, energies, _RINGS) - count, window, "same")
    smooth = excess / np.maximum(np.convolve(count, window, "same"), 1)
    amplitudes: NDArray[np.float64] = np.sqrt(np.maximum(smooth, _LEAST_EXCESS))[ring]
    return amplitudes


def find_held(layout: Layout, geometry: Geometry) -> NDArray[np.bool_]:
    """Return (1024,): which code bits lie in waves that a picture under a geometry can hold: two pixels and more."""
    held = np.empty(DATA_LINES, np.bool_)
    held[layout.code_bits] = np.abs(layout.data @ geometry.T).max(axis=1) < PERIOD / 2
    return held


def read(
    laid: Laid,
    layout: CellLayout,
    origin: Origin,
    *,
    paths: int,
    held: NDArray[np.bool_] | None = None,
    tickets: bool = False,
) -> Match | None:
    """Return what the tile says under an origin, or None: `paths` messages are tried; bits not `held` are erasures.

    Where `tickets` are looked for as well, as many messages more are tried.
    """
    ratios = weigh(fold_signed(laid, layout, origin), layout.lines)
    if held is not None:
        ratios = ratios * held
    decoded = decode(layout.lines, ratios, paths=paths)
    if decoded is None and tickets:
        decoded = decode(layout.lines, ratios, paths=paths, as_ticket=True)
    if decoded is None:
        return None
    return _match(ratios, *decoded)


def read_anywhere(laid: Laid, layout: CellLayout, *, tests: int, held: NDArray[np.bool_] | None = None) -> Match | None:
    """Return what the tile says under whichever origin says something, or None: `tests` messages are tried.

    Bits not `held` are erasures.

    A part that lies in one cell has the same energy under every origin, and a part of few cells nearly so. But a code
    is contradicted least under the right one: all are decoded, and the likeliest messages of all are tried.
    """
    ratios = _fold_everywhere(laid, layout)
    # One measure of amplitudes for all, so that they can be compared.
    energies = np.einsum("lo,lo->l", ratios, ratios) / SQUARE**2
    ratios *= 2 * _measure_amplitudes(energies, layout.lines)[:, None].astype(np.float32)
    ratios = ratios[np.argsort(layout.lines.code_bits)]
    if held is not None:
        ratios *= held[:, None]
    decoded = decode_likeliest(layout.lines, ratios, kept=_KEPT, paths=_PATHS_ANYWHERE, tests=tests)
    if decoded is None:
        return None
    origin, payload, code = decoded
    return _match(ratios[:, origin], payload, code)


def _fold_everywhere(laid: Laid, layout: CellLayout) -> Floats:
    """Return (1024, 256): `fold_signed` under each origin."""
    rows, columns = laid.values.shape[1:]
    sums = np.zeros((DATA_LINES, SQUARE, SQUARE), np.float32)
    for row in range(rows):
        for column in range(columns):
            part = layout.signs[:, row : row + SQUARE, column : column + SQUARE]
            sums += laid.values[:, row, column, None, None] * part
    return sums.reshape(DATA_LINES, -1)


def _match(ratios: Floats, payload: int, code: Bits) -> Match:
    agreement = ratios * (1 - 2.0 * code)
    score = float(agreement.sum() / np.sqrt((ratios**2).sum() + 1e-9))
    return Match(payload, code, score, int(np.count_nonzero(agreement < 0)))
