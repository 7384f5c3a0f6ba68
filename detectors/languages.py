"""How much of a prompt can the word lists not read? What nobody could read is "not checked", never "ok".

The banks know English and Chinese. Everything else is told by its letters: other scripts, Japanese and Korean with the
Chinese characters among them, words that are not English, and the small words of other languages that English also has.
Where meaning is compared in many languages, what its encoder knows is read as well. Names and numbers count for little.
Trusts nothing; source: Unicode's names of characters, and `detectors.lexicon`. Figures: `cards/prompt.toml`.
"""

import unicodedata
from collections.abc import Callable, Container, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from detectors.lexicon import is_compound, is_english, load_words
from detectors.normalisation import Token, fold_character
from detectors.segmentation import is_han

_FOREIGN: Final = load_words("foreign")
# A word that is not English but has a capital is a name more often than not.
_NAME_WEIGHT: Final = 0.3
_SHORTEST: Final = 2
# Where this many words have one each, a capital says nothing.
_TITLE_WORDS: Final = 3
# So many words in a row that nothing here can read are a phrase of another language, however long the rest is.
_PHRASE_WORDS: Final = 2
_PHRASE_LETTERS: Final = 10
# Of a run of Chinese characters, kana or hangul among them, which make it another language.
_KANA_SHARE: Final = 0.1
_HAN_LETTERS: Final = 3
# Letters and digits mixed are a model's name or a size; so long, they are a code that may say anything.
_LONGEST_NUMBERED: Final = 20


def measure_unread(
    tokens: Sequence[Token], prompt: str, known: Container[str], reads: Callable[[str], bool] | None = None
) -> float:
    """Return the share of the prompt's letters in words that nothing here can read, 0..1; 1 for a phrase of such words.

    A Chinese character counts as three letters: a word of it is about two characters.

    Args:
        tokens: of `prompt`, in order.
        prompt: as given.
        known: words that the term banks hold, folded.
        reads: whether something else reads a word, as it is written.
    """
    words = [(token, prompt[token.start : token.end]) for token in tokens]
    lettered = [(token, written) for token, written in words if any(map(str.isalpha, token.word))]
    if not lettered:
        is_read = any(map(str.isdigit, prompt)) or (bool(tokens) and all(token.word in known for token in tokens))
        return float(bool(prompt.strip()) and not is_read)
    capitals = [written for _, written in lettered if written[:1].isupper()]
    is_title = len(capitals) == len(lettered) and (len(lettered) >= _TITLE_WORDS or all(map(str.isupper, capitals)))
    is_japanese = _is_japanese(prompt) and reads is None
    shares = [
        float(is_japanese) if is_han(token.word) else _unread_share(token.word, written, known, is_title=is_title)
        for token, written in lettered
    ]
    if reads is not None:
        shares = [share and share * (not reads(written)) for share, (_, written) in zip(shares, lettered, strict=True)]
    gaps = ["", *(prompt[one.end : other.start] for (one, _), (other, _) in pairwise(lettered))]
    sizes = [_HAN_LETTERS if is_han(token.word) else len(token.word) for token, _ in lettered]
    if _has_phrase(shares, sizes, gaps):
        return 1.0
    return sum(share * size for share, size in zip(shares, sizes, strict=True)) / sum(sizes)


def _has_phrase(shares: Sequence[float], sizes: Sequence[int], gaps: Sequence[str]) -> bool:
    words = letters = 0
    for share, size, gap in zip(shares, sizes, gaps, strict=True):
        if gap.strip():
            words = letters = 0
        words, letters = (words + 1, letters + size) if share == 1 else (0, 0)
        if words >= _PHRASE_WORDS and letters >= _PHRASE_LETTERS:
            return True
    return False


def _unread_share(word: str, written: str, known: Container[str], *, is_title: bool) -> float:
    if not word.isascii():
        return 1.0
    is_known = word in known or is_english(word) or is_compound(word)
    if _script(written) not in {"LATIN", ""} and not is_known:
        return 1.0
    if word in _FOREIGN:
        return 1.0
    if is_known or len(word) < _SHORTEST:
        return 0.0
    if any(map(str.isdigit, word)):
        return float(len(word) >= _LONGEST_NUMBERED)
    return _NAME_WEIGHT if written[:1].isupper() and not is_title else 1.0


def _is_japanese(prompt: str) -> bool:
    scripts = [_script_of(character) for character in prompt]
    kana = sum(script in {"HIRAGANA", "KATAKANA"} for script in scripts)
    han = sum(script == "CJK" for script in scripts)
    return kana > _KANA_SHARE * (han + kana)


def _script(written: str) -> str:
    """Return the script of a word's letters: the first that is not Latin, or Latin, or nothing for no letters."""
    scripts = {_script_of(character) for character in written} - {""}
    others = scripts - {"LATIN"}
    return min(others) if others else next(iter(scripts), "")


@lru_cache(maxsize=8192)
def _script_of(character: str) -> str:
    if not character.isalpha():
        return ""
    if unicodedata.normalize("NFKD", character)[:1].isascii():
        return "LATIN"
    name = unicodedata.name(character, "UNKNOWN")
    folded = fold_character(character)
    if folded.isascii() and folded.isalpha() and name.startswith(("LATIN", "MATHEMATICAL")):
        return "LATIN"
    return name.partition(" ")[0]
