"""Where one shot ends and another begins, told as frames go by."""

from collections import deque
from statistics import median
from typing import Final

import numpy as np

from provenance.asset import Plane

Grey = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
"""(27, 48): a thumbnail's levels."""

_SIZE: Final = (48, 27)
# Levels of grey, of 255, by which a thumbnail differs from the one before, on average: fast pans reach 8 or so from one
# frame to the next, cuts of the clips that this was looked at on are above 20. A cut missed is one shot more to sum.
_LEAST: Final = 12.0
_ABOVE_USUAL: Final = 3.5
_REMEMBERED: Final = 8


class CutDetector:
    """Tells for each frame whether a shot begins with it; the first one begins one."""

    def __init__(self) -> None:
        self._last: Grey | None = None
        self._recent: deque[float] = deque(maxlen=_REMEMBERED)

    def is_cut(self, luma: Plane) -> bool:
        """Take in the next frame's (H, W) luma."""
        import cv2

        # Every fourth row and column is enough, and a sixteenth of the work.
        step = max(1, min(luma.shape) // 180)
        small = cv2.resize(luma[::step, ::step], _SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
        last, self._last = self._last, small
        if last is None:
            return True
        difference = cv2.norm(small, last, cv2.NORM_L1) / small.size
        usual = median(self._recent) if self._recent else 0.0
        self._recent.append(difference)
        if difference < max(_LEAST, _ABOVE_USUAL * usual):
            return False
        self._recent.clear()
        return True
