"""Stages (4) and (8): the two ends of the line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from policies.line.deployment import Deployment
from policies.line.recording import verify_counts, verify_latest
from policies.line.records import Stage, asset_row, latest_decision, lock_asset, move_stage
from policies.line.released import public_file_key, public_manifest_key
from policies.line.sealing import manifest_key, sealed_key
from policies.review.job import open_job
from policies.rules.decision import Decision, Outcome
from policies.webhooks.outbox import announce_decision
from provenance.asset import AssetId, MediaType
from provenance.errors import BlobNotFoundError, GrantMismatchError, VerificationError
from provenance.seal.sealed import build_seal_facts
from provenance.storage.blob import Blob
from provenance.storage.store import Blobs
from provenance.storage.tables import ASSETS, SEALS
from provenance.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Result:
    """How the line ended for one asset.

    Attributes:
        asset_id: the asset.
        name: as handed in, for people.
        outcome: RELEASE, HOLD or BLOCK.
        decision: the decision that counts, with every reason.
        seal: what was sealed and read back (`provenance.seal.sealed.build_seal_facts`), empty unless released.
        ledger_index: index of the release entry, or None.
        public_key: key of the published file in the public blob store, or "".
    """

    asset_id: AssetId
    name: str
    outcome: Outcome
    decision: Decision
    seal: dict[str, Any]
    ledger_index: int | None = None
    public_key: str = ""


def withhold(here: Deployment, asset_id: AssetId) -> Result:
    """Leave a held asset for a moderator, or a blocked one refused; both keep their bytes in quarantine."""
    here.log.checkpoint()  # before anybody is told
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        row = asset_row(connection, asset_id, here.tenant)
        decision = latest_decision(connection, asset_id)
        assert decision is not None
        stage = {Outcome.HOLD: Stage.HELD, Outcome.BLOCK: Stage.BLOCKED}.get(decision.outcome)
        if stage is not None:  # else a moderator released it meanwhile
            move_stage(connection, asset_id, stage)
            open_job(connection, row, decision, here.sensitive)
            announce_decision(connection, here.tenant, f"release.{stage.value}", decision)
    return Result(asset_id, row["name"], decision.outcome, decision, seal={})


def publish(here: Deployment, asset_id: AssetId) -> Result:
    """Make the sealed file and its manifest readable, then empty the asset's quarantine.

    Raises:
        GrantMismatchError: the decision that counts is not the one that the file was sealed under; it stays recorded.
        BlobNotFoundError: the sealed file is gone, here and in public.
        VerificationError: the sealed file in quarantine is not the one that was recorded.
    """
    seal, decision = _find_recorded(here, asset_id)
    file_key = public_file_key(asset_id, MediaType(seal["media_type"]))
    if seal["stage"] != Stage.PUBLISHED.value:
        _make_public(here, asset_id, seal, decision, file_key)
    _empty_quarantine(here, asset_id, file_key)
    here.leases.finish(asset_id)
    return Result(
        asset_id,
        seal["name"],
        decision.outcome,
        decision,
        seal=dict(seal["body"]),
        ledger_index=seal["ledger_index"],
        public_key=file_key,
    )


def _find_recorded(here: Deployment, asset_id: AssetId) -> tuple[Mapping[str, Any], Decision]:
    """Return what was recorded of a sealed file, and the decision that counts.

    Where this walk has just recorded it, both are at hand: nobody else works on the asset, and whether the decision
    still counts is checked again where it is published.
    """
    notes = here.handover.notes(asset_id)
    row, sealed, decision = notes.own_row, notes.sealed, notes.decision
    if notes.ledger_index is not None and row is not None and sealed is not None and decision is not None:
        seal = {
            "name": row["name"],
            "stage": Stage.RECORDED.value,
            "sha256": sealed.sha256,
            "media_type": sealed.media_type.value,
            "body": json.loads(json.dumps(build_seal_facts(sealed))),  # as the database gives it back
            "ledger_index": notes.ledger_index,
        }
        return seal, decision
    with here.database.read() as connection:
        found = _find_sealed(connection, asset_id, here.tenant)
        latest = latest_decision(connection, asset_id)
    assert latest is not None
    return {str(name): value for name, value in found.items()}, latest


def _find_sealed(connection: Connection, asset_id: AssetId, tenant: Tenant) -> RowMapping:
    """Return what was recorded of a sealed file, with the name and the stage of its asset.

    Raises:
        AssetNotFoundError: there is no such asset of this tenant.
        GrantMismatchError: nothing of it was recorded.
    """
    named = select(ASSETS.c.name, ASSETS.c.stage, SEALS).join(SEALS, SEALS.c.asset_id == ASSETS.c.id)
    seal = connection.execute(named.where(ASSETS.c.id == asset_id, ASSETS.c.tenant == tenant)).mappings().first()
    if seal is None:
        asset_row(connection, asset_id, tenant)
        raise GrantMismatchError(f"nothing sealed of {asset_id} was recorded")
    return seal


def _empty_quarantine(here: Deployment, asset_id: AssetId, file_key: str) -> None:
    """Remove what is kept of a published asset, while what was published is there."""
    quarantine = here.blobs.quarantine
    left = [key for key, _ in quarantine.keys(f"{asset_id}/")]
    if left and not here.blobs.public.has(file_key):
        raise BlobNotFoundError(f"no blob under {file_key} in public, so quarantine keeps what it has of {asset_id}")
    for key in left:
        quarantine.delete(key)


def _load_recorded(quarantine: Blobs, key: str, sha256: str) -> Blob:
    file = quarantine.open(key)
    if file.sha256 != sha256:
        raise VerificationError(f"the sealed blob {key} is not the one that was recorded")
    return file


def _make_public(
    here: Deployment, asset_id: AssetId, seal: Mapping[str, Any], decision: Decision, file_key: str
) -> None:
    """Give the sealed file a name in the public store, while the decision that it was sealed under counts."""
    decision_id, quarantine, public = seal["body"]["decision_id"], here.blobs.quarantine, here.blobs.public
    verify_latest(decision, asset_id, decision_id)
    here.log.checkpoint()  # before anybody can see it: what is public is covered by what is signed
    try:
        manifest_sha256 = seal["body"]["manifest_sha256"]
        sealed = {
            public_manifest_key(asset_id): (manifest_key(asset_id, seal["sha256"]), manifest_sha256),
            file_key: (sealed_key(asset_id, seal["sha256"]), seal["sha256"]),
        }
        found = {key: _load_recorded(quarantine, *place) for key, place in sealed.items()}
        if not public.take_over(quarantine, {key: place for key, (place, _) in sealed.items()}):
            public.put_all(found)  # the file last, there as here
    except BlobNotFoundError:
        if not public.has(file_key):  # else another worker has published it meanwhile
            raise
    try:
        with here.database.write() as connection:
            lock_asset(connection, asset_id)
            verify_counts(connection, asset_id, decision_id)
            move_stage(connection, asset_id, Stage.PUBLISHED)
            announce_decision(connection, here.tenant, "release.published", decision, sealed_sha256=seal["sha256"])
    except GrantMismatchError:
        for key in (file_key, public_manifest_key(asset_id)):
            public.delete(key)
        raise
