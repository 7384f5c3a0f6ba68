"""Markdown in parts: prose may hold marks; code, headings and references stay as they are; addresses are no words."""

import json
import re
from collections.abc import Iterator
from typing import Final

from provenance.media.text.document import Document, Part, Role
from provenance.media.text.kind import MARKDOWN

_FRONT: Final = re.compile(r"\A---\n((?:.*\n){0,200}?)---\n\n?")
# TC260-PG-20258A: a map under this key in front matter; on lines of its own, or in braces.
_AIGC: Final = re.compile(
    r"^AIGC:[ \t]*(?:(\{.{0,32768}\})[ \t]*\n|\n((?:[ \t]+\w{1,32}:.{0,16384}\n){1,20}))", re.MULTILINE
)
_PAIR: Final = re.compile(r"[ \t]+(\w{1,32}):[ \t]*(.*?)[ \t]*")
# CommonMark 0.31: what stands by lines, then what stands within them. Bounded, so that none is slow.
_SYNTAX: Final = re.compile(
    r"(?P<fence>^(?P<ticks>`{3,}|~{3,}).*\n(?:.*\n)*?(?:(?P=ticks)[`~]*[ \t]*$|\Z))"
    r"|(?P<indented>^(?: {4}|\t).*$)"
    r"|(?P<heading>^ {0,3}#{1,6} .*$|^.*\n(?:={3,}|-{3,})[ \t]*$)"
    r"|(?P<definition>^ {0,3}\[[^\]\n]{1,200}\]:.*$)"
    r"|(?P<code>`{1,2}[^`\n]{1,1000}`{1,2})"
    # One that another one begins in is none: else each of many would be walked to the end of the last.
    r"|(?P<comment><!--(?:[^\n<-]|-(?!->)|<(?!!--)){0,4096}+-->)"
    r"|(?P<tag></?[a-zA-Z][^<>\n]{0,1000}>)"
    r"|(?P<target>(?<=\])\([^()\n]{0,2000}\))"
    r"|(?P<reference>!?\[[^\]\[\n]{1,200}\](?!\())",
    re.MULTILINE,
)
# HTML: what stands before and behind these is read on two lines, or in two cells.
_BREAKS: Final = re.compile(
    r"</?(?:address|article|aside|blockquote|br|caption|center|dd|details|div|dl|dt|figcaption|figure|footer|h[1-6]|header"
    r"|hr|li|main|nav|ol|p|pre|section|summary|table|td|th|tr|ul)\b",
    re.IGNORECASE,
)
_KEPT: Final = frozenset({"fence", "indented", "heading", "code", "reference"})


def parse_markdown(text: str) -> Document:
    """Return a Markdown text in parts."""
    front = _FRONT.match(text)
    if front is None:
        return Document(MARKDOWN, tuple(_split(text, 0)))
    items = [inline or _read_map(lines) for inline, lines in _AIGC.findall(front[1])]
    kept = _AIGC.sub("", front[1])
    if not items:
        return Document(MARKDOWN, (Part(front[0], Role.SYNTAX), *_split(text, front.end())))
    head = (Part(f"---\n{kept}---\n\n", Role.SYNTAX),) if kept.strip() else ()
    return Document(MARKDOWN, (*head, *_split(text, front.end())), items[0], len(items))


def _read_map(lines: str) -> str:
    """Return a YAML map of texts as JSON; a text is quoted as JSON quotes it, between apostrophes, or plain."""
    pairs = {}
    for line in lines.splitlines():
        found = _PAIR.fullmatch(line)
        if found is not None:
            pairs[found[1]] = _unquote(found[2])
    return json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))


def _unquote(text: str) -> str:
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text[1:-1].replace("''", "'") if len(text) > 1 and text[0] == text[-1] == "'" else text


def _split(text: str, at: int) -> Iterator[Part]:
    for found in _SYNTAX.finditer(text, at):
        if found.start() > at:
            yield Part(text[at : found.start()])
        role = Role.KEPT if str(found.lastgroup) in _KEPT else Role.SYNTAX
        breaks = "\n" if role is Role.SYNTAX and _BREAKS.match(found[0]) else ""
        yield Part(found[0], role, f"{breaks}{found[0]}" if breaks else None)
        at = found.end()
    if at < len(text):
        yield Part(text[at:])
