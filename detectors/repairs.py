"""Words of a term bank in words that are none: misspelt, doubled, run together, cut in pieces, with letters masked.

Only what is not English is repaired: "the rapist" is not looked for in "therapist", "pen is" stays two words. Trusts
nothing; source: `detectors.lexicon` says what English is.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from detectors.lexicon import english_words, is_compound, is_english
from detectors.normalisation import Edge

_SHORTEST_REPAIRED: Final = 5
_SHORTEST_EDITED: Final = 6
_SHORTEST_PART: Final = 4
_LONGEST_JOINED: Final = 256
_LONGEST_WORD: Final = 20
_MOST_PIECES: Final = 4
_LONGEST_PIECE: Final = 4
_SMALL: Final = frozenset(["a", "i", "an", "in", "on", "of", "at", "to", "by", "is", "it", "my", "no", "or", "as"])
_DOUBLED: Final = re.compile(r"(.)\1+")
_MASKED: Final = re.compile(r"(?<![a-z0-9*#%•·])[a-z]+(?:[*#%_•·?]+[a-z]+)+(?![a-z0-9*#%•·])")
_LEAST_SHOWN: Final = 0.4
_MOST_REMEMBERED: Final = 4096


class Repairs:
    """Finds the words of one vocabulary in what is not a word."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """Index the words of `vocabulary` that are written in Latin letters."""
        words = sorted(word for word in set(vocabulary) if word.isascii() and word.isalpha() and len(word) > 2)
        self._words: Final = frozenset(words)
        long = [word for word in words if len(word) >= _SHORTEST_REPAIRED]
        self._single: Final = _group((_DOUBLED.sub(r"\1", word), word) for word in words if len(word) >= _SHORTEST_PART)
        self._scrambled: Final = _group((_shape(word), word) for word in long)
        self._shortened: Final = _group(
            (word[:at] + word[at + 1 :], word)
            for word in words
            if len(word) > _SHORTEST_EDITED
            for at in range(1, len(word))
        )
        self._by_ends: Final = _group((f"{word[0]}{len(word)}{word[-1]}", word) for word in words)
        self._known: dict[str, tuple[str, ...]] = {}

    def find(self, text: str, words: Sequence[str], spans: Sequence[tuple[int, int]]) -> Iterator[Edge]:
        """Yield the repaired readings of the tokens of folded `text`; `spans` are their places in it."""
        for index, word in enumerate(words):
            for reading in self._repair(word):
                yield Edge(index, index + 1, reading)
        yield from self._masked(text, spans)
        yield from self._pieces(text, words, spans)

    def _repair(self, word: str) -> tuple[str, ...]:
        known = self._known.get(word)
        if known is None:
            known = tuple(dict.fromkeys(self._find_repairs(word)))
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[word] = known
        return known

    def _find_repairs(self, word: str) -> Iterator[str]:
        if not (_SHORTEST_REPAIRED <= len(word) <= _LONGEST_JOINED and word.isascii() and word.isalpha()):
            return
        if word in self._words or is_english(word):
            return
        if is_compound(word):  # watercolor is no misspelling, but nakedwoman is two words; shorter parts are chance
            parts = split_joined(word, self._words)
            yield from (part for part in parts if len(part) >= _SHORTEST_REPAIRED and part in self._words)
            return
        yield from self._single.get(_DOUBLED.sub(r"\1", word), ())
        yield from self._scrambled.get(_shape(word), ())
        swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in (0, len(word) - 2))
        yield from (one for one in swapped if one in self._words)
        if len(word) >= _SHORTEST_EDITED:
            yield from self._shortened.get(word, ())
            for at in range(1, len(word)):
                if word[:at] + word[at + 1 :] in self._words:
                    yield word[:at] + word[at + 1 :]
        parts = split_joined(word, self._words)
        yield from (part for part in parts if len(part) >= _SHORTEST_PART and part in self._words)

    def _masked(self, text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Edge]:
        """Yield readings of ``n*k*d``, where each sign stands for a letter."""
        starts = {start: index for index, (start, _) in enumerate(spans)}
        ends = {end: index for index, (_, end) in enumerate(spans)}
        for found in _MASKED.finditer(text):
            masked = found.group()
            if not (found.start() in starts and found.end() in ends):
                continue
            pattern = re.compile(re.sub("[^a-z]", "[a-z]", masked))
            if sum(map(str.isalpha, masked)) < _LEAST_SHOWN * len(masked):
                continue
            for word in self._by_ends.get(f"{masked[0]}{len(masked)}{masked[-1]}", ()):
                if pattern.fullmatch(word):
                    yield Edge(starts[found.start()], ends[found.end()] + 1, word)

    def _pieces(self, text: str, words: Sequence[str], spans: Sequence[tuple[int, int]]) -> Iterator[Edge]:
        """Yield words cut in pieces by blanks, of which one at least is no word: ``na ked``."""
        for first, word in enumerate(words):
            joined, is_broken = word, not _is_word(word)
            if len(word) > _LONGEST_PIECE or not word.isalpha():
                continue
            for last in range(first + 1, min(first + _MOST_PIECES, len(words))):
                piece = words[last]
                if text[spans[last - 1][1] : spans[last][0]].strip() or len(piece) > _LONGEST_PIECE:
                    break
                joined, is_broken = joined + piece, is_broken or not _is_word(piece)
                if is_broken and len(joined) >= _SHORTEST_REPAIRED and joined in self._words:
                    yield Edge(first, last + 1, joined)


def split_joined(word: str, terms: frozenset[str]) -> tuple[str, ...]:
    """Return the words that are run together in `word`, the likeliest cut; nothing where some letters make none.

    Likelihood is by how often each word is written (Norvig, "Natural Language Corpus Data", 2009); a word of `terms`
    that English does not have counts as a rare one.
    """
    counts = english_words()
    rare = math.log(1e-6)
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(word) + 1):
        options = []
        for start in range(max(0, end - _LONGEST_WORD), end):
            part = word[start:end]
            count = counts.get(part, 0)
            if (len(part) < 3 and part not in _SMALL) or best[start][0] == -math.inf:
                continue
            if count or part in terms:
                options.append((best[start][0] + (math.log(count / 1e12) if count else rare), start))
        best.append(max(options, default=(-math.inf, 0)))
    parts: list[str] = []
    end = len(word)
    if best[end][0] == -math.inf:
        return ()
    while end:
        start = best[end][1]
        parts.append(word[start:end])
        end = start
    return tuple(reversed(parts)) if len(parts) > 1 else ()


def _group(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, tuple[str, ...]] = {}
    for key, word in pairs:
        grouped[key] = (*grouped.get(key, ()), word)
    return grouped


def _shape(word: str) -> str:
    """Return the same for words that differ in the order of their inner letters only."""
    return word[0] + "".join(sorted(word[1:-1])) + word[-1]


def _is_word(piece: str) -> bool:
    return piece in _SMALL or (len(piece) > 1 and is_english(piece))
