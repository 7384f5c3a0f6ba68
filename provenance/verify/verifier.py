"""Ask every layer about one file, trace it to a release, and check that the ledger proves it.

Reads only: nothing about the file asked about is kept. The watermark is the slow layer, so it is read on a thread of
its own while the others answer.
"""

import base64
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any, Final

from sqlalchemy import ColumnElement, select

from provenance.asset import AssetId, MediaType, sha256_hex
from provenance.errors import (
    AssetError,
    BlobNotFoundError,
    FetchError,
    LedgerError,
    UndecodableAssetError,
    VerificationError,
)
from provenance.fingerprints.base import Fingerprint
from provenance.labels.implicit import FoundLabels
from provenance.ledger.log import Log
from provenance.ledger.proof import verify_proof
from provenance.manifests.report import Integrity, ManifestReport
from provenance.manifests.softbinding import build_alg
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import read_bound_manifest, read_manifest
from provenance.media.limits import OWN_LIMITS, IntakeLimits
from provenance.media.media import Media
from provenance.media.medium import Comparison, Content, Look, Medium
from provenance.seal.sealed import payload_bytes
from provenance.storage.blob import Blob, as_blob
from provenance.storage.database import Database
from provenance.storage.store import BlobStore
from provenance.storage.tables import SEALS, SOFT_BINDINGS
from provenance.verify.layers import (
    LABEL_TECHNIQUE,
    describe_labels,
    describe_likeness,
    describe_manifest,
    describe_mark,
    describe_nowhere,
    describe_unseen,
)
from provenance.verify.state import Grade, Layer, LayerStatus, Verification, decide_joint_state
from provenance.verify.summary import choose_grade, describe_grade, summarise
from provenance.verify.tracing import Mark, build_findings, choose_likeness, choose_mark, follow_layers, is_answered
from provenance.watermarks.base import Reading
from provenance.works.record import ReleaseMatch
from provenance.works.registry import Works

Fetch = Callable[[str], bytes]
"""Gets the manifest at an address, or raises FetchError."""

LARGE_PIXELS: Final = 16_777_216
"""Pictures above this, the largest that intake takes, take some 500 MiB each; they are looked at one by one."""

_BESIDE: Final = "the manifest lies beside the file"
_WITHIN: Final = "the manifest lies in the text itself, in characters that nobody sees"
_OURS: Final = "the manifest is the one that we keep of this very file"
_OFF: Final = "not looked for: no kind of mark is switched on"


class Verifier:
    """Answers where a file comes from.

    Attributes:
        media: what is looked at, and how.
        limits: up to what is looked at.
    """

    def __init__(
        self,
        *,
        database: Database,
        blobs: BlobStore,
        log: Log,
        works: Works,
        media: Media,
        trust: TrustAnchors,
        limits: IntakeLimits,
    ) -> None:
        self.media = media
        self._database = database
        self._blobs = blobs
        self._log = log
        self._works = works
        self._trust = trust
        self.limits = limits
        self._turn = Lock()

    def verify(
        self,
        unverified_file: Blob | bytes,
        *,
        manifest_bytes: bytes | None = None,
        beside: bytes | None = None,
        fetch: Fetch | None = None,
    ) -> Verification:
        """Ask every layer about `unverified_file` and say how the answers fit together.

        A file whose picture cannot be looked at, of whatever type c2pa reads, is answered by its manifest; the layers
        that look at pixels are then not checked.

        Args:
            unverified_file: the file, of any size; as bytes where it is in memory anyway.
            manifest_bytes: a manifest store to be read instead of one inside the file.
            beside: a manifest store that lies beside the file, to be read where there is none inside it.
            fetch: gets a manifest that the file says is kept elsewhere; without it that is named and not fetched.

        Raises:
            AssetError: the bytes are nothing that can be looked at, neither by its picture nor by its manifest.
        """
        file = as_blob(unverified_file)
        with self._take_turn(file):
            return self._verify(file, (manifest_bytes, beside), fetch)

    def weigh(self, unverified_file: Blob) -> int:
        """Return about how many pixels or samples `verify` would hold of a file; 0 where it would none."""
        return self.media.weigh(unverified_file, self.limits)

    def _take_turn(self, file: Blob) -> AbstractContextManager[object]:
        """Let files that take much memory be looked at one after another, however many threads ask."""
        return self._turn if self.media.weigh(file, self.limits) > LARGE_PIXELS else nullcontext()

    def _verify(self, file: Blob, kept_stores: tuple[bytes | None, bytes | None], fetch: Fetch | None) -> Verification:
        medium, seen = self.media.look(file, self.limits)
        media_type = seen.media_type
        with ThreadPoolExecutor(1) as pool:
            reading_to_come = pool.submit(self._read_mark, medium, seen.content)
            report, remarks = self._find_manifest(file, seen, kept_stores, fetch)
            if seen.problem is not None and not is_answered(report, seen):
                raise _explain(report, seen)
            labels = medium.read_labels(file) if medium and seen.content else seen.labels
            codes = medium.fingerprint(seen.content) if medium and seen.content else ()
            reading = reading_to_come.result()
        with self._database.viewing():
            matches = self._match(medium, codes) if medium and seen.content else None
            mark = self._trace(medium, seen.content, file, reading)
            named = self._find_named(report)
            recorded = named if report and self._is_kept(report, file, media_type, named) else None
            likeness = choose_likeness(matches or (), recorded or mark.asset_id)
            claimed, asset_id = follow_layers(recorded, mark, likeness, named)
            kept = None if recorded else self._load_kept(file, media_type, asset_id)
            ledger_layer, proved = self._prove(claimed, mark)
        state = decide_joint_state(build_findings(report, kept, mark, recorded, likeness, labels, proved))
        has_manifest = report is not None and report.integrity is not Integrity.NOT_CHECKED
        recovered = None if has_manifest else kept
        shown = recovered or report
        hints = self._describe_hints(medium, matches, likeness, labels)
        grade = self._grade(medium, codes, file, asset_id)
        return Verification(
            state=state,
            layers=(*describe_manifest(report, recovered), mark.layer, *hints, ledger_layer),
            asset_id=asset_id,
            manifest_id=shown.manifest_id if shown else "",
            summary=summarise(state, mark, seen, report, medium.name if medium else ""),
            remarks=(*seen.remarks, *remarks, *describe_grade(grade)),
            grade=grade,
        )

    def _grade(
        self, medium: Medium | None, codes: tuple[Fingerprint, ...], file: Blob, asset_id: AssetId | None
    ) -> Grade | None:
        """Say how much of a release a file is, for media that can tell; None for others."""
        alg = str(getattr(medium, "exact_alg", ""))  # docs/media.md: most media have none
        if not alg:
            return None
        own = next((code.value for code in codes if code.alg == alg), None)
        recorded = None if asset_id is None else self._recorded_code(asset_id, build_alg(alg))
        is_exact = asset_id is not None and self._is_release(file, asset_id)
        return choose_grade(asset_id, is_exact=is_exact, is_same=recorded is not None and recorded == own)

    def _find_manifest(
        self,
        file: Blob,
        seen: Look,
        kept: tuple[bytes | None, bytes | None],
        fetch: Fetch | None,
    ) -> tuple[ManifestReport | None, tuple[str, ...]]:
        """Return what the manifest says, wherever it is kept, and what there is to remark on that.

        A manifest that is given comes first, then one inside the file, one beside it, one that we keep of this very
        file, and one elsewhere.
        """
        (given, beside), media_type = kept, seen.media_type
        report = read_manifest(file, media_type, self._trust, given)
        if given is not None:
            return report, ("the manifest is the one that was named",)
        has_none = report is None or bool(report.remote_host)
        if has_none and (seen.store is not None or beside is not None):
            return self._read_near(file, seen, beside)
        if report is None:
            ours = self._load_kept(file, media_type, self._find_released(file))
            return ours, (_OURS,) if ours else ()
        if not report.remote_url or fetch is None:
            return report, ()
        try:
            fetched = fetch(report.remote_url)
        except FetchError as exc:
            return report, (f"the manifest at {report.remote_host} could not be fetched: {exc}",)
        remark = f"the manifest was fetched from {report.remote_host}"
        return read_manifest(file, media_type, self._trust, fetched), (remark,)

    def _read_near(self, file: Blob, seen: Look, beside: bytes | None) -> tuple[ManifestReport | None, tuple[str, ...]]:
        """Return what a store says that is in the file where c2pa does not look, or beside it; of our release, ours."""
        if seen.store is None:
            return read_manifest(file, seen.media_type, self._trust, beside), (_BESIDE,)
        if (ours := self._load_kept(file, seen.media_type, self._find_released(file))) is not None:
            return ours, (_OURS,)
        return read_bound_manifest(file, seen.media_type, self._trust, seen.store, seen.binding), (_WITHIN,)

    def _describe_hints(
        self,
        medium: Medium | None,
        matches: tuple[ReleaseMatch, ...] | None,
        likeness: ReleaseMatch | None,
        labels: FoundLabels | None,
    ) -> tuple[Layer, Layer]:
        """Say which release it is like and what its labels claim, or that nobody looked."""
        scheme = medium.code_alg if medium else next(iter(self.media)).code_alg
        if labels is None:
            return describe_unseen("fingerprint", scheme), describe_unseen("implicit_label", LABEL_TECHNIQUE)
        return describe_likeness(scheme, matches, likeness), describe_labels(labels)

    def _read_mark(self, medium: Medium | None, content: Content | None) -> Reading | Layer:
        """Return the first reading, or the layer that says why there is none."""
        algs = (medium or next(iter(self.media))).mark_algs
        technique = ", ".join(algs) or "none enabled"
        if medium is None or content is None:
            return describe_unseen("watermark", technique)
        if not algs:
            return Layer("watermark", technique, LayerStatus.NOT_CHECKED, "no watermark scheme is enabled", plain=_OFF)
        found = medium.read_mark(content)
        if found.reading is not None:
            return found.reading
        if found.problems:
            return Layer("watermark", technique, LayerStatus.NOT_CHECKED, "; ".join(found.problems))
        return Layer("watermark", technique, LayerStatus.ABSENT, "no mark under our keys", plain="none of ours")

    def _trace(self, medium: Medium | None, content: Content | None, file: Blob, reading: Reading | Layer) -> Mark:
        """Say which release a reading leads to, and whether what was looked at is that one."""
        if medium is None or content is None or isinstance(reading, Layer):
            assert isinstance(reading, Layer)
            return Mark(reading)
        alg = str(getattr(medium, "sealed_alg", "")) or build_alg(medium.code_alg)  # docs/media.md: most seal one code
        reading = choose_mark(reading, lambda mark: self._is_all_of(medium, content, alg, mark))
        binding = {"alg": reading.alg, "value": payload_bytes(reading.payload).hex()}
        others = tuple((other, self._find_bound(other)) for other in reading.others)
        asset_id = self._find_bound(reading)
        if asset_id is None:
            return Mark(describe_mark(reading, None, Comparison(), others), binding)
        recorded = self._recorded_code(asset_id, alg)

        def load() -> Content | None:
            return content if self._is_release(file, asset_id) else self._load_released(medium, asset_id)

        compared = medium.compare(content, recorded, load)
        return Mark(describe_mark(reading, asset_id, compared, others), binding, asset_id, compared.agrees)

    def _is_all_of(self, medium: Medium, content: Content, alg: str, mark: Reading) -> bool:
        """Whether the whole looks like the release that a mark leads to."""
        recorded = self._recorded_code(self._find_bound(mark), alg)
        return recorded is not None and medium.compare(content, recorded, lambda: None).agrees is True

    def _find_bound(self, reading: Reading) -> AssetId | None:
        """Return the release whose record holds the id that was read, or None."""
        query = select(SOFT_BINDINGS.c.asset_id).where(
            SOFT_BINDINGS.c.alg == reading.alg, SOFT_BINDINGS.c.value == payload_bytes(reading.payload)
        )
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else AssetId(found)

    def _load_released(self, medium: Medium, asset_id: AssetId) -> Content | None:
        """Return what was released, or None where the store has lost it or holds something else."""
        query = select(SEALS.c.sha256, SEALS.c.media_type).where(SEALS.c.asset_id == asset_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None or row.media_type not in medium.types:
            return None
        try:
            file = self._blobs.public.open(f"{asset_id}/media{MediaType(row.media_type).extension}")
        except BlobNotFoundError:
            return None
        return medium.look(file, OWN_LIMITS).content if file.sha256 == row.sha256 else None

    def _recorded_code(self, asset_id: AssetId | None, alg: str) -> bytes | None:
        """Return the fingerprint that the ledger holds of a release, by its soft-binding name."""
        facts = self._seal_facts(asset_id) or {"soft_bindings": ()}
        return next((bytes.fromhex(item["value"]) for item in facts["soft_bindings"] if item["alg"] == alg), None)

    def _seal_facts(self, asset_id: AssetId | None) -> Mapping[str, Any] | None:
        """Return what the database says of a release's seal."""
        query = select(SEALS.c.body).where(SEALS.c.asset_id == asset_id)
        with self._database.read() as connection:
            facts: Mapping[str, Any] | None = connection.execute(query).scalar()
        return facts

    def _match(self, medium: Medium, codes: tuple[Fingerprint, ...]) -> tuple[ReleaseMatch, ...] | None:
        """Return the releases that it is like, nearest first; None for what has no fingerprint."""
        if not codes or codes[0].alg != medium.code_alg:
            return None
        return self._works.match_releases(codes, radius_bits=medium.code_radius_bits)

    def _find_released(self, file: Blob) -> AssetId | None:
        """Return the release whose sealed file is this very one, the first where it was released again."""
        return self._find_seal(SEALS.c.sha256 == file.sha256)

    def _is_release(self, file: Blob, asset_id: AssetId) -> bool:
        """Say whether the sealed file of a release is this very one."""
        return self._find_seal(SEALS.c.asset_id == asset_id, SEALS.c.sha256 == file.sha256) is not None

    def _find_seal(self, *where: ColumnElement[bool]) -> AssetId | None:
        """Return the first release whose seal is so."""
        query = select(SEALS.c.asset_id).where(*where).order_by(SEALS.c.ledger_index).limit(1)
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else AssetId(found)

    def _find_named(self, report: ManifestReport | None) -> AssetId | None:
        """Return the release whose manifest has the label that this one has."""
        if report is None or not report.manifest_id:
            return None
        return self._find_seal(SEALS.c.manifest_id == report.manifest_id)

    def _is_kept(self, report: ManifestReport, file: Blob, media_type: str, named: AssetId | None) -> bool:
        """Say whether an intact manifest is the very one that was recorded: anyone can sign under a label of ours."""
        if named is None or report.integrity is not Integrity.OK:
            return False
        kept = None if (is_same := self._is_release(file, named)) else self._load_kept(file, media_type, named)
        return is_same or (kept is not None and kept.integrity is Integrity.OK)

    def _load_kept(self, file: Blob, media_type: str, asset_id: AssetId | None) -> ManifestReport | None:
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
        return read_manifest(file, media_type, self._trust, manifest_bytes=kept)

    def _prove(self, asset_id: AssetId | None, mark: Mark) -> tuple[Layer, bool | None]:
        technique = "c2sp tlog-proof"
        if asset_id is None:
            return describe_nowhere(technique), None
        entry = self._log.find(f"release:{asset_id}")
        if entry is None:
            text = f"release {asset_id} is recorded, but has no entry in the ledger"
            plain = "a record without an entry in our ledger"
            return Layer("ledger", technique, LayerStatus.FAILED, text, plain=plain), False
        try:
            self._verify_record(asset_id, entry.fields(), mark)
            proof = self._log.proof(entry.index)
            checkpoint = verify_proof(proof, entry.leaf, self._log.keys())
        except (LedgerError, VerificationError) as exc:
            return Layer("ledger", technique, LayerStatus.FAILED, str(exc), {"asset_id": asset_id}), False
        detail = {
            "index": entry.index,
            "size": checkpoint.size,
            "origin": self._log.origin,
            "root": base64.b64encode(checkpoint.root).decode(),
        }
        text = f"entry {entry.index} is proved by the checkpoint over {checkpoint.size} entries"
        return Layer("ledger", technique, LayerStatus.FOUND, text, detail, f"recorded as release {asset_id}"), True

    def _verify_record(self, asset_id: AssetId, entry: Mapping[str, Any], mark: Mark) -> None:
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


def _explain(report: ManifestReport | None, seen: Look) -> AssetError:
    """Return why a file is an error: of a type that c2pa reads, it is damaged, and not of the wrong type."""
    assert seen.problem is not None
    if seen.kind and report is not None and report.is_unwalkable:
        return UndecodableAssetError(f"expected a whole file, got {seen.kind}: {report.note.rpartition(': ')[2]}")
    return seen.problem
