"""The size at which a tile of 128 pixels is laid: a picture whose longest side is at most 1024."""

from typing import Final

from provenance.asset import Frame

LONGEST_SIDE: Final = 1024


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
