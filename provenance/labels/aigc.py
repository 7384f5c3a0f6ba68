"""The `AIGC` item of China's labelling standard: one JSON object of seven texts.

The item is written as plain JSON in the standard's key order; base64, seen in one vendor's interface, is transport.
Source: GB 45438-2025; TC260 practice guides PG-20252A (provider codes) and PG-20259A (images).
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from provenance.errors import LabelError

# TC260 PG-20252A: 00, subject type, binding, 18-character credit code, service (1 generate, 2 propagate), model or app.
_PROVIDER_CODE: Final = re.compile(r"00[0-9]{2}[0-9A-Z]{18}[0-9][0-9A-Z]{4}", re.ASCII)
_LIKE_A_CODE: Final = re.compile(r"00[0-9A-Za-z]{25}", re.ASCII)

# XML 1.0 s2.2 has no way to write these two, JSON has; every other character that XML lacks is one JSON escapes anyway.
_NOT_IN_XML: Final = re.compile("[\ufffe\uffff]")

KEYS: Final = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
"""In the standard's order."""

REQUIRED_KEYS: Final = KEYS[:3]

LABELS: Final = {"1": "is generated", "2": "possibly generated", "3": "suspected to be generated"}
"""What `Label` may be."""

MAX_ITEM_CHARS: Final = 32 * 1024
"""Longest item that is parsed; room enough for two security codes, and it fits one JPEG segment."""


def is_provider_code(text: str) -> bool:
    """Tell whether `text` has the form of a 27-character provider code."""
    return _PROVIDER_CODE.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class AigcItem:
    """Who made this content, and who passed it on.

    Attributes:
        content_producer: provider code (27 characters) or name of the service that generated the content.
        produce_id: the producer's own number for the content.
        label: "1" is, "2" possibly, "3" suspected.
        reserved_code1: the producer's security data, or "".
        content_propagator: provider code or name of the service that passes it on, or "".
        propagate_id: the propagator's own number for the content, or "".
        reserved_code2: the propagator's security data, or "".

    Raises:
        LabelError: an unknown label, an empty producer or number, a mistyped provider code, text that is not Unicode.
    """

    content_producer: str
    produce_id: str
    label: str = "1"
    reserved_code1: str = ""
    content_propagator: str = ""
    propagate_id: str = ""
    reserved_code2: str = ""

    def __post_init__(self) -> None:
        if self.label not in LABELS:
            raise LabelError(f"AIGC Label must be one of '1', '2', '3', got {self.label[:40]!r}")
        if not self.content_producer or not self.produce_id:
            raise LabelError("AIGC ContentProducer and ProduceID must not be empty")
        for key, text in self.pairs():
            if _has_lone_surrogates(text):
                raise LabelError(f"AIGC {key} is not valid Unicode text")
        for key, text in (("ContentProducer", self.content_producer), ("ContentPropagator", self.content_propagator)):
            if _LIKE_A_CODE.fullmatch(text) and not is_provider_code(text):
                raise LabelError(
                    f"AIGC {key} looks like a provider code but is none: {text} (form {_PROVIDER_CODE.pattern})"
                )

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return (key, text) in the standard's order."""
        texts = (
            self.label,
            self.content_producer,
            self.produce_id,
            self.reserved_code1,
            self.content_propagator,
            self.propagate_id,
            self.reserved_code2,
        )
        return tuple(zip(KEYS, texts, strict=True))


def build_aigc(item: AigcItem) -> str:
    """Return the item's JSON: all seven keys, no white space, every character one that XML can hold."""
    text = json.dumps(dict(item.pairs()), ensure_ascii=False, separators=(",", ":"))
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def parse_aigc(unverified_text: str) -> AigcItem:
    """Return the item that `unverified_text` holds; keys that the standard does not know are ignored.

    The object may also stand inside another under the key ``AIGC``, as some vendors write it.

    Raises:
        LabelError: not JSON, not an object of texts, a required key is missing or a key is there twice.
    """
    if len(unverified_text) > MAX_ITEM_CHARS:
        raise LabelError(f"AIGC item has {len(unverified_text)} characters, the bound is {MAX_ITEM_CHARS}")
    try:
        value = json.loads(unverified_text, object_pairs_hook=_unique)
        inner = value.get("AIGC") if isinstance(value, dict) else None
        if isinstance(inner, str):
            inner = json.loads(inner, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as exc:
        raise LabelError(f"AIGC item is not JSON: {str(exc)[:120]}") from exc
    return _item(value if inner is None else inner)


def merge_aigc(existing: AigcItem | None, ours: AigcItem | None) -> AigcItem | None:
    """Return the one item for content that may carry one already.

    The first producer stays, and we enter as the propagator: with our propagator fields where given, otherwise with our
    producer fields. An item of our own for the same content is renewed as it is.

    Source: Measures for Labelling AI-Generated Content, article 6: who passes content on adds itself, removes nothing.
    """
    if existing is None or ours is None:
        return ours or existing
    if (existing.content_producer, existing.produce_id) == (ours.content_producer, ours.produce_id):
        return ours
    return replace(
        existing,
        content_propagator=ours.content_propagator or ours.content_producer,
        propagate_id=ours.propagate_id or ours.produce_id,
        reserved_code2=ours.reserved_code2,
    )


def _item(value: object) -> AigcItem:
    if not isinstance(value, dict):
        raise LabelError(f"AIGC item must be a JSON object, got {type(value).__name__}")
    missing = [key for key in REQUIRED_KEYS if key not in value]
    if missing:
        raise LabelError(f"AIGC item lacks {', '.join(missing)}")
    texts = [value.get(key, "") for key in KEYS]
    for key, text in zip(KEYS, texts, strict=True):
        if not isinstance(text, str):
            raise LabelError(f"AIGC {key} must be a text, got {type(text).__name__}")
    label, producer, *rest = texts
    return AigcItem(producer, rest[0], label, *rest[1:])


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {key[:40]!r} occurs twice")
        found[key] = value
    return found


def _has_lone_surrogates(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)
