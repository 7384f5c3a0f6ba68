"""The poster of a gala: a still of each piece with its number and title, on one sheet, to be released with all of them.

Nothing is generated for it: pixels of the pieces are scaled down, and words are set. What carries it is its manifest,
in which every piece is an ingredient.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from math import ceil, sqrt
from typing import Any, Final

import numpy as np

from provenance import labels
from provenance.asset import Frame

VERSION: Final = "1"
WIDTH: Final = 1600
_GAP: Final = 24
_HEAD: Final = 120
_LINE: Final = 56
_GROUND: Final = (18, 20, 28)
_INK: Final = (238, 236, 228)
_SOFT: Final = (150, 150, 160)


@dataclass(frozen=True, slots=True)
class Shown:
    """One piece on the poster.

    Attributes:
        number: of the piece.
        title: of the piece.
        still: (H, W, 3) that stands for it.
    """

    number: int
    title: str
    still: Frame


def draw_poster(title: str, shown: Sequence[Shown]) -> Frame:
    """Return the poster, (H, `WIDTH`, 3): as many columns as rows, or one more.

    Args:
        title: of the programme.
        shown: at least one piece, in order.
    """
    from PIL import Image, ImageDraw

    columns = max(2, ceil(sqrt(len(shown))))
    wide = (WIDTH - _GAP * (columns + 1)) // columns
    high = wide * 9 // 16
    rows = ceil(len(shown) / columns)
    sheet = Image.new("RGB", (WIDTH, _HEAD + rows * (high + _LINE + _GAP) + _GAP), _GROUND)
    pen, fonts = ImageDraw.Draw(sheet), _load_fonts()
    pen.text((_GAP, _GAP), _fit(pen, title, fonts[0], WIDTH - 2 * _GAP), font=fonts[0], fill=_INK)
    for index, one in enumerate(shown):
        left = _GAP + index % columns * (wide + _GAP)
        top = _HEAD + index // columns * (high + _LINE + _GAP)
        still = Image.fromarray(one.still)
        still.thumbnail((wide, high), Image.Resampling.LANCZOS)
        sheet.paste(still, (left + (wide - still.width) // 2, top + (high - still.height) // 2))
        number = f"{one.number}"
        pen.text((left, top + high + 10), number, font=fonts[1], fill=_SOFT)
        start = left + int(pen.textlength(f"{number}  ", font=fonts[1]))
        text = _fit(pen, one.title, fonts[1], left + wide - start)
        pen.text((start, top + high + 10), text, font=fonts[1], fill=_INK)
    return np.asarray(sheet, np.uint8)


def _load_fonts() -> tuple[Any, Any]:
    from PIL import ImageFont

    with as_file(files(labels) / "fonts" / "label-sans-bold.otf") as path:
        return ImageFont.truetype(str(path), 56), ImageFont.truetype(str(path), 24)


def _fit(pen: Any, text: str, font: Any, width: float) -> str:  # noqa: ANN401 - Pillow's
    """Return as much of a text as there is room for."""
    if pen.textlength(text, font=font) <= width:
        return text
    while text and pen.textlength(f"{text}…", font=font) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"
