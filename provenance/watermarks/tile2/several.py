"""Several marks in one picture, each with the place where it was read: collages, pages with more than one picture.

Windows in which sync stands out are read one after the other, best first. Where a tile was read its box is found and
blanked, so that the next stands out. That finds pictures at their own size, upright. Those that were scaled are found
where they lie apart on a page: what blank strips divide is searched piece by piece.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from provenance.asset import Frame, Plane
from provenance.watermarks.tile.canonical import LONGEST_SIDE
from provenance.watermarks.tile.detection import Detection
from provenance.watermarks.tile.front import Residual, build_residual
from provenance.watermarks.tile.views import views_of
from provenance.watermarks.tile2.detection import LARGEST_PAGE, detect, read_part
from provenance.watermarks.tile2.layout import CellLayout
from provenance.watermarks.tile2.panels import find_panels
from provenance.watermarks.tile2.parts import find_parts
from provenance.watermarks.tile2.places import Box, blank, build_page_plane, find_box, weigh_places

_MOST_ROUNDS: Final = 16
_PARTS_A_ROUND: Final = 4
# Of a picture that a mark covers to this share, the mark is of the whole.
_WHOLE: Final = 0.8
# Pieces of a page that are searched by themselves: each costs what a page without a mark costs.
_PANELS: Final = 6


@dataclass(frozen=True, slots=True)
class Found:
    """A mark and where it was read.

    Attributes:
        detection: what was found.
        box: where the marked picture lies; None where that is the whole.
        area: how many pixels it covers.
    """

    detection: Detection
    box: Box | None
    area: int


def detect_all(frame: Frame, layouts: Sequence[CellLayout]) -> tuple[Found, ...]:
    """Return every mark found, one for each payload and key; in pictures of over 2.4 megapixels one at most."""
    import cv2

    height, width = frame.shape[:2]
    first = detect(frame, layouts)
    found: dict[tuple[str, int], Found] = {}
    if height * width <= LARGEST_PAGE:
        luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        if first is not None:
            residual = (
                views_of(frame).luma if max(height, width) <= LONGEST_SIDE else build_residual(frame, in_colour=False)
            )
            for layout in layouts:
                for detection, box in _read_parts(residual.copy(), luma, layout):
                    found.setdefault(_identify(detection), _place(detection, box, height * width))
        if all(one.box is not None for one in found.values()):
            taken = [one.box for one in found.values() if one.box is not None]
            for detection, box in _read_panels(frame, luma, layouts, taken):
                found.setdefault(_identify(detection), _place(detection, box, height * width))
    if first is not None:
        found.setdefault(_identify(first), Found(first, None, height * width))
    return tuple(found.values())


def _place(detection: Detection, box: Box, whole: int) -> Found:
    area = _measure(box)
    return Found(detection, None if area >= _WHOLE * whole else box, area)


def _measure(box: Box) -> int:
    left, top, right, bottom = box
    return max(right - left, 0) * max(bottom - top, 0)


def _read_panels(
    frame: Frame, luma: Plane, layouts: Sequence[CellLayout], taken: Sequence[Box]
) -> Iterator[tuple[Detection, Box]]:
    """Read what a page shows apart, of any size, but where marks were found already."""
    for panel in find_panels(luma, _PANELS):
        area = _measure(panel)
        common = (
            _measure((max(panel[0], box[0]), max(panel[1], box[1]), min(panel[2], box[2]), min(panel[3], box[3])))
            for box in taken
        )
        if area >= _WHOLE * luma.size or any(2 * both > area for both in common):
            continue
        left, top, right, bottom = panel
        detection = detect(np.ascontiguousarray(frame[top:bottom, left:right]), layouts)
        if detection is not None:
            yield detection, panel


def _identify(detection: Detection) -> tuple[str, int]:
    return detection.key_id, detection.match.payload


def _read_parts(residual: Residual, luma: Plane, layout: CellLayout) -> list[tuple[Detection, Box]]:
    """Return what is read under one key, window by window; the residual is blanked where it was read."""
    read: dict[int, tuple[Detection, Box]] = {}
    for _ in range(_MOST_ROUNDS):
        for part in find_parts(residual, layout.lines, _PARTS_A_ROUND):
            if detection := read_part(residual, part, layout):
                break
        else:
            break
        if detection.match.payload in read:
            # What was left of it beside its box.
            residual[part.rows, part.columns] = 0
            continue
        plane = build_page_plane(residual, part, detection.match.code, layout)
        evidence = weigh_places(residual, plane, part)
        box = find_box(evidence, luma)
        read[detection.match.payload] = detection, box
        lies_under_another = blank(residual, evidence, box)
        if _measure(box) >= _WHOLE * luma.size and not lies_under_another:
            break
    return list(read.values())
