"""What an emoji is called: CLDR's names and keywords in English and Chinese, and older sets' names for the same thing.

Sources: npm cldr-annotations-full and cldr-annotations-derived-full (Unicode-3.0), emojibase-data (MIT).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_SHORTCODES: Final = ("cldr", "emojibase", "joypixels", "iamcal", "github", "emojibase-legacy")
_JOINERS: Final = re.compile(r"-?(?:fe0f)")
_TAIL: Final = re.compile(r"(?:[- ]\d+)+$")


@dataclass(slots=True)
class Naming:
    """Every word for one concept; the first English name is CLDR's."""

    names: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    chinese: list[str] = field(default_factory=list)


def squeeze(text: str) -> str:
    """Return the letters and digits of `text` alone, which is what older sets agree on."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def spaced(slug: str) -> str:
    """Return a file's or an icon's name as words, without the number of the variant."""
    return _TAIL.sub("", re.sub(r"[-_]+", " ", slug.lower()).strip())


def bare(hexcode: str) -> str:
    """Return a code point sequence without variation selectors, in lower case."""
    return _JOINERS.sub("", hexcode.lower())


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Namings by code points, and code points by squeezed name."""

    namings: dict[str, Naming]
    codes: dict[str, str]

    def find(self, slug: str) -> str | None:
        """Return the code points of what `slug` names, if it is an emoji."""
        for form in (slug, _TAIL.sub("", slug), slug.replace("flag-for-flag-", "flag-")):
            code = self.codes.get(squeeze(form))
            if code:
                return code
        return None


def load_dictionary(node_modules: Path) -> Dictionary:
    """Read CLDR and emojibase."""
    namings: dict[str, Naming] = {}
    codes: dict[str, str] = {}
    for entry in _entries(node_modules, "en"):
        code = bare(entry["hexcode"])
        naming = namings.setdefault(code, Naming())
        naming.names.append(entry["label"].lower())
        naming.keywords.extend(tag.lower() for tag in entry.get("tags", ()))
        codes.setdefault(squeeze(entry["label"]), code)
    for entry in _entries(node_modules, "zh"):
        if naming_zh := namings.get(bare(entry["hexcode"])):
            naming_zh.chinese.append(entry["label"])
            naming_zh.chinese.extend(entry.get("tags", ()))
    for name in _SHORTCODES:
        listed = _read(node_modules / "emojibase-data" / "en" / "shortcodes" / f"{name}.json")
        for hexcode, found in listed.items():
            for word in [found] if isinstance(found, str) else found:
                code = bare(hexcode)
                codes.setdefault(squeeze(word), code)
                if code in namings and len(word) > 3 and name in {"cldr", "joypixels", "github"}:
                    namings[code].names.append(spaced(word))
    _add_cldr(node_modules, namings)
    for naming in namings.values():
        naming.names[:] = list(dict.fromkeys(naming.names))
        naming.keywords[:] = list(dict.fromkeys(naming.keywords))
        naming.chinese[:] = list(dict.fromkeys(naming.chinese))
    return Dictionary(namings, codes)


def _add_cldr(node_modules: Path, namings: dict[str, Naming]) -> None:
    by_text = {"-".join(f"{ord(char):x}" for char in text): text for text in _cldr(node_modules, "en")}
    english, chinese = _cldr(node_modules, "en"), _cldr(node_modules, "zh")
    for code, text in by_text.items():
        naming = namings.get(bare(code))
        if naming is None:
            continue
        naming.names[:0] = [name.lower() for name in english[text].get("tts", ())]
        naming.keywords.extend(word.lower() for word in english[text].get("default", ()))
        naming.chinese[:0] = chinese.get(text, {}).get("tts", [])


def _cldr(node_modules: Path, language: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for package, folder in (
        ("cldr-annotations-full", "annotations"),
        ("cldr-annotations-derived-full", "annotationsDerived"),
    ):
        read = _read(node_modules / package / folder / language / "annotations.json")
        found |= read[folder]["annotations"]
    return found


def _entries(node_modules: Path, language: str) -> Iterator[dict[str, Any]]:
    for entry in _read(node_modules / "emojibase-data" / language / "data.json"):
        yield entry
        yield from entry.get("skins", ())


def _read(path: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(path.read_text(encoding="utf-8"))
