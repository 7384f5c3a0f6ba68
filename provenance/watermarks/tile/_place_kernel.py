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
def _sum_row(
    values: Floats, lines: Lines, y: int, waves: Floats, cosines: Floats, sines: Floats, parts: Floats
) -> None:
    """Fill parts (4, S / 2) with what lines add up to in row y: even and odd ones across, then down, by themselves.

    Half a period on, odd ones have the other sign: four quarters of the place are known from one.

    waves: (2, S) cosine and sine of one wave over S samples.
    """
    parts[:] = 0
    for n in range(lines.shape[0]):
        at = (lines[n, 1] * y) % waves.shape[1]
        real = values[n, 0] * waves[0, at] - values[n, 1] * waves[1, at]
        imaginary = values[n, 0] * waves[1, at] + values[n, 1] * waves[0, at]
        row, along, beside = parts[2 * (lines[n, 1] & 1) + (lines[n, 0] & 1)], cosines[n], sines[n]
        for x in range(row.shape[0]):
            row[x] += real * along[x] - imaginary * beside[x]


@compiled_for_speed
def _find(row: Floats, value: np.float32) -> int:
    """Return where a row has a value that it is known to have."""
    at = 0
    while row[at] != value:
        at += 1
    return at


@compiled_for_speed
def agree_best(values: Floats, lines: Lines, samples: int, place: Doubles) -> None:
    """Fill place with where the waves agree best, their sum there, then the same of where they agree least.

    Args:
        values: (N, 2), real and imaginary parts of each wave.
        lines: (N, 2), waves in 128 pixels across and down; negative ones, too.
        samples: along 128 pixels that are tried, 64 or 128.
        place: (6,), to be filled: across, down, most, across, down, least.
    """
    count, half = lines.shape[0], samples // 2
    cosines, sines = np.empty((count, half), np.float32), np.empty((count, half), np.float32)
    angle, waves = 2 * np.pi / samples * np.arange(samples), np.empty((2, samples), np.float32)
    waves[0], waves[1] = np.cos(angle), np.sin(angle)
    for n in range(count):
        for x in range(half):
            at = (lines[n, 0] * x) % samples
            cosines[n, x], sines[n, x] = waves[0, at], waves[1, at]
    most, least = np.float32(-1e30), np.float32(1e30)
    parts, row, step = np.empty((4, half), np.float32), np.empty(half, np.float32), 128 // samples
    for y in range(half):
        _sum_row(values, lines, y, waves, cosines, sines, parts)
        for quarter in range(4):
            right, low = quarter & 1, quarter >> 1
            across, down = np.float32(1 - 2 * right), np.float32(1 - 2 * low)
            highest, lowest = np.float32(-1e30), np.float32(1e30)
            for x in range(half):
                total = parts[0, x] + across * parts[1, x] + down * (parts[2, x] + across * parts[3, x])
                row[x] = total
                highest, lowest = max(highest, total), min(lowest, total)
            if highest > most:
                most = highest
                place[0], place[1] = step * (_find(row, highest) + half * right), step * (y + half * low)
            if lowest < least:
                least = lowest
                place[3], place[4] = step * (_find(row, lowest) + half * right), step * (y + half * low)
    place[2], place[5] = most, least


@compiled_for_speed
def sharpen(values: Floats, lines: Lines, place: Doubles) -> None:
    """Move place (across, down, sum, ...) to where the waves agree best nearby, to a sixteenth of a pixel."""
    step, count = 2 * np.pi / 128, lines.shape[0]
    down = np.empty((5, count, 2))
    for width in (1.0, 0.25):
        middle_x, middle_y = place[0], place[1]
        place[2] = -1e30
        for i in range(5):
            for n in range(count):
                angle = step * lines[n, 1] * (middle_y + 0.25 * width * (i - 2))
                cosine, sine = np.cos(angle), np.sin(angle)
                down[i, n, 0] = values[n, 0] * cosine - values[n, 1] * sine
                down[i, n, 1] = values[n, 0] * sine + values[n, 1] * cosine
        for j in range(5):
            x = middle_x + 0.25 * width * (j - 2)
            totals = np.zeros(5)
            for n in range(count):
                angle = step * lines[n, 0] * x
                cosine, sine = np.cos(angle), np.sin(angle)
                for i in range(5):
                    totals[i] += down[i, n, 0] * cosine - down[i, n, 1] * sine
            for i in range(5):
                if totals[i] > place[2]:
                    place[0], place[1], place[2] = x, middle_y + 0.25 * width * (i - 2), totals[i]


@compiled_for_speed
def place_senses(values: Floats, lines: NDArray[np.int64], samples: int, negatives: int, places: Doubles) -> None:
    """Fill places (S, 4) with where the waves of each sense agree best: across, down, their sum, and 1 in negative.

    Args:
        values: (S, N, 2), real and imaginary parts.
        lines: (S, N, 2), waves in 128 pixels across and down.
        samples: along 128 pixels that are tried, 64 or 128.
        negatives: 1 where light and dark may have been exchanged, else 0.
        places: to be filled.
    """
    found = np.empty(6)
    for sense in range(values.shape[0]):
        agree_best(values[sense], lines[sense], samples, found)
        if negatives == 1 and -found[5] > found[2]:
            sharpen(-values[sense], lines[sense], found[3:])
            places[sense, :3], places[sense, 3] = found[3:], 1
        else:
            sharpen(values[sense], lines[sense], found)
            places[sense, :3], places[sense, 3] = found[:3], 0
