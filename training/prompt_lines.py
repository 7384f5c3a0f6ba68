"""What the head of the prompt detector learns from: sentences of each kind, terms, and harmless texts.

`meaning.txt` and the term banks (what they allow is harmless), written for this project, and what
`training.plain_words` finds. The detector compares parts of a prompt, so each text stands for itself, as it is written.
"""

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

import yaml

from detectors.literal_terms import LANGUAGES
from detectors.term_bank import TERMS_DIR

_TEXTS: Final = Path(__file__).with_name("meaning.txt")
_VECTORS: Final = Path(__file__).parents[1] / "tests" / "detectors" / "vectors"
_APART: Final = ("heldout", "fresh", "unseen", "users", "near", "later", "languages")
HARMLESS: Final = "harmless"
# Whose name it is says nothing of what is asked for.
_NOTED: Final = frozenset({"characters", "logos"})
_CAPTION: Final = "caption:"
_EVERYDAY: Final = 500
_TERMS: Final = 1200
# As many words of any language teach as much as twice as many.
_WORD_STEP: Final = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A text, what it asks for, its number, by which thirds are told apart, and where it is from."""

    text: str
    category: str
    family: int
    kind: str


def read_texts(path: Path = _TEXTS) -> dict[str, list[str]]:
    """Return the texts of each section."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            found.setdefault(section, []).append(line)
    return found


def read_apart() -> frozenset[str]:
    """Return the repository's prompts that nothing is learned from, in lower case."""
    found = [(_VECTORS / f"prompts_{name}.txt").read_text("utf-8").splitlines() for name in _APART]
    return frozenset(line.split("\t")[2].lower() for lines in found for line in lines)


def build_lines(plain: Iterable[tuple[str, str]], apart: Container[str] = frozenset()) -> list[Line]:
    """Return everything that is learned from, the same every time.

    Args:
        plain: kind and text of harmless ones, as `training.plain_words` finds them.
        apart: texts in lower case that nothing is learned from.
    """
    texts = read_texts()
    everyday = {name: texts.pop(f"everyday:{name}") for name in ("subject", "doing", "style")}
    captions = [text for name in sorted(texts) if name.startswith(_CAPTION) for text in texts.pop(name)]
    families = count()
    made = [Line(text, category, next(families), "bare") for category, lines in texts.items() for text in lines]
    made += [Line(text, HARMLESS, next(families), "caption") for text in captions]
    terms = sorted(read_terms(), key=_draw)[:_TERMS]
    made += [Line(text, category, next(families), "term") for category, text in terms]
    made += [Line(text, HARMLESS, next(families), kind) for kind, text in _thin(plain) if text.lower() not in apart]
    made += [Line(text, HARMLESS, next(families), "everyday") for text in _build_everyday(everyday)]
    return [line for line in made if line.text.lower() not in apart]


def _draw(term: tuple[str, str]) -> bytes:
    """Which term is drawn first: the same ones, whatever else is listed."""
    return hashlib.sha256(" ".join(term).encode()).digest()


def _thin(plain: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return words, as many as teach anything, then glosses."""
    kept = [one for place, one in enumerate(plain) if one[0] != "word" or place % _WORD_STEP == 0]
    return sorted(kept, key=lambda one: one[0] != "word")


def _build_everyday(everyday: Mapping[str, Sequence[str]]) -> Iterator[str]:
    chance = Random(0)  # noqa: S311 - varies texts, guards nothing
    for _ in range(_EVERYDAY):
        text = f"{chance.choice(everyday['subject'])} {chance.choice(everyday['doing'])}"
        yield text + f", {chance.choice(everyday['style'])}" * (chance.random() < 0.4)


def read_terms() -> list[tuple[str, str]]:
    """Return category and text of the terms of all banks, harmless ones what they allow.

    Those that match as they are written were listed after the head had learned, and some are stems: they are left out.
    """
    found = []
    for path in sorted(TERMS_DIR.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        for graded in (graded for language, graded in data.items() if language not in LANGUAGES):
            for grade, terms in graded.items() if isinstance(graded, dict) else ():
                if data.get("category", "characters") not in _NOTED and grade != "note":
                    found += [(HARMLESS if grade == "allow" else data["category"], str(term)) for term in terms]
    return found
