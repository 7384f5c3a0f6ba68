"""Does a word with other meanings mean here what its term bank is about?

"Blood" stands in a hospital, "execution" in a manual, and "gün" is Turkish for day, not a gun with dots. A term of hold
grade that its own bank knows in other meanings counts where the passage it stands in comes near its category, or where
another term of the category is there. One that is a common word of another language, but for its accents and among
words of that language, counts where meaning finds the category by itself. Else it is a note. A disguise (p1st0l, a gün
among English words) is no accident, and what blocks is never doubted. Source: `cards/prompt.toml`.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from detectors.lexicon import is_english
from detectors.meaning import Passage
from detectors.term_bank import Found, Grade, TermBank

_WORD: Final = re.compile(r"[^\W\d_]+")
_COMBINATION: Final = "combination/"
_ENGLISH: Final = "en"
# Signs on either side of a term in which its neighbour stands.
_BESIDE: Final = 40


@dataclass(frozen=True, slots=True)
class Doubts:
    """How terms of one bank are doubted.

    Attributes:
        bank: where the terms are from.
        knows: whether a word as it is spelled is common in some language.
        least: margin of a passage from which a term in it counts that has other meanings; 0 scores a half.
    """

    bank: TermBank
    knows: Callable[[str], bool]
    least: float

    def weigh(self, found: Sequence[Found], prompt: str, passages: Sequence[Passage]) -> tuple[Found, ...]:
        """Return `found`, strictest first, where a term that most likely means something else is a note.

        A combination of hold grade is left out where it no longer has all that it needs; one that blocks stays.

        Args:
            found: what the bank finds in `prompt`.
            prompt: as the bank read it.
            passages: what it means, passage by passage; none of it is doubted where there are none.
        """
        terms = [one for one in found if not one.id.startswith(_COMBINATION)]
        counted = [self._lower(one, terms, prompt, passages) for one in terms]
        if counted == terms:
            return tuple(found)
        left = {one.id for one in self.bank.combine(counted, len(prompt))}
        joined = [one for one in found if one.id.startswith(_COMBINATION)]
        counted += [one for one in joined if one.grade is Grade.BLOCK or one.id in left]
        return tuple(sorted(counted, key=lambda one: -one.grade.rank))

    def _lower(self, one: Found, terms: Sequence[Found], prompt: str, passages: Sequence[Passage]) -> Found:
        if one.grade is not Grade.HOLD or one.is_unwanted:
            return one
        around = [passage for passage in passages if passage.start < one.end and one.start < passage.end]
        likenesses = [near.margin for passage in around for near in passage.likenesses]
        margin = max((near.margin for near in likenesses if near.category == one.category), default=0.0)
        if self._is_foreign(one, prompt):
            means_else = margin < 0
        else:
            is_alone = not any(_is_another(other, one, around) for other in terms)
            means_else = margin < self.least and is_alone and self._is_plain(one, prompt)
        return replace(one, grade=Grade.NOTE, is_doubtful=True) if means_else else one

    def _is_plain(self, one: Found, prompt: str) -> bool:
        """Whether a term with other meanings is written as it is listed."""
        written, plain = prompt[one.start : one.end].lower(), " ".join(self.bank.terms[one.id].words)
        return one.id in self.bank.doubtful and written in {
            plain,
            f"{plain}s",
            f"{plain}es",
            f"{plain.removesuffix('y')}ies",
        }

    def _is_foreign(self, one: Found, prompt: str) -> bool:
        """Whether an English term is a common word of another language but for its accents, among words of that."""
        written = unicodedata.normalize("NFC", prompt[one.start : one.end])
        is_latin = all(unicodedata.name(sign, "").startswith("LATIN ") for sign in written)
        if written.isascii() or not is_latin or self.bank.terms[one.id].language != _ENGLISH:
            return False
        beside = (
            *_WORD.findall(prompt[max(0, one.start - _BESIDE) : one.start])[-1:],
            *_WORD.findall(prompt[one.end : one.end + _BESIDE])[:1],
        )
        return self.knows(written) and any(not is_english(word.lower()) for word in beside)


def _is_another(other: Found, one: Found, around: Sequence[Passage]) -> bool:
    is_apart = other.end <= one.start or one.end <= other.start
    is_here = any(passage.start < other.end and other.start < passage.end for passage in around)
    return other.category == one.category and other.id != one.id and is_apart and is_here
