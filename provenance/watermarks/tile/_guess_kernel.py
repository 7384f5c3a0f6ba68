"""Compiled loops that guess how far sync agrees under a geometry, from a picture's spectrum alone.

Laying a picture out under a geometry costs a hundred times as much as looking up 24 waves in its spectrum. Between its
cells a spectrum is what its neighbours say, each as a cardinal sine falls off; a few of them are enough for a guess.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed
from provenance.watermarks.tile._place_kernel import agree_best

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

TAPS: Final = 8


@compiled_for_speed
def _weigh_taps(place: float, centre: float, size: int, weights: Floats) -> int:
    """Fill weights (TAPS, 2) with what each cell round a place counts, as complex numbers, and return the first one.

    centre: the middle of what was transformed, in samples: from there on phases hardly turn from cell to cell.
    """
    first = int(np.floor(place)) - TAPS // 2 + 1
    for tap in range(TAPS):
        off = place - (first + tap)
        share = 1.0 if abs(off) < 1e-6 else np.sin(np.pi * off) / (np.pi * off)
        turn = -2 * np.pi * off * centre / size
        weights[tap, 0], weights[tap, 1] = share * np.cos(turn), share * np.sin(turn)
    return first


@compiled_for_speed
def look_up(packed: Floats, x: float, y: float, centre: tuple[float, float], wave: Floats, scratch: Floats) -> None:
    """Fill wave (2,) with the spectrum at (x, y), x > 0, in cells; scratch is (2, TAPS, 2)."""
    size = packed.shape[0]
    left = _weigh_taps(x, centre[1], size, scratch[0])
    top = _weigh_taps(y, centre[0], size, scratch[1])
    real, imaginary = np.float32(0), np.float32(0)
    for i in range(TAPS):
        row = (top + i) % size
        across, beside = np.float32(0), np.float32(0)
        for j in range(TAPS):
            column, sign = left + j, np.float32(1)
            line = row
            if column < 0:
                column, line, sign = -column, (size - row) % size, np.float32(-1)
            if column == 0 or 2 * column >= size:
                continue
            a, b = packed[line, 2 * column - 1], sign * packed[line, 2 * column]
            across += a * scratch[0, j, 0] - b * scratch[0, j, 1]
            beside += a * scratch[0, j, 1] + b * scratch[0, j, 0]
        real += across * scratch[1, i, 0] - beside * scratch[1, i, 1]
        imaginary += across * scratch[1, i, 1] + beside * scratch[1, i, 0]
    wave[0], wave[1] = real, imaginary


@compiled_for_speed
def guess_sync(
    packed: Floats,
    usual: Floats,
    centre: tuple[float, float],
    lines: NDArray[np.int64],
    phases: Floats,
    geometries: Doubles,
    guesses: Doubles,
) -> None:
    """Fill guesses (G, 2): the deviations by which sync agrees, most and least, over all places.

    Args:
        packed: (N, N) spectrum.
        usual: (N, N // 2 + 1) mean amplitude round each cell, frequency 0 down in row N // 2.
        centre: the middle of what was transformed: down and across.
        lines: (24, 2) in waves of 128 pixels.
        phases: (24, 2) cosine and sine of each.
        geometries: (G, 2, 2).
        guesses: to be filled.
    """
    size, count = packed.shape[0], len(lines)
    values, wave = np.empty((count, 2), np.float32), np.empty(2, np.float32)
    scratch, place = np.empty((2, TAPS, 2), np.float32), np.empty(6)
    for g in range(len(geometries)):
        geometry, total = geometries[g], 1e-12
        for n in range(count):
            x = (geometry[0, 0] * lines[n, 0] + geometry[0, 1] * lines[n, 1]) / 128 * size
            y = (geometry[1, 0] * lines[n, 0] + geometry[1, 1] * lines[n, 1]) / 128 * size
            sign = np.float32(1)
            if x < 0:
                x, y, sign = -x, -y, np.float32(-1)
            row, column = int(np.floor(y + 0.5)) + size // 2, int(x + 0.5)
            values[n] = 0
            if column >= usual.shape[1] - 2 or row < 2 or row >= size - 2:
                continue
            look_up(packed, x, y, centre, wave, scratch)
            noise = np.float32(1.2732) * usual[row, column] ** 2 + np.float32(1e-9)
            real, imaginary = wave[0], sign * wave[1]
            values[n, 0] = (real * phases[n, 0] + imaginary * phases[n, 1]) / noise
            values[n, 1] = (imaginary * phases[n, 0] - real * phases[n, 1]) / noise
            total += 1 / noise
        agree_best(values, lines, 128, place)
        deviation = np.sqrt(total / 2)
        guesses[g, 0], guesses[g, 1] = place[2] / deviation, -place[5] / deviation
