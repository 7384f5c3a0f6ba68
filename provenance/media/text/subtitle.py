"""Subtitles in parts: SubRip (SRT) and WebVTT. What is said may hold marks; numbers, times and settings are syntax."""

import re
from collections.abc import Iterator
from typing import Final

from provenance.asset import MediaType
from provenance.media.text.document import Document, Part, Role
from provenance.media.text.hidden import OWN, find_blocks
from provenance.media.text.kind import SRT, VTT

_AIGC: Final = re.compile(r"^NOTE AIGC (\{.{1,32768}\})\n+", re.MULTILINE)
_TIME: Final = re.compile(r"(?:\d{1,4}:)?\d\d:\d\d[,.]\d{1,3}[ \t]*-->[ \t]*(?:\d{1,4}:)?\d\d:\d\d[,.]\d{1,3}.*")
_TAG: Final = re.compile(r"</?[\w.:, \d-]{0,200}>|\{\\[^{}\n]{0,100}\}")
_BREAK: Final = re.compile(r"(\n[ \t]*\n\s*)")


def parse_subtitles(text: str, media_type: MediaType) -> Document:
    """Return subtitles in parts."""
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


def _split_tags(said: str) -> Iterator[Part]:
    at = 0
    for found in _TAG.finditer(said):
        if found.start() > at:
            yield Part(said[at : found.start()])
        yield Part(found[0], Role.SYNTAX)
        at = found.end()
    if at < len(said):
        yield Part(said[at:])


__all__ = ["SRT", "VTT", "parse_subtitles", "read_own_block"]
