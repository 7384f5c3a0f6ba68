"""Terms of languages whose words mean something else without their marks, or that put no blanks between words.

In Vietnamese "máu" is blood and "màu" a colour, in Hindi most vowels are marks: folded as English is, such words are no
longer themselves. So their terms match as they are written, but for case, points and letters of one look. A word
matches whole; one that ends in * with any ending; an Arabic one behind "and", "in" and the article, too; one of Thai,
its neighbours or Japanese wherever its signs stand, as they run words together. In languages whose accents are left out
where people are in a hurry, a term is found without them. What the prompt says no to right beside a term is told.
Invisible signs are left out and digits among letters read as letters; other disguises are not undone. Trusts nothing in
the prompt.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.normalisation import LEET_I, is_invisible

if TYPE_CHECKING:
    from detectors.term_bank import Term

_UNACCENTED: Final = frozenset({"es", "fr", "it", "nl", "pt"})
# fmt: off
LANGUAGES: Final = _UNACCENTED | {
    "ar", "bn", "de", "fa", "hi", "id", "ja", "km", "ko", "lo", "my", "pl", "ru", "th", "tr", "uk", "ur", "vi",
}
# fmt: on
"""Whose terms are matched here."""
_UNSPACED: Final = frozenset({"ja", "km", "lo", "my", "th"})
_ENDING: Final = "*"

_MARKS: Final = "".join(chr(code) for code in range(0x300, 0x1100) if unicodedata.category(chr(code)) in {"Mn", "Mc"})
_WORD: Final = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}\u200c\u200d\u0640])*")
_RUN: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+|[\u3005\u3040-\u30ff\u3400-\u9fff]+")
_DISGUISED: Final = re.compile(r"[a-zA-Z]\d+[a-zA-Z]")
_GAP: Final = re.compile(r"[\s\-\u2010\u2011]*|['\u2019]")
# Points of vowels and of borrowed sounds, joiners and the dot that a small Turkish i keeps say nothing here.
_NOTHING: Final = dict.fromkeys([*range(0x064B, 0x0653), 0x0670, 0x0640, 0x200C, 0x200D, 0x0307, 0x093C, 0x09BC])
_ONE_LOOK: Final = str.maketrans("أإآٱىيكهۃةё", "ااااییکہہہе")
_ARABIC: Final = re.compile(r"(?:[وف]?[بل]?(?:ال)?|[وف]?لل)(?=[\u0621-\u06d3]{2})")
_NO_BEFORE: Final = re.compile(
    r"(?:ไม่มี|ไม่เอา|ไร้|ปราศจาก|ห้าม|\b(?:bez|tanpa|không|không có|không cần|tidak ada|bukan|anti)\s+"
    r"|\b(?:ohne|keine?|keinerlei|gegen|sin|contra|sans|pas de|contre|senza|nessuna?|contro|sem|zonder|geen|tegen)\s+"
    r"|\b(?:без|нет|против|проти|немає)\s+"
    r"|(?:^|\s)(?:بدون|بلا|دون|بغیر|بغير|ضد|बिना|বিনা|ছাড়া)\s+)$"
)
_NO_AFTER: Final = re.compile(
    r"[のがもは]?(?:ない|なし|無し)|も\S{1,6}もない|\S{0,2}\s*(?:없는|없이)"
    r"|\s+(?:नहीं|के बिना|के बगैर|کے بغیر|نہیں|নেই|ছাড়া|yok|olmadan|olmayan)"
)


class Literal(NamedTuple):
    """A term at offsets [start, end) of the prompt, and whether the prompt says no to it there."""

    term: "Term"
    start: int
    end: int
    is_unwanted: bool


class _Entry(NamedTuple):
    term: "Term"
    has_ending: bool
    is_unaccented: bool


class _Written(NamedTuple):
    key: str
    bare: str
    start: int
    end: int


class LiteralTerms:
    """An immutable set of such terms, ready to match."""

    def __init__(self, terms: Iterable["Term"]) -> None:
        self._inside: Final[dict[str, list[Term]]] = {}
        self._whole: Final[dict[str, list[_Entry]]] = {}
        self._begun: Final[dict[str, list[_Entry]]] = {}
        for term in terms:
            if term.language in _UNSPACED:
                self._inside.setdefault(term.words[0], []).append(term)
                continue
            entry = _Entry(term, term.text.endswith(_ENDING), term.language in _UNACCENTED)
            # Only the last word of a term has any ending.
            known = self._begun if entry.has_ending and len(term.words) == 1 else self._whole
            known.setdefault(term.words[0], []).append(entry)
        self._sizes: Final = tuple(sorted({len(text) for text in self._inside}))

    def find(self, prompt: str) -> tuple[Literal, ...]:
        """Return every term in `prompt`, allow phrases among them."""
        kept = [place for place, sign in enumerate(prompt) if sign.isascii() or not is_invisible(sign)]
        seen = prompt if len(kept) == len(prompt) else "".join(prompt[place] for place in kept)
        places = (*self._find_words(seen), *self._find_inside(seen))
        return tuple(
            Literal(term, kept[start], kept[end - 1] + 1, _says_no(seen, start, end)) for term, start, end in places
        )

    def _find_words(self, prompt: str) -> Iterator[tuple["Term", int, int]]:
        words = [_write(word) for word in _WORD.finditer(prompt)]
        follows = [_GAP.fullmatch(prompt, one.end, other.start) is not None for one, other in pairwise(words)]
        for index, word in enumerate(words):
            for reading in _readings(word):
                entries = [*self._whole.get(reading, ())]
                entries += [one for cut in range(2, len(reading) + 1) for one in self._begun.get(reading[:cut], ())]
                for entry in entries:
                    last = index + len(entry.term.words) - 1
                    if (
                        last < len(words)
                        and all(follows[index:last])
                        and (reading != word.bare or reading == word.key or entry.is_unaccented)
                        and _fits(entry, reading, words[index + 1 : last + 1])
                    ):
                        yield entry.term, word.start, words[last].end

    def _find_inside(self, prompt: str) -> Iterator[tuple["Term", int, int]]:
        for run in _RUN.finditer(prompt) if self._sizes else ():
            signs = run.group()
            for first in range(len(signs)):
                for size in self._sizes:
                    last = first + size
                    if last > len(signs):
                        break
                    if unicodedata.category(signs[last : last + 1] or " ") != "Mn":
                        for term in self._inside.get(signs[first:last], ()):
                            yield term, run.start() + first, run.start() + last


def spell_literal(text: str, language: str) -> tuple[str, ...]:
    """Return the words by which a term of one of `LANGUAGES` is matched; none where there is nothing to match."""
    bare = text.removesuffix(_ENDING)
    if language in _UNSPACED:
        return (unicodedata.normalize("NFC", bare),) if _RUN.fullmatch(bare) else ()
    spell = _strip if language in _UNACCENTED else _key
    return tuple(map(spell, _WORD.findall(bare)))


def _key(word: str) -> str:
    """Return what is the same for a word however it is pointed."""
    if word.isascii():
        return word.lower()
    # Casefold makes i and a dot of a Turkish capital; composed, a borrowed letter of Hindi is letter and point already.
    return unicodedata.normalize("NFC", word).casefold().translate(_NOTHING).translate(_ONE_LOOK)


def _strip(word: str) -> str:
    """Return the key of a word less the accents of its Latin letters."""
    key = _key(word)
    if key.isascii():
        return key
    return "".join(sign for sign in unicodedata.normalize("NFD", key) if not "\u0300" <= sign <= "\u036f")


def _write(found: re.Match[str]) -> _Written:
    word = found.group()
    if _DISGUISED.search(word):
        word = word.translate(LEET_I)
    return _Written(_key(word), _strip(word), *found.span())


def _readings(word: _Written) -> tuple[str, ...]:
    """Return a word, the same without accents, and, of an Arabic one, what is left behind what is written with it."""
    before = _ARABIC.match(word.key) if "\u0621" <= word.key[:1] <= "\u06d3" else None
    bare = (word.bare,) if word.bare != word.key else ()
    return (word.key, *bare, word.key[before.end() :]) if before and before.end() else (word.key, *bare)


def _fits(entry: _Entry, first: str, others: Sequence[_Written]) -> bool:
    written = (first, *(word.bare if entry.is_unaccented else word.key for word in others))
    if not entry.has_ending:
        return written == entry.term.words
    return written[:-1] == entry.term.words[:-1] and written[-1].startswith(entry.term.words[-1])


def _says_no(prompt: str, start: int, end: int) -> bool:
    lowered = prompt[max(0, start - 24) : start].lower()
    return _NO_BEFORE.search(lowered) is not None or _NO_AFTER.match(prompt, end) is not None
