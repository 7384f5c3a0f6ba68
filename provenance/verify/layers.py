"""What each layer of an inquiry answers, in words that a person can read and facts that a program can."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from provenance.asset import AssetId
from provenance.labels.implicit import FoundLabels
from provenance.manifests.faults import IDENTITY_LIMITS, is_about_trust
from provenance.manifests.report import Failure, Fault, IdentityReport, Integrity, ManifestReport, Trust
from provenance.manifests.wording import (
    FAULT_WORDS,
    SOURCE_WORDS,
    TRUST_WORDS,
    build_branches,
    build_statement,
    describe_time,
)
from provenance.media.medium import Comparison
from provenance.seal.sealed import payload_bytes
from provenance.verify.state import Layer, LayerStatus
from provenance.watermarks.base import TICKET_BITS, Reading
from provenance.works.record import ReleaseMatch

MAX_CANDIDATES: Final = 10
"""Most look-alikes that a layer lists."""

LABEL_TECHNIQUE: Final = "gb45438 aigc, iptc 2025.1"

_FLAT: Final = "not checked: there is too little in it to compare"


def describe_integrity(report: ManifestReport | None, recovered: ManifestReport | None) -> Layer:
    """Say whether the manifest is as it was signed, and whether one was recovered for a file that has none.

    What is known of the signer is not said here: a signature can hold whoever made it.
    """
    name, technique = "manifest_integrity", "c2pa 2.4"
    if report is None:
        if recovered is None:
            return Layer(name, technique, LayerStatus.ABSENT, "the file carries no manifest", plain="none in the file")
        detail = {"recovered_manifest_id": recovered.manifest_id, "signature_intact": recovered.is_signature_intact}
        text, plain = "stripped from the file; recovered from our store", "gone from the file; our own copy was found"
        return Layer(name, technique, LayerStatus.ABSENT, text, detail, plain)
    if report.integrity is Integrity.NOT_CHECKED:
        plain = f"named elsewhere, at {report.remote_host}, and not fetched" if report.remote_host else report.note
        detail = {"remote_host": report.remote_host} if report.remote_host else {}
        return Layer(name, technique, LayerStatus.NOT_CHECKED, report.note, detail, plain)
    detail = _detail_integrity(report)
    if report.integrity is Integrity.OK:
        return _describe_intact(report, Layer(name, technique, LayerStatus.FOUND, "", detail))
    named = [one.code if not one.reason else f"{one.code} ({one.reason})" for one in report.failures]
    text = ", ".join(named or _content_codes(report)) or report.note
    plain = f"{FAULT_WORDS[report.fault or Fault.TAMPERED]}: {text}"
    return Layer(name, technique, LayerStatus.FAILED, text, detail, plain)


def _content_codes(report: ManifestReport) -> list[str]:
    codes = [one.code for one in report.failures] or report.failure_codes
    return list(dict.fromkeys(code for code in codes if not is_about_trust(Failure(code))))


def _detail_integrity(report: ManifestReport) -> dict[str, Any]:
    return {
        "manifest_id": report.manifest_id,
        "is_embedded": report.is_embedded,
        "failure_codes": _content_codes(report),
        "fault": report.fault.value if report.fault else None,
        "failures": [{"code": one.code, "reason": one.reason} for one in report.failures],
        "has_broken_ingredient": report.has_broken_ingredient or bool(report.ingredient_signer_codes),
        "ingredients": build_branches(report.ingredients),
    }


def _describe_intact(report: ManifestReport, layer: Layer) -> Layer:
    text = f"signature and hashes hold; made by {report.claim_generator or 'an unnamed generator'}"
    plain = "nothing was changed since it was signed"
    codes = report.ingredient_codes or report.ingredient_signer_codes
    if codes:
        text = f"{text}; an ingredient's manifest does not hold: {', '.join(codes)}"
        plain = f"{plain}; but of what it was made from, a manifest does not hold"
    if not report.is_embedded:
        plain = f"kept beside the file or elsewhere; {plain}"
    return replace(layer, text=text, plain=plain)


def describe_trust(report: ManifestReport | None, *, is_recovered: bool) -> Layer:
    """Say whether the signer is known, apart from whether the signature holds, and what the signer says."""
    name, technique = "manifest_trust", "x.509 trust list"
    if report is None or report.trust is Trust.NOT_CHECKED:
        return Layer(name, technique, LayerStatus.NOT_CHECKED, "there is no signer to judge", plain="there is none")
    stamp = report.timestamp
    detail = {
        "trust": report.trust.value,
        "signer": report.signer,
        "issuer": report.issuer,
        "signed_at": report.signed_at,
        "recovered": is_recovered,
        "timestamp": stamp and {"time": stamp.time, "authority": stamp.authority, "trusted": stamp.is_trusted},
        "revocation": report.revocation.value,
        "failures": [{"code": one.code, "reason": one.reason} for one in report.trust_failures],
        "says": build_statement(report),
    }
    known = report.trust in {Trust.TRUSTED, Trust.DEVELOPMENT}
    text = f"{report.trust.value}: {report.signer or 'unnamed signer'}"
    who = report.signer or "somebody unnamed"
    if report.issuer and report.issuer != report.signer:
        who = f"{who} ({report.issuer})"
    plain = f"{who}, {TRUST_WORDS[report.trust]}, {describe_time(report)}"
    if report.integrity is Integrity.FAILED and not report.is_signature_intact:
        plain = f"names {plain}; but the signature does not hold, so it may not be theirs"
    return Layer(name, technique, LayerStatus.FOUND if known else LayerStatus.FAILED, text, detail, plain)


def describe_identity(identity: IdentityReport) -> Layer:
    """Say who, beside the signer, stands by the content according to the manifest, and what was checked of that."""
    detail = {
        "name": identity.name,
        "issuer": identity.issuer,
        "kind": identity.kind,
        "verified": identity.is_verified,
        "trusted": identity.is_trusted,
        "failure_codes": list(identity.codes),
    }
    name, technique = "manifest_identity", identity.kind or "cawg.identity"
    who = identity.name or "somebody unnamed"
    who = f"{who} ({identity.issuer})" if identity.issuer and identity.issuer != identity.name else who
    if not IDENTITY_LIMITS.issuperset(identity.codes):
        text = f"{who}: {', '.join(identity.codes)}"
        return Layer(name, technique, LayerStatus.FAILED, text, detail, f"{who}, but what it says does not hold")
    if not identity.is_verified:
        text = f"{who}: not verified" + "".join(f", {code}" for code in identity.codes)
        return Layer(name, technique, LayerStatus.NOT_CHECKED, text, detail, f"{who}; not verified")
    if identity.is_trusted:
        return Layer(name, technique, LayerStatus.FOUND, f"trusted: {who}", detail, f"{who}, whose issuer we trust")
    text = f"untrusted: {who}"
    return Layer(name, technique, LayerStatus.FAILED, text, detail, f"{who}, whose issuer we do not know")


def describe_mark(
    reading: Reading,
    asset_id: AssetId | None,
    compared: Comparison,
    others: Sequence[tuple[Reading, AssetId | None]] = (),
) -> Layer:
    """Say what was read, by which chance it is nothing, which release it leads to, and whether the picture is that one.

    A mark alone is no proof, since it can be copied; so one that leads to another picture has failed. `others` are
    further marks in the same picture and where they lead: they are told, and nothing rests on them.
    """
    name = "watermark"
    detail: dict[str, Any] = {
        "payload": payload_bytes(reading.payload).hex(),
        "key_id": reading.key_id,
        "false_positive_bound": reading.false_positive_bound,
        "corrected_bits": reading.corrected_bits,
        "score": reading.score,
        **({"is_ticket": True} if reading.is_ticket else {}),
        **({"carriers": list(reading.carriers)} if reading.carriers else {}),
        **({"box": list(reading.box)} if reading.box else {}),
        **({"others": [_describe_other(*other) for other in others]} if others else {}),
    }
    ending = f"{_chance(reading)}{_places(reading, others)}"
    if asset_id is None:
        text = "a mark under our key, but no release here has its id"
        plain = "one of ours, but no record of it is here"
        return Layer(name, reading.alg, LayerStatus.FOUND, f"{text}; {ending}", detail, plain)
    detail |= {
        "asset_id": asset_id,
        "fingerprint_distance_bits": compared.distance_bits,
        "shared_details": compared.shared_details,
    }
    text, status = f"leads to release {asset_id}", LayerStatus.FOUND
    plain = f"leads to our release {asset_id}"
    if compared.agrees is False:
        plain = f"{plain}, which is another picture"
        text = f"{text}, whose picture differs from this one by {compared.distance_bits} bits"
        status = LayerStatus.FAILED
    elif compared.agrees and compared.shared_details is not None:
        text = f"{text}, {compared.shared_details} details shared with its picture"
    elif compared.distance_bits is not None:
        text = f"{text}, fingerprint {compared.distance_bits} bits away"
    return Layer(name, reading.alg, status, f"{text}; {ending}", detail, plain)


def _describe_other(reading: Reading, asset_id: AssetId | None) -> dict[str, Any]:
    """Return the facts of a further mark in the same picture."""
    return {
        "alg": reading.alg,
        "payload": payload_bytes(reading.payload).hex(),
        "key_id": reading.key_id,
        "score": reading.score,
        "box": None if reading.box is None else list(reading.box),
        "asset_id": asset_id,
    }


def _places(reading: Reading, others: Sequence[tuple[Reading, AssetId | None]]) -> str:
    """Return where a mark lies that does not lie everywhere, and where others lie and lead; "" where there is one."""
    told = "" if reading.box is None else f"; it lies at {_spell_box(reading.box)}"
    for other, asset_id in others:
        where = "all over" if other.box is None else f"at {_spell_box(other.box)}"
        told += f"; another mark {where} leads to {f'release {asset_id}' if asset_id else 'no release here'}"
    return told


def _spell_box(box: tuple[int, int, int, int]) -> str:
    left, top, right, bottom = box
    return f"{left},{top} to {right},{bottom}"


def _chance(reading: Reading) -> str:
    """Return how likely it is to read such a mark where none was laid."""
    score = "" if reading.score is None else f"score {reading.score:.0f}, "
    carriers = f"read from {' and '.join(reading.carriers)}, " if reading.carriers else ""
    ticket = f"a ticket of {TICKET_BITS} bits, as small pictures carry, " if reading.is_ticket else ""
    return f"{carriers}{ticket}{score}chance in an unmarked picture at most {reading.false_positive_bound:.0e}"


def describe_likeness(technique: str, matches: tuple[ReleaseMatch, ...] | None, chosen: ReleaseMatch | None) -> Layer:
    """Say which release the picture looks like; `matches` is None for a picture without a fingerprint."""
    name = "fingerprint"
    if matches is None:
        return Layer(name, technique, LayerStatus.NOT_CHECKED, "too little structure for a fingerprint", plain=_FLAT)
    if chosen is None:
        return Layer(
            name, technique, LayerStatus.ABSENT, "looks like no release of ours", plain="like nothing released here"
        )
    detail = {
        "candidates": [
            {
                "asset_id": match.asset_id,
                "alg": match.alg,
                "distance_bits": match.distance_bits,
                "variant": match.variant,
            }
            for match in matches[:MAX_CANDIDATES]
        ]
    }
    text = f"looks like release {chosen.asset_id}, {chosen.distance_bits} bits away"
    plain = f"like our release {chosen.asset_id}"
    others = len({match.asset_id for match in matches} - {chosen.asset_id})
    if others:
        text, plain = f"{text}, and like {others} more", f"{plain} and {others} more"
    return Layer(name, chosen.alg, LayerStatus.FOUND, text, detail, plain)


def describe_labels(labels: FoundLabels) -> Layer:
    """Say what the metadata claims; it proves nothing."""
    name, technique = "implicit_label", LABEL_TECHNIQUE
    source_type, items = labels.digital_source_type, len(labels.aigc)
    detail = {"digital_source_type": source_type, "aigc_items": items, "problems": list(labels.problems)}
    detail |= {"others": dict(labels.others)} if labels.others else {}
    detail |= {"vendors": [asdict(one) for one in labels.vendors]} if labels.vendors else {}
    if labels.problems:
        return Layer(name, technique, LayerStatus.FAILED, labels.problems[0], detail, f"faulty: {labels.problems[0]}")
    if labels.says_ai or source_type:
        others = "; ".join(f"{name} says {said}" for name, said in labels.others.items())
        makers = ", ".join(dict.fromkeys(one.vendor for one in labels.vendors))
        named = f"says that it was made with {makers}" if makers else "says that AI took part"
        text = f"says {source_type}" if source_type else others or named
        words = SOURCE_WORDS.get(source_type, source_type)
        plain = f"says: {words}" if words else named
        return Layer(name, technique, LayerStatus.FOUND, text, detail, f"{plain} (unsigned: anyone can write that)")
    return Layer(name, technique, LayerStatus.ABSENT, "no label in the metadata", detail, "none in the file")


def describe_unseen(name: str, technique: str) -> Layer:
    """Say of a layer that looks at pixels or samples that nobody could."""
    return Layer(
        name, technique, LayerStatus.NOT_CHECKED, "what the file shows or says was not looked at", plain="not looked at"
    )


def describe_nowhere(technique: str) -> Layer:
    """Say of the ledger that there was nothing to ask it."""
    text = "nothing led to a release here"
    return Layer("ledger", technique, LayerStatus.NOT_CHECKED, text, plain="nothing to look up")


def describe_manifest(report: ManifestReport | None, recovered: ManifestReport | None) -> tuple[Layer, ...]:
    """Say what the manifest is worth, who signed it, and who else stands by it."""
    shown = recovered or report
    identities = () if shown is None else shown.identities
    trust = describe_trust(shown, is_recovered=recovered is not None)
    return (describe_integrity(report, recovered), trust, *map(describe_identity, identities))
