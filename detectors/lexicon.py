"""The words of English, to tell a misspelt or foreign word from one that only looks unlikely.

82,765 words with how often each is written, from the frequency dictionary that comes with symspellpy (MIT; words of
SCOWL, counts of Google Books), a few that people write in prompts, and what the term banks know. Read once, in a
twentieth of a second.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

_FILE: Final = "frequency_dictionary_en_82_765.txt"
# Counts run from 12,711 to 23 billion. Rarer words than this are left out: abbreviations and scraps of other languages.
_LEAST_COUNT: Final = 12_000
_COMMON_COUNT: Final = 1_000_000
_SHORTEST_PART: Final = 4
_WORDS_DIR: Final = Path(__file__).parent / "words"


def load_words(name: str) -> frozenset[str]:
    """Return the words of ``words/<name>.txt``, of which lines with a # say what they are."""
    lines = (_WORDS_DIR / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def english_words() -> dict[str, int]:
    """Return each word, in lower case, with its count; the same mapping every time, not to be changed."""
    text = files("symspellpy").joinpath(_FILE).read_text(encoding="utf-8-sig")
    counted = (line.rpartition(" ") for line in text.splitlines())
    words = {word: int(count) for word, _, count in counted if int(count) >= _LEAST_COUNT}
    return {**dict.fromkeys(load_words("prompts"), _LEAST_COUNT), **words}


def is_compound(word: str) -> bool:
    """Whether `word` is two common words in one, such as watercolor."""
    words = english_words()
    cuts = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
    return any(min(words.get(word[:cut], 0), words.get(word[cut:], 0)) >= _COMMON_COUNT for cut in cuts)


def is_english(word: str) -> bool:
    """Whether `word`, in lower case, is one, or a regular form of one."""
    words = english_words()
    return word in words or any(
        word.endswith(end) and word[: -len(end)] in words for end in ("s", "es", "ed", "ing", "er", "ly", "ish", "less")
    )
