"""What tells that a forbidden word is spoken of and not asked for: a museum, a campaign, a stage, a butcher's shop.

A frame proves nothing: whoever writes "museum" may want a gun. So it frees no word by itself; it makes one doubtful,
which then counts where the part of the prompt that it stands in means what its category is about (`detectors.doubt`).
Source: ``words/frames.txt``, written for this project.
"""

import re
import unicodedata
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).parent / "words" / "frames.txt"
_ENDING: Final = "*"
# Scripts that put no blanks between words.
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_MARKS: Final = "".join(chr(code) for code in chain(range(0x300, 0x370), range(0x600, 0xE00)))


@cache
def load_frames() -> tuple[tuple[frozenset[str], re.Pattern[str]], ...]:
    """Return categories, and what frames them, of each section."""
    sections: list[tuple[frozenset[str], list[str]]] = []
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            sections.append((frozenset(line.strip("[]").split()), []))
        elif line and not line.startswith("#"):
            sections[-1][1].extend(line.split())
    return tuple((categories, re.compile("|".join(map(_spell, words)))) for categories, words in sections)


def find_framed(text: str) -> frozenset[str]:
    """Return the categories whose words something in `text` makes doubtful."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return frozenset(chain.from_iterable(names for names, words in load_frames() if words.search(folded)))


def _spell(word: str) -> str:
    """Return a pattern for a word of the list: whole, but for an ending that it leaves open."""
    parts = unicodedata.normalize("NFC", word).casefold().split("_")
    text = r"\s+".join(re.escape(part.removesuffix(_ENDING)) + r"\w*" * part.endswith(_ENDING) for part in parts)
    if _UNSPACED.search(word):
        return text
    return rf"(?<![\w{_MARKS}]){text}(?![\w{_MARKS}])"
