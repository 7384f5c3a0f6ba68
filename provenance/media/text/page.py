"""HTML in parts, written anew: what is not on a short list of elements and attributes does not ship.

A browser does what a page says: scripts, styles, pictures and frames would show what nobody has looked at, and might
hide what was. So nothing of the source is passed on: text is escaped anew, elements and attributes that are known to
show text alone are kept, and what is left out is named.
"""

import html
import re
from html.parser import HTMLParser
from typing import Final

from provenance.errors import UndecodableAssetError
from provenance.media.text.document import Document, Part, Role
from provenance.media.text.kind import HTML

# HTML Living Standard, section 4: elements that structure text. Blocks break the line, the others do not.
_BLOCK_NAMES: Final = (
    "address article aside blockquote br caption dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 "
    "header hgroup hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul"
)
_INLINE_NAMES: Final = (
    "a abbr b cite code data del dfn em i ins kbd mark q rb rp rt ruby s samp small span strong sub sup time u var wbr"
)
_ATTRIBUTE_NAMES: Final = (
    "abbr cite class colspan datetime dir headers href hreflang id lang reversed rowspan scope start title value"
)
_BLOCKS: Final = frozenset(_BLOCK_NAMES.split())
_INLINE: Final = frozenset(_INLINE_NAMES.split())
_ATTRIBUTES: Final = frozenset(_ATTRIBUTE_NAMES.split())
_VOID: Final = frozenset({"br", "hr", "wbr"})
_PAGE: Final = frozenset({"html", "head", "body", "meta", "title"})
_KEPT: Final = frozenset({"pre", "code", "kbd", "samp", "var"})
_ADDRESSES: Final = frozenset({"href", "cite"})
_ADDRESS: Final = re.compile(
    r"(?:https?://|mailto:|#|/(?!/)|\./|\.\./|[\w-]+(?:[/.?#]|$))[^\s\x00-\x20\"'<>\\]*", re.IGNORECASE
)
# What is left out with all that is in it, by what it is called then.
_DROPPED: Final = {
    **dict.fromkeys(("script", "noscript", "template"), "scripts"),
    "style": "styles",
    **dict.fromkeys(("svg", "math", "canvas", "picture", "video", "audio", "map"), "pictures and media"),
    **dict.fromkeys(("iframe", "frame", "frameset", "noframes", "object", "applet"), "frames and embedded things"),
    **dict.fromkeys(("form", "select", "textarea", "button", "datalist", "dialog"), "forms"),
}
_DROPPED_VOID: Final = {
    **dict.fromkeys(("img", "source", "track", "area"), "pictures and media"),
    **dict.fromkeys(("embed", "param"), "frames and embedded things"),
    "input": "forms",
    **dict.fromkeys(("link", "base"), "links to other files"),
}
_MOST_DEPTH: Final = 200
_MOST_PARTS: Final = 200_000
# Characters that may be walked over for want of an end: HTMLParser looks for the end of each tag up to the end of the
# page, so that a page of tags without one would take time by the square of its length.
_MOST_WALKED: Final = 32_000_000
_LANG: Final = re.compile(r"[A-Za-z0-9-]{1,35}")


class _Reader(HTMLParser):
    """Gathers parts; knows nothing but the lists above."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Part] = []
        self.items: list[str] = []
        self.lang, self.title = "", ""
        self.left_out: dict[str, None] = {}
        self._open: list[str] = []
        self._dropped: list[str] = []
        self._is_title = False
        self._walked = 0

    def parse_starttag(self, i: int) -> int:
        """Read a tag."""
        return self._count(i, super().parse_starttag(i))

    def parse_endtag(self, i: int) -> int:
        """Read the end of an element."""
        return self._count(i, super().parse_endtag(i))

    def parse_pi(self, i: int) -> int:
        """Read an instruction."""
        return self._count(i, super().parse_pi(i))

    def parse_html_declaration(self, i: int) -> int:
        """Read a declaration."""
        return self._count(i, super().parse_html_declaration(i))

    def parse_comment(self, i: int, report: bool = True) -> int:  # noqa: FBT001, FBT002 - the library's
        """Read a comment."""
        return self._count(i, super().parse_comment(i, report))

    def _count(self, at: int, end: int) -> int:
        self._walked += (end if end >= 0 else len(self.rawdata)) - at
        if self._walked > _MOST_WALKED:
            raise UndecodableAssetError("expected HTML whose tags and comments end, got too many that do not")
        return end

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element that is known; leave out another."""
        if self._dropped:
            if tag == self._dropped[-1]:
                self._dropped.append(tag)
            return
        if tag in _DROPPED or tag in _DROPPED_VOID:
            self.left_out[{**_DROPPED, **_DROPPED_VOID}[tag]] = None
            if tag in _DROPPED:
                self._dropped.append(tag)
            return
        if tag in _PAGE:
            self._read_page(tag, {name: value or "" for name, value in attrs})
        elif tag in _BLOCKS or tag in _INLINE:
            self._start(tag, attrs)

    def _read_page(self, tag: str, attributes: dict[str, str]) -> None:
        self._is_title = tag == "title"
        if tag == "html" and _LANG.fullmatch(attributes.get("lang", "")):
            self.lang = attributes["lang"]
        if tag == "meta" and attributes.get("name", "").upper() == "AIGC":
            self.items.append(attributes.get("content", ""))

    def _start(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = {name: value or "" for name, value in attrs if name in _ATTRIBUTES}
        kept = {name: value for name, value in kept.items() if name not in _ADDRESSES or _ADDRESS.fullmatch(value)}
        if len(kept) < len(dict(attrs)):
            self.left_out["attributes"] = None
        if len(self._open) >= _MOST_DEPTH or len(self.parts) > _MOST_PARTS:
            raise UndecodableAssetError(
                f"expected HTML of at most {_MOST_DEPTH} levels and {_MOST_PARTS} parts, got more"
            )
        spelled = "".join(f' {name}="{html.escape(value)}"' for name, value in kept.items())
        shown = " ".join(kept[name] for name in ("title", "abbr", "href", "cite") if kept.get(name))
        edge = "\n" if tag in _BLOCKS else " "
        shown = f"{edge}{shown}{edge}" if shown else "\n" * (tag in _BLOCKS)
        self.parts.append(Part(f"<{tag}{spelled}>", Role.SYNTAX, shown))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and those inside that were left open; one that was not opened is none."""
        self._is_title = False
        if self._dropped:
            if tag == self._dropped[-1]:
                self._dropped.pop()
            return
        if tag in self._open:
            while self._open:
                last = self._open.pop()
                self.parts.append(Part(f"</{last}>", Role.SYNTAX, "\n" * (last in _BLOCKS)))
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        """Keep text."""
        if self._is_title:
            self.title += data
        elif not self._dropped:
            role = Role.KEPT if _KEPT.intersection(self._open) else Role.WORDS
            self.parts.append(Part(data, role))

    def handle_comment(self, data: str) -> None:
        """Leave a comment out."""
        if data:
            self.left_out["comments"] = None

    def unknown_decl(self, data: str) -> None:
        """Leave out what else stands in angle brackets."""
        if data:
            self.left_out["comments"] = None

    def finish(self) -> tuple[Part, ...]:
        """Close what is open, and return the parts without space around them."""
        self.close()
        while self._open:
            last = self._open.pop()
            self.parts.append(Part(f"</{last}>", Role.SYNTAX, "\n" * (last in _BLOCKS)))
        parts = self.parts
        while parts and not parts[0].text.strip():
            parts.pop(0)
        while parts and not parts[-1].text.strip():
            parts.pop()
        if parts and parts[0].role is not Role.SYNTAX:
            parts[0] = Part(parts[0].text.lstrip(), parts[0].role)
        if parts and parts[-1].role is not Role.SYNTAX:
            parts[-1] = Part(parts[-1].text.rstrip(), parts[-1].role)
        return tuple(parts)


def parse_page(text: str) -> Document:
    """Return an HTML page in parts.

    Raises:
        UndecodableAssetError: it is nested deeper, has more parts or more tags without an end than any page has, or a
            declaration of no kind.
    """
    reader = _Reader()
    try:
        reader.feed(text)
        parts = reader.finish()
    except AssertionError as exc:  # html.parser's word for a declaration that it does not know
        raise UndecodableAssetError("expected HTML, got a declaration of no kind: <![") from exc
    aigc = reader.items[0] if reader.items else ""
    title = " ".join(reader.title.split())
    left_out = tuple(f"{name} of the page" for name in reader.left_out)
    return Document(HTML, parts, aigc, len(reader.items), reader.lang, title, left_out)
