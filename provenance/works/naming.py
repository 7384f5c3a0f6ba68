"""Titles and owners as people write them, in one spelling: NFC, plain spaces, nothing that cannot be seen.

What holds letters together is kept: emoji and the scripts of India need U+200D, and Persian U+200C. Characters that
turn the direction of text around, or show nothing, are dropped: they would make two names look like one.
Source: Unicode Standard Annex 9 s2 (directions) and Annex 15 (NFC).
"""

from typing import Final
from unicodedata import category, normalize

from provenance.errors import WorksError

_SPACES: Final = frozenset({"Zs", "Zl", "Zp"})
_CONTROLS: Final = frozenset({"Cc", "Cs"})
# Soft hyphen, marks and turns of direction, what joins or parts words unseen, the byte order mark, and tags.
_UNSEEN: Final = frozenset(
    map(
        chr,
        [
            *(0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF),
            *range(0x202A, 0x202F),
            *range(0x2060, 0x2070),
            *range(0xE0000, 0xE0080),
        ],
    )
)


def parse_name(kind: str, value: str, limit: int) -> str:
    """Return a title, an owner or a reason in one spelling.

    Raises:
        WorksError: it is longer than `limit`, or has control characters or half of a surrogate pair.
    """
    parsed = _spell(value)
    if len(parsed) > limit:
        raise WorksError(f"the {kind} is at most {limit} characters, got {len(parsed)}")
    if any(category(char) in _CONTROLS for char in parsed):
        raise WorksError(f"the {kind} has printable characters only")
    return parsed


def build_title(stem: str, limit: int) -> str:
    """Return a title made of a file's name, which may hold anything; "untitled" where nothing is left of it."""
    kept = ("\N{REPLACEMENT CHARACTER}" if category(char) == "Cs" else char for char in stem)
    return _spell("".join(" " if category(char) == "Cc" else char for char in kept))[:limit].rstrip() or "untitled"


def is_same_name(one: str, other: str) -> bool:
    """Say whether two names are one, whatever their case and width."""
    return _fold(one) == _fold(other)


def _spell(text: str) -> str:
    seen = (char for char in normalize("NFC", text) if char not in _UNSEEN)
    spaced = "".join(" " if category(char) in _SPACES else char for char in seen)
    return " ".join(word for word in spaced.split(" ") if word)


def _fold(text: str) -> str:
    return normalize("NFKC", _spell(text)).casefold()
