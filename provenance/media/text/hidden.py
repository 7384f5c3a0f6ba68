"""What a text holds that nobody sees, or that is shown elsewhere than it stands: found, named and taken out.

Zero-width and other invisible characters, characters that turn the direction of a line, variation selectors that vary
nothing (as C2PA 2.4 A.8 and others hide bytes in), and words that mix look-alike scripts. An invisible character stays
where its script needs it (`provenance.text`).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provenance.manifests.text_wrapper import MAGIC, MARK, find_wrappers, read_bytes, spell_bytes
from provenance.text import FLAG, respell

# UAX #9: embeddings, overrides, isolates and their ends.
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Runs of at least so many are bytes, not variants: no character has two.
_RUN: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_TAGS: Final = re.compile("[\U000e0000-\U000e007f]")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_MIXED: Final = re.compile("[a-zA-Z\u00c0-\u024f]")
_LOOK_ALIKE: Final = re.compile("[\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u13a0-\u13ff]")
OWN: Final = b"AIGC\0"
"""What our own block begins with: an AIGC item in a text that has no place for metadata."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What was found.

    Attributes:
        invisible: characters that nobody sees.
        directions: characters that turn the direction of a line.
        tags: characters of the block of tags, in which whole sentences can be hidden.
        mixed: words of Latin letters and look-alikes of another script.
        blocks: bytes that were hidden in variation selectors.
        is_normal: whether the text is in normal form C.
    """

    invisible: int = 0
    directions: int = 0
    tags: int = 0
    mixed: int = 0
    blocks: tuple[bytes, ...] = ()
    is_normal: bool = True

    @property
    def words(self) -> tuple[str, ...]:
        """What was found, a line each."""
        return (*self.removed, *((f"{self.mixed} words that mix look-alike letters",) if self.mixed else ()))

    @property
    def removed(self) -> tuple[str, ...]:
        """What is taken out, a line each."""
        counts = {
            "invisible characters": self.invisible,
            "characters that turn the direction of a line": self.directions,
            "hidden tag characters": self.tags,
        }
        lines = [f"{count} {name}" for name, count in counts.items() if count]
        lines += [f"a block of {len(block)} hidden bytes ({name_block(block)})" for block in self.blocks]
        return tuple(lines)


def clean(text: str) -> str:
    """Return a text in normal form C without what nobody sees; line ends and tabs stay."""
    if text.isascii():
        return text
    cleaned = "".join(one if one in "\n\t" else respell(one, lambda _: "") for one in re.split(r"([\n\t])", text))
    return unicodedata.normalize("NFC", _RUN.sub("", cleaned))


def find_hidden(text: str) -> Hidden:
    """Return what a text hides."""
    if text.isascii():
        return Hidden()
    blocks = tuple(find_blocks(text))
    directions, tags = len(_DIRECTIONS.findall(text)), len(_TAGS.findall(FLAG.sub("", text)))
    rest = _RUN.sub("", text).replace("\ufeff", "")
    marks = len(text) - len(rest) - sum(map(len, _RUN.findall(text)))
    unsafe = 0

    def count(_: str) -> str:
        nonlocal unsafe
        unsafe += 1
        return ""

    for line in re.split(r"[\n\t]", rest):
        respell(line, count)
    invisible = max(0, unsafe - directions - tags) + max(0, marks - len(blocks))
    mixed = sum(1 for word in _WORD.findall(text) if _MIXED.search(word) and _LOOK_ALIKE.search(word))
    return Hidden(invisible, directions, tags, mixed, blocks, unicodedata.is_normalized("NFC", text))


def find_blocks(text: str) -> Iterator[bytes]:
    """Yield what runs of variation selectors spell, byte by byte."""
    for run in _RUN.findall(text):
        yield read_bytes(run)


def find_manifest(text: str) -> bytes | None:
    """Return the C2PA manifest store that a text carries (C2PA 2.4 A.8), or None: of several, the first."""
    return next((one.store for one in find_wrappers(text) if one.store), None)


def spell_block(data: bytes) -> str:
    """Return bytes as variation selectors behind a mark of no width, as C2PA 2.4 A.8 spells its manifests."""
    return MARK + spell_bytes(data)


def name_block(block: bytes) -> str:
    """Return what a block is, by how it begins: a name out of a fixed list."""
    if block.startswith(MAGIC):
        return "a C2PA text manifest"
    return "an AIGC item" if block.startswith(OWN) else "of unknown meaning"
