"""Subtitles in parts: SubRip (SRT), WebVTT and (Advanced) SubStation Alpha (ASS).

What is said may hold marks; numbers, times, styles and settings are syntax. Fonts and pictures inside an ASS file, and
drawings in the place of words, do not ship: they would show what nobody has looked at.
"""

import re
from collections.abc import Iterator
from typing import Final

from provenance.asset import MediaType
from provenance.media.text.document import Document, Part, Role
from provenance.media.text.hidden import OWN, find_blocks
from provenance.media.text.kind import ASS, SRT, VTT

_AIGC: Final = re.compile(r"^NOTE AIGC (\{.{1,32768}\})\n+", re.MULTILINE)
_TIME: Final = re.compile(r"(?:\d{1,4}:)?\d\d:\d\d[,.]\d{1,3}[ \t]*-->[ \t]*(?:\d{1,4}:)?\d\d:\d\d[,.]\d{1,3}.*")
_TAG: Final = re.compile(r"</?[\w.:, \d-]{0,200}>|\{\\[^{}\n]{0,100}\}")
_ASS_AIGC: Final = re.compile(r"^; AIGC (\{.{1,32768}\})\n", re.MULTILINE)
_SECTION: Final = re.compile(r"\[([^\]\n]{1,40})\]\s*")
# Aegisub, "ASS tags": overrides in braces, and breaks of a line, and a space that breaks none.
_ASS_TAG: Final = re.compile(r"\{[^{}\n]{0,2000}\}|\\[Nnh]")
_DRAWING: Final = re.compile(r"\{[^{}\n]{0,2000}\\p\s*[1-9]")
_ATTACHED: Final = frozenset({"fonts", "graphics"})
_PICTURES: Final = frozenset({"picture", "sound", "movie", "command"})
# SubStation Alpha v4: nine fields before the words, where no line says otherwise.
_FIELDS: Final = 10
_BREAK: Final = re.compile(r"(\n[ \t]*\n\s*)")


def parse_subtitles(text: str, media_type: MediaType) -> Document:
    """Return subtitles in parts."""
    if media_type == ASS:
        return _parse_script(text)
    items = _AIGC.findall(text) if media_type == VTT else []
    rest = _AIGC.sub("", text) if media_type == VTT else text
    return Document(media_type, tuple(_split(rest, media_type)), items[0] if items else "", len(items))


def read_own_block(raw: str) -> list[str]:
    """Return the AIGC items that a text holds in variation selectors, for want of another place."""
    found = [block.removeprefix(OWN) for block in find_blocks(raw) if block.startswith(OWN)]
    return [block.decode(errors="replace") for block in found]


def _split(text: str, media_type: MediaType) -> Iterator[Part]:
    for number, block in enumerate(_BREAK.split(text)):
        if number % 2 or not block:
            yield Part(block, Role.SYNTAX)
            continue
        lines = block.split("\n")
        at = next((at for at, line in enumerate(lines[:3]) if _TIME.match(line.strip())), None)
        if at is None:  # a header, a comment, a style; in SRT, words without a time
            yield Part(block, Role.SYNTAX if media_type == VTT else Role.WORDS)
            continue
        said = "\n".join(lines[at + 1 :])
        yield Part("\n".join(lines[: at + 1]) + ("\n" if said else ""), Role.SYNTAX)
        yield from _split_tags(said)


def _parse_script(text: str) -> Document:
    items = _ASS_AIGC.findall(text)
    left_out: dict[str, None] = {}
    parts = tuple(_split_script(_ASS_AIGC.sub("", text), left_out))
    return Document(ASS, parts, items[0] if items else "", len(items), left_out=tuple(left_out))


def _split_script(text: str, left_out: dict[str, None]) -> Iterator[Part]:
    section, fields = "", _FIELDS
    for line in text.splitlines(keepends=True):
        found = _SECTION.fullmatch(line)
        section = found[1].lower() if found else section
        kind, _, values = line.partition(":")
        kind = kind.strip().lower()
        if section in _ATTACHED:
            left_out[f"{section} inside the subtitles"] = None
        elif section != "events" or kind not in {"format", "dialogue", *_PICTURES}:
            yield Part(line, Role.SYNTAX)
        elif kind in _PICTURES or (kind == "dialogue" and _DRAWING.search(values)):
            left_out["drawings and pictures in the place of words"] = None
        elif kind == "format":
            fields = max(1, len(values.split(",")))
            yield Part(line, Role.SYNTAX)
        else:
            yield from _split_dialogue(line, fields)


def _split_dialogue(line: str, fields: int) -> Iterator[Part]:
    said = line.split(",", fields - 1)[-1] if line.count(",") >= fields - 1 else ""
    words = said.rstrip("\n")
    yield Part(line[: len(line) - len(said)], Role.SYNTAX)
    at = 0
    for found in _ASS_TAG.finditer(words):
        if found.start() > at:
            yield Part(words[at : found.start()])
        # What stands in braces is shown to nobody but who reads the file, and so to detectors.
        yield Part(found[0], Role.SYNTAX, "\n" if found[0].startswith("\\") else found[0])
        at = found.end()
    if at < len(words):
        yield Part(words[at:])
    if said != words:
        yield Part("\n", Role.SYNTAX)


def _split_tags(said: str) -> Iterator[Part]:
    at = 0
    for found in _TAG.finditer(said):
        if found.start() > at:
            yield Part(said[at : found.start()])
        yield Part(found[0], Role.SYNTAX)
        at = found.end()
    if at < len(said):
        yield Part(said[at:])


__all__ = ["ASS", "SRT", "VTT", "parse_subtitles", "read_own_block"]
