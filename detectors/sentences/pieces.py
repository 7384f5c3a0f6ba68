"""Cuts a text into the pieces that the sentence encoder knows.

SentencePiece's unigram model: of all ways to cut a word, the one whose pieces are together the likeliest (Viterbi).
No piece reaches across a blank, so a word is cut once and remembered. Text is folded first, sign by sign, as the
encoder's authors fold it, and put in lower case, in which alone it was kept. Trusts nothing; source: Kudo 2018
(arXiv:1804.10959), pieces and scores of intfloat/multilingual-e5-small (MIT).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

MARK: Final = "\u2581"
"""Stands for a blank, in front of every word."""
UNKNOWN: Final = 3
"""What no piece says."""
# Sentencepiece: an unknown sign costs ten more than the unlikeliest piece.
_UNKNOWN_COST: Final = 10.0
# Longer runs without a blank, as Chinese is written, are cut anew each time.
_LONGEST_KEPT: Final = 32
_WORDS_KEPT: Final = 1 << 15


class Pieces:
    """An immutable set of pieces.

    Args:
        places: piece to number.
        scores: of each number, the logarithm of how likely it is.
        folds: code point to what stands for it.
    """

    def __init__(self, places: Mapping[str, int], scores: Sequence[float], folds: Mapping[int, str]) -> None:
        self._scored: Final = {piece: (place, scores[place]) for piece, place in places.items()}
        self._longest: Final = max(map(len, places))
        self._unknown: Final = min(scores) - _UNKNOWN_COST
        self._folds: Final = dict(folds)
        self._cut_kept: Final = lru_cache(_WORDS_KEPT)(self._cut)

    def cut(self, text: str) -> list[int]:
        """Return the numbers of the pieces of `text`, in order; none for a text of blanks."""
        words = text.translate(self._folds).lower().split()
        return [place for word in words for place in self.cut_word(MARK + word)]

    def cut_word(self, word: str) -> tuple[int, ...]:
        """Return the numbers of the pieces of `word`, which begins with MARK where it stands behind a blank."""
        return self._cut_kept(word) if len(word) <= _LONGEST_KEPT else self._cut(word)

    def _cut(self, word: str) -> tuple[int, ...]:
        size, longest, scored = len(word), self._longest, self._scored
        best = [0.0] + [float("-inf")] * size
        back = [(0, UNKNOWN)] * (size + 1)
        for first in range(size):
            score = best[first]
            for last in range(first + 1, min(size, first + longest) + 1):
                piece = scored.get(word[first:last])
                if piece is not None and score + piece[1] > best[last]:
                    best[last], back[last] = score + piece[1], (first, piece[0])
            if score + self._unknown > best[first + 1]:
                best[first + 1], back[first + 1] = score + self._unknown, (first, UNKNOWN)
        found = []
        while size:
            size, place = back[size]
            found.append(place)
        return tuple(reversed(found))
