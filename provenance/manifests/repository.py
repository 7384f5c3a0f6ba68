"""Our manifest repository: by which soft bindings a manifest is found again, and what is handed out of it.

It holds the manifests of what was released, of every tenant, for what is released is public. A watermark's value is
found exactly, a fingerprint's within the distance at which two pictures count as the same.
Source: C2PA 2.4, Soft Binding Resolution API (Decoupled).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from provenance.asset import sha256_hex
from provenance.errors import BlobNotFoundError, LedgerError, UndecodableAssetError, VerificationError
from provenance.fingerprints.base import Fingerprint, make_scheme
from provenance.ledger.entry import LedgerEntry
from provenance.ledger.log import Log
from provenance.manifests.jumbf import NAME
from provenance.manifests.softbinding import build_alg
from provenance.media.containers.bmff import read_boxes
from provenance.storage.database import Database
from provenance.storage.store import BlobStore
from provenance.storage.tables import ASSETS, SEALS, SOFT_BINDINGS
from provenance.works.registry import Works

PUBLISHED: Final = "published"


@dataclass(frozen=True, slots=True)
class Found:
    """A manifest that a soft binding leads to.

    Attributes:
        manifest_id: its label.
        score: how alike the two are, 0 to 100; None where the value itself was found.
    """

    manifest_id: str
    score: int | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """Where manifests and what leads to them are kept.

    Attributes:
        database, blobs, log, works: of the site.
        marks: names of the watermarks that are looked for in files.
        codes: name of a fingerprint to the distance in bits at which two files count as the same.
    """

    database: Database
    blobs: BlobStore
    log: Log
    works: Works
    marks: Sequence[str]
    codes: Mapping[str, int]

    def find_bound(self, alg: str, value: bytes, *, most: int) -> tuple[Found, ...]:
        """Return the manifests that a soft binding leads to, the nearest first."""
        scheme = next((name for name in self.codes if build_alg(name) == alg), None)
        if scheme is None:
            return self._find_exact(alg, value, most)
        if len(value) != make_scheme(scheme).bits // 8:
            return ()
        matches = self.works.match_releases([Fingerprint(scheme, value, 100)], radius_bits=self.codes[scheme])
        scores: dict[str, int] = {}
        for match in matches:
            scores.setdefault(match.asset_id, score_distance(match.distance_bits, 8 * len(value)))
        return self.find_of_assets(scores, most=most)

    def find_of_assets(self, scores: Mapping[str, int | None], *, most: int) -> tuple[Found, ...]:
        """Return the manifests of releases that are public, in the order given."""
        with self.database.read() as connection:
            ids = _find_manifests(connection, list(scores)[: 10 * most])
        return tuple(Found(ids[asset_id], score) for asset_id, score in scores.items() if asset_id in ids)[:most]

    def _find_exact(self, alg: str, value: bytes, most: int) -> tuple[Found, ...]:
        bound = select(SOFT_BINDINGS.c.asset_id).where(SOFT_BINDINGS.c.alg == alg, SOFT_BINDINGS.c.value == value)
        with self.database.read() as connection:
            found = connection.execute(bound.order_by(SOFT_BINDINGS.c.asset_id).limit(10 * most)).scalars().all()
        return self.find_of_assets(dict.fromkeys(found), most=most)

    def load(self, manifest_id: str, *, active_alone: bool = False) -> bytes:
        """Return a manifest store, or one that holds its active manifest alone.

        Raises:
            BlobNotFoundError: no release that is public has this manifest, or the store holds another.
        """
        query = select(SEALS.c.asset_id, SEALS.c.body).join(ASSETS, ASSETS.c.id == SEALS.c.asset_id)
        query = query.where(SEALS.c.manifest_id == manifest_id, ASSETS.c.stage == PUBLISHED)
        with self.database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise BlobNotFoundError(f"no manifest has the id {manifest_id[:120]!r}")
        store = self.blobs.public.get(f"{row.asset_id}/manifest.c2pa")
        if sha256_hex(store) != row.body["manifest_sha256"]:
            raise BlobNotFoundError(f"the manifest kept as {manifest_id[:120]!r} is not the one that was recorded")
        return take_active(store) if active_alone else store

    def find_entry(self, manifest_id: str) -> LedgerEntry:
        """Return the ledger's entry about the release that has a manifest.

        Raises:
            BlobNotFoundError: there is none.
        """
        with self.database.read() as connection:
            asset_id = connection.execute(select(SEALS.c.asset_id).where(SEALS.c.manifest_id == manifest_id)).scalar()
        entry = self.log.find(f"release:{asset_id}") if asset_id else None
        if entry is None:
            raise BlobNotFoundError(f"no manifest has the id {manifest_id[:120]!r}")
        return entry

    def build_receipt(self, manifest_id: str) -> str:
        """Return the proof that a manifest is on record: a tlog-proof that carries its entry.

        Raises:
            BlobNotFoundError: there is no such manifest.
        """
        from provenance.ledger.proof import carry

        entry = self.find_entry(manifest_id)
        return carry(self.log.proof(entry.index), entry.opening).text

    def verify_receipt(self, manifest_id: str, unverified_text: str) -> None:
        """Check that a receipt proves that this ledger has this manifest on record.

        Raises:
            VerificationError: it does not.
        """
        import json

        from provenance.ledger.proof import parse_proof, verify_carried

        try:
            opening, _ = verify_carried(parse_proof(unverified_text), self.log.signer.verifier)
        except LedgerError as exc:
            raise VerificationError(str(exc)) from exc
        if json.loads(opening).get("body", {}).get("manifest_id") != manifest_id:
            raise VerificationError("the receipt is of another manifest")


def score_distance(distance_bits: int, bits: int) -> int:
    """Return how alike two codes are: 100 for the same, 0 for the opposite."""
    return round(100 * (1 - distance_bits / bits))


def take_active(store: bytes) -> bytes:
    """Return a store with its active manifest alone, which is the last (C2PA 2.4 s11.1.4).

    Raises:
        UndecodableAssetError: it is no manifest store.
    """
    boxes = list(read_boxes(store, 0, len(store), NAME))
    if len(boxes) != 1 or boxes[0].kind != b"jumb":
        raise UndecodableAssetError(f"{NAME}: expected one JUMBF superbox, got {len(boxes)} boxes")
    inner = list(read_boxes(store, boxes[0].start, boxes[0].stop, NAME))
    if len(inner) < 2 or inner[0].kind != b"jumd" or inner[-1].kind != b"jumb":
        raise UndecodableAssetError(f"{NAME}: expected a description and a manifest, got neither")
    body = b"".join(_build_box(box.kind, store[box.start : box.stop]) for box in (inner[0], inner[-1]))
    return _build_box(b"jumb", body)


def _build_box(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def _find_manifests(connection: Connection, asset_ids: Sequence[str]) -> dict[str, str]:
    query = select(SEALS.c.asset_id, SEALS.c.manifest_id).join(ASSETS, ASSETS.c.id == SEALS.c.asset_id)
    query = query.where(SEALS.c.asset_id.in_(asset_ids), ASSETS.c.stage == PUBLISHED)
    return {row.asset_id: row.manifest_id for row in connection.execute(query)}
