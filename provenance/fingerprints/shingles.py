"""When do two texts count as the same? A code of 256 bits over runs of words, and a digest of every letter.

    words     of scripts with spaces, by their letters (NFKC, lower case); else each character
    shingles  each distinct run of two words, of three characters where there are no spaces
    code      SimHash (Charikar 2002): each shingle's BLAKE2b votes for or against each of 256 bits
    letters   SHA-256 over letters, digits and what makes a number of digits, in order

Spaces, punctuation, markup, case and normal form count in neither. Figures: docs/text.md.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from provenance.fingerprints.base import Fingerprint

ALG: Final = "text_shingles"
EXACT: Final = "text_letters"
CODE_BITS: Final = 256
RADIUS_BITS: Final = 48
"""Bits in which two texts' codes may differ where they count as the same; measured in docs/text.md."""

LEAST_SHINGLES: Final = 8
PASSAGE_SHINGLES: Final = 24
"""Shingles that a passage has at least to have a code of its own: some two lines."""

MOST_PASSAGES: Final = 2_000

_CHARACTERS: Final = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_WORD: Final = re.compile(rf"[{_CHARACTERS}]|[^\W{_CHARACTERS}]+")
_UNSPACED: Final = re.compile(f"[{_CHARACTERS}]")
_PARAGRAPH: Final = re.compile(r"\n\s*\n|\n(?=\S)")
# A sign before a digit, and what stands between two digits: 1.5 is not 15, and -5 is not 5.
_LETTER: Final = re.compile(r"[^\W_]|(?<=\d)[.,:/-](?=\d)|(?<![^\s(])[-+](?=\d)|(?<=\d)[%\u2030\u00b0]")
_FULL_QUALITY: Final = 100
_BLOCK: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class Passages:
    """What a text is found by.

    Attributes:
        codes: of the whole first, then of each passage; () for fewer words than tell texts apart.
        sha256: of its letters.
    """

    codes: tuple[Fingerprint, ...]
    sha256: str


def fold_text(words: str) -> str:
    """Return a text in one case and normal form, with all look-alike widths one."""
    return unicodedata.normalize("NFKC", words).casefold()


def hash_letters(words: str) -> bytes:
    """Return the SHA-256 of the letters and numbers of a text, in order."""
    return hashlib.sha256("".join(_LETTER.findall(fold_text(words))).encode()).digest()


def list_shingles(words: str) -> frozenset[str]:
    """Return each distinct run of words of a text."""
    tokens = _WORD.findall(fold_text(words))
    return frozenset(_run(tokens))


def _run(tokens: list[str]) -> Iterator[str]:
    for at, token in enumerate(tokens):
        size = 3 if _UNSPACED.match(token) else 2
        if at + size <= len(tokens):
            yield " ".join(tokens[at : at + size])


def is_phrase(words: str) -> bool:
    """Whether a text is too short to have a code, whatever it says: "it opens at nine" is nobody's work."""
    return sum(1 for _ in _run(_WORD.findall(fold_text(words)))) < LEAST_SHINGLES


def compute_code(words: str) -> Fingerprint | None:
    """Return the code of a text; None where it is too short to be told from others."""
    shingles = sorted(list_shingles(words))
    if len(shingles) < LEAST_SHINGLES:
        return None
    votes = np.zeros(CODE_BITS, np.int64)
    for first in range(0, len(shingles), _BLOCK):
        digests = b"".join(
            hashlib.blake2b(one.encode(), digest_size=CODE_BITS // 8).digest()
            for one in shingles[first : first + _BLOCK]
        )
        bits = np.unpackbits(np.frombuffer(digests, np.uint8).reshape(-1, CODE_BITS // 8), axis=1)
        votes += 2 * bits.sum(0, dtype=np.int64) - len(bits)
    return Fingerprint(ALG, np.packbits(votes > 0).tobytes(), min(_FULL_QUALITY, len(shingles)))


def compute_passages(words: str) -> Passages:
    """Return the code of a text, then of each of its passages that is long enough: what an excerpt is found by."""
    whole = compute_code(words)
    if whole is None:
        return Passages((), hash_letters(words).hex())
    passages = [one for one in _PARAGRAPH.split(words) if one.strip()]
    codes = map(compute_code, passages[:MOST_PASSAGES] if len(passages) > 1 else [])
    kept = (code for code in codes if code is not None and code.quality >= PASSAGE_SHINGLES)
    return Passages((whole, *kept), hash_letters(words).hex())


def distance_bits(one: bytes, other: bytes) -> int:
    """Return in how many bits two codes differ."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()
