"""Compiled loops of the search for where the tile lies: sums over sync lines in a picture's whitened power spectrum.

A spectrum is (N, N // 2 + 1): row N // 2 is frequency 0 down, column 0 frequency 0 across. A geometry is a 2x2 matrix B
that takes a frequency of the tile (cycles a pixel) to one of the picture.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bytes = NDArray[np.uint8]

MEAN_CAPPED: Final = 0.97
"""Mean of an exponential variable of mean 1 that is capped at 4 and interpolated."""


@compiled_for_speed
def sum_shifted(
    polar: Bytes,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    totals: NDArray[np.uint16],
    counts: NDArray[np.int64],
) -> None:
    """For each scale s and angle a, sum polar[rows[t] - s, columns[t] + a] over lines t; rows outside count as absent.

    polar: (R, 2 A), the half turn of A columns twice. totals: (S, A); counts: (S,) lines present.
    """
    height, angles = polar.shape[0], totals.shape[1]
    for s in range(totals.shape[0]):
        present = 0
        for t in range(len(rows)):
            row, start = rows[t] - s, columns[t]
            if row < 0 or row >= height:
                continue
            present += 1
            # Slices: an index that might be negative keeps the loop from being vectorised.
            source, total = polar[row, start : start + angles], totals[s]
            for a in range(angles):
                total[a] += source[a]
        counts[s] = present


@compiled_for_speed
def sum_stretched(
    spectrum: Bytes, lines: Doubles, shrinkings: Doubles, totals: NDArray[np.uint16], counts: NDArray[np.int64]
) -> None:
    """For each pair of shrinkings (i, i + j - R), sum the spectrum at (k across, m down) over lines; absent ones are 0.

    Args:
        spectrum: (N // 2 + 1, N), transposed: a line moves along one row of it as it is shrunk down.
        lines: (T, 2) frequencies.
        shrinkings: (S + 2 R,) factors by which frequencies are multiplied, S of which are tried across.
        totals: (S, 2 R + 1), to be added to.
        counts: (S,) lines present where both shrinkings are the same, to be added to.
    """
    size, reach = spectrum.shape[1], totals.shape[1] // 2
    middle, last = size // 2, spectrum.shape[0] - 3
    rows = np.empty(len(shrinkings), np.int64)
    for t in range(len(lines)):
        sign = 1.0 if lines[t, 0] >= 0 else -1.0
        k, m = sign * lines[t, 0] * size, sign * lines[t, 1] * size
        for i in range(len(shrinkings)):
            y = int(m * shrinkings[i] + middle + 0.5)
            rows[i] = y if 1 < y < size - 2 else -1
        for i in range(totals.shape[0]):
            x = int(k * shrinkings[i + reach] + 0.5)
            if x > last:
                continue
            counts[i] += 1 if rows[i + reach] >= 0 else 0
            source, total = spectrum[x], totals[i]
            for j in range(total.shape[0]):
                if rows[i + j] >= 0:
                    total[j] += source[rows[i + j]]


@compiled_for_speed
def measure_excess(
    totals: NDArray[np.uint16], counts: NDArray[np.int64], mean: float, spread: float, excess: Floats
) -> None:
    """Fill excess (R, C) with the deviations by which totals of so many cells each row exceed what is usual."""
    for row in range(totals.shape[0]):
        usual = np.float32(mean * counts[row])
        share = np.float32(1 / (spread * np.sqrt(max(counts[row], 8))))
        for column in range(totals.shape[1]):
            excess[row, column] = (np.float32(totals[row, column]) - usual) * share


@compiled_for_speed
def _highest(row: Floats) -> tuple[float, int]:
    """Return the highest value of a row, and where it is."""
    best, at = np.float32(-1e30), 0
    for x in range(len(row)):
        best = max(best, row[x])
    while at < len(row) - 1 and row[at] != best:
        at += 1
    return float(best), at


@compiled_for_speed
def pick_peaks(
    field: Floats, highest: Floats, around: int, rows: NDArray[np.int64], columns: NDArray[np.int64], heights: Doubles
) -> None:
    """Fill in the highest cells of a field that wraps round across, each with its surroundings taken out of it.

    highest: (R,) of each row; both are changed.
    """
    height, width = field.shape
    for n in range(len(rows)):
        best, row = _highest(highest)
        _, column = _highest(field[row])
        rows[n], columns[n], heights[n] = row, column, best
        for y in range(max(0, row - around), min(height, row + around + 1)):
            for x in range(column - around, column + around + 1):
                field[y, x % width] = -1e30
            highest[y] = _highest(field[y])[0]


@compiled_for_speed
def _peak(spectrum: Floats, x0: int, y0: int, radius: int) -> tuple[float, float, float]:
    """Return the place (to a fraction, by centre of mass) and height of the highest point round (x0, y0)."""
    best, x, y = np.float32(-1.0), x0, y0
    for i in range(y0 - radius, y0 + radius + 1):
        for j in range(x0 - radius, x0 + radius + 1):
            if spectrum[i, j] > best:
                best, x, y = spectrum[i, j], j, i
    total = across = down = 1e-9
    for i in range(-1, 2):
        for j in range(-1, 2):
            value = spectrum[y + i, x + j]
            total += value
            across += j * value
            down += i * value
    return x + across / total, y + down / total, float(best)


@compiled_for_speed
def _fit(source: Doubles, found: Doubles, weights: Doubles, count: int, geometry: Doubles) -> None:
    """Fit geometry (2, 2) to found ~ geometry source by least squares, three rounds that give less to what lies off."""
    eased = weights.copy()
    for _ in range(4):
        a = b = d = 1e-12
        right = np.zeros((2, 2))
        for i in range(count):
            w, k, m = eased[i], source[i, 0], source[i, 1]
            a += w * k * k
            b += w * k * m
            d += w * m * m
            for axis in range(2):
                right[axis, 0] += w * found[i, axis] * k
                right[axis, 1] += w * found[i, axis] * m
        det = a * d - b * b
        if det < 1e-20:
            return
        for axis in range(2):
            geometry[axis, 0] = (right[axis, 0] * d - right[axis, 1] * b) / det
            geometry[axis, 1] = (right[axis, 1] * a - right[axis, 0] * b) / det
        for i in range(count):
            off0 = geometry[0, 0] * source[i, 0] + geometry[0, 1] * source[i, 1] - found[i, 0]
            off1 = geometry[1, 0] * source[i, 0] + geometry[1, 1] * source[i, 1] - found[i, 1]
            eased[i] = weights[i] / (1.0 + (off0 * off0 + off1 * off1) / 0.64)


@compiled_for_speed
def refine(spectrum: Floats, lines: Doubles, radii: NDArray[np.int64], geometry: Doubles) -> bool:
    """Improve geometry (2, 2) in place by the peaks near where it puts each line; False if too few lie in the band."""
    size = spectrum.shape[0]
    source, found, weights = np.empty((len(lines), 2)), np.empty((len(lines), 2)), np.empty(len(lines))
    for radius in radii:
        count, rim = 0, radius + 3
        for t in range(len(lines)):
            k, m = lines[t, 0], lines[t, 1]
            x = (geometry[0, 0] * k + geometry[0, 1] * m) * size
            y = (geometry[1, 0] * k + geometry[1, 1] * m) * size
            if x < 0:
                x, y, k, m = -x, -y, -k, -m
            column, row = int(x + 0.5), int(np.floor(y + 0.5)) + size // 2
            if column < rim or column >= spectrum.shape[1] - rim or row < rim or row >= size - rim:
                continue
            px, py, height = _peak(spectrum, column, row, radius)
            source[count, 0], source[count, 1] = k, m
            found[count, 0], found[count, 1] = px, py - size // 2
            weights[count] = max(min(height, 25.0) - 2.0, 1e-3)
            count += 1
        if count < 5:
            return False
        _fit(source, found, weights, count, geometry)
        for axis in range(2):
            geometry[axis, 0] /= size
            geometry[axis, 1] /= size
    return True


@compiled_for_speed
def energy(spectrum: Floats, lines: Doubles, geometry: Doubles, cap: float) -> tuple[float, int]:
    """Return the sum of the spectrum, capped, at all lines in the band (bilinear), and how many those are."""
    size = spectrum.shape[0]
    total, count = 0.0, 0
    for t in range(len(lines)):
        x = (geometry[0, 0] * lines[t, 0] + geometry[0, 1] * lines[t, 1]) * size
        y = (geometry[1, 0] * lines[t, 0] + geometry[1, 1] * lines[t, 1]) * size
        if x < 0:
            x, y = -x, -y
        y += size // 2
        if x < 3 or x > spectrum.shape[1] - 3 or y < 3 or y > size - 3:
            continue
        column, row = int(x), int(y)
        right, low = x - column, y - row
        upper = spectrum[row, column] * (1 - right) + spectrum[row, column + 1] * right
        lower = spectrum[row + 1, column] * (1 - right) + spectrum[row + 1, column + 1] * right
        total += min(upper * (1 - low) + lower * low, cap)
        count += 1
    return total, count


@compiled_for_speed
def climb(spectrum: Floats, lines: Doubles, geometry: Doubles, cap: float, step: float, rounds: int) -> float:
    """Move geometry's four numbers by `step`, halved each round, while the lines' energy grows; return the best."""
    best, _ = energy(spectrum, lines, geometry, cap)
    for _ in range(rounds):
        moved = True
        tries = 0
        while moved and tries < 4:
            moved = False
            tries += 1
            for cell in range(4):
                for sign in (-1.0, 1.0):
                    old = geometry[cell >> 1, cell & 1]
                    geometry[cell >> 1, cell & 1] = old + sign * step
                    value, _ = energy(spectrum, lines, geometry, cap)
                    if value > best:
                        best, moved = value, True
                    else:
                        geometry[cell >> 1, cell & 1] = old
        step *= 0.5
    return best


@compiled_for_speed
def improve(
    spectrum: Floats,
    lines: Doubles,
    others: Doubles,
    radii: NDArray[np.int64],
    caps: tuple[float, float],
    starts: Doubles,
    ranks: Doubles,
) -> None:
    """Replace each start (S, 2, 2) by what climbing or fitting makes of it, and fill ranks (S,): whichever is higher.

    A rank is the deviations by which the energy at `lines` exceeds noise, and that at `others`, each capped.
    """
    first, tried = np.empty((2, 2)), np.empty((2, 2))
    for start in range(starts.shape[0]):
        first[:] = starts[start]
        ranks[start] = -1e30
        for option in range(2):
            tried[:] = first
            if option == 0:
                climb(spectrum, lines, tried, caps[0], 2.0 / spectrum.shape[0], 2)
            elif not refine(spectrum, lines, radii, tried):
                continue
            strong, strong_count = energy(spectrum, lines, tried, caps[0])
            weak, weak_count = energy(spectrum, others, tried, caps[1])
            rank = (strong - strong_count) / np.sqrt(max(strong_count, 8))
            rank += (weak - MEAN_CAPPED * weak_count) / np.sqrt(max(weak_count, 64))
            if rank > ranks[start]:
                ranks[start] = rank
                starts[start] = tried
