"""Does a listed word mean here what its term bank is about?

"Blood" stands in a hospital, "execution" in a manual, "sniper" in praise of a sharp photograph. So a word of hold grade
that is listed as doubtful, or that its own bank knows in other meanings, counts where the part of the prompt that it
stands in comes near its category, beside another term of its category, and where the part consists of it, as nothing
else is said there. Other words count outright: many are rare, and meaning knows little of what it seldom met. What is
an English term only by repair or but for its accents, among words of another language ("gün", "frutas"), counts where
meaning finds the category by itself. A disguise (p1st0l) is no accident, and what blocks, written as it is listed, is
never doubted. In a frame, a museum or a campaign (`detectors.frames`), each word of hold grade of what it frames counts
only where meaning comes near it. What does not count is a note. Source: `cards/prompt.toml`.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from detectors.frames import find_framed
from detectors.lexicon import is_english, load_words
from detectors.literal_terms import LANGUAGES
from detectors.meaning import Part
from detectors.normalisation import build_words
from detectors.segmentation import is_han
from detectors.term_bank import COMBINATION, Found, Grade, Term, TermBank

_WORD: Final = re.compile(r"[^\W\d_]+")
_ENGLISH: Final = "en"
# Signs on either side of a term in which its neighbour stands.
_BESIDE: Final = 40
_FOREIGN: Final = load_words("foreign")
_ARTICLES: Final = frozenset({"a", "an", "the", "some"})


@dataclass(frozen=True, slots=True)
class Doubts:
    """How terms of one bank are doubted.

    Attributes:
        bank: where the terms are from.
        knows: whether a word as it is spelled is common in some language.
        reads: whether a word is one of some language at all.
        least: margin of a part from which a term in it counts that is listed as doubtful; 0 scores a half.
        least_known: the same for a term that only an allow phrase gives another meaning, which that phrase exempts by
            itself: a gun among flowers is still a gun.
        least_framed: the same for any term in or beside a part that frames its category.
    """

    bank: TermBank
    knows: Callable[[str], bool]
    reads: Callable[[str], bool]
    least: float
    least_known: float
    least_framed: float

    def weigh(self, found: Sequence[Found], prompt: str, parts: Sequence[Part]) -> tuple[Found, ...]:
        """Return `found`, strictest first, where a term that most likely means something else is a note.

        A combination is left out where it no longer has all that it needs; but for one that blocks a term still counts
        beside another category's in its part.

        Args:
            found: what the bank finds in `prompt`.
            prompt: as the bank read it.
            parts: what it means, part by part; none of it is doubted where there are none.
        """
        terms = [one for one in found if not one.id.startswith(COMBINATION)]
        layout = _Layout(parts, terms)
        counted = [self._lower(one, layout, prompt) for one in terms]
        if counted == terms:
            return tuple(found)
        left = tuple(self.bank.combine(counted, len(prompt)))
        strict = [
            one if one == now or any(self._is_of_others(other, one) for other in layout.share(one)) else now
            for one, now in zip(terms, counted, strict=True)
        ]
        blocks = (one for one in self.bank.combine(strict, len(prompt)) if one.grade is Grade.BLOCK)
        counted += {one.id: one for one in (*blocks, *left)}.values()
        return tuple(sorted(counted, key=lambda one: -one.grade.rank))

    def _is_of_others(self, other: Found, one: Found) -> bool:
        """Whether a term is of another category, and of one that says something by itself."""
        return other.category != one.category and other.category not in self.bank.ingredients

    def _lower(self, one: Found, layout: "_Layout", prompt: str) -> Found:
        around = layout.around(one)
        if one.grade is Grade.NOTE or one.is_unwanted or not around:
            return one
        margin = max(part.margins.get(one.category, 0.0) for part in around)
        term, written = self.bank.terms[one.id], prompt[one.start : one.end]
        if self._is_foreign(term, one, prompt):
            means_else = margin < 0
        elif one.grade is Grade.BLOCK or not is_listed(term, written):
            means_else = False
        elif margin < self.least_framed and one.category in layout.find_framed(one, prompt):
            means_else = True
        else:
            least = self.least if term.is_doubtful else self.least_known
            far = margin < least and one.id in self.bank.doubtful
            is_alone = not any(_is_another(other, one) for other in layout.share(one))
            means_else = far and is_alone and any(_says_more(part, one, prompt) for part in around)
        return replace(one, grade=Grade.NOTE, is_doubtful=True) if means_else else one

    def _is_foreign(self, term: Term, one: Found, prompt: str) -> bool:
        """Whether an English term is another word of another language, among words of that."""
        written = unicodedata.normalize("NFC", prompt[one.start : one.end])
        is_latin = all(unicodedata.name(sign, "").startswith("LATIN ") for sign in written)
        if not is_latin or term.language != _ENGLISH or is_listed(term, written):
            return False
        beside = (
            *_WORD.findall(prompt[max(0, one.start - _BESIDE) : one.start])[-1:],
            *_WORD.findall(prompt[one.end : one.end + _BESIDE])[:1],
        )
        is_word = self.reads(written) if written.isascii() else self.knows(written)
        return is_word and any(word.lower() in _FOREIGN or not is_english(word.lower()) for word in beside)


def is_listed(term: Term, written: str) -> bool:
    """Whether a term is written as it is listed, or in a regular plural of that: neither repaired nor disguised."""
    if term.language in LANGUAGES:
        return True
    text, plain = unicodedata.normalize("NFKC", written).lower(), term.text.lower()
    forms = {plain, f"{plain}s", f"{plain}es", f"{plain.removesuffix('y')}ies"}
    # Traditional characters are another script, not a disguise.
    return text in forms or (term.is_han and build_words(written) == term.words and all(map(is_han, written)))


def _says_more(part: Part, one: Found, prompt: str) -> bool:
    """Whether a part says anything but the term: "a gun" by itself means no other thing."""
    beside = prompt[part.start : max(part.start, one.start)], prompt[one.end : max(one.end, part.end)]
    return any(word.lower() not in _ARTICLES for text in beside for word in _WORD.findall(text))


def _is_another(other: Found, one: Found) -> bool:
    is_apart = other.end <= one.start or one.end <= other.start
    return other.category == one.category and other.id != one.id and is_apart


class _Layout:
    """Which terms stand in which part; a part has few, however long the prompt is."""

    def __init__(self, parts: Sequence[Part], terms: Sequence[Found]) -> None:
        self._parts = sorted(parts, key=lambda part: part.start)
        self._ends = [part.end for part in self._parts]
        self._in: dict[int, list[Found]] = {}
        self._framed: dict[int, frozenset[str]] = {}
        for one in terms:
            for place in self._places(one):
                self._in.setdefault(place, []).append(one)

    def around(self, one: Found) -> list[Part]:
        """The parts that a term touches."""
        return [self._parts[place] for place in self._places(one)]

    def find_framed(self, one: Found, prompt: str) -> frozenset[str]:
        """The categories that something in these parts, or in those beside them, frames; each part is read once."""
        places = self._places(one)
        found: frozenset[str] = frozenset()
        for place in range(max(0, places.start - 1), min(len(self._parts), places.stop + 1)):
            if place not in self._framed:
                part = self._parts[place]
                self._framed[place] = find_framed(prompt[part.start : part.end])
            found |= self._framed[place]
        return found

    def share(self, one: Found) -> list[Found]:
        """The terms in these parts."""
        return [other for place in self._places(one) for other in self._in[place]]

    def _places(self, one: Found) -> range:
        first = last = bisect_right(self._ends, one.start)
        while last < len(self._parts) and self._parts[last].start < one.end:
            last += 1
        return range(first, last)
