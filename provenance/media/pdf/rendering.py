"""What a PDF shows, by PDFium: the text of each page, and the page as people see it.

Runs in a process of its own (`provenance.media.pdf.process`). pypdfium2 and the PDFium in its wheel are BSD-3-Clause
and Apache-2.0.
"""

import re
import zlib
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pypdfium2

from provenance.errors import AssetTooLargeError, UndecodableAssetError

SIDE: Final = 1_000
"""Longest side of a page as it is looked at, in pixels; of many pages less, so that all keep within the bound."""
LEAST_SIDE: Final = 200
MOST_CHARACTERS: Final = 4 << 20
MOST_KEPT_BYTES: Final = 256 << 20

_LINE_END: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# PDFium 7xxx writes a hyphen at the end of a line as one of these.
_HYPHEN: Final = re.compile("[\x02\ufffe]\n?")
_CONTROL: Final = re.compile("[\0-\x08\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page.

    Attributes:
        text: what can be taken out of it, lines as they stand.
        width, height: of its picture, in pixels.
        pixels: (height, width, 3) uint8 sRGB, deflated.
        sides: width and height of the page in its units, as it is shown.
    """

    text: str
    width: int
    height: int
    pixels: bytes = field(repr=False)
    sides: tuple[float, float]


def show_pages(data: bytes, *, most_pages: int, most_pixels: int) -> list[Sheet]:
    """Return every page of a file.

    Args:
        data: the file.
        most_pages: how many there may be.
        most_pixels: of all their pictures together; 0 for their words alone.

    Raises:
        UndecodableAssetError: PDFium cannot read it.
        AssetTooLargeError: it has more pages or characters than are taken.
    """
    try:
        document = pypdfium2.PdfDocument(data)
        count = len(document)
    except (pypdfium2.PdfiumError, ValueError) as exc:
        raise UndecodableAssetError("expected a PDF that can be shown, got one that PDFium does not read") from exc
    if not 1 <= count <= most_pages:
        raise AssetTooLargeError(f"expected 1 to {most_pages} pages, got {count}")
    sheets, characters, kept = [], 0, 0
    side = int(max(LEAST_SIDE, min(SIDE, (most_pixels / count) ** 0.5))) if most_pixels else 0
    for number in range(count):
        try:
            sheet = _show(document[number], side)
        except (pypdfium2.PdfiumError, ValueError) as exc:
            raise UndecodableAssetError(f"expected pages that can be shown, got none at {number + 1}") from exc
        characters += len(sheet.text)
        kept += len(sheet.pixels)
        if characters > MOST_CHARACTERS or kept > MOST_KEPT_BYTES:
            raise AssetTooLargeError(f"expected at most {MOST_CHARACTERS} characters, got more: hand it in by parts")
        sheets.append(sheet)
    return sheets


def _show(page: Any, side: int) -> Sheet:  # noqa: ANN401 - of pypdfium2
    sides = page.get_size()
    frame = np.empty((0, 0, 3), np.uint8)
    if side:
        pixels = page.render(scale=side / max(sides), rev_byteorder=True, may_draw_forms=False).to_numpy()
        frame = np.ascontiguousarray(pixels[:, :, :3])
    found = page.get_textpage()
    text = _LINE_END.sub("\n", found.get_text_range())
    found.close()
    page.close()
    text = _CONTROL.sub(" ", _HYPHEN.sub("-", text))
    height, width = frame.shape[:2]
    return Sheet(text, width, height, zlib.compress(frame.tobytes(), 1), (float(sides[0]), float(sides[1])))
