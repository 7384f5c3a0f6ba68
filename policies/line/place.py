"""An asset's place in the line: from when it is handed to the workers until it has reached an end.

A place is a row with the ticket of the one workflow that may walk the asset. It says who is to go on, never what became
of the asset: that is in the asset's own rows, so a place that is lost or given twice loses nothing and repeats nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from provenance.asset import AssetId
from provenance.storage.database import utc_now
from provenance.storage.line_tables import LINE
from provenance.storage.tables import LEASES
from provenance.tenant import Tenant

_REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Place:
    """One asset that waits, or is walked.

    Attributes:
        asset_id, tenant: which, and whose.
        ticket: id of the workflow that may walk it.
        priority: 1 to 9, the lowest first.
        tries: how often a worker began.
        stopped: why no worker goes on with it, or "".
        queued_at: when it was handed over.
        is_at_work: whether somebody holds its lease.
    """

    asset_id: AssetId
    tenant: Tenant
    ticket: str
    priority: int
    tries: int
    stopped: str
    queued_at: str
    is_at_work: bool = False


def take_place(connection: Connection, asset_id: AssetId, tenant: Tenant, priority: int) -> Place:
    """Return the place of an asset, a new one where it has none.

    Where a worker has begun with it, it gets a new ticket: that worker may have passed by what is to be done now.
    """
    known = find_place(connection, asset_id)
    if known is not None:
        return known if known.tries == 0 else renew_ticket(connection, asset_id, known.ticket) or known
    row = {"asset_id": asset_id, "tenant": tenant, "ticket": _draw_ticket(asset_id), "priority": priority}
    row |= {"tries": 0, "stopped": "", "queued_at": utc_now()}
    connection.execute(insert(LINE).values(row))
    return _parse(row)


def find_place(connection: Connection, asset_id: AssetId) -> Place | None:
    """Return the place of an asset, or None where it does not wait for workers."""
    row = connection.execute(_query().where(LINE.c.asset_id == asset_id)).mappings().first()
    return None if row is None else _parse(row)


def find_places(connection: Connection, *, after: str = "", limit: int | None = None) -> tuple[Place, ...]:
    """Return the places after that of an asset, by the asset's id, which is by age."""
    rows = connection.execute(_query().where(LINE.c.asset_id > after).order_by(LINE.c.asset_id).limit(limit)).mappings()
    return tuple(_parse(row) for row in rows)


def find_placed(connection: Connection) -> frozenset[AssetId]:
    """Return the ids of all assets that have a place."""
    return frozenset(AssetId(one) for one in connection.execute(select(LINE.c.asset_id)).scalars())


def count_ahead(connection: Connection, place: Place) -> int:
    """Return how many places of any tenant come before `place` by priority and age."""
    before = (LINE.c.priority < place.priority) | (
        (LINE.c.priority == place.priority) & (LINE.c.queued_at < place.queued_at)
    )
    return int(connection.execute(select(func.count()).select_from(LINE).where(before)).scalar_one())


def begin_try(connection: Connection, asset_id: AssetId, ticket: str) -> int | None:
    """Count that a worker begins; return the how-manieth try it is, or None where this ticket may not walk."""
    valid = (LINE.c.asset_id == asset_id) & (LINE.c.ticket == ticket) & (LINE.c.stopped == "")
    counted = update(LINE).where(valid).values(tries=LINE.c.tries + 1).returning(LINE.c.tries)
    return connection.execute(counted).scalar()


def renew_ticket(connection: Connection, asset_id: AssetId, ticket: str, *, tries: int | None = None) -> Place | None:
    """Give an asset a new ticket in place of `ticket`, which no workflow may use any more; None where that is gone."""
    values: dict[str, str | int] = {"ticket": _draw_ticket(asset_id), "stopped": ""}
    if tries is not None:
        values["tries"] = tries
    valid = (LINE.c.asset_id == asset_id) & (LINE.c.ticket == ticket)
    if connection.execute(update(LINE).where(valid).values(values)).rowcount != 1:
        return None
    return find_place(connection, asset_id)


def stop_place(connection: Connection, asset_id: AssetId, ticket: str, reason: str) -> None:
    """Let no worker go on with an asset that can neither be finished nor held, and keep why."""
    valid = (LINE.c.asset_id == asset_id) & (LINE.c.ticket == ticket)
    connection.execute(update(LINE).where(valid).values(stopped=reason[:_REASON_LIMIT] or "stopped"))


def leave_place(connection: Connection, asset_id: AssetId, ticket: str) -> None:
    """Take an asset out of the line, which has reached an end under `ticket`; under another it has more to do."""
    connection.execute(delete(LINE).where(LINE.c.asset_id == asset_id, LINE.c.ticket == ticket))


def _query() -> Select[Any]:
    return select(LINE, LEASES.c.owner).outerjoin(LEASES, LEASES.c.asset_id == LINE.c.asset_id)


def _parse(row: Mapping[Any, Any]) -> Place:
    known = {name: row[name] for name in Place.__dataclass_fields__ if name != "is_at_work"}
    return Place(**known, is_at_work=row.get("owner") is not None)


def _draw_ticket(asset_id: AssetId) -> str:
    return f"{asset_id}.{token_hex(6)}"
