"""How alike a picture and its marked copy are, as structural similarity tells it: Wang et al. 2004.

Windows of seven pixels, even weights, each channel by itself, as `skimage.metrics.structural_similarity` has it.
"""

from typing import Final

import numpy as np

from provenance.asset import Frame

_SIDE: Final = 7
_PIXELS: Final = _SIDE * _SIDE
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2


def measure_similarity(before: Frame, after: Frame) -> float:
    """Return the mean over all whole windows and channels of two (H, W, 3) uint8 frames; 1 is the same."""
    import cv2

    one, other = before.astype(np.float32), after.astype(np.float32)
    mean, mean_other, square, square_other, product = (
        cv2.blur(field, (_SIDE, _SIDE)) for field in (one, other, one * one, other * other, one * other)
    )
    share = np.float32(_PIXELS / (_PIXELS - 1))
    both = mean * mean_other
    squares = mean * mean + mean_other * mean_other
    apart = share * (square + square_other - squares)
    together = share * (product - both)
    alike = (2 * both + _C1) * (2 * together + _C2) / ((squares + _C1) * (apart + _C2))
    edge = _SIDE // 2
    return float(alike[edge:-edge, edge:-edge].mean(dtype=np.float64))
