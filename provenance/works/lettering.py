"""Does a picture say what the work says, where the work is lettered?

Memes on one photograph and posters of one series share the photograph; the words are what makes them different works.
So where the reference of a work has lettering, the picture is laid over it, and the lettering has to be there again.
What is written onto a copy of a bare photograph changes nothing: there the work has no lettering to lose. Source:
letters are windows of two far tones and little between them; figures: docs/works.md.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.media.picture.image import Picture
from provenance.media.picture.overlap import DETAILS_SIDE, Detailed, Kept, lay_over

MOST_OTHER_LETTERING: Final = 0.25
"""Share of the work's lettering that may be another one. Of 180 copies of lettered photographs none has more."""

# Less of a picture than this is no lettering: signs, twigs and eyes have as much.
_LEAST_LETTERED: Final = 0.005
_WINDOW_PIXELS: Final = 15
_LEAST_CONTRAST: Final = 120.0
_NEAR: Final = 0.2
_LEAST_FAR_TONES: Final = 0.7
_LEAST_EACH_TONE: Final = 0.1
_SAME: Final = 0.6
_SHIFT_PIXELS: Final = 2

Plane = NDArray[np.float32]


def measure_other_lettering(
    picture: Picture, reference: Picture, *, seen: Detailed | None = None, details: Kept | None = None
) -> float | None:
    """Return which share of the lettering of `reference` is not in `picture`.

    None where there is none, or where they share too little to lay one over the other. Details of the picture may be
    `seen` already, and those of the reference given.
    """
    import cv2

    if not find_lettering(_grey(reference.reduced(DETAILS_SIDE))).any():
        return None
    over = lay_over(seen or Detailed(picture.frame), details or Detailed(reference.frame))
    if over is None:
        return None
    laid, there = over
    own = cv2.resize(reference.frame, laid.shape[1::-1], interpolation=cv2.INTER_AREA)
    inside = cv2.erode(there.astype(np.uint8), np.ones((_WINDOW_PIXELS, _WINDOW_PIXELS), np.uint8)) > 0
    lettered = find_lettering(_grey(own)) & inside
    if lettered.sum() < _LEAST_LETTERED * max(1, inside.sum()):
        return None
    return float((_alike(_soft(_grey(own)), _soft(_grey(laid)))[lettered] < _SAME).mean())


def find_lettering(grey: Plane) -> NDArray[np.bool_]:
    """Return where a picture of grey levels has two far tones side by side, and little between them."""
    import cv2

    window = np.ones((_WINDOW_PIXELS, _WINDOW_PIXELS), np.uint8)
    low, high = cv2.erode(grey, window), cv2.dilate(grey, window)
    reach = _NEAR * (high - low)
    dark, light = (_smooth(near.astype(np.float32)) for near in (grey - low < reach, high - grey < reach))
    found: NDArray[np.bool_] = (high - low >= _LEAST_CONTRAST) & (dark + light >= _LEAST_FAR_TONES)
    return found & (np.minimum(dark, light) >= _LEAST_EACH_TONE)


def _alike(one: Plane, two: Plane) -> Plane:
    """Return the correlation of the windows around each pixel, the best of a few pixels' shift."""
    mean, spread = _local(one)
    best = np.full(one.shape, -1, np.float32)
    shifts = range(-_SHIFT_PIXELS, _SHIFT_PIXELS + 1)
    for down in shifts:
        for across in shifts:
            moved = np.roll(two, (down, across), (0, 1))
            other_mean, other_spread = _local(moved)
            both = _smooth(one * moved) - mean * other_mean
            best = np.maximum(best, both / np.sqrt(np.maximum(spread, 1) * np.maximum(other_spread, 1)))
    return best


def _grey(frame: NDArray[np.uint8]) -> Plane:
    import cv2

    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.float32)


def _soft(plane: Plane) -> Plane:
    import cv2

    return np.asarray(cv2.GaussianBlur(plane, (5, 5), 0), np.float32)


def _local(plane: Plane) -> tuple[Plane, Plane]:
    mean = _smooth(plane)
    return mean, _smooth(plane * plane) - mean * mean


def _smooth(plane: Plane) -> Plane:
    import cv2

    return np.asarray(cv2.boxFilter(plane, -1, (_WINDOW_PIXELS, _WINDOW_PIXELS)), np.float32)
