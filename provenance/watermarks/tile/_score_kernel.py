"""Compiled loops of the detector's front end: how surprising each pixel is, with the picture's own structure held down.

A picture is cut into 8x8 blocks that overlap by half in both directions; each block's DCT coefficient c is replaced by
c s / (c^2 + s^2), where s is the mean size of that coefficient in the 3x3 blocks round it; and the blocks are put
together again. That is the score function of a Cauchy variable of scale s: what is weak beside its surroundings passes,
what is strong (edges, texture) is held down, each orientation and frequency by itself.

Columns are dealt into four groups (`x mod 4`), so that every loop runs over neighbouring memory and vectorises.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed

Floats = NDArray[np.float32]

SIDE: Final = 8
HOP: Final = 4
PAD: Final = 8
"""Pixels mirrored round the picture, so that its edge lies in as many blocks as its middle."""


REACH: Final = 4
"""Pixels round each one whose mean is taken away. Without it a block's brightness leaks through the window into
coefficients that carry the mark; that costs 1 to 3 dB (docs/watermark.md)."""


def build_basis() -> Floats:
    """Return (8, 8): DCT-II vectors times a sine window, whose square adds up to one over blocks half apart."""
    frequency, place = np.arange(SIDE)[:, None], np.arange(SIDE)[None] + 0.5
    basis = np.sqrt(2 / SIDE) * np.cos(np.pi * place * frequency / SIDE)
    basis[0] /= np.sqrt(2)
    return np.ascontiguousarray(basis * np.sin(np.pi * place / SIDE), dtype=np.float32)


@compiled_for_speed
def _mirrored(count: int, before: int, length: int) -> NDArray[np.int64]:
    """Return which of `length` cells lies at each of `count` cells that begin `before` cells before the first."""
    places = np.abs(np.arange(count) - before)
    for i in range(count):
        if places[i] >= length:
            places[i] = max(2 * length - 2 - places[i], 0)
    return places


@compiled_for_speed
def _project(frame: NDArray[np.uint8], y: int, weights: Floats, line: Floats) -> None:
    for x in range(len(line)):
        line[x] = weights[0] * frame[y, x, 0] + weights[1] * frame[y, x, 1] + weights[2] * frame[y, x, 2]


@compiled_for_speed
def _add_up(window: Floats, column_sums: Floats, sums: Floats) -> None:
    """Fill sums (W) with the sums of window (9, W) over 9x9 cells; column_sums (W + 8) is scratch, mirrored."""
    width = len(sums)
    a, b, c, d, e = window[0], window[1], window[2], window[3], window[4]
    f, g, h, i = window[5], window[6], window[7], window[8]
    for x in range(width):
        column_sums[x + REACH] = ((a[x] + b[x]) + (c[x] + d[x])) + ((e[x] + f[x]) + (g[x] + h[x])) + i[x]
    for n in range(1, REACH + 1):
        column_sums[REACH - n] = column_sums[REACH + min(n, width - 1)]
        column_sums[width + REACH - 1 + n] = column_sums[width + REACH - 1 - min(n, width - 1)]
    s = column_sums
    for x in range(width):
        four = (s[x] + s[x + 1]) + (s[x + 2] + s[x + 3])
        sums[x] = four + ((s[x + 4] + s[x + 5]) + (s[x + 6] + s[x + 7])) + s[x + 8]


@compiled_for_speed
def load_details(frame: NDArray[np.uint8], weights: Floats, dealt: Floats) -> None:
    """Fill dealt (H', 4, B) with a frame's channels, weighted and added, less their mean over 9x9 pixels.

    The picture is mirrored by PAD, columns are dealt into four groups.
    """
    height, width, groups = frame.shape[0], frame.shape[1], dealt.shape[2]
    columns = _mirrored(4 * groups, PAD, width)
    near = _mirrored(height + 2 * REACH, REACH, height)
    window, line = np.empty((2 * REACH + 1, width), np.float32), np.empty(width, np.float32)
    column_sums, share = np.empty(width + 2 * REACH, np.float32), np.float32(1 / (2 * REACH + 1) ** 2)
    for i in range(2 * REACH):
        _project(frame, near[i], weights, window[i])
    for y in range(height):
        _project(frame, near[y + 2 * REACH], weights, window[(y + 2 * REACH) % (2 * REACH + 1)])
        _add_up(window, column_sums, line)
        here = window[(y + REACH) % (2 * REACH + 1)]
        for x in range(width):
            line[x] = here[x] - line[x] * share
        for group in range(4):
            for b in range(groups):
                dealt[y + PAD, group, b] = line[columns[4 * b + group]]
    rows = _mirrored(dealt.shape[0], PAD, height)
    for y in range(dealt.shape[0]):
        if y < PAD or y >= height + PAD:
            dealt[y] = dealt[rows[y] + PAD]


@compiled_for_speed
def store_plane(dealt: Floats, plane: Floats) -> None:
    """Fill plane (H, W) from dealt columns, without the mirrored frame."""
    height, width = plane.shape
    for y in range(height):
        row, source, whole = plane[y], dealt[y + PAD], width // 4
        first, second, third, fourth = source[0], source[1], source[2], source[3]
        for b in range(whole):
            row[4 * b] = first[b + PAD // 4]
            row[4 * b + 1] = second[b + PAD // 4]
            row[4 * b + 2] = third[b + PAD // 4]
            row[4 * b + 3] = fourth[b + PAD // 4]
        for x in range(4 * whole, width):
            row[x] = source[x & 3, (x + PAD) >> 2]


@compiled_for_speed
def _transform_rows(rows: Floats, top: int, basis: Floats, half: Floats, vertical: Floats) -> None:
    """Fill vertical (8, W) with the DCT down the eight rows from `top`; even ones take sums, odd ones differences."""
    width = rows.shape[1]
    for y in range(4):
        for x in range(width):
            near, far = rows[top + y, x], rows[top + 7 - y, x]
            half[y, x] = near + far
            half[4 + y, x] = near - far
    for v in range(8):
        o = 4 * (v & 1)
        d0, d1, d2, d3 = basis[v, 0], basis[v, 1], basis[v, 2], basis[v, 3]
        for x in range(width):
            vertical[v, x] = d0 * half[o, x] + d1 * half[o + 1, x] + d2 * half[o + 2, x] + d3 * half[o + 3, x]


@compiled_for_speed
def _transform_columns(
    vertical: Floats, basis: Floats, half: Floats, sizes: Floats, coefficients: Floats, scales: Floats
) -> None:
    """Fill coefficients (64, B - 1) of a row of blocks, and in scales their sizes summed with those 8 px beside."""
    count = coefficients.shape[1]
    for v in range(8):
        for j in range(4):
            for b in range(count):
                near, far = vertical[v, j, b], vertical[v, 3 - j, b + 1]
                half[j, b] = near + far
                half[4 + j, b] = near - far
        for u in range(8):
            o, k = 4 * (u & 1), 8 * u + v
            d0, d1, d2, d3 = basis[u, 0], basis[u, 1], basis[u, 2], basis[u, 3]
            for b in range(count):
                value = d0 * half[o, b] + d1 * half[o + 1, b] + d2 * half[o + 2, b] + d3 * half[o + 3, b]
                coefficients[k, b] = value
                sizes[b + 2] = abs(value)
            sizes[0], sizes[1] = sizes[2], sizes[3]
            sizes[count + 2], sizes[count + 3] = sizes[count], sizes[count + 1]
            for b in range(count):
                scales[k, b] = sizes[b] + sizes[b + 2] + sizes[b + 4]


@compiled_for_speed
def _score_blocks(
    coefficients: Floats, above: Floats, here: Floats, below: Floats, floor: float, scored: Floats
) -> None:
    """Fill scored (64, B - 1) with the score of each coefficient; those below 0.07 cycles a pixel carry no mark."""
    ninth, least = np.float32(1 / 9), np.float32(floor)
    for k in range(64):
        if k in (0, 1, 8):
            scored[k] = 0
            continue
        for b in range(scored.shape[1]):
            scale = (above[k, b] + here[k, b] + below[k, b]) * ninth + least
            value = coefficients[k, b]
            scored[k, b] = value * scale / (value * value + scale * scale)


@compiled_for_speed
def _restore_columns(scored: Floats, basis: Floats, half: Floats, vertical: Floats) -> None:
    """Add one row of blocks, transformed back across, to vertical (8, 4, B)."""
    count = scored.shape[1]
    for v in range(8):
        for j in range(4):
            e0, e1, e2, e3 = basis[0, j], basis[2, j], basis[4, j], basis[6, j]
            o0, o1, o2, o3 = basis[1, j], basis[3, j], basis[5, j], basis[7, j]
            for b in range(count):
                even = e0 * scored[v, b] + e1 * scored[16 + v, b] + e2 * scored[32 + v, b] + e3 * scored[48 + v, b]
                odd = o0 * scored[8 + v, b] + o1 * scored[24 + v, b] + o2 * scored[40 + v, b] + o3 * scored[56 + v, b]
                vertical[v, j, b] += even + odd
                half[j, b] = even - odd
            for b in range(count):
                vertical[v, 3 - j, b + 1] += half[j, b]


@compiled_for_speed
def _restore_rows(vertical: Floats, basis: Floats, top: int, rows: Floats) -> None:
    """Add vertical (8, W), transformed back down, to the eight rows from `top`."""
    for y in range(4):
        e0, e1, e2, e3 = basis[0, y], basis[2, y], basis[4, y], basis[6, y]
        o0, o1, o2, o3 = basis[1, y], basis[3, y], basis[5, y], basis[7, y]
        for x in range(rows.shape[1]):
            even = e0 * vertical[0, x] + e1 * vertical[2, x] + e2 * vertical[4, x] + e3 * vertical[6, x]
            odd = o0 * vertical[1, x] + o1 * vertical[3, x] + o2 * vertical[5, x] + o3 * vertical[7, x]
            rows[top + y, x] += even + odd
            rows[top + 7 - y, x] += even - odd


@compiled_for_speed
def add_scores(rows: Floats, basis: Floats, floor: float, sums: Floats, vertical: Floats, dealt: Floats) -> None:
    """Add the scores of rows (H', 4 B), dealt columns, to sums, of the same shape; H' a multiple of 4.

    vertical: (8, 4 B), scratch; dealt: the same memory as (8, 4, B).
    """
    height, width, groups = rows.shape[0], rows.shape[1], dealt.shape[2]
    count, strips = groups - 1, (height - SIDE) // HOP + 1
    # Scales reach two strips up and down: five strips are kept.
    coefficients, scales = np.zeros((5, 64, count), np.float32), np.zeros((5, 64, count), np.float32)
    half = np.zeros((8, width), np.float32)
    halves, sizes = np.zeros((8, count), np.float32), np.zeros(count + 4, np.float32)
    scored = np.zeros((64, count), np.float32)
    for strip in range(strips + 2):
        if strip < strips:
            slot = strip % 5
            _transform_rows(rows, HOP * strip, basis, half, vertical)
            _transform_columns(dealt, basis, halves, sizes, coefficients[slot], scales[slot])
        done = strip - 2
        if done >= 0:
            slot = done % 5
            above = (done - 2) % 5 if done >= 2 else slot
            below = (done + 2) % 5 if done + 2 < strips else slot
            _score_blocks(coefficients[slot], scales[above], scales[slot], scales[below], floor, scored)
            vertical[:] = 0
            _restore_columns(scored, basis, halves, dealt)
            _restore_rows(vertical, basis, HOP * done, sums)
