"""Several marks in one picture, each with the place where it was read: collages, pages with more than one picture.

Windows in which sync stands out are read one after the other, best first; what was read is blanked, so that the next
stands out. Pictures are looked for at their own size, upright; one that was scaled is found only where it is the only
one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from provenance.asset import Frame
from provenance.watermarks.tile.detection import Detection
from provenance.watermarks.tile.front import Residual, build_residual
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile2.blocks import sum_blocks
from provenance.watermarks.tile2.detection import LARGEST_PAGE, detect, read_part
from provenance.watermarks.tile2.layout import CellLayout
from provenance.watermarks.tile2.parts import BLOCK, Part, find_parts

_MOST_ROUNDS: Final = 16
_PARTS_A_ROUND: Final = 4
_LEAST_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Found:
    """A mark and where it was read.

    Attributes:
        detection: what was found.
        box: left, top, right and bottom of the window in which it was read best, in pixels of the picture: most of the
            marked picture, to within 64 pixels; the whole picture where it was found by search.
    """

    detection: Detection
    box: tuple[int, int, int, int]


def detect_all(frame: Frame, layouts: Sequence[CellLayout]) -> tuple[Found, ...]:
    """Return every mark found, one for each payload and key; in pictures of up to 2.4 megapixels, else one at most."""
    height, width = frame.shape[:2]
    found: dict[tuple[str, int], Found] = {}
    if height * width <= LARGEST_PAGE:
        residual = build_residual(frame, in_colour=False)
        for layout in layouts:
            left = residual.copy()
            for _ in range(_MOST_ROUNDS):
                if not (read := _read_next(left, layout)):
                    break
                detection, part = read
                box = _box_of(left, part, layout)
                left[part.rows, part.columns] = 0
                # What is left of a picture after its best window was blanked is read again, and adds nothing.
                found.setdefault(_identify(detection), Found(detection, box))
    whole = detect(frame, layouts)
    if whole:
        found.setdefault(_identify(whole), Found(whole, (0, 0, width, height)))
    return tuple(found.values())


def _identify(detection: Detection) -> tuple[str, int]:
    return detection.key_id, detection.match.payload


def _box_of(residual: Residual, part: Part, layout: CellLayout) -> tuple[int, int, int, int]:
    """Return the box of a window less those outer blocks in which sync has next to no share: even ground beside it."""
    lines = layout.lines
    sums = sum_blocks(np.ascontiguousarray(residual[part.rows, part.columns]), lines.sync, BLOCK)
    turns = np.exp(2j * np.pi / PERIOD * (lines.sync @ part.placed.origin) - 1j * lines.sync_phases)
    agreement = np.abs((sums * turns).real.sum(axis=2))
    edges = []
    for axis in (1, 0):
        share = agreement.sum(axis=axis)
        held = np.flatnonzero(share >= _LEAST_SHARE * np.median(share[share > 0]))
        edges.append((BLOCK * int(held[0]), BLOCK * (int(held[-1]) + 1)))
    (top, bottom), (left, right) = edges
    above, before = part.rows.start, part.columns.start
    height, width = residual.shape
    return before + left, above + top, min(before + right, width), min(above + bottom, height)


def _read_next(residual: Residual, layout: CellLayout) -> tuple[Detection, Part] | None:
    for part in find_parts(residual, layout.lines, _PARTS_A_ROUND):
        if detection := read_part(residual, part, layout):
            return detection, part
    return None
