"""The compiled loop that adds a tile to a picture."""

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]


@compiled_for_speed
def add_mark(
    source: NDArray[np.uint8],
    tile: Floats,
    tile_rows: Indices,
    tile_columns: Indices,
    mask: Floats,
    rows: Floats,
    columns: Floats,
    colour: Floats,
    sink: NDArray[np.uint8],
) -> None:
    """Fill sink with source + mask x tile x colour, rounded.

    Args:
        source: (H, 3 W), a frame's rows.
        tile: (T, T).
        tile_rows: (H,) which row of the tile lies at each of the frame's.
        tile_columns: (W,) the same for columns.
        mask: (R, C) how strong the mark is, on a coarse grid.
        rows: (H,) where each row lies on that grid; interpolated in between.
        columns: (W,) the same for columns.
        colour: (3,) how much of it each channel takes.
        sink: (H, 3 W), to be filled.
    """
    height, width = source.shape[0], source.shape[1] // 3
    line = np.zeros(mask.shape[1] + 1, np.float32)
    values = np.empty(3 * width, np.float32)
    left, share = np.empty(width, np.int32), np.empty(width, np.float32)
    for x in range(width):
        left[x] = max(min(int(columns[x]), mask.shape[1] - 2), 0)
        share[x] = columns[x] - left[x]
    # Channels round a third of a level apart, so that together they hold a third of a level; grey has to stay grey.
    apart = np.float32(0 if colour[0] == colour[2] else 1 / 3)
    shifts = np.array([0.5 - apart, 0.5, 0.5 + apart], np.float32)
    for y in range(height):
        upper = max(min(int(rows[y]), mask.shape[0] - 2), 0)
        lower = min(upper + 1, mask.shape[0] - 1)
        down = rows[y] - upper
        for c in range(mask.shape[1]):
            line[c] = mask[upper, c] + (mask[lower, c] - mask[upper, c]) * down
        row = tile_rows[y]
        for x in range(width):
            strength = line[left[x]] + (line[left[x] + 1] - line[left[x]]) * share[x]
            value = strength * tile[row, tile_columns[x]]
            values[3 * x] = value * colour[0] + shifts[0]
            values[3 * x + 1] = value * colour[1] + shifts[1]
            values[3 * x + 2] = value * colour[2] + shifts[2]
        for i in range(3 * width):
            level = np.int32(np.float32(source[y, i]) + values[i] + np.float32(256)) - np.int32(256)
            sink[y, i] = np.uint8(min(max(level, np.int32(0)), np.int32(255)))
