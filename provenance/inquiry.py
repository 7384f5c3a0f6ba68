"""Ask every layer about one file, trace it to a release, and check that the ledger proves it.

Reads only: nothing about the file asked about is kept. The watermark is the slow layer, so it is read on a thread of
its own while the others answer.
"""

import base64
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from provenance.asset import AssetId, MediaType, sha256_hex
from provenance.comparison import Comparison, compare
from provenance.database import Database
from provenance.errors import BlobNotFoundError, LedgerError, VerificationError, WatermarkError
from provenance.fingerprints.base import Fingerprint, FingerprintScheme
from provenance.labels.implicit import FoundLabels, read_labels
from provenance.layers import (
    describe_integrity,
    describe_labels,
    describe_likeness,
    describe_mark,
    describe_trust,
)
from provenance.ledger.log import Log
from provenance.ledger.proof import verify_proof
from provenance.manifests.report import Integrity, ManifestReport
from provenance.manifests.softbinding import build_alg
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.verification import read_manifest
from provenance.media.image import IntakeLimits, Picture, parse_image
from provenance.seal import OWN_LIMITS
from provenance.sealed import payload_bytes
from provenance.store import BlobStore
from provenance.tables import SEALS, SOFT_BINDINGS
from provenance.verification import (
    SUMMARIES,
    UNCOMPARED,
    Findings,
    JointState,
    Layer,
    LayerStatus,
    Verification,
    decide_joint_state,
)
from provenance.watermarks.base import Reading, Watermark
from provenance.works.record import ReleaseMatch
from provenance.works.registry import Works


@dataclass(frozen=True, slots=True)
class _Mark:
    """A watermark reading and where it leads.

    Attributes:
        layer: as it is reported.
        binding: what a release's record would hold of it, {} when no mark was read.
        asset_id: the release whose record holds it.
        agrees: whether the picture looks like that release; None where that cannot be told.
    """

    layer: Layer
    binding: Mapping[str, str] = field(default_factory=dict)
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
        media_type = picture.media_type
        with ThreadPoolExecutor(1) as pool:
            reading_to_come = pool.submit(self._read_mark, picture)
            report = read_manifest(unverified_bytes, media_type, self._trust)
            labels = read_labels(unverified_bytes, media_type)
            matches = self._match(picture)
            mark = self._trace(picture, reading_to_come.result())
        named = self._find_named(report)
        recorded = named if report and self._is_kept(report, unverified_bytes, media_type, named) else None
        likeness = _choose(matches or (), recorded or mark.asset_id)
        claimed, asset_id = _follow(recorded, mark, likeness, named)
        kept = None if recorded else self._load_kept(unverified_bytes, media_type, asset_id)
        ledger_layer, proved = self._prove(claimed, mark)
        state = decide_joint_state(_build_findings(report, kept, mark, recorded, likeness, labels, proved))
        has_manifest = report is not None and report.integrity is not Integrity.NOT_CHECKED
        recovered = None if has_manifest else kept
        shown = recovered or report
        return Verification(
            state=state,
            layers=(
                describe_integrity(report, recovered),
                describe_trust(shown, is_recovered=recovered is not None),
                mark.layer,
                describe_likeness(self.fingerprints[0].alg, matches, likeness),
                describe_labels(labels),
                ledger_layer,
            ),
            asset_id=asset_id,
            manifest_id=shown.manifest_id if shown else "",
            summary=_summarise(state, mark),
        )

    def _read_mark(self, picture: Picture) -> Reading | Layer:
        """Return the first reading, or the layer that says why there is none."""
        technique = ", ".join(scheme.alg for scheme in self.marks.values()) or "none enabled"
        if not self.marks:
            return Layer("watermark", technique, LayerStatus.NOT_CHECKED, "no watermark scheme is enabled")
        problems = []
        for scheme in self.marks.values():
            try:
                reading = scheme.extract(picture.frame)
            except WatermarkError as exc:
                problems.append(f"{scheme.alg} could not be read: {exc}")
                continue
            if reading is not None:
                return reading
        if problems:
            return Layer("watermark", technique, LayerStatus.NOT_CHECKED, "; ".join(problems))
        return Layer("watermark", technique, LayerStatus.ABSENT, "no mark under our keys")

    def _trace(self, picture: Picture, reading: Reading | Layer) -> _Mark:
        """Say which release a reading leads to, and whether the picture looks like it."""
        if isinstance(reading, Layer):
            return _Mark(reading)
        value = payload_bytes(reading.payload)
        binding = {"alg": reading.alg, "value": value.hex()}
        query = select(SOFT_BINDINGS.c.asset_id).where(
            SOFT_BINDINGS.c.alg == reading.alg, SOFT_BINDINGS.c.value == value
        )
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        if found is None:
            return _Mark(describe_mark(reading, None, Comparison()), binding)
        asset_id = AssetId(found)
        scheme = self.fingerprints[0]
        recorded = self._recorded_code(asset_id, build_alg(scheme.alg))
        compared = compare(picture, scheme, recorded, lambda: self._load_released(asset_id))
        return _Mark(describe_mark(reading, asset_id, compared), binding, asset_id, compared.agrees)

    def _load_released(self, asset_id: AssetId) -> Picture | None:
        """Return the picture that was released, or None where the store has lost it or holds another."""
        query = select(SEALS.c.sha256, SEALS.c.media_type).where(SEALS.c.asset_id == asset_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        try:
            data = self._blobs.public.get(f"{asset_id}/media{MediaType(row.media_type).extension}")
        except BlobNotFoundError:
            return None
        return parse_image(data, limits=OWN_LIMITS) if sha256_hex(data) == row.sha256 else None

    def _recorded_code(self, asset_id: AssetId, alg: str) -> bytes | None:
        """Return the fingerprint that the ledger holds of a release, by its soft-binding name."""
        facts = self._seal_facts(asset_id) or {"soft_bindings": ()}
        return next((bytes.fromhex(item["value"]) for item in facts["soft_bindings"] if item["alg"] == alg), None)

    def _seal_facts(self, asset_id: AssetId | None) -> Mapping[str, Any] | None:
        """Return what the database says of a release's seal."""
        with self._database.read() as connection:
            facts: Mapping[str, Any] | None = connection.execute(
                select(SEALS.c.body).where(SEALS.c.asset_id == asset_id)
            ).scalar()
        return facts

    def _match(self, picture: Picture) -> tuple[ReleaseMatch, ...] | None:
        """Return the releases that the picture looks like, nearest first; None for one without a fingerprint."""
        if not isinstance(self.fingerprints[0].compute(picture.flattened()), Fingerprint):
            return None
        return self._works.match_releases(picture)

    def _find_named(self, report: ManifestReport | None) -> AssetId | None:
        """Return the release whose manifest has the label that this one has."""
        if report is None or not report.manifest_id:
            return None
        query = select(SEALS.c.asset_id).where(SEALS.c.manifest_id == report.manifest_id)
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else AssetId(found)

    def _is_kept(
        self, report: ManifestReport, unverified_bytes: bytes, media_type: MediaType, named: AssetId | None
    ) -> bool:
        """Say whether an intact manifest is the very one that was recorded: anyone can sign under a label of ours."""
        if named is None or report.integrity is not Integrity.OK:
            return False
        with self._database.read() as connection:
            sha256 = connection.execute(select(SEALS.c.sha256).where(SEALS.c.asset_id == named)).scalar()
        if sha256 == sha256_hex(unverified_bytes):
            return True
        kept = self._load_kept(unverified_bytes, media_type, named)
        return kept is not None and kept.integrity is Integrity.OK

    def _load_kept(
        self, unverified_bytes: bytes, media_type: MediaType, asset_id: AssetId | None
    ) -> ManifestReport | None:
        """Return what a release's kept manifest says; its hash fits this file only if nothing changed.

        None where the store has lost it, or holds something else than was recorded.
        """
        facts = self._seal_facts(asset_id)
        if facts is None:
            return None
        try:
            kept = self._blobs.public.get(f"{asset_id}/manifest.c2pa")
        except BlobNotFoundError:
            return None
        if sha256_hex(kept) != facts["manifest_sha256"]:
            return None
        return read_manifest(unverified_bytes, media_type, self._trust, manifest_bytes=kept)

    def _prove(self, asset_id: AssetId | None, mark: _Mark) -> tuple[Layer, bool | None]:
        technique = "c2sp tlog-proof"
        if asset_id is None:
            return Layer("ledger", technique, LayerStatus.NOT_CHECKED, "nothing led to a release here"), None
        entry = self._log.find(f"release:{asset_id}")
        if entry is None:
            text = f"release {asset_id} is recorded, but has no entry in the ledger"
            return Layer("ledger", technique, LayerStatus.FAILED, text), False
        try:
            self._verify_record(asset_id, entry.fields(), mark)
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

    def _verify_record(self, asset_id: AssetId, entry: Mapping[str, Any], mark: _Mark) -> None:
        """Check that the database says of a release what the ledger says."""
        with self._database.read() as connection:
            row = connection.execute(select(SEALS).where(SEALS.c.asset_id == asset_id)).mappings().first()
        facts = (
            {} if row is None else {**row["body"], "sealed_sha256": row["sha256"], "manifest_id": row["manifest_id"]}
        )
        for name in ("sealed_sha256", "manifest_id", "manifest_sha256", "soft_bindings"):
            if facts.get(name) != entry[name]:
                raise VerificationError(
                    f"the database and the ledger say different things of release {asset_id}: {name}"
                )
        if mark.asset_id == asset_id and mark.binding not in entry["soft_bindings"]:
            raise VerificationError(f"the ledger does not bind the watermark that was read to release {asset_id}")


def _choose(matches: tuple[ReleaseMatch, ...], expected: AssetId | None) -> ReleaseMatch | None:
    """Return the match with the release that stronger layers lead to, or the nearest: releases may look alike."""
    return next((match for match in matches if match.asset_id == expected), matches[0] if matches else None)


def _follow(
    recorded: AssetId | None, mark: _Mark, likeness: ReleaseMatch | None, named: AssetId | None
) -> tuple[AssetId | None, AssetId | None]:
    """Return the release that the strongest layer claims, and the one that the file is traced to.

    They differ for a transplanted watermark. A manifest's label, which anyone can copy, comes last.
    """
    alike = AssetId(likeness.asset_id) if likeness else named
    claimed = recorded or mark.asset_id or alike
    return claimed, alike if mark.agrees is False and not recorded else claimed


def _summarise(state: JointState, mark: _Mark) -> str:
    if state is JointState.STRIPPED_RECOVERED_BY_WATERMARK and mark.agrees is None:
        return UNCOMPARED
    return SUMMARIES[state]


def _build_findings(
    report: ManifestReport | None,
    kept: ManifestReport | None,
    mark: _Mark,
    recorded: AssetId | None,
    likeness: ReleaseMatch | None,
    labels: FoundLabels,
    proved: bool | None,  # noqa: FBT001 - private, one caller
) -> Findings:
    intact = report is not None and report.integrity is Integrity.OK
    checked = report is not None and report.integrity is not Integrity.NOT_CHECKED
    agreed = kept is not None and kept.is_signature_intact and kept.claims_human_capture
    return Findings(
        manifest=intact if checked else None,
        manifest_asset=recorded,
        claims_human=report is not None and report.claims_human_capture and not agreed,
        is_related=report is not None and kept is not None and _is_related(report, kept, mark),
        watermark=bool(mark.binding),
        watermark_asset=mark.asset_id,
        watermark_fingerprint_agrees=mark.agrees,
        fingerprint_asset=AssetId(likeness.asset_id) if likeness else None,
        label=labels.says_ai,
        ledger_proved=proved,
    )


def _is_related(report: ManifestReport, kept: ManifestReport, mark: _Mark) -> bool:
    """Say whether one manifest names the other as an ingredient.

    The file that a release was made from cannot carry that release's watermark.
    """
    if kept.manifest_id in {item.id for item in report.ingredients}:
        return True
    return not mark.binding and report.manifest_id in {item.id for item in kept.ingredients}
