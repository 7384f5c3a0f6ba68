"""Where lines of writing lie: from a network's map of what is text to boxes that may be turned, and to strips.

Source: Liao et al., "Real-time scene text detection with differentiable binarization", AAAI 2020; the numbers are those
of PaddleOCR's own inference (PP-OCRv5_mobile_det, inference.yml).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame

Corners = NDArray[np.float32]
"""(4, 2) float32: x and y in pixels of upper left, upper right, lower right and lower left, as the writing runs."""

# A pixel of text; a box of text on average; how far a box grows by its area and length; the least side in pixels.
_LEAST_PIXEL: Final = 0.3
_LEAST_BOX: Final = 0.6
_GROWTH: Final = 1.5
_LEAST_SIDE: Final = 3.0
# PaddleOCR's bound, too; of more the largest are kept.
_MOST_BOXES: Final = 1000
# A box so much higher than wide is a line that runs down.
_RUNS_DOWN: Final = 1.5


def find_boxes(likely: NDArray[np.float32]) -> list[Corners]:
    """Return the lines in a map of how likely each pixel is text, from the top down.

    Args:
        likely: (H, W) float32, 0..1.
    """
    import cv2

    mask = (likely > _LEAST_PIXEL).astype(np.uint8)
    shapes, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes: list[Corners] = []
    for shape in sorted(shapes, key=cv2.contourArea, reverse=True)[:_MOST_BOXES]:
        (middle, (width, height), angle) = cv2.minAreaRect(shape)
        if min(width, height) < _LEAST_SIDE or _measure(likely, shape) < _LEAST_BOX:
            continue
        # The network marks the core of a line: the box grows by what the core lost.
        grown = width * height * _GROWTH / (width + height)
        boxes.append(_in_order(cv2.boxPoints((middle, (width + grown, height + grown), angle))))
    return sorted(boxes, key=lambda box: (float(box[:, 1].mean()), float(box[:, 0].mean())))


def _measure(likely: NDArray[np.float32], shape: NDArray[np.int32]) -> float:
    import cv2

    left, top, width, height = cv2.boundingRect(shape)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [shape - np.array([left, top])], 1)
    return float(cv2.mean(likely[top : top + height, left : left + width], mask=inside)[0])


def _in_order(points: NDArray[np.float32]) -> Corners:
    """Return four corners of a rectangle from the upper left one on, clockwise as one sees them."""
    by_side = points[np.argsort(points[:, 0], kind="stable")]
    left, right = by_side[:2], by_side[2:]
    left, right = left[np.argsort(left[:, 1])], right[np.argsort(right[:, 1])]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def cut_line(frame: Frame, box: Corners) -> Frame:
    """Return the pixels of one line, upright where it is not upside down.

    Returns:
        (h, w, 3) uint8, h and w at least 1.
    """
    import cv2

    width, height = (max(1, round(side)) for side in measure(box))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(box, target)
    strip: Frame = cv2.warpPerspective(
        frame, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.ascontiguousarray(np.rot90(strip)) if runs_down(box) else strip


def measure(box: Corners) -> tuple[float, float]:
    """Return width and height of a box in pixels, as its writing runs."""
    return float(np.linalg.norm(box[1] - box[0])), float(np.linalg.norm(box[3] - box[0]))


def runs_down(box: Corners) -> bool:
    """Say whether a box is so much higher than wide that its line runs down, or up."""
    width, height = measure(box)
    return height >= _RUNS_DOWN * max(width, 1.0)


@dataclass(frozen=True, slots=True)
class Placed:
    """A text put together from lines, with the box of each of its parts.

    Attributes:
        text: what was read, rows under each other, lines of one row beside each other.
        parts: start and end in `text`, and which line that is, in order.
    """

    text: str
    parts: tuple[tuple[int, int, int], ...]

    def lines_of(self, start: int, end: int) -> tuple[int, ...]:
        """Return the numbers of the lines that have a part of [start, end)."""
        return tuple(line for first, last, line in self.parts if first < end and start < last)


def join_lines(texts: Sequence[str], boxes: Sequence[Corners]) -> Placed:
    """Put lines together as one reads them: those whose middles lie within half a line's height are one row.

    All are taken to run as the longest does, so that the rows of a tilted page stay apart.
    """
    along, down = _directions(boxes)
    middles = [box.mean(axis=0) for box in boxes]
    rows: list[list[int]] = []
    for line in sorted(range(len(boxes)), key=lambda one: float(middles[one] @ down)):
        if rows and float((middles[line] - middles[rows[-1][-1]]) @ down) < min(measure(boxes[line])) / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    text, parts = "", []
    for row in rows:
        for place, line in enumerate(sorted(row, key=lambda one: float((boxes[one] @ along).min()))):
            text += " " if place else "\n" if text else ""
            parts.append((len(text), len(text) + len(texts[line]), line))
            text += texts[line]
    return Placed(text, tuple(parts))


def _directions(boxes: Sequence[Corners]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the unit vectors along the longest line, and from it to the next."""
    longest = max(boxes, key=lambda box: max(measure(box)), default=None)
    if longest is None:
        return np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    step = longest[3] - longest[0] if runs_down(longest) else longest[1] - longest[0]
    along = step / max(float(np.linalg.norm(step)), 1e-6)
    return along, np.array([-along[1], along[0]], np.float32)
