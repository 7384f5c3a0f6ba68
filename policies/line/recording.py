"""Stage (7): everything that a release leaves behind, in one database transaction."""

from sqlalchemy import Connection, insert, select

from policies.line.deployment import Deployment
from policies.line.granting import find_current, grant
from policies.line.records import Stage, asset_row, latest_decision, lock_asset, move_stage, parse_asset, parse_decision
from policies.line.request import find_named
from policies.line.sealing import find_lapse, load_sealed, put_hold_on_record
from policies.rules.decision import Decision, Outcome
from provenance.asset import AssetId, sha256_hex
from provenance.errors import GrantMismatchError
from provenance.grant import Grant
from provenance.ledger.canonical import Json
from provenance.seal.sealed import Sealed, build_seal_facts
from provenance.storage.database import utc_now
from provenance.storage.tables import DECISIONS, SEALS, SOFT_BINDINGS


def record(here: Deployment, asset_id: AssetId) -> int:
    """Write ledger entry, manifest, fingerprints and soft bindings; return the ledger index.

    Raises:
        GrantMismatchError: there is nothing sealed under the decision that counts, or another counts by now, as it does
            where a consent has lapsed.
    """
    found = _find_made(here, asset_id)
    if isinstance(found, int):
        return found
    licence, sealed = found
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        known, decision = _find_release_and_decision(connection, asset_id)
        if known is not None:
            return known
        verify_latest(decision, asset_id, sealed.decision_id)
        index = _record_now(here, connection, asset_id, decision, licence, sealed)
    if index is None:  # the hold is on record; whoever walks the asset on withholds it
        raise GrantMismatchError(f"a consent that {asset_id} names lapsed while it was sealed: it is held")
    here.handover.notes(asset_id).note_recorded(index)
    return index


def _record_now(
    here: Deployment,
    connection: Connection,
    asset_id: AssetId,
    decision: Decision | None,
    licence: Grant,
    sealed: Sealed,
) -> int | None:
    """Record the release, or that it is held where a consent has lapsed by now, and return None."""
    row = here.handover.notes(asset_id).own_row or asset_row(connection, asset_id, here.tenant)
    consents = find_named(row["request"]).consents
    lapse = None if decision is None else find_lapse(connection, here, row["request"], decision, lock=True)
    if decision is not None and lapse is not None:
        put_hold_on_record(here, connection, parse_asset(row), decision, lapse)
        return None
    entry = here.log.append(
        connection,
        kind="asset.released",
        subject=asset_id,
        body={
            **build_release_entry(licence.asset_sha256, sealed),
            **({"consents": list(consents)} if consents else {}),
        },
        key=f"release:{asset_id}",
    )
    _insert_seal(connection, sealed, entry.index)
    here.works.record_release(connection, asset_id, sealed.fingerprints)
    move_stage(connection, asset_id, Stage.RECORDED)
    return entry.index


def _find_made(here: Deployment, asset_id: AssetId) -> tuple[Grant, Sealed] | int:
    """Return the licence and what was sealed under it, or the ledger index where that is recorded already.

    Where this walk has just made both they are at hand; whether they still count is checked where they are recorded.
    """
    notes = here.handover.notes(asset_id)
    if notes.sealed is not None and notes.grant is not None and notes.sealed.decision_id == notes.grant.decision_id:
        return notes.grant, notes.sealed
    with here.database.read() as connection:
        known = find_release(connection, asset_id)
        asset = parse_asset(asset_row(connection, asset_id, here.tenant))
        decision = latest_decision(connection, asset_id)
    if known is not None:
        return known
    licence = find_current(here, asset_id, decision) if decision else grant(here, asset_id)
    sealed = load_sealed(here, asset_id, decision) if decision else None
    if sealed is None:
        with here.database.read() as connection:
            known = find_release(connection, asset_id)
        if known is not None:  # another worker has finished meanwhile, and emptied the quarantine
            return known
        raise GrantMismatchError(f"expected a sealed file of {asset_id} under decision {licence.decision_id}, got none")
    licence.verify_bytes(asset.sha256)
    return licence, sealed


def verify_counts(connection: Connection, asset_id: AssetId, decision_id: str) -> None:
    """Check that the decision under which an asset was sealed is still the one that counts, and says RELEASE.

    Raises:
        GrantMismatchError: somebody held, blocked or decided anew meanwhile.
    """
    verify_latest(latest_decision(connection, asset_id), asset_id, decision_id)


def verify_latest(latest: Decision | None, asset_id: AssetId, decision_id: str) -> None:
    """Check the same of the latest decision, once read.

    Raises:
        GrantMismatchError: it is another one, or it does not release.
    """
    if latest is None or latest.id != decision_id or latest.outcome is not Outcome.RELEASE:
        said = "none" if latest is None else f"{latest.outcome.value} by {latest.id}"
        raise GrantMismatchError(f"{asset_id} was sealed to be released by decision {decision_id}, now it is {said}")


def _insert_seal(connection: Connection, sealed: Sealed, ledger_index: int) -> None:
    connection.execute(
        insert(SEALS).values(
            asset_id=sealed.asset_id,
            sha256=sealed.sha256,
            media_type=sealed.media_type.value,
            manifest_id=sealed.manifest_id,
            body=build_seal_facts(sealed),
            ledger_index=ledger_index,
            created_at=utc_now(),
        )
    )
    bindings = [
        {"alg": binding.alg, "value": binding.value, "asset_id": sealed.asset_id} for binding in sealed.soft_bindings
    ]
    if bindings:
        connection.execute(insert(SOFT_BINDINGS), bindings)


def find_release(connection: Connection, asset_id: AssetId) -> int | None:
    """Return the ledger index of the release of `asset_id`, or None before it is recorded."""
    index = connection.execute(select(SEALS.c.ledger_index).where(SEALS.c.asset_id == asset_id)).scalar()
    return None if index is None else int(index)


def _find_release_and_decision(connection: Connection, asset_id: AssetId) -> tuple[int | None, Decision | None]:
    """Return what `find_release` and `latest_decision` return, in one statement."""
    index = select(SEALS.c.ledger_index).where(SEALS.c.asset_id == asset_id).scalar_subquery()
    query = select(DECISIONS.c.body, index).where(DECISIONS.c.asset_id == asset_id)
    row = connection.execute(query.order_by(DECISIONS.c.sequence.desc()).limit(1)).one_or_none()
    return (None, None) if row is None else (row[1], parse_decision(row[0]))


def build_release_entry(asset_sha256: str, sealed: Sealed) -> dict[str, Json]:
    """Return what the ledger says of a release: digests and ids."""
    return {
        "asset_id": sealed.asset_id,
        "asset_sha256": asset_sha256,
        "decision_id": sealed.decision_id,
        "sealed_sha256": sealed.sha256,
        "media_type": sealed.media_type.value,
        "manifest_id": sealed.manifest_id,
        "manifest_sha256": sha256_hex(sealed.manifest_bytes),
        "soft_bindings": [{"alg": item.alg, "value": item.value.hex()} for item in sealed.soft_bindings],
        "marks": [mark.kind.value for mark in sealed.marks if mark.made],
    }
