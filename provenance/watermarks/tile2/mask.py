"""How strong the mark may be at each place: what is seen at 1:1 is a change on smooth ground, most beside an edge.

Strength follows texture, in cells of four pixels. Limits keep it from what does not hide it: an opening over twenty
pixels and a cap on detail take lone edges and small things for what they are; strength falls off inside texture, never
into the smooth ground beside it; and no cell changes by more than a share of the least contrast round it. One gain for
the whole picture then keeps to bounds on the mean squared error and on the predicted loss of structural similarity, and
what is heaped on one part is taken down to a bound of its own.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Plane
from provenance.watermarks.tile.mask import Quality, Visibility

CELL: Final = 4
"""Pixels of the canonical picture a cell of the mask."""

# Chosen on Kodak and tuning photographs by eye and by recovery (docs/watermark.md).
_FLAT: Final = 0.5
_GAIN: Final = 1.7
_EXPONENT: Final = 0.85
_QUIET: Final = 0.4
_MOST: Final = 4.0
# Detail counts up to so many levels: texture throughout reaches what it may, a steep edge alone does not.
_STEEPEST: Final = 6.0
# Most loss of structural similarity that one cell may have, judged by the least variance round it.
_LOCAL_LOSS: Final = 0.08
# SSIM's constant for 8 bits, (0.03 * 255)^2 (Wang et al. 2004).
_SSIM_C2: Final = 58.5
# Squared error that some 64 pixels each way may bear, in what the whole picture may: a mark is seen where most of it
# lies, texture or not (SSIMULACRA 2 of blocks, rank correlation -0.84 with it, of 566 blocks).
_MOST_OF_MEAN: Final = 1.5
_HALF_BLOCK: Final = (40 // CELL, 40 // CELL)
_THREE: Final = np.ones((3, 3), np.uint8)
_FIVE: Final = np.ones((5, 5), np.uint8)


def measure_visibility(luma: Plane) -> Visibility:
    """Return what a (H, W) luma plane of canonical size hides, in cells of four pixels."""
    import cv2

    height, width = luma.shape
    cells = max(-(-width // CELL), 2), max(-(-height // CELL), 2)
    half = cv2.resize(luma, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = cv2.sqrt(cv2.min(cv2.absdiff(half, cv2.GaussianBlur(half, (7, 7), 1.3)), _STEEPEST))
    activity = cv2.blur(cv2.resize(detail, cells, interpolation=cv2.INTER_AREA), (3, 3))
    opened = cv2.min(cv2.dilate(cv2.erode(activity, _FIVE), _FIVE), activity)
    texture = np.square(cv2.blur(opened * np.float32(1.15), (3, 3)))
    mean = cv2.resize(half, cells, interpolation=cv2.INTER_AREA)
    square = cv2.resize(half * half, cells, interpolation=cv2.INTER_AREA)
    broad, broad_square = cv2.blur(mean, (3, 3)), cv2.blur(square, (3, 3))
    variance = np.maximum(broad_square - broad * broad, 0)
    allowance = (_FLAT + _GAIN * np.maximum(texture - _QUIET, 0) ** _EXPONENT) * _luminance_factor(
        cv2.blur(mean, (9, 9))
    )
    least = cv2.erode(variance, _THREE)
    limit = cv2.sqrt(np.float32(_LOCAL_LOSS) * (2 * least + np.float32(_SSIM_C2)))
    limited = cv2.min(np.minimum(allowance, _MOST).astype(np.float32), limit)
    return Visibility(cv2.erode(cv2.blur(limited, (3, 3)), _THREE), variance)


def scale(visibility: Visibility, quality: Quality) -> NDArray[np.float32]:
    """Return (R, C) levels of grey that keep to `quality`, and nowhere are heaped much above what it asks."""
    import cv2

    mask = visibility.scaled(quality)
    most = np.float32(_MOST_OF_MEAN * 255**2 / 10 ** (quality.psnr_db / 10))
    block = cv2.blur(cv2.blur(mask * mask, _HALF_BLOCK), _HALF_BLOCK)
    leveled: NDArray[np.float32] = mask * cv2.sqrt(np.minimum(most / np.maximum(block, most), 1))
    return leveled


def _luminance_factor(mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much more bright ground hides than grey, by Weber's law, gently; dark ground hides no more."""
    bright = np.clip((mean - 150) / 105, 0, 1) * (mean < 245)
    factor: NDArray[np.float32] = (1 + 0.2 * bright).astype(np.float32)
    return factor
