"""Where the label of a PDF stands: at the upper edge of its first page or the lower edge of its last, over nothing.

GB 45438-2025 section 4.2.1: words of an AI element and a generating element at the start or the end of the text. Where
the edge is written on from side to side, the page grows by a strip for it.
"""

from typing import Final

import numpy as np

from provenance.asset import Frame
from provenance.media.pdf.font import Letters
from provenance.media.pdf.orders import LabelOrder
from provenance.media.pdf.sheets import Page, Sheets
from provenance.media.text.label import START

# Of the shorter side; a text on A4 has letters of 9 to 12 units.
_SIZE_RATIO: Final = 0.02
_LEAST_SIZE, _MOST_SIZE = 10.5, 40.0
_PADDING, _MARGIN = 0.5, 0.9
# Grey levels by which paper may differ from itself: a veil, a scan.
_FLAT: Final = 12
_DARK, _LIGHT = 110, 190


def place_label(sheets: Sheets, text: str, position: str, letters: Letters) -> LabelOrder:
    """Return where and how large a label is written."""
    number = 0 if position == START else len(sheets.pages) - 1
    page = sheets.pages[number]
    width, height = page.sides
    size = min(_MOST_SIZE, max(_LEAST_SIZE, _SIZE_RATIO * min(width, height)))
    ems = letters.measure(text) + 2 * _PADDING
    size = min(size, width / (ems + 2 * _MARGIN))
    plate_width, plate_height, margin = ems * size, (1 + 2 * _PADDING) * size, _MARGIN * size
    upper = height - margin if position == START else margin + plate_height
    frame = page.draw()
    for left in (margin, (width - plate_width) / 2, width - margin - plate_width):
        box = (left, upper - plate_height, left + plate_width, upper)
        if _is_blank(_cut(frame, page, box)):
            return LabelOrder(text, number, box, size, 0.0, letters.codes, letters.widths)
    strip = plate_height + 2 * margin
    lower = height + margin if position == START else margin
    box = (margin, lower, margin + plate_width, lower + plate_height)
    return LabelOrder(text, number, box, size, strip if position == START else -strip, letters.codes, letters.widths)


def shows_label(sheets: Sheets, label: LabelOrder) -> bool:
    """Say whether a finished file shows a label: its words can be taken out of its page, and its ink is there."""
    if label.page >= len(sheets.pages):
        return False
    page = sheets.pages[label.page]
    squeezed = "".join(page.text.split())
    if "".join(label.text.split()) not in squeezed:
        return False
    plate = _cut(page.draw(), page, label.box).mean(axis=2)
    return bool(plate.size) and float(plate.min()) < _DARK and float(np.median(plate)) > _LIGHT


def is_dark(page: Page) -> bool:
    """Say whether a page is so dark that nothing laid over it darker is seen."""
    return float(page.draw()[::4, ::4].mean()) < 96


def _cut(frame: Frame, page: Page, box: tuple[float, float, float, float]) -> Frame:
    """Return the pixels of a part of a page, which is given in its units from its lower left corner."""
    scale = page.width / page.sides[0]
    left, bottom, right, top = (side * scale for side in box)
    rows = slice(max(0, int(page.height - top)), max(0, int(np.ceil(page.height - bottom))))
    return frame[rows, max(0, int(left)) : max(0, int(np.ceil(right)))]


def _is_blank(pixels: Frame) -> bool:
    return bool(pixels.size) and int(np.ptp(pixels.reshape(-1, 3), axis=0).max()) <= _FLAT
