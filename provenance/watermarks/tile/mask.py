"""How strong the mark may be at each place: more in texture, less on even ground, next to nothing at lone edges.

Busy texture hides a mark, a lone edge does not, though both are strong under a high-pass filter: an opening (erosion,
then dilation) of the activity keeps the one and removes the other. A bound on the picture's mean squared error and a
predicted bound on its loss of structural similarity then set one gain for the whole picture.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Plane

CELL: Final = 8
"""Pixels of the canonical picture a cell of the mask."""

# All six: chosen on Kodak and tuning photographs by eye and by recovery (docs/watermark.md).
_FLAT: Final = 0.5
_GAIN: Final = 1.6
_EXPONENT: Final = 0.85
_QUIET: Final = 0.4
_MOST: Final = 9.0
# SSIM's constant for 8 bits, (0.03 * 255)^2 (Wang et al. 2004).
_SSIM_C2: Final = 58.5


@dataclass(frozen=True, slots=True)
class Quality:
    """What marking may cost.

    Attributes:
        psnr_db: least peak signal-to-noise ratio.
        ssim_loss: most loss of structural similarity, as predicted.
        gain: most by which the allowance is multiplied.
    """

    psnr_db: float
    ssim_loss: float
    gain: float


@dataclass(frozen=True, slots=True)
class Visibility:
    """What a picture hides.

    Attributes:
        allowance: (R, C) relative strength.
        variance: (R, C) of the picture's brightness in each cell.
    """

    allowance: NDArray[np.float32]
    variance: NDArray[np.float32]

    def scaled(self, quality: Quality) -> NDArray[np.float32]:
        """Return (R, C) levels of grey that keep to `quality`."""
        mean_square = float(np.square(self.allowance).mean())
        gain = min(quality.gain, 255 / 10 ** (quality.psnr_db / 20) / np.sqrt(mean_square))
        for _ in range(6):
            square = np.square(gain * self.allowance)
            loss = float((square / (2 * self.variance + square + np.float32(_SSIM_C2))).mean())
            if loss <= quality.ssim_loss:
                break
            gain *= (quality.ssim_loss / loss) ** 0.55
        return np.ascontiguousarray(self.allowance * np.float32(gain))


def measure_visibility(luma: Plane) -> Visibility:
    """Return what a (H, W) luma plane of canonical size hides."""
    import cv2

    height, width = luma.shape
    cells = -(-width // CELL), -(-height // CELL)
    half = cv2.resize(luma, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = cv2.sqrt(cv2.absdiff(half, cv2.GaussianBlur(half, (7, 7), 1.3)))
    activity = cv2.resize(detail, cells, interpolation=cv2.INTER_AREA)
    square = np.ones((3, 3), np.uint8)
    opened = cv2.dilate(cv2.erode(activity, square), square)
    texture = np.square(cv2.blur(cv2.min(opened, activity) * np.float32(1.15), (3, 3)))
    mean = cv2.resize(half, cells, interpolation=cv2.INTER_AREA)
    variance = np.maximum(cv2.resize(half * half, cells, interpolation=cv2.INTER_AREA) - mean * mean, 0)
    allowance = _FLAT + _GAIN * np.maximum(texture - _QUIET, 0) ** _EXPONENT
    allowance *= _luminance_factor(cv2.blur(mean, (5, 5)))
    return Visibility(cv2.blur(np.minimum(allowance, _MOST).astype(np.float32), (3, 3)), variance)


def _luminance_factor(mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much more dark and bright ground hides than grey, by Weber's law, gently."""
    dark = np.clip((70 - mean) / 70, 0, 1) * (mean > 8)
    bright = np.clip((mean - 150) / 105, 0, 1) * (mean < 245)
    factor: NDArray[np.float32] = (1 + 0.15 * dark + 0.2 * bright).astype(np.float32)
    return factor
