"""Letters for PDF pages: the common ones as every reader has them, all others out of the label font, embedded.

reportlab embeds TrueType outlines only, and the label font has the other kind, so those of its glyphs that a document
needs are converted for that document.
"""

import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import provenance.labels
from provenance.errors import MissingExtraError
from provenance.text import show

FONT_FILE: Final = Path(provenance.labels.__file__).parent / "fonts" / "label-sans-bold.otf"
PLAIN: Final = "Helvetica"
BOLD: Final = "Helvetica-Bold"
OTHER: Final = "ChopmarkLabelSans"

# Units of the em by which an outline may differ from the one it was made of.
_MOST_ERROR: Final = 1.0


class PageFont:
    """Marks up texts for one document.

    Args:
        texts: all that will be shown; only their letters are embedded.

    Raises:
        MissingExtraError: reportlab or fontTools is not installed.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        known = find_letters()
        wanted = {ord(char) for text in texts for char in show(text)} - _common()
        self._letters: Final = frozenset(wanted & known)
        if self._letters:
            register(self._letters)

    def mark_up(self, text: str) -> str:
        """Return `text` as reportlab's markup: nothing in it is a tag, and what no font has is spelled out."""
        parts: list[str] = []
        for is_other, run in _split(show(text), self._letters):
            parts.append(f'<font name="{OTHER}">{escape(run)}</font>' if is_other else escape(run))
        return "".join(parts)


@cache
def _common() -> frozenset[int]:
    """Return the letters of the fonts that every reader has: Windows code page 1252."""
    return frozenset(ord(char) for char in bytes(range(0x20, 0x100)).decode("cp1252", "ignore"))


def _split(text: str, letters: frozenset[int]) -> Iterable[tuple[bool, str]]:
    run, was_other = "", False
    for char in text:
        code = ord(char)
        is_other = code in letters
        shown = char if is_other or code in _common() else f"[U+{code:04X}]"
        if is_other != was_other and run:
            yield was_other, run
            run = ""
        was_other = is_other
        run += shown
    if run:
        yield was_other, run


@cache
def find_letters() -> frozenset[int]:
    """Return the code points that the label font has."""
    return frozenset(_open().getBestCmap())


def register(letters: frozenset[int]) -> None:
    """Have reportlab know the label font with these letters, in place of those that it knew."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont(OTHER, io.BytesIO(build_outlines(letters))))


def build_outlines(letters: frozenset[int]) -> bytes:
    """Return a TrueType font with these letters of the label font."""
    from fontTools import subset
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import newTable

    font = _open()
    chosen = subset.Subsetter(subset.Options(notdef_outline=True, glyph_names=False))
    chosen.populate(unicodes=letters | {0x20})
    chosen.subset(font)
    outlines, order = font.getGlyphSet(), font.getGlyphOrder()
    made = {}
    for name in order:
        pen = TTGlyphPen(outlines)
        outlines[name].draw(Cu2QuPen(pen, _MOST_ERROR, reverse_direction=True))
        made[name] = pen.glyph()
    del font["CFF "]
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, made
    font["maxp"].tableVersion = 0x00010000
    for field in _MAXIMA:
        setattr(font["maxp"], field, 1 if field == "maxZones" else 0)
    font["head"].glyphDataFormat = 0
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"
    font.recalcTimestamp = False
    data = io.BytesIO()
    font.save(data)
    return data.getvalue()


# OpenType, maxp version 1.0: what a font without instructions has none of.
_MAXIMA: Final = [
    "maxZones",
    "maxTwilightPoints",
    "maxStorage",
    "maxFunctionDefs",
    "maxInstructionDefs",
    "maxStackElements",
    "maxSizeOfInstructions",
    "maxComponentElements",
    "maxPoints",
    "maxContours",
    "maxCompositePoints",
    "maxCompositeContours",
    "maxComponentDepth",
]


def _open() -> Any:  # noqa: ANN401 - fontTools has no types
    try:
        from fontTools.ttLib import TTFont
    except ImportError as exc:
        raise MissingExtraError("PDF needs the extra: pip install 'chopmark[export]'") from exc
    return TTFont(io.BytesIO(FONT_FILE.read_bytes()), lazy=True)
