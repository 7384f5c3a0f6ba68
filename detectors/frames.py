"""What tells that a forbidden word is spoken of and not asked for: a museum, a campaign, a stage, a butcher's shop.

A frame proves nothing: whoever writes "museum" may want a gun. So it frees no word by itself; it makes one doubtful,
which then counts where the part of the prompt that it stands in means what its category is about (`detectors.doubt`).
Source: ``words/frames.txt``, written for this project.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).parent / "words" / "frames.txt"
_ENDING: Final = "*"
# Scripts that put no blanks between words.
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_MARKS: Final = "".join(chr(code) for code in chain(range(0x300, 0x370), range(0x600, 0xE00)))
_WORD: Final = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")
# No entry with an open ending is longer.
_LONGEST: Final = 16
_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Frames:
    """The list, by how its entries are found, each with the categories that it frames.

    Attributes:
        whole, begun: words, and what words begin with.
        phrases: words in a row, a blank before, between and behind them.
        inside: what is found wherever it stands.
    """

    whole: dict[str, frozenset[str]]
    begun: dict[str, frozenset[str]]
    phrases: dict[str, frozenset[str]]
    inside: dict[str, frozenset[str]]


@cache
def load_frames() -> Frames:
    """Return what frames which categories."""
    made = Frames({}, {}, {}, {})
    categories = _NONE
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            categories = frozenset(line.strip("[]").split())
        elif line and not line.startswith("#"):
            for entry in line.split():
                key, known = _place(entry, made)
                known[key] = known.get(key, _NONE) | categories
    return made


def find_framed(text: str) -> frozenset[str]:
    """Return the categories whose words something in `text` makes doubtful; its time grows as the text does."""
    folded = _fold(text)
    return _NONE.union(*_find(folded, _WORD.findall(folded), load_frames()))


def _find(folded: str, words: list[str], frames: Frames) -> Iterator[frozenset[str]]:
    for word in words:
        yield frames.whole.get(word, _NONE)
        for cut in range(2, min(len(word), _LONGEST) + 1):
            yield frames.begun.get(word[:cut], _NONE)
    row = f" {' '.join(words)} "
    yield from (names for phrase, names in frames.phrases.items() if phrase in row)
    yield from (names for signs, names in frames.inside.items() if signs in folded)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _place(entry: str, frames: Frames) -> tuple[str, dict[str, frozenset[str]]]:
    """Return the key of an entry of the list, and where it is kept."""
    text = _fold(entry.removesuffix(_ENDING))
    words = _WORD.findall(text.replace("_", " "))
    if _UNSPACED.search(text):
        return text, frames.inside
    if entry.endswith(_ENDING):
        return text, frames.begun
    return (text, frames.whole) if words == [text] else (f" {' '.join(words)} ", frames.phrases)
