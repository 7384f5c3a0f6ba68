"""The channel of invisible-watermark's dwtDctSvd, computed for all blocks at once.

The library takes the U plane of OpenCV's 8-bit YUV, one level of Haar wavelet, cuts the low band into 4x4 blocks (8x8
pixels each), and moves the largest singular value of each block's DCT onto one of two interleaved lattices. Three facts
let a few array operations replace its loop in Python, with the same levels to float precision (the tests hold the
library against it both ways):

- the low Haar band is half the sum of each 2x2 pixels, an area-filtered reduction times two;
- the DCT is orthogonal, so a block and its DCT have the same singular values, and moving the largest by d adds
  d u v^T to the block itself: neither transform is needed;
- blocks of chroma are nearly constant and never negative, so power iteration from the constant vector settles in two or
  three rounds.

Where the library writes back through 8-bit YUV, cutting fractions off, this writes straight to green and blue in the
ratio that leaves Y and V alone, and it moves to the NEAREST fitting lattice point rather than up or down one cell: 4 dB
closer to the original at one scale.

Source: github.com/ShieldMnt/invisible-watermark, imwatermark/dwtDctSvd.py, 0.2.0.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame, Plane

Levels = NDArray[np.float32]
"""(R, C) float32: the leading singular value of each block."""

BLOCK_SIDE: Final = 8
"""Side of a block in pixels: 4x4 coefficients of the low band, 2x2 pixels each."""

_COEFFICIENTS: Final = 4
# The low band of a constant plane holds twice its value, the leading level of a constant 4x4 block four times that.
GREY_LEVEL: Final = 8.0 * 128.0
"""Level of a block without colour."""

# Strips of 256 pixel rows stay near the processor and bound memory: whole planes of a 40-megapixel picture take 0.6 GB.
_STRIP_BLOCKS: Final = 32

# OpenCV's U = 0.492 (B - Y) + 128, Y = 0.299 R + 0.587 G + 0.114 B: a step of one in U at constant Y and V.
_BLUE_PER_U: Final = 2.032
_GREEN_PER_U: Final = -0.394
# The quotient errs by (second / first singular value) ** 16: nothing on photographs, a few hundredths of the level
# where a block has two nearly equal values, which takes pure blue beside pure yellow inside 8x8 pixels.
_ROUNDS: Final = 4
# Bayer's 4x4 matrix over 16, centred: spreads rounding inside a block so that its mean keeps fractions of a grey level.
_DITHER: Final = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) - 7.5) / 16.0


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of one picture, and how each one's leading level can be moved.

    Attributes:
        levels: (R, C) leading singular values.
        left: (4, R, C) left singular vectors, over rows of a block.
        right: (4, R, C) right singular vectors, over columns of a block.
    """

    levels: Levels
    left: NDArray[np.float32]
    right: NDArray[np.float32]


def grid_shape(height: int, width: int) -> tuple[int, int]:
    """Return the rows and columns of whole blocks in a picture; what is left over at the far edges carries nothing."""
    return height // BLOCK_SIDE, width // BLOCK_SIDE


def chroma_plane(frame: Frame) -> Plane:
    """Return the (H, W) U plane, rounded as OpenCV and so the library round it."""
    import cv2

    plane: Plane = np.empty(frame.shape[:2], np.uint8)
    for top in range(0, len(frame), _STRIP_BLOCKS * BLOCK_SIDE):
        rows = slice(top, top + _STRIP_BLOCKS * BLOCK_SIDE)
        plane[rows] = cv2.extractChannel(cv2.cvtColor(frame[rows], cv2.COLOR_RGB2YUV), 1)
    return plane


def measure_blocks(plane: Plane, size: tuple[int, int] | None = None) -> Blocks:
    """Return every block's leading singular triple.

    Args:
        plane: (H, W) U plane.
        size: height and width in pixels that the picture is taken to have had; the plane is resampled to it.
    """
    band = _low_band(plane, size or plane.shape)
    rows, columns = band.shape[0] // _COEFFICIENTS, band.shape[1] // _COEFFICIENTS
    # block[j, i] is the coefficient at row i, column j of every block.
    block = np.ascontiguousarray(
        band.reshape(rows, _COEFFICIENTS, columns, _COEFFICIENTS).transpose(3, 1, 0, 2), dtype=np.float32
    )
    right = np.full((_COEFFICIENTS, rows, columns), 1 / np.sqrt(_COEFFICIENTS), np.float32)
    for _ in range(_ROUNDS):
        left = np.einsum("jirc,jrc->irc", block, right)
        right = np.einsum("jirc,irc->jrc", block, left)
        right /= np.maximum(np.sqrt((right * right).sum(axis=0)), np.float32(1e-6))
    left = np.einsum("jirc,jrc->irc", block, right)
    levels = np.sqrt((left * left).sum(axis=0))
    return Blocks(levels, left / np.maximum(levels, np.float32(1e-6)), right)


def move_levels(frame: Frame, blocks: Blocks, change: Levels) -> Frame:
    """Return a copy of `frame` whose blocks' levels differ by `change`, as far as 8-bit RGB holds it."""
    import cv2

    marked = frame.copy()
    rows, columns = change.shape
    for top in range(0, rows, _STRIP_BLOCKS):
        strip = slice(top, top + _STRIP_BLOCKS)
        steps = _colour_steps(blocks.left[:, strip], blocks.right[:, strip], change[strip])
        size = columns * BLOCK_SIDE, len(change[strip]) * BLOCK_SIDE
        steps = cv2.resize(steps, size, interpolation=cv2.INTER_NEAREST)
        region = marked[top * BLOCK_SIDE :][: size[1], : size[0]]
        region[...] = cv2.add(np.ascontiguousarray(region), steps, dtype=cv2.CV_8U)
    return marked


def _colour_steps(left: NDArray[np.float32], right: NDArray[np.float32], change: Levels) -> NDArray[np.float32]:
    """Return (4 R, 4 C, 3): what to add to red, green and blue for each coefficient of the low band."""
    import cv2

    rows, columns = change.shape
    shift = np.einsum("irc,jrc,rc->ricj", left, right, change * np.float32(0.5))
    shift = shift.reshape(rows * _COEFFICIENTS, columns * _COEFFICIENTS)
    dither = np.tile(_DITHER, (rows, columns)) * (shift != 0)
    # Blue rounds by the pattern and green against it, or both would round up together.
    green, blue = shift * np.float32(_GREEN_PER_U) - dither, shift * np.float32(_BLUE_PER_U) + dither
    steps: NDArray[np.float32] = cv2.merge([np.zeros_like(shift), green, blue])
    return steps


def nearest_targets(levels: Levels, bits: NDArray[np.uint8], scale: float) -> Levels:
    """Return for each block the nearest level that reads as its bit: 0 at a quarter, 1 at three quarters of a cell."""
    phase = np.float32(scale) * (np.float32(0.25) + np.float32(0.5) * bits)
    cell = np.maximum(np.rint((levels - phase) / np.float32(scale)), 0)
    targets: Levels = (phase + cell * np.float32(scale)).astype(np.float32)
    return targets


def scale_colour(levels: Levels, gain: float) -> Levels:
    """Return the levels as they would be had all colour been `gain` times as far from grey.

    Brightness, contrast and saturation controls all multiply B - Y. Exact for blocks of one colour, and within
    (spread of the block)^2 / level elsewhere.
    """
    scaled: Levels = np.float32(GREY_LEVEL) + np.float32(gain) * (levels - np.float32(GREY_LEVEL))
    return scaled


def soft_bits(levels: Levels, scale: float) -> Levels:
    """Return what each level says: +1 is a sure 1, -1 a sure 0, 0 the boundary between the lattices."""
    turns = levels * np.float32(2 * np.pi / scale) - np.float32(np.pi / 2)
    soft: Levels = -np.cos(turns)
    return soft


def _low_band(plane: Plane, size: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the low Haar band of the plane at `size`, cut to whole blocks: (4 R, 4 C)."""
    import cv2

    rows, columns = grid_shape(size[0], size[1])
    if size != plane.shape:
        half = (size[1] + 1) // 2, (size[0] + 1) // 2
        shrinks = half[0] <= plane.shape[1] and half[1] <= plane.shape[0]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        resampled: NDArray[np.float32] = cv2.resize(plane.astype(np.float32), half, interpolation=how) * np.float32(2)
        return resampled[: rows * _COEFFICIENTS, : columns * _COEFFICIENTS]
    band = np.empty((rows * _COEFFICIENTS, columns * _COEFFICIENTS), np.float32)
    for top in range(0, rows, _STRIP_BLOCKS):
        pixels = plane[top * BLOCK_SIDE : min(top + _STRIP_BLOCKS, rows) * BLOCK_SIDE, : columns * BLOCK_SIDE]
        strip = band[top * _COEFFICIENTS : min(top + _STRIP_BLOCKS, rows) * _COEFFICIENTS]
        cv2.resize(pixels.astype(np.float32), strip.shape[::-1], dst=strip, interpolation=cv2.INTER_AREA)
        strip *= 2
    return band
