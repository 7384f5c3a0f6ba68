"""Where pictures lie in a picture: pasted on it, side by side, in a collage, in a frame or on a page.

What is pasted ends in a straight line, along a row or a column, over its whole side; what a camera sees seldom does. So
the columns and rows are taken along which brightness or colour steps from one pixel to the next and nowhere beside, and
of the rectangles between them those whose sides are such steps nearly all along. A rectangle that a further line
divides is left to its parts. Trusts nothing; bounded: at most fourteen lines each way.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.media.picture.overlap import Box

PANELS_SIDE: Final = 512
"""Longest side at which panels are looked for."""
MOST_PANELS: Final = 9
"""A collage of three by three."""

_MOST_LINES: Final = 14
_MOST_LOOKED_AT: Final = 200
# Levels from one pixel to the next that make a step, and how much more that is than two pixels away.
_STEP_LEVELS: Final = 10
_STEEPER: Final = 1.5
# A side is at least so much of the picture's; a line so long, and so much of it steps.
_LEAST_SIDE: Final = 0.16
_LEAST_RUN: Final = 0.2
_RUN_SHARE: Final = 0.6
# Of each side of a panel, and of all together, so much steps: what is pasted is here and there like what it lies on.
_LEAST_STEPS: Final = 0.35
_MEAN_STEPS: Final = 0.7
_MOST_AREA: Final = 0.97
_SAME: Final = 0.75
# Lines so near each other are one, and so near a side they are the side.
_APART: Final = 3
_WITHIN: Final = 8

Plane = NDArray[np.uint8]
Places = NDArray[np.int64]
Lines = tuple[Places, NDArray[np.int64]]
"""Where lines lie, with the picture's two borders, and how many steps each has up to each pixel: (lines, pixels)."""


class _Panel(NamedTuple):
    """A rectangle in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)


def find_panels(frame: Frame) -> tuple[Box, ...]:
    """Return where pictures lie in `frame`, those with the surest edges first, at most nine.

    Args:
        frame: (H, W, 3) uint8 sRGB, at a longest side of `PANELS_SIDE`.

    Limits: pictures that lie tilted, or whose edges were blended, are not found; of photographs as they are one in nine
        has a rectangle that looks like one.
    """
    rows, columns = frame.shape[:2]
    if min(rows, columns) < 1 / _LEAST_RUN:
        return ()
    upright = _find_lines(_find_steps(frame))
    level = _find_lines(_find_steps(np.ascontiguousarray(frame.transpose(1, 0, 2))))
    kept: list[_Panel] = []
    for panel in _list_panels(upright, level):
        if panel.area <= _MOST_AREA * rows * columns and not any(_is_same(panel, other) for other in kept):
            kept.append(panel)
        if len(kept) == MOST_PANELS:
            break
    return tuple(Box(one.left / columns, one.top / rows, one.right / columns, one.bottom / rows) for one in kept)


def _find_steps(frame: Frame) -> Plane:
    """Return 1 where a pixel steps from the one to its left, and no step beside is larger: (H, W), column 0 is none."""
    import cv2

    rows, columns = frame.shape[:2]
    apart = cv2.absdiff(frame[:, 1:], frame[:, :-1])
    stepped = np.zeros((rows, columns + 4), np.uint8)
    stepped[:, 3 : columns + 2] = cv2.max(cv2.max(apart[..., 0], apart[..., 1]), apart[..., 2])
    here = stepped[:, 2:-2]
    beside = cv2.max(stepped[:, 1:-3], stepped[:, 3:-1])
    further = cv2.max(stepped[:, :-4], stepped[:, 4:])
    least = cv2.max(beside, cv2.convertScaleAbs(further, alpha=_STEEPER))
    steps = np.asarray(cv2.compare(here, cv2.max(least, _STEP_LEVELS), cv2.CMP_GE)) & np.uint8(1)
    # A line between two pixels is seen in either of them.
    steps[:, 1:] |= steps[:, :-1].copy()
    return steps


def _find_lines(steps: Plane) -> Lines:
    """Return the columns along which most pixels step for a while, those that do so the most, and the borders."""
    import cv2

    rows, columns = steps.shape
    length = max(1, int(rows * _LEAST_RUN))
    shares = cv2.blur(steps * np.uint8(255), (1, length), borderType=cv2.BORDER_CONSTANT).max(axis=0).astype(np.float64)
    found: list[int] = []
    for _ in range(_MOST_LINES):
        place = int(shares.argmax())
        if shares[place] < 255 * _RUN_SHARE:
            break
        found.append(place)
        shares[max(0, place - _APART) : place + _APART + 1] = 0
    places = np.array([0, *sorted(one for one in found if _WITHIN <= one <= columns - _WITHIN), columns])
    counted = np.full((len(places), rows + 1), 0, np.int64)
    counted[:, 1:] = steps[:, np.minimum(places, columns - 1)].T.cumsum(axis=1)
    # What the picture ends with is as sure a side as any.
    counted[[0, -1]] = np.arange(rows + 1)
    return places, counted


def _list_panels(upright: Lines, level: Lines) -> list[_Panel]:
    """Return the rectangles between lines whose sides step and that no line divides, those that step most first."""
    (across, beside), (down, along) = upright, level
    (left, right), (top, bottom) = _pair_up(across), _pair_up(down)
    upright_steps = _share_between(beside, down[top], down[bottom])
    level_steps = _share_between(along, across[left], across[right])
    # One row for each pair of columns, one column for each pair of rows.
    shape = len(left), len(top)
    sides = [upright_steps[left], upright_steps[right], level_steps[top].T, level_steps[bottom].T]
    borders = [left[:, None] == 0, right[:, None] == len(across) - 1, top == 0, bottom == len(down) - 1]
    real = ~np.stack([np.broadcast_to(one, shape) for one in borders])
    steps = np.stack(sides)
    mean = (steps * real).sum(axis=0) / np.maximum(real.sum(axis=0), 1)
    fits = (np.where(real, steps, 1).min(axis=0) >= _LEAST_STEPS) & (mean >= _MEAN_STEPS)
    found: list[_Panel] = []
    for one, other in sorted(zip(*np.nonzero(fits), strict=True), key=lambda place: -mean[place])[:_MOST_LOOKED_AT]:
        start, end, high, low = across[left[one]], across[right[one]], down[top[other]], down[bottom[other]]
        if not (
            _is_divided(across, upright_steps[:, other], start, end)
            or _is_divided(down, level_steps[:, one], high, low)
        ):
            found.append(_Panel(int(start), int(high), int(end), int(low)))
    return found


def _pair_up(places: Places) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which lines are far enough apart to be two sides of a panel."""
    first, second = np.triu_indices(len(places), 1)
    apart = places[second] - places[first] >= _LEAST_SIDE * places[-1]
    return first[apart], second[apart]


def _share_between(counted: NDArray[np.int64], start: Places, end: Places) -> NDArray[np.float64]:
    """Return how much of each line steps from `start` to `end`: (lines, pairs)."""
    shares: NDArray[np.float64] = (counted[:, end] - counted[:, start]) / (end - start)
    return shares


def _is_divided(places: Places, shares: NDArray[np.float64], start: int, end: int) -> bool:
    """Return whether a line runs all through a rectangle, from one side to the other."""
    inside = (places > start + _WITHIN) & (places < end - _WITHIN)
    return bool((shares[inside] >= _MEAN_STEPS).any())


def _is_same(one: _Panel, other: _Panel) -> bool:
    """Return whether two rectangles are nearly one."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return False
    shared = width * height
    return shared > _SAME * (one.area + other.area - shared)
