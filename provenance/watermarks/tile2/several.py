"""Several marks in one picture, each with the place where it was read: collages, pages with more than one picture.

Windows in which sync stands out are read one after the other, best first. Where a tile was read its sync is followed
over the whole picture, block by block, and what it covers is blanked, so that the next stands out. Pictures are looked
for at their own size, upright; one that was scaled is found only where it is the only one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.watermarks.tile.canonical import LONGEST_SIDE
from provenance.watermarks.tile.detection import Detection
from provenance.watermarks.tile.front import Residual, build_residual
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile.views import views_of
from provenance.watermarks.tile2.blocks import sum_blocks
from provenance.watermarks.tile2.detection import LARGEST_PAGE, detect, read_part
from provenance.watermarks.tile2.layout import CellLayout
from provenance.watermarks.tile2.parts import BLOCK, Part, find_parts

_MOST_ROUNDS: Final = 16
_PARTS_A_ROUND: Final = 4
_LEAST_SHARE: Final = 0.25
# Deviations by which sync agrees over three by three blocks where its tile lies; elsewhere one block in a hundred.
_LEAST_AGREEMENT: Final = 2.3
_LEAST_OWN: Final = 0.5
# Of a picture that a mark covers to this share, the mark is of the whole.
_WHOLE: Final = 0.8

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""


@dataclass(frozen=True, slots=True)
class Found:
    """A mark and where it was read.

    Attributes:
        detection: what was found.
        box: about where the marked picture lies, in steps of 64 pixels; None where that is the whole.
        area: how many pixels it covers.
    """

    detection: Detection
    box: Box | None
    area: int


def detect_all(frame: Frame, layouts: Sequence[CellLayout]) -> tuple[Found, ...]:
    """Return every mark found, one for each payload and key; in pictures of up to 2.4 megapixels, else one at most."""
    height, width = frame.shape[:2]
    first = detect(frame, layouts)
    if first is None:
        return ()
    found: dict[tuple[str, int], Found] = {}
    if height * width <= LARGEST_PAGE:
        residual = (
            views_of(frame).luma if max(height, width) <= LONGEST_SIDE else build_residual(frame, in_colour=False)
        )
        for layout in layouts:
            for detection, (left, top, right, bottom) in _read_parts(residual.copy(), layout):
                area = (right - left) * (bottom - top)
                box = None if area >= _WHOLE * height * width else (left, top, right, bottom)
                found.setdefault(_identify(detection), Found(detection, box, area))
    found.setdefault(_identify(first), Found(first, None, height * width))
    return tuple(found.values())


def _identify(detection: Detection) -> tuple[str, int]:
    return detection.key_id, detection.match.payload


def _read_parts(residual: Residual, layout: CellLayout) -> list[tuple[Detection, Box]]:
    """Return what is read under one key, window by window; the residual is blanked where it was read."""
    read: list[tuple[Detection, Box]] = []
    for _ in range(_MOST_ROUNDS):
        for part in find_parts(residual, layout.lines, _PARTS_A_ROUND):
            if detection := read_part(residual, part, layout):
                break
        else:
            break
        covered = _cover(residual, part, layout)
        read.append((detection, _box_of(covered, residual.shape)))
        for row, column in np.argwhere(covered):
            residual[BLOCK * row : BLOCK * (row + 1), BLOCK * column : BLOCK * (column + 1)] = 0
    return read


def _cover(residual: Residual, part: Part, layout: CellLayout) -> NDArray[np.bool_]:
    """Return (R, C): the blocks in and round a window over which the tile goes on that was read there."""
    import cv2

    lines = layout.lines
    sums = sum_blocks(residual, lines.sync, BLOCK)
    corner = np.array([part.columns.start, part.rows.start])
    turns = np.exp(2j * np.pi / PERIOD * (lines.sync @ (part.placed.origin + corner)) - 1j * lines.sync_phases)
    agreement = (sums * turns).real.sum(axis=2) * (-1 if part.placed.is_negative else 1)
    usual = np.sqrt((sums.real**2 + sums.imag**2).sum(axis=2) / 2)
    own = agreement / np.maximum(usual, 1e-3)
    near, present = (
        cv2.boxFilter(field, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        for field in (own, (usual > 1).astype(np.float64))
    )
    agrees = (near >= _LEAST_AGREEMENT * np.sqrt(np.maximum(present, 1))) & (own >= _LEAST_OWN)
    _, names = cv2.connectedComponents(agrees.astype(np.uint8), connectivity=4)
    rows, columns = (slice(side.start // BLOCK, -(-side.stop // BLOCK)) for side in (part.rows, part.columns))
    counted = np.bincount(names[rows, columns].ravel())
    covered: NDArray[np.bool_] = np.zeros(names.shape, np.bool_)
    if len(counted) > 1:
        covered = names == 1 + int(counted[1:].argmax())
    else:
        covered[rows, columns] = True
    return covered


def _box_of(covered: NDArray[np.bool_], shape: tuple[int, ...]) -> Box:
    """Return the box of blocks less outer rows and columns that hold next to none of them."""
    edges = []
    for axis, side in ((1, shape[0]), (0, shape[1])):
        share = covered.sum(axis=axis)
        held = np.flatnonzero(share >= max(1.0, _LEAST_SHARE * float(np.median(share[share > 0]))))
        edges.append((BLOCK * int(held[0]), min(BLOCK * (int(held[-1]) + 1), side)))
    (top, bottom), (left, right) = edges
    return left, top, right, bottom
