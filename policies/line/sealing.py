"""Stage (6): the marks that a grant licenses."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from policies.consents import Coverage, Named, find_coverage
from policies.line.deployment import Deployment
from policies.line.entries import build_decision_entry
from policies.line.granting import find_current
from policies.line.intake import load_components, load_content
from policies.line.records import (
    append_decision,
    asset_row,
    find_signals,
    latest_decision,
    lock_asset,
    parse_asset,
)
from policies.line.released import find_beside
from policies.line.request import find_named, request_provider
from policies.refusals import ConsentLapsedError
from policies.review.reviewers import REVIEW
from policies.rules.decision import Decision, Outcome, Reason
from policies.rules.engine import CLOSED, spell_consent
from provenance.asset import Asset, AssetId, MediaType
from provenance.errors import (
    BlobNotFoundError,
    ConfigurationError,
    DatabaseUnavailableError,
    GateError,
    StoreError,
    VerificationError,
)
from provenance.journal import Journal
from provenance.seal.sealed import Sealed, build_seal_facts, parse_seal_facts
from provenance.storage.blob import Blob
from provenance.storage.policy_tables import CONSENTS
from provenance.storage.tables import DECISIONS, SEALS

_log = Journal(__name__)


def sealed_key(asset_id: AssetId, sha256: str) -> str:
    """Return the quarantine key of a sealed file; named by digest, so that two workers cannot mix their files."""
    return f"{asset_id}/sealed-{sha256}"


def manifest_key(asset_id: AssetId, sha256: str) -> str:
    """Return the quarantine key of the manifest store of the sealed file with that digest."""
    return f"{asset_id}/manifest-{sha256}"


def facts_key(asset_id: AssetId) -> str:
    """Return the quarantine key of what the seal read back."""
    return f"{asset_id}/facts"


def seal(here: Deployment, asset_id: AssetId) -> Decision:
    """Mark, sign and read back; return the RELEASE decision, or a new HOLD when anything is not as granted.

    Raises:
        StoreError, DatabaseUnavailableError, ConfigurationError: this deployment cannot seal anything now; it waits.
    """
    notes = here.handover.notes(asset_id)
    row, decision = notes.own_row, notes.decision
    if row is None or decision is None or notes.sealed is not None:
        with here.database.read() as connection:
            row = asset_row(connection, asset_id, here.tenant)
            decision = latest_decision(connection, asset_id)
            recorded = is_recorded(connection, asset_id)
        assert decision is not None
        if recorded or load_sealed(here, asset_id, decision) is not None:
            return decision
    asset = parse_asset(row)
    if (lapse := _look_for_lapse(here, row["request"], decision)) is not None:
        return _hold(here, asset, decision, lapse)
    licence = find_current(here, asset_id, decision)
    try:
        content, file = load_content(here, asset)
        sealer = here.sealer.for_provider(request_provider(here, row["request"]))
        components = load_components(here, asset_id, row["recipe"])
        kept = _find_kept(here, ((asset.media_type, file), *((one.media_type, one.file) for one in components)))
        sealed = sealer.seal(asset, content, file, licence, row["recipe"], components, kept)
    except (StoreError, DatabaseUnavailableError, ConfigurationError):
        with here.database.read() as connection:  # the deployment is unable, which says nothing about the asset
            if is_recorded(connection, asset_id):  # another worker has finished meanwhile
                return latest_decision(connection, asset_id) or decision
        raise
    except GateError as exc:
        _log.warning("seal failed", asset_id=asset_id, code=exc.code, error=str(exc))
        return _hold(here, asset, decision, exc)
    quarantine = here.blobs.quarantine
    quarantine.put_all(
        {
            sealed_key(asset_id, sealed.sha256): sealed.file,
            manifest_key(asset_id, sealed.sha256): sealed.manifest_bytes,
            facts_key(asset_id): json.dumps(build_seal_facts(sealed)).encode(),
        },
        spare=(facts_key(asset_id),),  # where they are lost or torn `load_sealed` finds nothing, and it is sealed anew
    )
    here.handover.notes(asset_id).note_sealed(sealed)
    return decision


def _find_kept(here: Deployment, files: Sequence[tuple[MediaType, Blob]]) -> dict[str, bytes]:
    """Return manifests of our own releases among files that went in, where they lie beside them."""
    # What was handed in may be of a type that this site takes as part of another alone.
    inside = {one for medium in here.media for one in medium.types if medium.embeds_manifests(one)}
    outside = [file for media_type, file in files if media_type not in inside]
    if not outside:
        return {}
    with here.database.read() as connection:
        stores = {
            str(file.sha256): find_beside(connection, here.blobs.public, file.sha256, tenant=here.tenant)
            for file in outside
        }
    return {sha256: store for sha256, store in stores.items() if store is not None}


def load_sealed(here: Deployment, asset_id: AssetId, decision: Decision) -> Sealed | None:
    """Return what `seal` left in quarantine under this decision, or None when it is missing, incomplete or damaged."""
    quarantine = here.blobs.quarantine
    try:
        facts = json.loads(quarantine.get(facts_key(asset_id)))
        sealed = parse_seal_facts(
            facts,
            file=quarantine.open(sealed_key(asset_id, facts["sha256"])),
            manifest_bytes=quarantine.get(manifest_key(asset_id, facts["sha256"])),
        )
    except BlobNotFoundError:
        return None
    except (VerificationError, ValueError, KeyError, TypeError) as exc:
        _log.warning("a sealed blob is damaged", asset_id=asset_id, error=str(exc))
        return None
    return sealed if sealed.decision_id == decision.id else None


def is_recorded(connection: Connection, asset_id: AssetId) -> bool:
    """Say whether the release of `asset_id` is recorded; from then on nothing about it changes."""
    return connection.execute(select(SEALS.c.asset_id).where(SEALS.c.asset_id == asset_id)).first() is not None


def _hold(here: Deployment, asset: Asset, decision: Decision, error: GateError) -> Decision:
    """Turn an inability to seal into a HOLD, recorded like any other decision.

    Unless another worker has sealed or held the asset meanwhile: then what it made counts.
    """
    with here.database.write() as connection:
        lock_asset(connection, asset.id)
        latest = latest_decision(connection, asset.id)
        assert latest is not None
        if latest.id != decision.id or is_recorded(connection, asset.id):
            return latest
        return put_hold_on_record(here, connection, asset, decision, error)


def put_hold_on_record(
    here: Deployment, connection: Connection, asset: Asset, decision: Decision, error: GateError
) -> Decision:
    """Put a HOLD in place of a decision to release, in the transaction of whoever holds the asset's row."""
    is_lapse = isinstance(error, ConsentLapsedError)
    reason = Reason(
        pack="gate",
        rule="consent" if is_lapse else "seal",
        outcome=Outcome.HOLD,
        clause=CLOSED if is_lapse else "what ships was verified after it was written",
        text=str(error) if is_lapse else f"sealing failed ({error.code}): {error}",
    )
    reasons = (reason, *decision.reasons)
    held = replace(decision, id=str(uuid.uuid4()), outcome=Outcome.HOLD, reasons=reasons, decided_by="seal")
    append_decision(connection, held)
    here.log.append(
        connection,
        kind="decision.made",
        subject=asset.id,
        body=build_decision_entry(asset, held, find_signals(connection, asset.id)),
        key=f"decision:{held.id}",
    )
    return held


def _look_for_lapse(here: Deployment, request: Mapping[str, Any], decision: Decision) -> ConsentLapsedError | None:
    """Return what `find_lapse` does; nothing is read where no consent is named."""
    if not find_named(request).consents:
        return None
    with here.database.read() as connection:
        return find_lapse(connection, here, request, decision)


def find_lapse(
    connection: Connection, here: Deployment, request: Mapping[str, Any], decision: Decision, *, lock: bool = False
) -> ConsentLapsedError | None:
    """Return why consents that covered an asset when it was decided about do not any more, or None where they do.

    A person who approved what no consent covered knew that; what lapsed since it was held, they were not told.
    """
    named = find_named(request)
    if not named.consents:
        return None
    now = find_coverage(connection, here.tenant, named, datetime.now(UTC).date(), lock=lock)
    if now is Coverage.COVERS or (decision.decided_by.startswith(REVIEW) and not _is_new(connection, named, decision)):
        return None
    return ConsentLapsedError(spell_consent(now.value))


def _is_new(connection: Connection, named: Named, decision: Decision) -> bool:
    """Say whether one of the consents was revoked, or ended, after the hold that a person read and then approved."""
    this = select(DECISIONS.c.asset_id).where(DECISIONS.c.id == decision.id).scalar_subquery()
    held = (DECISIONS.c.asset_id == this, DECISIONS.c.outcome == Outcome.HOLD.value)
    made_at = connection.execute(select(func.max(DECISIONS.c.created_at)).where(*held)).scalar() or ""
    today = str(datetime.now(UTC).date())
    ended = (CONSENTS.c.last_day >= made_at[:10]) & (CONSENTS.c.last_day < today)
    query = select(CONSENTS.c.id).where(CONSENTS.c.id.in_(named.consents), ended | (CONSENTS.c.revoked_at >= made_at))
    return connection.execute(query).first() is not None
