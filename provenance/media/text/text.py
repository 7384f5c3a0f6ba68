"""A text as content: what came in, what ships of it, and what detectors read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provenance.asset import MediaType
from provenance.fingerprints.shingles import Passages, compute_passages
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims, Facts
from provenance.media.text.decoding import MOST_BYTES, decode_text, require_words
from provenance.media.text.document import Document, Part, Role
from provenance.media.text.hidden import Hidden, clean, find_hidden
from provenance.media.text.kind import ASS, HTML, MARKDOWN, PLAIN, SRT, VTT, choose_kind, find_kind
from provenance.media.text.markdown import parse_markdown
from provenance.media.text.page import parse_page
from provenance.media.text.subtitle import parse_subtitles, read_own_block
from provenance.media.view import TEXT, View
from provenance.storage.blob import Blob
from provenance.watermarks.thread.gaps import Gap, find_gaps, fold_tail, read_symbols
from provenance.watermarks.thread.scheme import place

VIEW_CHARACTERS: Final = 8_000
"""Characters of a view: as many as the detector of prompts compares by meaning."""

# What words make together they make at most 2,000 characters apart, and so in one view.
_OVERLAP: Final = 2_200


@dataclass(frozen=True, slots=True)
class Text:
    """A text; immutable.

    Attributes:
        raw: as it came in, with whatever nobody sees.
        document: without that, in parts.
        hidden: what nobody sees.
    """

    raw: str
    document: Document
    hidden: Hidden

    @property
    def media_type(self) -> MediaType:
        """What the file is."""
        return self.document.media_type

    @property
    def facts(self) -> Facts:
        """What the database and policies may know of it."""
        words = self.document.words
        return {
            "characters": len(words),
            "words": len(words.split()),
            "mixed_words": self.hidden.mixed,
            "text_bytes": len(words.strip().encode()),
        }

    @property
    def left_out(self) -> tuple[str, ...]:
        """What else the file held; none of it ships."""
        return self.document.left_out

    @property
    def size_bytes(self) -> int:
        """Memory held, about: of the text, its parts and their words."""
        return 8 * len(self.raw) + 64 * len(self.document.parts)

    def views(self) -> Iterator[View]:
        """Show all of it, in parts that overlap."""
        return show_in_parts(self.document.shown)

    def passages(self) -> Passages:
        """Return what it is found by as a work, and what a copy of a part of it is found by."""
        return compute_passages(self.document.words)

    def read_symbols(self) -> Iterator[tuple[str, str]]:
        """Yield the invisible characters between its words that a mark may be made of, with their contexts."""
        return list_symbols(parse_document(self.raw, self.media_type))

    def read_aigc(self) -> list[str]:
        """Return the text of each AIGC item in its metadata."""
        document = self.document
        items = [document.aigc] * bool(document.aigc_items) + [""] * (document.aigc_items - 1)
        return items or read_own_block(self.raw)


def show_in_parts(shown: str) -> Iterator[View]:
    """Show all of a text, in parts that overlap, so that nothing stands across an edge alone."""
    at = 0
    while True:
        yield View(TEXT, shown[at : at + VIEW_CHARACTERS])
        if at + VIEW_CHARACTERS >= len(shown):
            return
        at += VIEW_CHARACTERS - _OVERLAP


def parse_text(file: Blob, claims: Claims, limits: IntakeLimits, *, most_bytes: int = MOST_BYTES) -> Text:
    """Take a file apart.

    Raises:
        AssetError: it is no text that can be taken.
    """
    raw = decode_text(file, limits, most_bytes=most_bytes)
    media_type = choose_kind(find_kind(raw), declared_name=claims.name, declared_type=claims.media_type)
    document = parse_document(clean(raw), media_type)
    require_words(document.words)
    if media_type in {PLAIN, SRT} and (items := read_own_block(raw)):
        document = replace(document, aigc=items[0], aigc_items=len(items))
    return Text(raw, document, find_hidden(raw))


def parse_document(text: str, media_type: MediaType) -> Document:
    """Return a text in the parts that its kind has.

    Raises:
        UndecodableAssetError: it is an HTML page beyond all bounds.
    """
    if media_type == MARKDOWN:
        return parse_markdown(text)
    if media_type == HTML:
        return parse_page(text)
    if media_type in {ASS, SRT, VTT}:
        return parse_subtitles(text, media_type)
    return Document(media_type, (Part(text),))


def list_gaps(document: Document) -> list[tuple[int, Gap]]:
    """Return the places for marks in a document, each with the number of its part."""
    found, context = [], ""
    for number, part in enumerate(document.parts):
        if part.role is Role.WORDS:
            found += [(number, gap) for gap in find_gaps(part.text, context)]
        if part.role is not Role.SYNTAX:
            context = fold_tail(context, part.text)
    return found


def list_symbols(document: Document) -> Iterator[tuple[str, str]]:
    """Yield the invisible characters between a document's words that a mark may be made of, with their contexts."""
    context = ""
    for part in document.parts:
        if part.role is not Role.SYNTAX:
            yield from read_symbols(part.text, context)
            context = fold_tail(context, part.text)


def weave_in(document: Document, gaps: Sequence[tuple[int, Gap]], woven: Sequence[tuple[int, str]]) -> Document:
    """Return a document with symbols in its places."""
    held: dict[int, list[tuple[int, str]]] = {}
    for at, symbols in woven:
        number, gap = gaps[at]
        held.setdefault(number, []).append((gap.at, symbols))
    parts = tuple(
        replace(part, text=place(part.text, held[number])) if number in held else part
        for number, part in enumerate(document.parts)
    )
    return replace(document, parts=parts)
