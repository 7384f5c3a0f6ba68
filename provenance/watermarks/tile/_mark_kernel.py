"""The compiled loop that adds a tile to a picture."""

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]


@compiled_for_speed
def add_mark(
    frame: NDArray[np.uint8],
    tile: Floats,
    tile_rows: Indices,
    tile_columns: Indices,
    mask: Floats,
    rows: Floats,
    columns: Floats,
    colour: Floats,
    marked: NDArray[np.uint8],
) -> None:
    """Fill marked (H, W, 3) with frame + mask x tile x colour, rounded.

    Args:
        frame: (H, W, 3).
        tile: (T, T).
        tile_rows, tile_columns: (H,), (W,) which cell of the tile lies at each pixel.
        mask: (R, C) how strong the mark is, on a coarse grid.
        rows, columns: (H,), (W,) where each pixel lies on that grid; interpolated in between.
        colour: (3,) how much of it each channel takes.
        marked: to be filled.
    """
    height, width = frame.shape[0], frame.shape[1]
    line = np.empty(mask.shape[1], np.float32)
    for y in range(height):
        upper = int(rows[y])
        lower = min(upper + 1, mask.shape[0] - 1)
        share = rows[y] - upper
        for c in range(mask.shape[1]):
            line[c] = mask[upper, c] + (mask[lower, c] - mask[upper, c]) * share
        for x in range(width):
            left = int(columns[x])
            right = min(left + 1, mask.shape[1] - 1)
            strength = line[left] + (line[right] - line[left]) * (columns[x] - left)
            value = strength * tile[tile_rows[y], tile_columns[x]]
            # Channels round a third of a level apart, so that together they hold a third of a level.
            red = frame[y, x, 0] + value * colour[0] + np.float32(0.5 - 1 / 3)
            green = frame[y, x, 1] + value * colour[1] + np.float32(0.5)
            blue = frame[y, x, 2] + value * colour[2] + np.float32(0.5 + 1 / 3)
            marked[y, x, 0] = np.uint8(min(max(red, np.float32(0)), np.float32(255)))
            marked[y, x, 1] = np.uint8(min(max(green, np.float32(0)), np.float32(255)))
            marked[y, x, 2] = np.uint8(min(max(blue, np.float32(0)), np.float32(255)))
