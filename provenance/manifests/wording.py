"""What a manifest says of the making, in words: source types, actions, who signed and when. Pure.

A manifest's word is its signer's word. These sentences repeat it; they never say that it is so.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from provenance.manifests.report import (
    C2PA_PREFIX,
    IPTC_PREFIX,
    Fault,
    IngredientReport,
    ManifestReport,
    Revocation,
    Trust,
)

# IPTC digital source type NewsCodes, and those of C2PA 2.4 s18.15.4.2
SOURCE_WORDS: Final[Mapping[str, str]] = {
    "trainedAlgorithmicMedia": "made by generative AI",
    "compositeWithTrainedAlgorithmicMedia": "partly made by generative AI",
    "compositeSynthetic": "put together from parts, some of them made by AI",
    "trainedAlgorithmicData": "data made by a trained model",
    "algorithmicMedia": "drawn by a program without a trained model",
    "algorithmicallyEnhanced": "improved by a program",
    "dataDrivenMedia": "drawn from data",
    "digitalCapture": "taken with a digital camera",
    "computationalCapture": "taken with a camera that computes one picture from several",
    "compositeCapture": "put together from camera pictures",
    "composite": "put together from parts",
    "negativeFilm": "scanned from a negative",
    "positiveFilm": "scanned from a slide",
    "print": "scanned from a print",
    "humanEdits": "edited by a person",
    "minorHumanEdits": "edited a little by a person",
    "digitalCreation": "made by a person with digital tools",
    "digitalArt": "made by a person with digital tools",
    "softwareImage": "drawn by software",
    "screenCapture": "a picture of a screen",
    "virtualRecording": "a recording of a virtual event",
    "empty": "begun as an empty canvas",
}

# C2PA 2.4 s18.15.2, where the name alone would not say it
ACTION_WORDS: Final[Mapping[str, str]] = {
    "c2pa.addedText": "text added",
    "c2pa.adjustedColor": "colours adjusted",
    "c2pa.color_adjustments": "colours adjusted",
    "c2pa.created": "created",
    "c2pa.cropped": "cropped",
    "c2pa.drawing": "drawn on",
    "c2pa.edited": "edited",
    "c2pa.edited.metadata": "metadata edited",
    "c2pa.filtered": "filters applied",
    "c2pa.opened": "opened from another file",
    "c2pa.orientation": "turned",
    "c2pa.placed": "another picture placed in it",
    "c2pa.redacted": "parts of its history taken out",
    "c2pa.resized.proportional": "resized",
    "c2pa.transcoded": "saved in another form",
    "c2pa.unknown": "something was done that is not named",
    "c2pa.watermarked": "hidden mark added",
    "c2pa.watermarked.bound": "hidden mark added",
    "c2pa.watermarked.unbound": "hidden mark added",
}

FAULT_WORDS: Final[Mapping[Fault, str]] = {
    Fault.TAMPERED: "changed after signing",
    Fault.BROKEN: "incomplete, or contradicts itself",
    Fault.MALFORMED: "not written as the standard asks for",
    Fault.UNSUPPORTED: "uses a method or a version that cannot be checked here",
}

TRUST_WORDS: Final[Mapping[Trust, str]] = {
    Trust.TRUSTED: "whose certificate we trust",
    Trust.DEVELOPMENT: "with this machine's own test certificate",
    Trust.UNTRUSTED: "whom we do not know",
    Trust.EXPIRED: "whose certificate is not valid now, and no trusted clock says that it was then",
    Trust.INVALID: "whose certificate may not sign such manifests",
    Trust.REVOKED: "whose certificate was revoked",
}

REVOCATION_WORDS: Final[Mapping[Revocation, str]] = {
    Revocation.NOT_REVOKED: "not revoked, says the answer that came with it",
    Revocation.REVOKED: "revoked, says the answer that came with it",
    Revocation.UNKNOWN: "unknown, says the answer that came with it",
    Revocation.NOT_JUDGED: "not judged: an answer came with it that could not be read or trusted",
    Revocation.NOT_CHECKED: "not checked: no answer came with it, and nobody was asked",
}

_HUMPS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|[._]")


def describe_source_type(uri: str) -> str:
    """Return a digital source type in words, or as it is where it is none that is known."""
    for prefix in (IPTC_PREFIX, C2PA_PREFIX):
        name = uri.removeprefix(prefix)
        if name != uri and name in SOURCE_WORDS:
            return SOURCE_WORDS[name]
    return uri


def describe_action(name: str) -> str:
    """Return an action in words; one that is not C2PA's own keeps its name."""
    if name in ACTION_WORDS:
        return ACTION_WORDS[name]
    own = name.removeprefix("c2pa.")
    return name if own == name else _HUMPS.sub(" ", own).lower()


def describe_time(report: ManifestReport) -> str:
    """Return when a manifest was signed and who says so."""
    if report.timestamp is None:
        return "at a time that no time-stamp tells"
    trust = "whose clock we trust" if report.timestamp.is_trusted else "whose clock we do not know"
    return (
        f"on {_spell_time(report.timestamp.time)}, says {report.timestamp.authority or 'an unnamed authority'}, {trust}"
    )


def _spell_time(time: str) -> str:
    try:
        return f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError):
        return time


def describe_making(report: ManifestReport) -> str:
    """Return what the manifest says of the making, in one line; "" where it says nothing."""
    types = dict.fromkeys(map(describe_source_type, (*report.digital_source_types, *report.edit_source_types)))
    parts = [*types]
    if report.is_ai and not any("AI" in words or "model" in words for words in types):
        parts.append("AI took part")
    if report.claim_generator:
        parts.append(f"with {report.claim_generator}")
    actions = dict.fromkeys(map(describe_action, report.actions))
    if actions:
        parts.append(f"steps: {', '.join(actions)}")
    return "; ".join(parts)


def build_statement(report: ManifestReport) -> dict[str, Any]:
    """Return what the manifest says of the making, for a program."""
    types = (*report.digital_source_types, *report.edit_source_types)
    return {
        "text": describe_making(report),
        "is_ai": report.is_ai,
        "claims_human_capture": report.claims_human_capture,
        "digital_source_types": [{"uri": uri, "text": describe_source_type(uri)} for uri in types],
        "actions": list(report.actions),
        "claim_generator": report.claim_generator,
    }


def build_branches(items: tuple[IngredientReport, ...]) -> list[dict[str, Any]]:
    """Return ingredients as a tree, for a program: each has its own under ``ingredients``."""
    roots: list[dict[str, Any]] = []
    path = [roots]
    for item in items:
        own: list[dict[str, Any]] = []
        path[item.depth :] = [own]
        path[item.depth - 1].append(
            {
                "title": item.title,
                "relationship": item.relationship,
                "state": item.state.value,
                "id": item.id,
                "media_type": item.media_type,
                "digital_source_type": item.digital_source_type,
                "failure_codes": list(item.failure_codes),
                "trust_codes": list(item.trust_codes),
                "ingredients": own,
            }
        )
    return roots
