"""What each layer of an inquiry answers, in words that a person can read and facts that a program can."""

from typing import Any, Final

from provenance.asset import AssetId
from provenance.comparison import Comparison
from provenance.labels.implicit import FoundLabels
from provenance.manifests.report import Integrity, ManifestReport, Trust
from provenance.sealed import payload_bytes
from provenance.verification import Layer, LayerStatus
from provenance.watermarks.base import Reading
from provenance.works.record import ReleaseMatch

MAX_CANDIDATES: Final = 10
"""Most look-alikes that a layer lists."""


def describe_integrity(report: ManifestReport | None, recovered: ManifestReport | None) -> Layer:
    """Say whether the manifest is as it was signed, and whether one was recovered for a file that has none."""
    name, technique = "manifest_integrity", "c2pa 2.4"
    if report is None:
        if recovered is None:
            return Layer(name, technique, LayerStatus.ABSENT, "the file carries no manifest")
        detail = {"recovered_manifest_id": recovered.manifest_id, "signature_intact": recovered.is_signature_intact}
        return Layer(name, technique, LayerStatus.ABSENT, "stripped from the file; recovered from our store", detail)
    if report.integrity is Integrity.NOT_CHECKED:
        return Layer(name, technique, LayerStatus.NOT_CHECKED, report.note)
    detail = {"manifest_id": report.manifest_id, "failure_codes": list(report.failure_codes)}
    if report.integrity is Integrity.OK:
        text = f"signature and hashes hold; made by {report.claim_generator or 'an unnamed generator'}"
        return Layer(name, technique, LayerStatus.FOUND, text, detail)
    return Layer(name, technique, LayerStatus.FAILED, ", ".join(report.failure_codes) or report.note, detail)


def describe_trust(report: ManifestReport | None, *, is_recovered: bool) -> Layer:
    """Say whether the signer is known, apart from whether the signature holds."""
    name, technique = "manifest_trust", "x.509 trust list"
    if report is None or report.trust is Trust.NOT_CHECKED:
        return Layer(name, technique, LayerStatus.NOT_CHECKED, "there is no signer to judge")
    detail = {
        "trust": report.trust.value,
        "signer": report.signer,
        "issuer": report.issuer,
        "signed_at": report.signed_at,
        "recovered": is_recovered,
    }
    known = report.trust in {Trust.TRUSTED, Trust.DEVELOPMENT}
    text = f"{report.trust.value}: {report.signer or 'unnamed signer'}"
    return Layer(name, technique, LayerStatus.FOUND if known else LayerStatus.FAILED, text, detail)


def describe_mark(reading: Reading, asset_id: AssetId | None, compared: Comparison) -> Layer:
    """Say what was read, by which chance it is nothing, which release it leads to, and whether the picture is that one.

    A mark alone is no proof, since it can be copied; so one that leads to another picture has failed.
    """
    name = "watermark"
    detail: dict[str, Any] = {
        "payload": payload_bytes(reading.payload).hex(),
        "key_id": reading.key_id,
        "false_positive_bound": reading.false_positive_bound,
        "corrected_bits": reading.corrected_bits,
        "score": reading.score,
    }
    if asset_id is None:
        text = "a mark under our key, but no release here has its id"
        return Layer(name, reading.alg, LayerStatus.FOUND, f"{text}; {_chance(reading)}", detail)
    detail |= {
        "asset_id": asset_id,
        "fingerprint_distance_bits": compared.distance_bits,
        "shared_details": compared.shared_details,
    }
    text, status = f"leads to release {asset_id}", LayerStatus.FOUND
    if compared.agrees is False:
        text = f"{text}, whose picture differs from this one by {compared.distance_bits} bits"
        status = LayerStatus.FAILED
    elif compared.agrees and compared.shared_details is not None:
        text = f"{text}, {compared.shared_details} details shared with its picture"
    elif compared.distance_bits is not None:
        text = f"{text}, fingerprint {compared.distance_bits} bits away"
    return Layer(name, reading.alg, status, f"{text}; {_chance(reading)}", detail)


def _chance(reading: Reading) -> str:
    """Return how likely it is to read such a mark where none was laid."""
    score = "" if reading.score is None else f"score {reading.score:.0f}, "
    return f"{score}chance in an unmarked picture at most {reading.false_positive_bound:.0e}"


def describe_likeness(technique: str, matches: tuple[ReleaseMatch, ...] | None, chosen: ReleaseMatch | None) -> Layer:
    """Say which release the picture looks like; `matches` is None for a picture without a fingerprint."""
    name = "fingerprint"
    if matches is None:
        return Layer(name, technique, LayerStatus.NOT_CHECKED, "too little structure for a fingerprint")
    if chosen is None:
        return Layer(name, technique, LayerStatus.ABSENT, "looks like no release of ours")
    detail = {
        "candidates": [
            {"asset_id": match.asset_id, "distance_bits": match.distance_bits, "variant": match.variant}
            for match in matches[:MAX_CANDIDATES]
        ]
    }
    text = f"looks like release {chosen.asset_id}, {chosen.distance_bits} bits away"
    if len(matches) > 1:
        text = f"{text}, and like {len(matches) - 1} more"
    return Layer(name, chosen.alg, LayerStatus.FOUND, text, detail)


def describe_labels(labels: FoundLabels) -> Layer:
    """Say what the metadata claims; it proves nothing."""
    name, technique = "implicit_label", "gb45438 aigc, iptc 2025.1"
    source_type, items = labels.digital_source_type, len(labels.aigc)
    detail = {"digital_source_type": source_type, "aigc_items": items, "problems": list(labels.problems)}
    if labels.problems:
        return Layer(name, technique, LayerStatus.FAILED, labels.problems[0], detail)
    if labels.says_ai or source_type:
        text = f"says {source_type}" if source_type else "says that AI took part"
        return Layer(name, technique, LayerStatus.FOUND, text, detail)
    return Layer(name, technique, LayerStatus.ABSENT, "no label in the metadata", detail)
