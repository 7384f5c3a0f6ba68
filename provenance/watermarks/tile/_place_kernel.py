"""Compiled loops of placing: the noise of a folded residual, and the shift at which a few waves agree best."""

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Lines = NDArray[np.int64]


@compiled_for_speed
def sum_noise(spectrum: Floats, rings: NDArray[np.int64], sums: Doubles) -> None:
    """Add to sums (B,) the squares of spectrum (N, N, 2) by ring (N, N); those of ring -1 are left out."""
    for row in range(spectrum.shape[0]):
        for column in range(spectrum.shape[1]):
            ring = rings[row, column]
            if ring >= 0:
                real, imaginary = spectrum[row, column, 0], spectrum[row, column, 1]
                sums[ring] += np.float64(real * real + imaginary * imaginary)


@compiled_for_speed
def _agree(values: Floats, lines: Lines, x: float, y: float) -> float:
    """Return the sum of the waves at a place in waves of 128 pixels."""
    step, total = 2 * np.pi / 128, 0.0
    for n in range(lines.shape[0]):
        angle = step * (lines[n, 0] * x + lines[n, 1] * y)
        total += values[n, 0] * np.cos(angle) - values[n, 1] * np.sin(angle)
    return total


@compiled_for_speed
def agree_best(values: Floats, lines: Lines, samples: int, place: Doubles) -> None:
    """Fill place with across and down of where the waves agree best, their sum there, and the least anywhere.

    Args:
        values: (N, 2), real and imaginary parts of each wave.
        lines: (N, 2), waves in 128 pixels across and down; negative ones, too.
        samples: along 128 pixels that are tried, 64 or 128.
        place: (4,), to be filled.
    """
    count = lines.shape[0]
    cosines, sines = np.empty((count, samples), np.float32), np.empty((count, samples), np.float32)
    angle = 2 * np.pi / samples * np.arange(samples)
    cosine, sine = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    for n in range(count):
        for x in range(samples):
            at = (lines[n, 0] * x) % samples
            cosines[n, x], sines[n, x] = cosine[at], sine[at]
    most, least, best_x, best_y = np.float32(-1e30), np.float32(1e30), 0, 0
    row = np.empty(samples, np.float32)
    for y in range(samples):
        row[:] = 0
        for n in range(count):
            at = (lines[n, 1] * y) % samples
            real = values[n, 0] * cosine[at] - values[n, 1] * sine[at]
            imaginary = values[n, 0] * sine[at] + values[n, 1] * cosine[at]
            along, beside = cosines[n], sines[n]
            for x in range(samples):
                row[x] += real * along[x] - imaginary * beside[x]
        for x in range(samples):
            if row[x] > most:
                most, best_x, best_y = row[x], x, y
            least = min(least, row[x])
    step = 128 // samples
    place[0], place[1], place[2], place[3] = best_x * step, best_y * step, most, least


@compiled_for_speed
def sharpen(values: Floats, lines: Lines, place: Doubles) -> None:
    """Move place (across, down, sum, ...) to where the waves agree best nearby, to a sixteenth of a pixel."""
    for width in (1.0, 0.25):
        middle_x, middle_y = place[0], place[1]
        place[2] = -1e30
        for i in range(-2, 3):
            for j in range(-2, 3):
                x, y = middle_x + 0.25 * width * j, middle_y + 0.25 * width * i
                total = _agree(values, lines, x, y)
                if total > place[2]:
                    place[0], place[1], place[2] = x, y, total
