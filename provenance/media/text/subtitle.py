"""Subtitles in parts: SubRip (SRT), WebVTT and (Advanced) SubStation Alpha (ASS).

What is said may hold marks; numbers, times, styles and settings are syntax. Fonts and pictures inside an ASS file, and
drawings in the place of words, do not ship: they would show what nobody has looked at.
"""

import re
from collections.abc import Iterator
from math import inf
from typing import Final

from provenance.asset import MediaType
from provenance.media.text.document import Document, Part, Role
from provenance.media.text.hidden import OWN, find_blocks
from provenance.media.text.kind import ASS, SRT, VTT

_AIGC: Final = re.compile(r"^NOTE AIGC (\{.{1,32768}\})\n+", re.MULTILINE)
_TIME: Final = re.compile(r"(?:\d{1,4}:)?\d\d:\d\d[,.]\d{1,3}[ \t]*-->[ \t]*(?:\d{1,4}:)?\d\d:\d\d[,.]\d{1,3}.*")
# Of WebVTT, and of SubRip, whose players read a little HTML and the overrides of the other kind.
_TAG: Final = re.compile(r"</?[\w.:, \d-]{0,200}>|</?[A-Za-z]{1,8}[ .][^<>\n]*>|\{\\[^{}\n]*\}")
_ASS_AIGC: Final = re.compile(r"^; AIGC (\{.{1,32768}\})\n", re.MULTILINE)
_SECTION: Final = re.compile(r"\[([^\]\n]{1,40})\]\s*")
# Aegisub, "ASS tags": overrides in braces, and breaks of a line, and a space that breaks none. A brace within braces is
# one sign more of them; one that is never closed is read by some as a word, and so by us.
_ASS_TAG: Final = re.compile(r"\{[^}\n]*\}|\\[Nnh]")
_ASS_BREAK: Final = re.compile(r"\\[Nnh]")
_DRAWING: Final = re.compile(r"\\p[\s(+0]*[1-9]")
_ATTACHED: Final = frozenset({"fonts", "graphics"})
_PICTURES: Final = frozenset({"picture", "sound", "movie", "command"})
_CLOCK: Final = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2}(?:\.\d{1,3})?)")
_USUAL_FIELDS: Final = ("layer", "start", "end")
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


def find_said(document: Document) -> tuple[tuple[int, int], ...]:
    """Return where what is said at one time stands among the parts, from and up to, in the order of time.

    Of what begins at the same time, and where no time can be read, the order of the file counts. What says nothing is
    left out, and so is what is never on the screen, since it ends before it begins, unless all of it is so.
    """
    found: list[tuple[float, int, int]] = []
    shown_at: float | None = None
    fields: list[str] = []
    begins = 0

    def close(at: int) -> None:
        parts = document.parts[begins:at]
        if shown_at is not None and any(part.role is not Role.SYNTAX and part.text.strip() for part in parts):
            found.append((shown_at, begins, at))

    for at, part in enumerate(document.parts):
        if part.role is not Role.SYNTAX:
            continue
        if document.media_type == ASS and part.text.lower().startswith("format"):
            named = [name.strip().lower() for name in part.text.partition(":")[2].split(",")]
            fields = named if "start" in named else fields
        time = _read_time(part.text, fields, document.media_type)
        if time is not None:
            close(at)
            shown_at, begins = time, at + 1
    close(len(document.parts))
    seen = [one for one in found if one[0] < inf] or found
    return tuple((first, end) for _, first, end in sorted(seen, key=lambda one: one[0]))


def _read_time(syntax: str, fields: list[str], media_type: MediaType) -> float | None:
    """Return the second at which what follows is shown, endless where it never is; None where nothing does."""
    if media_type == ASS:
        kind, colon, values = syntax.partition(":")
        if not colon or kind.strip().lower() != "dialogue" or "\n" in syntax:
            return None
        times = dict(zip(fields or _USUAL_FIELDS, values.split(","), strict=False))
        begin, end = _parse_clock(times.get("start", "")), _parse_clock(times.get("end", ""))
    else:
        line = next((line for line in syntax.splitlines() if _TIME.match(line.strip())), None)
        if line is None:
            return None
        before, _, behind = line.partition("-->")
        begin, end = _parse_clock(before), _parse_clock(behind.split()[0])
    return begin if begin < end else inf


def _parse_clock(text: str) -> float:
    """Return ``h:mm:ss.ff`` in seconds; 0 where it is no time."""
    found = _CLOCK.fullmatch(text.strip().replace(",", "."))
    return 0.0 if found is None else int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3])


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
        elif kind in _PICTURES or (kind == "dialogue" and _is_drawing(values)):
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
    # Behind the last brace that closes, none that opens has an end: each would be walked to the end of the line.
    closed = words.rfind("}") + 1
    for found in (*_ASS_TAG.finditer(words, 0, closed), *_ASS_BREAK.finditer(words, closed)):
        if found.start() > at:
            yield Part(words[at : found.start()])
        # What stands in braces is shown to nobody but who reads the file, and so to detectors.
        yield Part(found[0], Role.SYNTAX, "\n" if found[0].startswith("\\") else found[0])
        at = found.end()
    if at < len(words):
        yield Part(words[at:])
    if said != words:
        yield Part("\n", Role.SYNTAX)


def _is_drawing(values: str) -> bool:
    """Say whether an override of a line says that what follows is no words but a drawing."""
    tags = _ASS_TAG.finditer(values, 0, values.rfind("}") + 1)
    return any(found[0].startswith("{") and _DRAWING.search(found[0]) for found in tags)


def _split_tags(said: str) -> Iterator[Part]:
    at = 0
    for found in _TAG.finditer(said):
        if found.start() > at:
            yield Part(said[at : found.start()])
        yield Part(found[0], Role.SYNTAX)
        at = found.end()
    if at < len(said):
        yield Part(said[at:])


__all__ = ["ASS", "SRT", "VTT", "find_said", "parse_subtitles", "read_own_block"]
