"""What a prompt says once it is unwrapped: escapes, hidden characters, base64, hexadecimal, and read from its end.

A model that reads such things, or a step before it that undoes them, draws what they say. Escapes are undone in place,
so that what is found keeps its place; what is wrapped whole becomes a text of its own. Everything is bounded: rounds of
escapes, depth of wrapping, and how much is unwrapped. Trusts nothing; source: HTML 5 (entities), RFC 3986 s2.1 (percent
signs), RFC 4648 (base64), Unicode 15 s23.9 (tag characters).
"""

import base64
import binascii
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

_ROUNDS: Final = 3
_DEPTH: Final = 2
_MOST_HIDDEN: Final = 64
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ESCAPE: Final = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});|(?:%[0-9A-Fa-f]{2})+"
    r"|\\u\{[0-9a-fA-F]{1,6}\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}"
)
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{8,}={0,2}(?![A-Za-z0-9+/_-])")
_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:0x)?(?:[0-9A-Fa-f]{2}[ :]?){4,}(?![0-9A-Za-z])")
# U+E0020 to U+E007E repeat ASCII and are never shown.
_TAGS: Final = re.compile("[\U000e0020-\U000e007e]+")
_TAG_BASE: Final = 0xE0000
# From U+202E to the end of that override, or of the line (Unicode UAX #9, X5 and X7).
_OVERRIDE: Final = re.compile("\u202e([^\u202a-\u202e\u2066-\u2069\n\u2029]*)\u202c?")
_FLAG: Final = "\U0001f3f4"
_LEAST_LETTERS: Final = 0.8
_LATIN: Final = re.compile("[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Plain:
    """A prompt with its escapes undone, of each character the place where it came from, and of its end."""

    text: str
    origin: Sequence[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the prompt the characters [start, end) came from."""
        return self.origin[start], max(self.origin[end], self.origin[start] + 1)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A text that was wrapped whole.

    Attributes:
        how: ``base64``, ``hexadecimal``, ``tags``, ``reversed``.
        text: what it says.
        start, end: where in the text given it was.
    """

    how: str
    text: str
    start: int
    end: int


def undo_escapes(prompt: str) -> Plain:
    """Return `prompt` without HTML entities, percent signs and backslash escapes, and without lone surrogates."""
    text = _SURROGATE.sub("\ufffd", prompt)
    origin: Sequence[int] = range(len(text) + 1)
    for _ in range(_ROUNDS):
        pieces: list[str] = []
        places: list[int] = []
        before = 0
        for found in _ESCAPE.finditer(text):
            said = _SURROGATE.sub("\ufffd", _unescape(found.group()))
            pieces += (text[before : found.start()], said)
            places += origin[before : found.start()]
            places += [origin[found.start()]] * len(said)
            before = found.end()
        if before == 0:
            break
        text = "".join((*pieces, text[before:]))
        origin = (*places, *origin[before:])
    return Plain(text, origin)


def find_hidden(text: str, depth: int = _DEPTH) -> tuple[Hidden, ...]:
    """Return what `text` wraps, and what that wraps, at the place of the outermost."""
    found: list[Hidden] = []
    for one in (*_overridden(text), *_tags(text), *_wrapped(text)):
        if len(found) >= _MOST_HIDDEN:
            break
        found.append(one)
        if depth > 1:
            found += (Hidden(inner.how, inner.text, one.start, one.end) for inner in find_hidden(one.text, depth - 1))
    return tuple(found[:_MOST_HIDDEN])


def reverse(text: str) -> Hidden | None:
    """Return `text` read from its end; None without Latin letters, as Chinese read so makes other words."""
    return Hidden("reversed", text[::-1], 0, len(text)) if _LATIN.search(text) else None


def _unescape(escape: str) -> str:
    if escape.startswith("&"):
        return html.unescape(escape)
    if escape.startswith("%"):
        return unquote(escape, errors="replace")
    number = int(escape[2:].strip("{}"), 16)
    return chr(number) if number <= 0x10FFFF else "\ufffd"


def _overridden(text: str) -> Iterator[Hidden]:
    """Yield what is seen of a text some of whose signs are shown from right to left whatever they are."""
    seen = _OVERRIDE.sub(lambda found: found.group(1)[::-1], text)
    if seen != text:
        yield Hidden("reversed", seen, 0, len(text))


def _tags(text: str) -> Iterator[Hidden]:
    for found in _TAGS.finditer(text):
        if text[found.start() - 1 : found.start()] != _FLAG:  # a black flag with tags is a country's
            said = "".join(chr(ord(character) - _TAG_BASE) for character in found.group())
            yield Hidden("tags", said, *found.span())


def _wrapped(text: str) -> Iterator[Hidden]:
    for pattern, how in ((_BASE64, "base64"), (_HEX, "hexadecimal")):
        for found in pattern.finditer(text):
            said = _unwrap(found.group(), how)
            if said is not None:
                yield Hidden(how, said, *found.span())


def _unwrap(chunk: str, how: str) -> str | None:
    """Return what a chunk says, or None where it is no text: most words are no base64 of any."""
    try:
        if how == "base64":
            bare = chunk.rstrip("=").translate(str.maketrans("-_", "+/"))
            said = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
        else:
            said = bytes.fromhex(re.sub("^0x|[ :]", "", chunk)).decode()
    except (binascii.Error, ValueError):
        return None
    letters = sum(character.isalpha() or character == " " for character in said)
    return said if said.isprintable() and letters >= _LEAST_LETTERS * len(said) > 0 else None
