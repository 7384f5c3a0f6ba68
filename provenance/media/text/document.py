"""A text taken apart: which parts of the file are words that people read, and which are what programs read."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final

from provenance.asset import MediaType
from provenance.media.text.hidden import OWN, spell_block
from provenance.media.text.kind import ASS, HTML, MARKDOWN, VTT

FENCE: Final = "---\n"
"""What front matter of Markdown begins and ends with."""

NOTE: Final = "NOTE AIGC {}"
"""How WebVTT holds one: as a comment block behind its header."""

COMMENT: Final = "; AIGC {}\n"
"""How SubStation Alpha holds one: as a comment behind the name of its first section."""


_WITHIN: Final = re.compile(r"\w!?\[|\]\w")
_BRACKETS: Final = re.compile(r"!?\[|\]")


class Role(Enum):
    """What a part of a file is."""

    WORDS = "words"
    """Read by people; may hold marks."""
    KEPT = "kept"
    """Read by people, and has to stay character by character: code, headings, labels."""
    SYNTAX = "syntax"
    """Read by programs: tags, times, addresses of links."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file.

    Attributes:
        text: as it is read; in HTML, not yet escaped where it is no syntax.
        role: what it is.
        shown: of syntax, what detectors read of it; all of it unless told otherwise.
    """

    text: str
    role: Role = Role.WORDS
    shown: str | None = None


@dataclass(frozen=True)
class Document:
    """A text in parts.

    Attributes:
        media_type: of the file.
        parts: in order; together they are the file, but for what stands in the fields below.
        aigc: text of the AIGC item in the file's metadata, "" for none.
        aigc_items: how many there were.
        lang, title: of an HTML page.
        left_out: what else the file held, in words.
    """

    media_type: MediaType
    parts: tuple[Part, ...]
    aigc: str = ""
    aigc_items: int = 0
    lang: str = ""
    title: str = ""
    left_out: tuple[str, ...] = ()

    @cached_property
    def words(self) -> str:
        """What people read, a line break where syntax breaks the line."""
        return "".join(
            part.text if part.role is not Role.SYNTAX else "\n" * ("\n" in _show(part)) for part in self.parts
        )

    @cached_property
    def shown(self) -> str:
        """What detectors read: what people read, and behind it what stands in tags, comments and addresses, each once.

        A tag within a word would hide it from whoever reads both in one line.
        """
        beside = dict.fromkeys(_show(part).strip() for part in self.parts if part.role is Role.SYNTAX)
        linked = _unbracket(self.words) if self.media_type == MARKDOWN else ()
        return "\n".join(part for part in (self.title, self.words, *linked, *beside) if part)

    def spell(self) -> str:
        """Return the file's text."""
        if self.media_type == HTML:
            return self._spell_page()
        text = "".join(part.text for part in self.parts)
        if not self.aigc:
            return text
        if self.media_type == MARKDOWN:
            return _put_in_front(text, self.aigc)
        if self.media_type == VTT:
            head, _, rest = text.partition("\n\n")
            return f"{head}\n\n{NOTE.format(self.aigc.replace('-->', '--&gt;'))}\n\n{rest}"
        if self.media_type == ASS:
            head, end, rest = text.partition("\n")
            while end and not head.rpartition("\n")[2].startswith("["):  # remarks may stand before the first section
                line, end, rest = rest.partition("\n")
                head += f"\n{line}"
            return f"{head}\n{COMMENT.format(self.aigc)}{rest}"
        return text.rstrip("\n") + spell_block(OWN + self.aigc.encode()) + "\n"

    def _spell_page(self) -> str:
        body = "".join(
            part.text if part.role is Role.SYNTAX else html.escape(part.text, quote=False) for part in self.parts
        )
        lang = f' lang="{html.escape(self.lang)}"' if self.lang else ""
        meta = f'<meta name="AIGC" content="{html.escape(self.aigc)}">\n' if self.aigc else ""
        title = f"<title>{html.escape(self.title, quote=False)}</title>\n" if self.title else ""
        return (
            f'<!DOCTYPE html>\n<html{lang}>\n<head>\n<meta charset="utf-8">\n{meta}{title}</head>\n'
            f"<body>\n{body}\n</body>\n</html>\n"
        )


def _unbracket(words: str) -> Iterator[str]:
    """Yield lines of Markdown as they are read where a link or a picture begins or ends within a word."""
    for line in words.splitlines():
        if _WITHIN.search(line):
            yield _BRACKETS.sub("", line)


def _show(part: Part) -> str:
    return part.text if part.shown is None else part.shown


def _put_in_front(text: str, aigc: str) -> str:
    """Return Markdown with the item as a map in its YAML front matter (TC260-PG-20258A); JSON texts are YAML's, too."""
    item = "".join(f"  {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in json.loads(aigc).items())
    if text.startswith(FENCE):
        return f"{FENCE}AIGC:\n{item}{text.removeprefix(FENCE)}"
    return f"{FENCE}AIGC:\n{item}{FENCE}\n{text}"
