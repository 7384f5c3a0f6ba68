"""The size at which a tile of 128 pixels is laid: a picture whose longest side is at most 1024."""

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.watermarks.tile.layout import PERIOD

Field = TypeVar("Field", bound=NDArray[Any])
"""A frame, or what was made of one: (H, W, ...)."""

LONGEST_SIDE: Final = 1024


def middle(frame: Field, side: int) -> Field:
    """Return at most `side` by `side` pixels from the middle, its corner a whole number of periods from the frame's."""
    top, left = (max(0, (length - side) // 2 // PERIOD * PERIOD) for length in frame.shape[:2])
    part: Field = np.ascontiguousarray(frame[top:, left:][:side, :side])  # type: ignore[assignment]
    return part


def to_canonical(frame: Frame) -> Frame:
    """Return the frame shrunk to a longest side of 1024; the same object where it is no longer."""
    import cv2

    height, width = frame.shape[:2]
    longest = max(height, width)
    if longest <= LONGEST_SIDE:
        return frame
    scale = LONGEST_SIDE / longest
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shrunk: Frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return shrunk


def halved(frame: Frame) -> Frame:
    """Return the frame at half its size."""
    import cv2

    height, width = frame.shape[:2]
    half: Frame = cv2.resize(frame, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return half
