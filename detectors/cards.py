"""A detector's card: what it answers, with which weights and thresholds, under which licence, and how well.

Cards are `cards/<name>.toml` beside the detectors. The digest of a card is the version in every Signal, so a change of
weights or calibration is a change of version.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError
from provenance.media.view import PICTURE

CARDS_DIR: Final = Path(__file__).parent / "cards"


@dataclass(frozen=True, slots=True)
class Card:
    """What is known about one detector.

    Attributes:
        name: plugin name.
        question: what it answers, as a question.
        categories: the score names that its Signals may carry.
        reads: kinds of view that it looks at (`provenance.media.view`), of whatever medium shows them.
        licence: SPDX expression of code and weights.
        weights: file name to SHA-256, empty for a detector without weights.
        thresholds: named numbers that the detector itself uses (not the pack's hold and block thresholds).
        limits: what defeats it, and its measured error rates; one sentence each.
        sources: where its facts come from.
        of_all: categories that hold of an asset only where they hold of each of its views; of others the worst counts.
        screens: of what it reads, the kinds whose content it judges; one that looks for marks or copies alone has not
            seen whether a text may be released. All that it reads, unless the card says otherwise.
        every: of views that go on with the scene of the one before, one in so many is looked at, beside the first of
            each scene; 1 is all of them. For what stays where it is while a scene lasts.
        version: SHA-256 of the card file, first 16 hexadecimal digits.
    """

    name: str
    question: str
    categories: tuple[str, ...]
    licence: str
    version: str
    weights: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    reads: tuple[str, ...] = (PICTURE,)
    of_all: tuple[str, ...] = ()
    screens: tuple[str, ...] | None = None
    every: int = 1


def load_card(name: str, directory: Path = CARDS_DIR) -> Card:
    """Load the card of detector `name`.

    Raises:
        ConfigurationError: no such card, or a field is missing or of the wrong type.
    """
    path = directory / f"{name}.toml"
    try:
        data = path.read_bytes()
        fields: dict[str, Any] = tomllib.loads(data.decode())
        return Card(
            name=fields["name"],
            question=fields["question"],
            categories=tuple(fields["categories"]),
            licence=fields["licence"],
            version=sha256_hex(data)[:16],
            weights=dict(fields.get("weights", {})),
            thresholds={key: float(value) for key, value in fields.get("thresholds", {}).items()},
            limits=tuple(fields["limits"]),
            sources=tuple(fields.get("sources", ())),
            reads=_parse_reads(fields.get("reads", [PICTURE])),
            of_all=tuple(fields.get("of_all", ())),
            screens=_parse_kinds(fields["screens"]) if "screens" in fields else None,
            every=_parse_count(fields.get("every", 1)),
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as exc:
        raise ConfigurationError(f"the card {path.name} of detector {name!r} cannot be used: {exc!r}") from exc


def _parse_reads(unverified: object) -> tuple[str, ...]:
    kinds = _parse_kinds(unverified)
    if not kinds:
        raise ValueError("expected reads to name a kind of view")
    return kinds


def _parse_count(unverified: object) -> int:
    if not isinstance(unverified, int) or isinstance(unverified, bool) or unverified < 1:
        raise ValueError("expected a count of 1 or more")
    return unverified


def _parse_kinds(unverified: object) -> tuple[str, ...]:
    if not isinstance(unverified, list) or not all(isinstance(item, str) for item in unverified):
        raise ValueError("expected a list of kinds of view")
    return tuple(unverified)
