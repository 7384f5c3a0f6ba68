"""Letters of a label as a font that a PDF embeds: those glyphs of the label font that it needs."""

import io
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Final

from provenance.errors import MissingExtraError, UnmarkableError

_FONT: Final = "label-sans-bold.otf"
UNITS: Final = 1_000
"""Of the em, in PDF's widths."""


@dataclass(frozen=True, slots=True)
class Letters:
    """A part of the label font.

    Attributes:
        program: bare CFF, as PDF embeds it (ISO 32000-1 table 126, CIDFontType0C).
        codes: of each character its glyph's number in the font (CID).
        widths: of each character, in thousandths of the em.
    """

    program: bytes = field(repr=False)
    codes: dict[str, int]
    widths: dict[str, int]

    def measure(self, text: str) -> float:
        """Return the width of a text, in ems."""
        return sum(self.widths[letter] for letter in text) / UNITS


@lru_cache(maxsize=32)
def build_letters(text: str) -> Letters:
    """Return the part of the label font that a text needs.

    Raises:
        MissingExtraError: fontTools is not installed.
        UnmarkableError: the font lacks one of its characters.
    """
    try:
        from fontTools import subset
        from fontTools.ttLib import TTFont
    except ImportError as exc:
        raise MissingExtraError("PDF needs the extra: pip install 'chopmark[pdf]'") from exc
    font = TTFont(io.BytesIO(files("provenance.labels.fonts").joinpath(_FONT).read_bytes()), recalcTimestamp=False)
    lacking = [letter for letter in text if ord(letter) not in font.getBestCmap()]
    if lacking:
        raise UnmarkableError(f"label: expected characters of the label font, got U+{ord(lacking[0]):04X}")
    chosen = subset.Subsetter(subset.Options(notdef_outline=True))
    chosen.populate(text=text)
    chosen.subset(font)
    out = io.BytesIO()
    font.save(out)
    made = TTFont(io.BytesIO(out.getvalue()))
    names, advances, scale = made.getBestCmap(), made["hmtx"], UNITS / made["head"].unitsPerEm
    letters = sorted(set(text))
    return Letters(
        made.reader["CFF "],
        {letter: int(names[ord(letter)].removeprefix("cid")) for letter in letters},
        {letter: round(advances[names[ord(letter)]][0] * scale) for letter in letters},
    )
