"""How much a mark is seen, and how sure a share is."""

import io
import math
from typing import Final

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from provenance.asset import Frame

# The 97.5th percentile of the normal distribution: intervals of 95 %.
Z: Final = 1.959963984540054


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the Wilson score interval of a share, at 95 % (E. B. Wilson, JASA 22, 1927)."""
    if not trials:
        return 0.0, 1.0
    share, z2 = successes / trials, Z * Z
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return low, 1.0 if successes == trials else min(1.0, middle + half)


def psnr_db(before: Frame, after: Frame) -> float:
    """Return the peak signal-to-noise ratio over all three channels; 99 where nothing changed."""
    return 99.0 if np.array_equal(before, after) else float(peak_signal_noise_ratio(before, after))


def ssim(before: Frame, after: Frame) -> float:
    """Return the structural similarity, 7x7 windows, mean over the three channels."""
    return float(structural_similarity(before, after, channel_axis=2))


def _png(frame: Frame) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "PNG", compress_level=1)
    buffer.seek(0)
    return buffer


def ssimulacra2(before: Frame, after: Frame) -> float:
    """Return SSIMULACRA 2: 100 the same, 90 not to be told apart even when flipped, 70 high quality."""
    from ssimulacra2 import compute_ssimulacra2

    return float(compute_ssimulacra2(_png(before), _png(after)))


def worst_block(before: Frame, after: Frame, side: int = 64) -> float:
    """Return the least SSIMULACRA 2 of all whole blocks of a side: a mark is seen where it is seen most.

    Pictures smaller than a block are one block.
    """
    height, width = before.shape[:2]
    return min(
        ssimulacra2(before[y : y + side, x : x + side], after[y : y + side, x : x + side])
        for y in range(0, max(height - side, 0) + 1, side)
        for x in range(0, max(width - side, 0) + 1, side)
    )


def flip(before: Frame, after: Frame) -> float:
    """Return mean FLIP: what a person sees when two pictures take turns, at 67 pixels per degree; 0 is nothing."""
    from flip_evaluator import evaluate

    one, two = (frame.astype(np.float32) / 255 for frame in (before, after))
    return float(evaluate(one, two, "LDR", applyMagma=False)[1])


def quality(before: Frame, after: Frame, *, perceptual: bool) -> dict[str, float]:
    """Return all of them by name, rounded as they are reported."""
    found = {"psnr_db": round(psnr_db(before, after), 3), "ssim": round(ssim(before, after), 5)}
    if perceptual:
        found |= {
            "ssimulacra2": round(ssimulacra2(before, after), 2),
            "worst_block": round(worst_block(before, after), 2),
            "flip": round(flip(before, after), 5),
        }
    return found
