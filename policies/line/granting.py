"""Stage (5): the grant, made with the decision that it rests on."""

import secrets
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from policies.line.deployment import Deployment
from policies.line.records import asset_row, find_grant, latest_decision, lock_asset, parse_asset
from policies.review.job import find_postponed
from policies.rules.decision import Decision, Outcome
from provenance.asset import Asset, AssetId
from provenance.errors import AssetInUseError, GrantMismatchError
from provenance.grant import Grant
from provenance.storage.database import utc_now
from provenance.storage.tables import GRANTS
from provenance.watermarks.base import TICKET_BITS

PAYLOAD_BITS: Final = 56
"""The id part of a watermark payload; the other 8 bits are its version."""


def grant(here: Deployment, asset_id: AssetId) -> Grant:
    """Return the grant of a released asset; it names bytes, packs, marks and payload.

    A decision of the gate comes with its grant, in one transaction; for one of a moderator it is made here.

    Raises:
        GrantMismatchError: the decision that counts is not RELEASE.
        AssetInUseError: a moderator approved it, and may take that back for a moment; whoever walks it, walks later.
    """
    noted = here.handover.notes(asset_id).grant
    if noted is not None:  # in a walk; whether it still counts is checked where the release is recorded
        return noted
    with here.database.read() as connection:
        asset = parse_asset(asset_row(connection, asset_id, here.tenant))
        known = find_grant(connection, asset, _find_release(connection, asset_id))
        if find_postponed(connection, asset_id):
            raise AssetInUseError(f"{asset_id} is approved and may be taken back for a moment: try again later")
    if known is None:
        with here.database.write() as connection:
            lock_asset(connection, asset_id)
            decision = _find_release(connection, asset_id)
            known = find_grant(connection, asset, decision) or make_grant(here, connection, asset, decision)
    here.handover.notes(asset_id).note_grant(known)
    return known


def make_grant(
    here: Deployment, connection: Connection, asset: Asset, decision: Decision, *, is_first: bool = False
) -> Grant:
    """Write down the grant for a decision, in the transaction of whoever holds the asset's row; the payload stays."""
    given = select(GRANTS.c.payload).where(GRANTS.c.asset_id == asset.id)
    previous = None if is_first else connection.execute(given).scalar()
    if previous is not None:
        connection.execute(delete(GRANTS).where(GRANTS.c.asset_id == asset.id))
    payload = _draw_id(here, connection, asset) if previous is None else int(previous)
    row = {"asset_id": asset.id, "decision_id": decision.id, "payload": payload, "created_at": utc_now()}
    connection.execute(insert(GRANTS).values(row))
    return Grant(
        asset_id=asset.id,
        asset_sha256=asset.sha256,
        decision_id=decision.id,
        packs=decision.packs,
        obligations=decision.obligations,
        payload=payload,
    )


def _draw_id(here: Deployment, connection: Connection, asset: Asset) -> int:
    """Return an id that nobody has: of 56 bits, of 32 for what is too small to carry more."""
    measure_room = getattr(here.media.of(asset.media_type), "measure_room", None)  # docs/media.md: most have none
    if measure_room is None or measure_room(asset.facts) != TICKET_BITS:
        return secrets.randbits(PAYLOAD_BITS)
    while True:  # so short an id may be taken
        drawn = secrets.randbits(TICKET_BITS)
        if connection.execute(select(GRANTS.c.asset_id).where(GRANTS.c.payload == drawn)).first() is None:
            return drawn


def find_current(here: Deployment, asset_id: AssetId, decision: Decision) -> Grant:
    """Return the grant for `decision`, from the notes where the walk has just made it.

    Raises:
        GrantMismatchError: another decision counts by now, and it is not RELEASE.
    """
    noted = here.handover.notes(asset_id).grant
    return noted if noted is not None and noted.decision_id == decision.id else grant(here, asset_id)


def _find_release(connection: Connection, asset_id: AssetId) -> Decision:
    decision = latest_decision(connection, asset_id)
    if decision is None or decision.outcome is not Outcome.RELEASE:
        raise GrantMismatchError(f"expected a RELEASE decision about {asset_id}, got {decision and decision.outcome}")
    return decision
