"""Where in a text an invisible character may stand, and the letters by which that place is known again.

A place is known by the last eight letters and digits before it, or four characters of scripts without spaces, folded
(NFKC, lower case), whatever stands between them: spaces, punctuation, markup and invisible characters do not count. So
what reflows a text, quotes it or cuts a part out leaves the places as they were, and what is moved to other letters
means nothing there.

Places are behind a plain word where a space follows, and between two characters of scripts that are written without
spaces. Addresses, code, markup and numbers have none: a character inside would break them.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final

SYMBOLS: Final = "\u2060\u200b\u2063\u2064\u2061\u2062\u200c\u200d"
"""Two by two: a slot's two characters, for 0 and for 1. All are Default_Ignorable or of no width (Unicode 16)."""

SLOTS: Final = len(SYMBOLS) // 2
CONTEXT_LETTERS: Final = 8
# A character of a script without spaces says as much as two letters; of fewer than this a place is not known again.
_HEAVY: Final = 2
_LEAST_LETTERS: Final = 3
# The last slot's characters are joiners: behind letters that join they would change the letter's form.
_JOINING: Final = re.compile("[\u0590-\u1cff\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00011fff]")
_UNSPACED: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_IS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
# Accents and vowel signs are no letters of their own, and words of India and Thailand are full of them.
_MARKS: Final = "".join(
    chr(code)
    for code in chain(range(0x300, 0x1D00), range(0xA800, 0xAC00))
    if unicodedata.category(chr(code)) in {"Mn", "Mc"} and chr(code) not in "\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f"
)
# What joins letters within a word stays where it is: Persian and Indic words are written with it.
_PLAIN: Final = rf"[^\W\d_{_UNSPACED}](?:[^\W\d_{_UNSPACED}]|[{_MARKS}\u200c\u200d])*+"
_GAP: Final = re.compile(
    # a word, maybe hyphenated and within quotes or brackets, behind a space and before one
    rf"(?:(?<=\s)|^)[(\[\"'\u2018\u201c*]{{0,3}}{_PLAIN}(?:['\u2019-]{_PLAIN}){{0,5}}(?=\s)"
    rf"|[{_UNSPACED}](?=[{_UNSPACED}])"
)
_NO_SYMBOL: Final = re.compile(f"[{SYMBOLS}]")


@dataclass(frozen=True, slots=True)
class Gap:
    """One place.

    Attributes:
        at: characters of the part before it.
        context: the folded letters before it.
        slots: how many characters it may hold.
        is_narrow: between two characters that are written without spaces, where there are many places.
    """

    at: int
    context: str
    slots: int
    is_narrow: bool


@lru_cache(maxsize=1 << 16)
def fold(char: str) -> str:
    """Return the letters and digits that a character counts as, "" for none."""
    return "".join(one for one in unicodedata.normalize("NFKC", char).casefold() if one.isalnum())


def fold_tail(before: str, text: str) -> str:
    """Return the last letters of what was before, followed by `text`, as a context."""
    tail: list[str] = []
    weight = 0
    for char in chain(reversed(text), reversed(before)):
        for letter in reversed(fold(char)):
            weight += _HEAVY if _IS_UNSPACED.match(letter) else 1
            if weight > CONTEXT_LETTERS:
                return "".join(reversed(tail))
            tail.append(letter)
    return "".join(reversed(tail))


def find_gaps(text: str, before: str = "") -> Iterator[Gap]:
    """Yield the places of a text without invisible characters, in order.

    Args:
        text: a part.
        before: context of the parts before it.
    """
    context, at = before, 0
    for found in _GAP.finditer(text):
        end = found.end()
        context = fold_tail(context, text[at:end])
        at = end
        if len(context) >= _LEAST_LETTERS:
            last = text[end - 1]
            yield Gap(end, context, SLOTS - bool(_JOINING.match(last)), is_narrow=bool(_IS_UNSPACED.match(last)))


def read_symbols(text: str, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield each symbol in a text with the context in which it stands."""
    context, at = before, 0
    for found in _NO_SYMBOL.finditer(text):
        context = fold_tail(context, text[at : found.start()])
        at = found.end()
        yield context, found[0]
