"""Where Chinese words begin and end: a term is a word or several, never the end of one and the beginning of the next.

Chinese is written without blanks, so 情色 stands in 黄色情侣 between two words. A term is not meant where a word of the
dictionary reaches across one of its edges. Trusts nothing; source: the dictionary and the most probable cut of jieba,
by its Rust port (rjieba, MIT), without its guesses at words that the dictionary does not have.
"""

import re
from collections.abc import Sequence
from typing import Final

from detectors.normalisation import Token

_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")

Words = dict[int, tuple[int, int]]
"""For each place between two tokens that lies inside a word of the dictionary: where the word begins and ends."""


def is_han(word: str) -> bool:
    """Whether `word` begins with a Chinese character."""
    return _HAN.match(word) is not None


def warm_segmentation() -> None:
    """Load the dictionary, a tenth of a second, so that the first prompt need not wait for it."""
    cut_han("词")


def find_words(tokens: Sequence[Token], text: str) -> tuple[Words, Words]:
    """Return the words among `tokens`, as they are written and with blanks and signs inside them left out.

    Both count: a blank between two words of a harmless text is where one ends, and a blank inside 手 枪 is a disguise.

    Args:
        tokens: of `text`, in order.
        text: as given; only what stands between the tokens is read.
    """
    return _find(tokens, text, is_loose=False), _find(tokens, text, is_loose=True)


def crosses(words: Words, first: int, last: int) -> bool:
    """Whether a word reaches across an edge of the tokens [first, last): both overlap, and neither holds the other."""
    start, end = words.get(first, (first, last))
    if start < first and end < last:
        return True
    start, end = words.get(last, (first, last))
    return first < start and last < end


def _find(tokens: Sequence[Token], text: str, *, is_loose: bool) -> Words:
    found: Words = {}
    run: list[int] = []
    for index, token in enumerate(tokens):
        is_one = is_han(token.word)
        touches = bool(run) and (is_loose or text[tokens[run[-1]].end : token.start] == "") and token.follows
        if not (is_one and touches):
            found.update(_words_of(tokens, run))
            run = []
        if is_one:
            run.append(index)
    found.update(_words_of(tokens, run))
    return found


def _words_of(tokens: Sequence[Token], run: Sequence[int]) -> Words:
    if len(run) < 2:
        return {}
    words: Words = {}
    place = run[0]
    for word in cut_han("".join(tokens[index].word for index in run)):
        words.update(dict.fromkeys(range(place + 1, place + len(word)), (place, place + len(word))))
        place += len(word)
    return words


def cut_han(text: str) -> list[str]:
    """Return the words of a text in Chinese characters; joined, they are the text."""
    import rjieba

    words: list[str] = rjieba.cut(text, False)
    return words
