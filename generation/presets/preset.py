"""A preset turns one sentence of a person who is no engineer into a request: which words go around it, and what size.

Each is a YAML file beside this module, or in a folder of one's own; a new one needs no code. What a preset makes walks
the gate like anything else, under the packs that decide here and those that the preset asks for besides.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from generation.base import TextToImage
from provenance.errors import ConfigurationError, GenerationError
from provenance.text import show

FOLDER: Final = Path(__file__).parent
LANGUAGES: Final = ("en", "zh")
GROUPS: Final = ("students", "teachers", "public_servants", "designers", "marketing", "everybody")
"""Whom presets are for; `everybody` has no bundle of its own."""
SLOT: Final = "{words}"
MOST_WORDS: Final = 400
"""Signs of a sentence; more is no sentence."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,39}")
_FIELDS: Final = frozenset(
    ("groups", "title", "about", "asks", "example", "prompt", "size", "packs", "photo", "makes", "seconds")
)
MAKES: Final = {"picture": 0.0, "clip": 5.0, "music": 20.0}
"""What a preset can make, and how long that is where it does not say."""
_LENGTHS: Final = (1, 180)
_SIDES: Final = (64, 4096)


class PresetError(GenerationError):
    """What is asked of a preset does not fit: it says nothing, or is no sentence."""

    code = "preset"


class UnknownPresetError(PresetError):
    """There is no preset of that name."""

    code = "preset.unknown"


@dataclass(frozen=True, slots=True)
class Preset:
    """One thing that people ask for.

    Attributes:
        name: of its file.
        groups: out of `GROUPS`.
        title, about, asks, example: by language: what it is called, what it makes, what is asked, and an answer.
        prompt: what the sentence is put into, at `SLOT`.
        size: (width, height) in pixels.
        packs: that decide besides those of the site.
        style: of `generation.painting.styles`, in which a photograph is laid anew; "" for presets that draw.
        purpose: what the picture of somebody is for, as their consent names it; "" for presets that draw.
        makes: out of `MAKES`.
        seconds: how long a clip or music is; 0 for pictures.
    """

    name: str
    groups: tuple[str, ...]
    title: Mapping[str, str]
    about: Mapping[str, str]
    asks: Mapping[str, str]
    example: Mapping[str, str]
    prompt: str
    size: tuple[int, int] = (512, 512)
    packs: tuple[str, ...] = ()
    style: str = ""
    purpose: str = ""
    makes: str = "picture"
    seconds: float = 0.0

    @property
    def needs_photo(self) -> bool:
        """Whether it begins with a photograph of somebody, who has to agree."""
        return bool(self.style)

    def build_prompt(self, words: str) -> str:
        """Return the prompt of a sentence.

        Raises:
            PresetError: it says nothing, or is no sentence.
        """
        said = " ".join(words.split())
        if not any(char.isprintable() and not char.isspace() for char in said) or len(said) > MOST_WORDS:
            raise PresetError(f"expected a sentence of 1 to {MOST_WORDS} signs: {self.asks['en']}")
        return self.prompt.replace(SLOT, said)

    def build_request(self, words: str, *, seed: int = 0) -> TextToImage:
        """Return what a backend is asked for a sentence."""
        return TextToImage(self.build_prompt(words), width=self.size[0], height=self.size[1], seed=seed)


def load_presets(folder: Path = FOLDER) -> Mapping[str, Preset]:
    """Return the presets of a folder by name, in the order of their names.

    Raises:
        ConfigurationError: a file is none; the message names file and field.
    """
    return _load(folder)


@cache
def _load(folder: Path) -> Mapping[str, Preset]:
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigurationError(f"no presets (*.yaml) in {folder.name}")
    return {path.stem: parse_preset(path.stem, path.read_text(encoding="utf-8")) for path in paths}


def find_preset(name: str, presets: Mapping[str, Preset] | None = None) -> Preset:
    """Return a preset.

    Raises:
        UnknownPresetError: there is none of that name; the message names those that there are.
    """
    known = load_presets() if presets is None else presets
    if name not in known:
        raise UnknownPresetError(f"no preset is named {show(name)[:40]}: {', '.join(known)}")
    return known[name]


def of_group(group: str, presets: Iterable[Preset] | None = None) -> tuple[Preset, ...]:
    """Return the presets for a group of people, those for everybody among them."""
    known = load_presets().values() if presets is None else presets
    return tuple(one for one in known if group in one.groups or "everybody" in one.groups)


def parse_preset(name: str, text: str) -> Preset:
    """Return the preset that a file spells.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        raise ConfigurationError(f"preset {name} cannot be read as YAML") from exc
    if not _NAME.fullmatch(name) or not isinstance(data, Mapping) or not set(data) <= _FIELDS:
        raise ConfigurationError(f"preset {name}: expected the fields {', '.join(sorted(_FIELDS))} and no others")
    texts = {field: _parse_texts(name, field, data.get(field)) for field in ("title", "about", "asks", "example")}
    groups = _parse_names(name, "groups", data.get("groups"))
    if not groups or not set(groups) <= set(GROUPS):
        raise ConfigurationError(f"preset {name}: groups have to be out of {', '.join(GROUPS)}")
    prompt = data.get("prompt")
    if not isinstance(prompt, str) or prompt.count(SLOT) != 1:
        raise ConfigurationError(f"preset {name}: prompt has to hold {SLOT} once")
    packs = _parse_names(name, "packs", data.get("packs", []))
    style, purpose = _parse_photo(name, data.get("photo"))
    size = _parse_size(name, data.get("size"))
    makes, seconds = _parse_makes(name, data.get("makes", "picture"), data.get("seconds"))
    if style and makes != "picture":
        raise ConfigurationError(f"preset {name}: a photograph in a style is a picture, and makes no {makes}")
    return Preset(
        name, groups, **texts, prompt=prompt.strip(), size=size, packs=packs, style=style, purpose=purpose,
        makes=makes, seconds=seconds,
    )  # fmt: skip


def _parse_makes(name: str, makes: Any, seconds: Any) -> tuple[str, float]:  # noqa: ANN401 - YAML
    if not isinstance(makes, str) or makes not in MAKES:
        raise ConfigurationError(f"preset {name}: makes has to be one of {', '.join(MAKES)}")
    if seconds is None:
        return makes, MAKES[makes]
    low, high = _LENGTHS
    if makes == "picture" or type(seconds) not in {int, float} or not low <= seconds <= high:
        raise ConfigurationError(f"preset {name}: seconds has to be a number of {low} to {high}, of a clip or music")
    return makes, float(seconds)


def _parse_photo(name: str, value: Any) -> tuple[str, str]:  # noqa: ANN401 - YAML
    if value is None:
        return "", ""
    from generation.painting.styles import STYLES

    if not isinstance(value, Mapping) or set(value) != {"style", "purpose"} or value["style"] not in STYLES:
        raise ConfigurationError(f"preset {name}: photo has to be a style out of {', '.join(STYLES)}, and a purpose")
    if not isinstance(value["purpose"], str) or not _NAME.fullmatch(value["purpose"]):
        raise ConfigurationError(f"preset {name}: purpose has to be a word such as avatar, as consents name it")
    return value["style"], value["purpose"]


def _parse_texts(name: str, field: str, value: Any) -> Mapping[str, str]:  # noqa: ANN401 - YAML
    if not isinstance(value, Mapping) or not all(isinstance(value.get(one), str) for one in LANGUAGES):
        raise ConfigurationError(f"preset {name}: {field} has to be a text for each of {', '.join(LANGUAGES)}")
    return {one: value[one].strip() for one in LANGUAGES}


def _parse_names(name: str, field: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - YAML
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigurationError(f"preset {name}: {field} has to be a list of names")
    return tuple(value)


def _parse_size(name: str, value: Any) -> tuple[int, int]:  # noqa: ANN401 - YAML
    sides = [512, 512] if value is None else value
    low, high = _SIDES
    if not isinstance(sides, list) or len(sides) != 2 or not all(type(s) is int and low <= s <= high for s in sides):
        raise ConfigurationError(f"preset {name}: size has to be [width, height], each {low} to {high}")
    return sides[0], sides[1]
