"""The label that people read: a line of its own at the start or at the end, in the file's own form.

GB 45438-2025 section 4.2.1: words of an AI element and a generating element at the start, the end or a fitting place of
the text. In subtitles it is a line of the first or the last that is said, by the clock; in HTML a paragraph.
"""

from dataclasses import replace
from typing import Final

from provenance.media.text.document import Document, Part, Role
from provenance.media.text.kind import ASS, HTML, MARKDOWN, SRT, VTT
from provenance.media.text.subtitle import find_said

START: Final = "start"
END: Final = "end"
POSITIONS: Final = (START, END)
_SUBTITLES: Final = frozenset({ASS, SRT, VTT})


def add_label(document: Document, text: str, position: str = START) -> Document:
    """Return the document with a label; one that it has already is not added again."""
    if has_label(document, text, position):
        return document
    return replace(document, parts=_at_start(document, text) if position == START else _at_end(document, text))


def has_label(document: Document, text: str, position: str = START) -> bool:
    """Say whether the first, or the last, line that people read is the label."""
    begin, end = _find_said(document, position)
    words = replace(document, parts=document.parts[begin:end]).words
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return bool(lines) and lines[0 if position == START else -1] == text


def _at_start(document: Document, text: str) -> tuple[Part, ...]:
    parts = document.parts
    if document.media_type == HTML:
        return (*_paragraph(text), Part("\n", Role.SYNTAX), *parts)
    begin, _ = _find_said(document, START)
    first = next((at for at, part in enumerate(parts) if at >= begin and part.role is not Role.SYNTAX), len(parts))
    if document.media_type in _SUBTITLES:
        first = _find_line_start(parts, first)
        return (*parts[:first], Part(text, Role.KEPT), _break(document), *parts[first:])
    before = 1 if document.media_type == MARKDOWN and parts and parts[0].text.startswith("---\n") else 0
    return (*parts[:before], Part(f"{text}\n\n", Role.KEPT), *parts[before:])


def _at_end(document: Document, text: str) -> tuple[Part, ...]:
    parts = document.parts
    if document.media_type == HTML:
        return (*parts, Part("\n", Role.SYNTAX), *_paragraph(text))
    if document.media_type not in _SUBTITLES:
        return (*_strip_end(parts), Part(f"\n\n{text}\n", Role.KEPT))
    _, end = _find_said(document, END)
    last = max((at for at, part in enumerate(parts[:end]) if part.role is not Role.SYNTAX), default=-1)
    while last + 1 < len(parts) and parts[last + 1].text.startswith(("</", "{")):
        last += 1
    rest = parts[last + 1 :] or (Part("\n", Role.SYNTAX),)
    return (*_strip_end(parts[: last + 1]), _break(document), Part(text, Role.KEPT), *rest)


def _find_said(document: Document, position: str) -> tuple[int, int]:
    """Return where what people read first, or last, stands among the parts; all of them but for subtitles."""
    said = find_said(document) if document.media_type in _SUBTITLES else ()
    return said[0 if position == START else -1] if said else (0, len(document.parts))


def _break(document: Document) -> Part:
    """Return what ends a line of what is said."""
    return Part("\\N", Role.SYNTAX, "\n") if document.media_type == ASS else Part("\n", Role.KEPT)


def _find_line_start(parts: tuple[Part, ...], at: int) -> int:
    """Return where the line begins that a part is in: tags may stand before what is said."""
    while at and parts[at - 1].text.startswith(("<", "{")):
        at -= 1
    return at


def _paragraph(text: str) -> tuple[Part, ...]:
    return Part('<p class="ai-label">', Role.SYNTAX, "\n"), Part(text, Role.KEPT), Part("</p>", Role.SYNTAX, "\n")


def _strip_end(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return parts without the line ends behind the last of them."""
    kept = list(parts)
    while kept and not kept[-1].text.strip():
        kept.pop()
    return (*kept[:-1], replace(kept[-1], text=kept[-1].text.rstrip())) if kept else ()
