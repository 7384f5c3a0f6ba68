"""Ask every layer about one file, trace it to a release, and check that the ledger proves it.

Reads only: nothing about the file asked about is kept. The watermark is the slow layer, so it is read on a thread of
its own while the others answer.
"""

import base64
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from provenance.asset import AssetId, MediaType
from provenance.database import Database
from provenance.errors import BlobNotFoundError, LedgerError, VerificationError, WatermarkError
from provenance.fingerprints.base import Fingerprint, FingerprintScheme
from provenance.labels.implicit import read_labels
from provenance.ledger.log import Log
from provenance.ledger.proof import verify_proof
from provenance.manifests.report import Integrity, ManifestReport, Trust
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.verification import read_manifest
from provenance.media.image import IntakeLimits, Picture, parse_image
from provenance.seal import payload_bytes
from provenance.store import BlobStore
from provenance.tables import SEALS, SOFT_BINDINGS
from provenance.verification import SUMMARIES, Findings, Layer, LayerStatus, Verification, decide_joint_state
from provenance.watermarks.base import Reading, Watermark
from provenance.works.registry import Works

# baselines: of 530,000 pairs of different photographs the nearest were 84 bits apart; edits that keep the frame stay
# within 31. Between the two lies what was cropped a little: it neither agrees nor speaks of another picture.
DIFFERENT_PICTURE_RATIO: Final = 84 / 256


@dataclass(frozen=True, slots=True)
class _Mark:
    """A watermark reading and where it leads."""

    layer: Layer
    is_found: bool = False
    asset_id: AssetId | None = None
    agrees: bool | None = None


class Verifier:
    """Answers where a file comes from.

    Attributes:
        marks: schemes to look for, by plugin name.
        fingerprints: schemes that releases are known by; the first is compared with a watermark's record.
    """

    def __init__(
        self,
        *,
        database: Database,
        blobs: BlobStore,
        log: Log,
        works: Works,
        marks: Mapping[str, Watermark],
        fingerprints: tuple[FingerprintScheme, ...],
        trust: TrustAnchors,
        limits: IntakeLimits,
    ) -> None:
        self.marks = marks
        self.fingerprints = fingerprints
        self._database = database
        self._blobs = blobs
        self._log = log
        self._works = works
        self._trust = trust
        self._limits = limits

    def verify(self, unverified_bytes: bytes) -> Verification:
        """Ask every layer about `unverified_bytes` and say how the answers fit together.

        Raises:
            AssetError: the bytes are not a picture that can be looked at.
        """
        picture = parse_image(unverified_bytes, limits=self._limits)
        with ThreadPoolExecutor(1) as pool:
            mark_to_come = pool.submit(self._read_mark, picture)
            report = read_manifest(unverified_bytes, picture.media_type, self._trust)
            labels = read_labels(unverified_bytes, picture.media_type)
            fingerprint_layer, fingerprint_asset = self._match(picture)
            mark = mark_to_come.result()
        manifest_asset = self._find_manifest(report)
        asset_id = manifest_asset or mark.asset_id or fingerprint_asset
        ledger_layer, proved = self._prove(asset_id)
        intact = report is not None and report.integrity is Integrity.OK
        state = decide_joint_state(
            Findings(
                manifest=None if report is None or report.integrity is Integrity.NOT_CHECKED else intact,
                manifest_asset=manifest_asset if intact else None,
                claims_human=report is not None and report.claims_human_capture,
                watermark=mark.is_found,
                watermark_asset=mark.asset_id,
                watermark_fingerprint_agrees=mark.agrees,
                fingerprint_asset=fingerprint_asset,
                label=labels.says_ai,
                ledger_proved=proved,
            )
        )
        recovered = None if report is not None else self._recover(unverified_bytes, picture.media_type, asset_id)
        shown = report or recovered
        return Verification(
            state=state,
            layers=(
                _describe_integrity(report, recovered),
                _describe_trust(shown, is_recovered=report is None),
                mark.layer,
                fingerprint_layer,
                _describe_labels(labels.says_ai, labels.digital_source_type, labels.problems, len(labels.aigc)),
                ledger_layer,
            ),
            asset_id=asset_id,
            manifest_id=shown.manifest_id if shown else "",
            summary=SUMMARIES[state],
        )

    def _read_mark(self, picture: Picture) -> _Mark:
        technique = ", ".join(scheme.alg for scheme in self.marks.values()) or "none enabled"
        if not self.marks:
            return _Mark(Layer("watermark", technique, LayerStatus.NOT_CHECKED, "no watermark scheme is enabled"))
        for scheme in self.marks.values():
            try:
                reading = scheme.extract(picture.frame)
            except WatermarkError as exc:
                return _Mark(Layer("watermark", scheme.alg, LayerStatus.NOT_CHECKED, f"could not be read: {exc}"))
            if reading is not None:
                return self._trace(picture, reading)
        return _Mark(Layer("watermark", technique, LayerStatus.ABSENT, "no mark under our keys"))

    def _trace(self, picture: Picture, reading: Reading) -> _Mark:
        value = payload_bytes(reading.payload)
        with self._database.read() as connection:
            asset_id = connection.execute(
                select(SOFT_BINDINGS.c.asset_id).where(
                    SOFT_BINDINGS.c.alg == reading.alg, SOFT_BINDINGS.c.value == value
                )
            ).scalar()
        detail = {
            "payload": value.hex(),
            "key_id": reading.key_id,
            "false_positive_bound": reading.false_positive_bound,
            "corrected_bits": reading.corrected_bits,
        }
        if asset_id is None:
            text = "a mark under our key, but no release here has its id"
            return _Mark(Layer("watermark", reading.alg, LayerStatus.FOUND, text, detail), is_found=True)
        distance, agrees = self._compare(picture, AssetId(asset_id))
        detail |= {"asset_id": asset_id, "fingerprint_distance_bits": distance}
        if agrees is False:
            text = f"leads to release {asset_id}, whose picture differs from this one by {distance} bits"
            return _Mark(
                Layer("watermark", reading.alg, LayerStatus.FAILED, text, detail), True, AssetId(asset_id), agrees
            )
        text = f"leads to release {asset_id}" + ("" if agrees is None else f", fingerprint {distance} bits away")
        return _Mark(Layer("watermark", reading.alg, LayerStatus.FOUND, text, detail), True, AssetId(asset_id), agrees)

    def _compare(self, picture: Picture, asset_id: AssetId) -> tuple[int | None, bool | None]:
        """Return the distance to a release's own fingerprint, and whether it agrees; None where it cannot tell."""
        scheme = self.fingerprints[0]
        code = scheme.compute(picture.flattened())
        recorded = self._recorded_code(asset_id, scheme.alg)
        if not isinstance(code, Fingerprint) or recorded is None:
            return None, None
        distance = (int.from_bytes(code.value) ^ int.from_bytes(recorded)).bit_count()
        if distance <= scheme.confident_distance_bits:
            return distance, True
        return distance, False if distance >= DIFFERENT_PICTURE_RATIO * scheme.bits else None

    def _recorded_code(self, asset_id: AssetId, alg: str) -> bytes | None:
        with self._database.read() as connection:
            body = connection.execute(select(SEALS.c.body).where(SEALS.c.asset_id == asset_id)).scalar()
        codes = body["fingerprints"] if body else ()
        return next((bytes.fromhex(code["value"]) for code in codes if code["alg"] == alg), None)

    def _match(self, picture: Picture) -> tuple[Layer, AssetId | None]:
        technique = self.fingerprints[0].alg
        if not isinstance(self.fingerprints[0].compute(picture.flattened()), Fingerprint):
            text = "too little structure for a fingerprint"
            return Layer("fingerprint", technique, LayerStatus.NOT_CHECKED, text), None
        matches = self._works.match_releases(picture.flattened())
        if not matches:
            return Layer("fingerprint", technique, LayerStatus.ABSENT, "looks like no release of ours"), None
        nearest = matches[0]
        detail = {
            "candidates": [
                {"asset_id": match.asset_id, "distance_bits": match.distance_bits, "variant": match.variant}
                for match in matches[:10]
            ]
        }
        text = f"looks like release {nearest.asset_id}, {nearest.distance_bits} bits away"
        return Layer("fingerprint", nearest.alg, LayerStatus.FOUND, text, detail), AssetId(nearest.asset_id)

    def _find_manifest(self, report: ManifestReport | None) -> AssetId | None:
        if report is None or not report.manifest_id:
            return None
        with self._database.read() as connection:
            found = connection.execute(
                select(SEALS.c.asset_id).where(SEALS.c.manifest_id == report.manifest_id)
            ).scalar()
        return None if found is None else AssetId(found)

    def _recover(
        self, unverified_bytes: bytes, media_type: MediaType, asset_id: AssetId | None
    ) -> ManifestReport | None:
        """Return what the stripped manifest says, out of the store; its hash no longer fits this file, as it should."""
        if asset_id is None:
            return None
        try:
            kept = self._blobs.public.get(f"{asset_id}/manifest.c2pa")
        except BlobNotFoundError:
            return None
        return read_manifest(unverified_bytes, media_type, self._trust, manifest_bytes=kept)

    def _prove(self, asset_id: AssetId | None) -> tuple[Layer, bool | None]:
        technique = "c2sp tlog-proof"
        if asset_id is None:
            return Layer("ledger", technique, LayerStatus.NOT_CHECKED, "nothing led to a release here"), None
        entry = self._log.find(f"release:{asset_id}")
        if entry is None:
            text = f"release {asset_id} is recorded, but has no entry in the ledger"
            return Layer("ledger", technique, LayerStatus.FAILED, text), False
        try:
            self._verify_record(asset_id, entry.fields())
            proof = self._log.proof(entry.index)
            checkpoint = verify_proof(proof, entry.leaf, self._log.signer.verifier)
        except (LedgerError, VerificationError) as exc:
            return Layer("ledger", technique, LayerStatus.FAILED, str(exc), {"asset_id": asset_id}), False
        detail = {
            "index": entry.index,
            "size": checkpoint.size,
            "origin": self._log.origin,
            "root": base64.b64encode(checkpoint.root).decode(),
        }
        text = f"entry {entry.index} is proved by the checkpoint over {checkpoint.size} entries"
        return Layer("ledger", technique, LayerStatus.FOUND, text, detail), True

    def _verify_record(self, asset_id: AssetId, entry: Mapping[str, Any]) -> None:
        """Check that the database says of a release what the ledger says."""
        with self._database.read() as connection:
            row = connection.execute(select(SEALS).where(SEALS.c.asset_id == asset_id)).mappings().first()
        said = None if row is None else (row["sha256"], row["manifest_id"])
        if said != (entry["sealed_sha256"], entry["manifest_id"]):
            raise VerificationError(f"the database and the ledger say different things of release {asset_id}")


def _describe_integrity(report: ManifestReport | None, recovered: ManifestReport | None) -> Layer:
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


def _describe_trust(report: ManifestReport | None, *, is_recovered: bool) -> Layer:
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


def _describe_labels(says_ai: bool, source_type: str, problems: tuple[str, ...], items: int) -> Layer:  # noqa: FBT001 - private, one caller
    name, technique = "implicit_label", "gb45438 aigc, iptc 2025.1"
    detail = {"digital_source_type": source_type, "aigc_items": items, "problems": list(problems)}
    if problems or items > 1:
        text = problems[0] if problems else f"expected one AIGC item, got {items}"
        return Layer(name, technique, LayerStatus.FAILED, text, detail)
    if says_ai or source_type:
        text = f"says {source_type}" if source_type else "says that AI took part"
        return Layer(name, technique, LayerStatus.FOUND, text, detail)
    return Layer(name, technique, LayerStatus.ABSENT, "no label in the metadata", detail)
