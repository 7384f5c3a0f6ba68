"""What the head of the prompt detector learns from: sentences of each kind, and what they are made into.

`meaning.txt` and the term banks (what they allow is harmless), written for this project; and as harmless ones names of
ImageNet's classes, first lines of docstrings of NumPy and SciPy (BSD), and names of emoji in fourteen languages, as
package `emoji` 2.15.0 (BSD) has them from Unicode CLDR (Unicode-3.0).
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

import yaml

from detectors.term_bank import TERMS_DIR

_TEXTS: Final = Path(__file__).with_name("meaning.txt")
_NAMES: Final = TERMS_DIR.with_name("words") / "imagenet.txt"
HARMLESS: Final = "harmless"
# Whose name it is says nothing of what is asked for.
_NOTED: Final = frozenset({"characters", "logos"})
_CAPTION: Final = "caption:"
_EVERYDAY: Final = 2500
_DOCSTRINGS: Final = 1500
_EMOJI: Final = 140  # of each language
_JOINED: Final = 260  # of each language
# Names of ImageNet and of emoji that a bank speaks of.
_NOT_HARMLESS: Final = frozenset({
    "rifle", "revolver", "holster", "missile", "projectile", "cannon", "tank", "warplane", "bikini", "maillot",
    "brassiere", "beer", "wine", "bottle", "syringe", "pill", "stage", "whiskey", "goblet", "cocktail", "cleaver",
    "guillotine", "assault", "bulletproof", "swimming", "cassock", "mask", "gown", "crossword", "slot", "military",
    "pistol", "dagger", "sword", "bomb", "cigarette", "smoking", "blood", "coffin", "kiss", "vampire", "zombie",
    "underage", "drop", "headstone", "skull", "knife", "axe", "boomerang", "game", "die", "joker", "mahjong",
    "flower_playing", "champagne", "clinking", "tumbler", "sake", "tropical", "beverage", "money", "banknote",
    "identification", "passport", "middle", "police", "devil", "imp", "ogre", "goblin", "angry", "steaming",
    "exploding", "sexual", "breast-feeding", "prohibited", "eggplant", "peach",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A text, what it asks for, which other texts were made of the same one, and how it was made."""

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


def build_lines() -> list[Line]:
    """Return everything that is learned from, the same every time."""
    texts = read_texts()
    everyday = {name: texts.pop(f"everyday:{name}") for name in ("subject", "doing", "style")}
    captions = {name: texts.pop(name) for name in sorted(texts) if name.startswith(_CAPTION)}
    families = count()
    made = [
        line
        for category, lines in texts.items()
        for text in lines
        for line in _vary(text, category, next(families), lines, everyday, captions)
    ]
    made += [Line(text, HARMLESS, next(families), "caption") for lines in captions.values() for text in lines]
    made += [Line(text, category, next(families), "term") for category, text in _read_terms()]
    names = [name for name in _NAMES.read_text(encoding="utf-8").splitlines() if name and not name.startswith("#")]
    plain = (name.lower() for name in names if not any(word in name.lower() for word in _NOT_HARMLESS))
    made += [Line(f"a photo of a {name}", HARMLESS, next(families), "name") for name in plain]
    made += [Line(text, HARMLESS, next(families), "doc") for text in _read_docstrings()]
    made += [Line(text, HARMLESS, next(families), "emoji") for text in _read_emoji()]
    made += [Line(text, HARMLESS, next(families), "joined") for text in _join_captions(captions)]
    made += [Line(text, HARMLESS, next(families), "everyday") for text in _build_everyday(everyday)]
    return made


def _vary(
    text: str,
    category: str,
    family: int,
    lines: Sequence[str],
    everyday: Mapping[str, Sequence[str]],
    captions: Mapping[str, Sequence[str]],
) -> Iterator[Line]:
    """Yield a text as it stands, and as a part of longer ones."""
    chance = Random(text)  # noqa: S311 - varies texts, guards nothing
    styles = everyday["style"]
    doing = f"{chance.choice(everyday['subject'])} {chance.choice(everyday['doing'])}"
    yield Line(text, category, family, "bare")
    yield Line(f"{text}, {chance.choice(styles)}, {chance.choice(styles)}", category, family, "style")
    yield Line(
        f"{text}, {chance.choice(lines)}" if category == HARMLESS else f"{doing}, {text}", category, family, "two"
    )
    around = chance.sample(captions[chance.choice(list(captions))], 2)
    yield Line(f"{around[0]}, {text}, {around[1]}", category, family, "within")


def _join_captions(captions: Mapping[str, Sequence[str]]) -> Iterator[str]:
    chance = Random(3)  # noqa: S311 - varies texts, guards nothing
    for lines in captions.values():
        for _ in range(_JOINED):
            yield ", ".join(chance.sample(lines, chance.choice((2, 2, 3, 4))))


def _build_everyday(everyday: Mapping[str, Sequence[str]]) -> Iterator[str]:
    chance = Random(0)  # noqa: S311 - varies texts, guards nothing
    for _ in range(_EVERYDAY):
        text = f"{chance.choice(everyday['subject'])} {chance.choice(everyday['doing'])}"
        yield text + f", {chance.choice(everyday['style'])}" * (chance.random() < 0.4)


def _read_emoji() -> Iterator[str]:
    """Yield names of emoji in each language, but for those of which a policy speaks and the shades of skin."""
    import emoji

    chance = Random(4)  # noqa: S311 - draws texts, guards nothing
    known = [
        one
        for one in emoji.EMOJI_DATA.values()
        if "skin_tone" not in one["en"] and not any(word in one["en"].lower() for word in _NOT_HARMLESS)
    ]
    for language in sorted(emoji.LANGUAGES):
        emoji.config.load_language(language)
        names = sorted({one[language].strip(":").replace("_", " ") for one in known if language in one})
        yield from chance.sample(names, _EMOJI)


def _read_terms() -> list[tuple[str, str]]:
    found = []
    for path in sorted(TERMS_DIR.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        for graded in data.values():
            for grade, terms in graded.items() if isinstance(graded, dict) else ():
                if data.get("category", "characters") not in _NOTED and grade != "note":
                    found += [(HARMLESS if grade == "allow" else data["category"], str(term)) for term in terms]
    return found


def _read_docstrings() -> list[str]:
    found: set[str] = set()
    for name in ("numpy", "scipy"):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        for path in sorted(Path(spec.origin).parent.rglob("*.py")):
            if "tests" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and (text := ast.get_docstring(node)):
                    first = text.partition("\n\n")[0].replace("\n", " ")
                    found |= {first} if 25 < len(first) < 120 else set()
    return Random(1).sample(sorted(found), _DOCSTRINGS)  # noqa: S311 - draws texts, guards nothing
