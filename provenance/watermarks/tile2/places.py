"""Where in a page a mark lies that was read there: a box, to a few pixels.

Who has read a tile knows all of it, so evidence is no longer sync alone: at each place the whole plane either agrees
with what is seen or does not. The box is the one that gathers most evidence. Where there is none for either, as where
both picture and page are flat, the edge that the eye sees is taken.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Plane
from provenance.watermarks.tile.code import Bits
from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile.reading import IDENTITY
from provenance.watermarks.tile2.embedding import build_plane
from provenance.watermarks.tile2.layout import SQUARE, CellLayout
from provenance.watermarks.tile2.parts import Part
from provenance.watermarks.tile2.reading import fold_signed, lay, rank_origins

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""
Evidence = NDArray[np.float64]
"""(R, C), in cells of four pixels: log-likelihood that the tile lies there over that it does not."""

CELL: Final = 4
# Cells a side of the squares that a box is first made of.
_COARSE: Final = 8
_ORIGINS: Final = 4
# Pixels over which what is seen is put into units of its own deviation, and the least deviation that says anything.
_SURROUNDINGS: Final = 33
_QUIET: Final = 0.15
# A place is for the tile from this share of the agreement on that the window has.
_LEAST_SHARE: Final = 0.35
# Share of all evidence that may be given up for a side that is seen, and pixels by which it may lie beyond that.
_YIELD: Final = 0.015
_REACH: Final = 6
# Evidence of 96 by 96 pixels from which another picture lies there.
_AGAINST: Final = 6.0
# Pixels: half of the smallest picture that is marked.
_LEAST_OTHER: Final = 8_192
# Levels from which two neighbours differ, at most counted, the share of a side that has to do
# so, and how much more it has to differ than lines beside it.
_LEAST_STEP: Final = 3
_MOST_STEP: Final = 24
_LEAST_SEEN: Final = 0.5
_OUTSTANDING: Final = 1.3
# What is left of the frame beside a side that is not seen belongs to the picture.
_MARGIN: Final = 8


def build_page_plane(residual: Residual, part: Part, code: Bits, layout: CellLayout) -> Residual:
    """Return (H, W): the tile over the whole page as it was read in a window."""
    sign = -1 if part.placed.is_negative else 1
    inside = np.ascontiguousarray(residual[part.rows, part.columns]) * np.float32(sign)
    corner = np.rint(part.placed.origin).astype(int)
    laid = lay(inside, layout.lines, IDENTITY, corner.astype(np.float64))
    assert laid is not None, "the identity is never degenerate"
    bits = 1 - 2.0 * code[layout.lines.code_bits]
    origin = max(
        (placing.origin for placing in rank_origins(laid, layout, _ORIGINS)),
        key=lambda one: float(fold_signed(laid, layout, one) @ bits),
    )
    starts, firsts = [], []
    for axis, (side, first) in enumerate(zip((part.columns, part.rows), origin[::-1], strict=True)):
        before = -int(corner[axis] + side.start) % PERIOD
        cells = (side.start - (-corner[axis] % PERIOD) + before) // PERIOD
        starts.append(before)
        firsts.append(int(first - cells) % SQUARE)
    (height, width), (left, top) = residual.shape, starts
    rows, columns = -(-(height + top) // PERIOD), -(-(width + left) // PERIOD)
    plane = build_plane(layout, code, (firsts[1], firsts[0]), rows, columns)
    return plane[top : top + height, left : left + width] * np.float32(sign)


def weigh_places(residual: Residual, plane: Residual, part: Part) -> Evidence:
    """Return evidence for the tile by place."""
    import cv2

    power = cv2.blur(residual * residual, (_SURROUNDINGS, _SURROUNDINGS))
    trust = power / (power + np.float32(_QUIET**2))
    agreement = residual * plane * trust / cv2.sqrt(power + np.float32(1e-6))
    inside = part.rows, part.columns
    usual = max(float(agreement[inside].sum()) / max(float(trust[inside].sum()), 1e-6), 1e-3)
    field = np.float32(usual) * (agreement - np.float32(_LEAST_SHARE * usual) * trust)
    return _add_up(field, CELL)


def blank(residual: Residual, evidence: Evidence, box: Box) -> bool:
    """Blank a residual within a box, but for what speaks against the tile there: another picture laid over it.

    Returns:
        Whether there is so much of such that it may be marked itself.
    """
    import cv2

    left, top, right, bottom = box
    side = CELL * _COARSE
    near = cv2.boxFilter(_add_up(evidence, _COARSE), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    stays = np.kron(near < -_AGAINST, np.ones((side, side), np.bool_))[top:bottom, left:right]
    residual[top:bottom, left:right] *= stays
    return bool(np.count_nonzero(stays) >= _LEAST_OTHER)


def _add_up(field: NDArray[Any], side: int) -> Evidence:
    """Return the sums over squares of a field; what the last ones lack is empty."""
    height, width = (-(-length // side) * side for length in field.shape)
    padded = np.zeros((height, width))
    padded[: field.shape[0], : field.shape[1]] = field
    sums: Evidence = padded.reshape(height // side, side, width // side, side).sum(axis=(1, 3))
    return sums


def find_box(evidence: Evidence, luma: Plane) -> Box:
    """Return the box that gathers most evidence, its sides where they are seen as far as evidence allows.

    A mark of which no side is seen within the frame, as of a picture with a smooth sky, goes on over what says nothing.

    Args:
        evidence: by place.
        luma: (H, W) of the page.
    """
    height, width = luma.shape
    top, bottom, left, right = (_COARSE * side for side in _find_largest(_add_up(evidence, _COARSE)))
    for _ in range(2):
        left, right = _refine(evidence[top:bottom].sum(axis=0), left, right)
        top, bottom = _refine(evidence[:, left:right].sum(axis=1), top, bottom)
    box = CELL * left, CELL * top, CELL * right, CELL * bottom
    down, across = (CELL * side - length for side, length in zip(evidence.shape, luma.shape, strict=True))
    return _clip(_find_sides(evidence, np.pad(luma, ((0, down), (0, across)), "edge"), box), width, height)


def _clip(box: Box, width: int, height: int) -> Box:
    left, top, right, bottom = box
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)


def _find_largest(field: Evidence) -> tuple[int, int, int, int]:
    """Return the rectangle of the largest sum: first row, row after the last, first column, column after the last."""
    rows, columns = field.shape
    total = np.pad(field.cumsum(axis=0), ((1, 0), (0, 0)))
    top, bottom = np.triu_indices(rows + 1, 1)
    strips = total[bottom] - total[top]
    sums = np.pad(strips.cumsum(axis=1), ((0, 0), (1, 0)))
    lowest = np.minimum.accumulate(sums, axis=1)[:, :-1]
    best = int((sums[:, 1:] - lowest).argmax())
    strip, right = divmod(best, columns)
    left = int(sums[strip, : right + 1].argmin())
    return int(top[strip]), int(bottom[strip]), left, right + 1


def _refine(held: NDArray[np.float64], first: int, last: int) -> tuple[int, int]:
    """Return where a box begins and ends by the sums of its lines, from where it was thought to."""
    middle = (first + last) // 2
    before, after = np.cumsum(held[middle::-1]), np.cumsum(held[middle:])
    return middle - int(before.argmax()), middle + 1 + int(after.argmax())


def _find_sides(evidence: Evidence, luma: Plane, box: Box) -> Box:
    """Return a box whose sides lie where they are seen; luma has whole cells."""
    sides, seen, free = list(box), [False] * 4, [False] * 4
    left, top, right, bottom = (side // CELL for side in box)
    most = _YIELD * float(evidence[top:bottom, left:right].sum())
    for at in (0, 1, 2, 3, 0, 1, 2, 3):
        low, high = sides[1 - at % 2], sides[3 - at % 2]
        length = luma.shape[1 - at % 2]
        # As for a side that begins, from the left.
        held = _from_left(evidence, at)[low // CELL : -(-high // CELL)].sum(axis=0)
        strip = _from_left(luma, at)[low:high]
        here, other = (length - side if at > 1 else side for side in (sides[at], sides[at ^ 2]))
        lowest, highest = _bound_side(held, here, other, most)
        found = _see_side(strip, max(lowest - _REACH, 0), highest + _REACH)
        seen[at], free[at] = found is not None, lowest <= 0
        here = found if found is not None else 0 if free[at] and here <= _MARGIN else here
        sides[at] = length - here if at > 1 else here
    if not any(seen):
        ends = (0, 0, luma.shape[1], luma.shape[0])
        sides = [end if is_free else side for side, end, is_free in zip(sides, ends, free, strict=True)]
    left, top, right, bottom = sides
    return left, top, right, bottom


def _from_left(field: NDArray[Any], at: int) -> NDArray[Any]:
    """Return a field turned so that its left, top, right or bottom side is to the left."""
    turned = field if at % 2 == 0 else field.T
    return turned[:, ::-1] if at > 1 else turned


def _bound_side(held: NDArray[np.float64], here: int, other: int, most: float) -> tuple[int, int]:
    """Return between which pixels a side may begin without giving up more evidence, `other` being the one across."""
    cell = here // CELL
    inwards, outwards = np.cumsum(held[cell : max(other // CELL - 4, cell)]), np.cumsum(held[:cell][::-1])
    near, far = np.flatnonzero(inwards > most), np.flatnonzero(outwards < -most)
    lowest = cell - int(far[0]) if len(far) else 0
    return CELL * lowest, CELL * (cell + (int(near[0]) if len(near) else len(inwards)))


def _see_side(strip: Plane, lowest: int, highest: int) -> int | None:
    """Return the pixel within bounds at which most of a strip's rows change at once, or None."""
    steps = np.abs(np.diff(strip[:, max(lowest - 1, 0) : highest + 1].astype(np.int16), axis=1))
    if not steps.size:
        return None
    strength = np.minimum(steps, _MOST_STEP).mean(axis=0)
    best = int(strength.argmax())
    is_seen = (steps[:, best] >= _LEAST_STEP).mean() >= _LEAST_SEEN
    if not is_seen or strength[best] < _OUTSTANDING * float(np.median(strength)):
        return None
    return max(lowest - 1, 0) + 1 + best
