"""Cuts a text into CLIP's tokens: bytes, joined two by two in the order in which the joins were learned.

The text tower for drawings reads these. Text is put in lower case first, and typographers' quotes become plain ones, as
CLIP's own tokenizer has it. Source: Sennrich et al. 2016 (arXiv:1508.07909), merges of openai/CLIP (MIT).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

END_OF_WORD: Final = "</w>"
_QUOTES: Final = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_WORDS: Final = re.compile(r"'(?:s|t|re|ve|m|ll|d)|[^\W\d_]+|\d|(?:[^\s\w]|_)+")
_WORDS_KEPT: Final = 1 << 14
_LONGEST_WORD: Final = 64
"""Signs of a word that are read: joining takes time with the square of its length."""


def list_bytes() -> dict[int, str]:
    """Return the sign that stands for each byte, in the order of the first 256 tokens."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + place) for place, byte in enumerate(others)}


def find_words(text: str) -> list[str]:
    """Return each word, digit and run of signs of `text`, in lower case."""
    return _WORDS.findall(unicodedata.normalize("NFC", text).translate(_QUOTES).lower())


class Tokens:
    """A vocabulary: every byte, every byte at a word's end, and a token for each merge; safe for any threads."""

    def __init__(self, merges: Sequence[str]) -> None:
        """Take merges in their order, each two parts with a blank between them."""
        self._signs: Final = list_bytes()
        pairs = [(first, last) for first, last in (line.split() for line in merges)]
        signs = list(self._signs.values())
        tokens = [*signs, *(sign + END_OF_WORD for sign in signs), *(first + last for first, last in pairs)]
        self._numbers: Final = {token: number for number, token in enumerate(tokens)}
        self._ranks: Final = {pair: rank for rank, pair in enumerate(pairs)}
        self._cut_kept: Final = lru_cache(_WORDS_KEPT)(self._cut)

    @property
    def start(self) -> int:
        """What stands before a text; its end is the next number."""
        return len(self._numbers)

    def cut(self, text: str) -> list[int]:
        """Return the numbers of the tokens of `text`, in order; none for a text of blanks."""
        return [number for word in find_words(text) for number in self._cut_kept(word[:_LONGEST_WORD])]

    def _cut(self, word: str) -> tuple[int, ...]:
        parts = [self._signs[byte] for byte in word.encode("utf-8", "replace")]
        parts[-1] += END_OF_WORD
        while len(parts) > 1:
            ranks = [self._ranks.get(pair, len(self._ranks)) for pair in pairwise(parts)]
            least = min(ranks)
            if least == len(self._ranks):
                break
            joined, place = [], 0
            while place < len(parts):
                if place < len(ranks) and ranks[place] == least:
                    joined.append(parts[place] + parts[place + 1])
                    place += 2
                else:
                    joined.append(parts[place])
                    place += 1
            parts = joined
        return tuple(self._numbers[part] for part in parts)
