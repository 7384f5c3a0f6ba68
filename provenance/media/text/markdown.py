"""Markdown in parts: prose may hold marks; code, headings and references stay as they are; addresses are no words."""

import re
from collections.abc import Iterator
from typing import Final

from provenance.media.text.document import Document, Part, Role
from provenance.media.text.kind import MARKDOWN

_AIGC: Final = re.compile(r"<!-- AIGC (\{.{1,32768}?\}) -->\n*")
_FRONT: Final = re.compile(r"\A---\n(?:.*\n){0,200}?---\n")
# CommonMark 0.31: what stands by lines, then what stands within them. Bounded, so that none is slow.
_SYNTAX: Final = re.compile(
    r"(?P<fence>^(?P<ticks>`{3,}|~{3,}).*\n(?:.*\n)*?(?:(?P=ticks)[`~]*[ \t]*$|\Z))"
    r"|(?P<indented>^(?: {4}|\t).*$)"
    r"|(?P<heading>^ {0,3}#{1,6} .*$|^.*\n(?:={3,}|-{3,})[ \t]*$)"
    r"|(?P<definition>^ {0,3}\[[^\]\n]{1,200}\]:.*$)"
    r"|(?P<code>`{1,2}[^`\n]{1,1000}`{1,2})"
    r"|(?P<comment><!--(?:(?!-->).){0,4096}-->)"
    r"|(?P<tag></?[a-zA-Z][^<>\n]{0,1000}>)"
    r"|(?P<target>(?<=\])\([^()\n]{0,2000}\))"
    r"|(?P<reference>!?\[[^\]\[\n]{1,200}\](?!\())",
    re.MULTILINE,
)
_KEPT: Final = frozenset({"fence", "indented", "heading", "code", "reference"})


def parse_markdown(text: str) -> Document:
    """Return a Markdown text in parts."""
    items = _AIGC.findall(text)
    rest = _AIGC.sub("", text)
    return Document(MARKDOWN, tuple(_split(rest)), items[0] if items else "", len(items))


def _split(text: str) -> Iterator[Part]:
    at = 0
    front = _FRONT.match(text)
    if front:
        yield Part(front[0], Role.SYNTAX)
        at = front.end()
    for found in _SYNTAX.finditer(text, at):
        if found.start() > at:
            yield Part(text[at : found.start()])
        yield Part(found[0], Role.KEPT if str(found.lastgroup) in _KEPT else Role.SYNTAX)
        at = found.end()
    if at < len(text):
        yield Part(text[at:])
