"""Jobs: what waits for a moderator, as the queue finds it; one for each asset that was ever withheld.

A job is opened where an asset is withheld, in the same transaction, and closed where somebody decides. Some are
sensitive: those are found by nobody who may not see them, by no way at all.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from policies.line.records import Stage
from policies.review.sensitivity import is_sensitive
from policies.rules.decision import Decision, Outcome
from provenance.asset import AssetId
from provenance.errors import AssetNotFoundError
from provenance.storage.database import Database, utc_now
from provenance.storage.review_tables import FACETS, JOBS
from provenance.storage.tables import ASSETS
from provenance.tenant import Tenant

NAME_LIMIT: Final = 255
COMMAND_LINE: Final = "cli:"
"""Ids of who decides on the command line begin so."""


class State(StrEnum):
    """Where a job stands."""

    OPEN = "open"
    ESCALATED = "escalated"
    """Somebody asks for another to decide; who escalated it may not."""
    CLOSED = "closed"
    """Decided; what was approved may still wait for its moment to walk on."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who reviews.

    Attributes:
        id: stable, of the person or key.
        name: for people; the ledger has a pseudonym instead.
        sees_sensitive: whether they find what is sensitive.
    """

    id: str
    name: str
    sees_sensitive: bool = False

    @property
    def has_desk(self) -> bool:
        """Whether they can be dealt cases to answer: not who decides on the command line."""
        return not self.id.startswith(COMMAND_LINE)


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes:
        asset_id: of the asset.
        state: where it stands.
        is_sensitive: whether only those who may see it find it.
        holder_id, holder, assigned_by: who has it, and who gave it to them; "" for nobody.
        expires_at_ms: Unix time at which they have it no more.
        escalated_by: id of who escalated it, or "".
        wants_opinion: whether a second one is waited for.
        due_at_ms: Unix time at which what was approved walks on; 0 for nothing that waits.
    """

    asset_id: AssetId
    state: State
    is_sensitive: bool
    holder_id: str
    holder: str
    assigned_by: str
    expires_at_ms: int
    escalated_by: str
    wants_opinion: bool
    due_at_ms: int

    @property
    def is_held(self) -> bool:
        """Whether somebody has it now."""
        return bool(self.holder_id) and self.expires_at_ms > now_ms()

    def is_free_for(self, reviewer: Reviewer) -> bool:
        """Return whether nobody else has it now."""
        return not self.is_held or self.holder_id == reviewer.id


def now_ms() -> int:
    """Return the Unix time in milliseconds by this machine's clock: a fleet's agree to seconds, claims last minutes."""
    return int(time.time() * 1000)


def open_job(connection: Connection, asset: Mapping[Any, Any], decision: Decision, sensitive: Sequence[str]) -> None:
    """Open the job of an asset that is withheld, or open it again; what was refused has one that is closed.

    What somebody handed up stays so: withholding a held asset again changes nothing about who may decide.

    Args:
        connection: of `Database.write`, in which the asset is withheld.
        asset: its row.
        decision: the one that counts.
        sensitive: patterns of categories and rules that make it sensitive; once so, a job stays so.
    """
    asset_id, is_open = asset["id"], decision.outcome is Outcome.HOLD
    against = list(dict.fromkeys(_list_against(decision)))
    state = (State.OPEN if is_open else State.CLOSED).value
    fresh = {"state": state, "due_at_ms": 0, "attempts": 0}
    hides = is_sensitive((word for one in against for word in one[1:3]), sensitive)
    known = connection.execute(select(JOBS.c.is_sensitive, JOBS.c.state).where(JOBS.c.asset_id == asset_id)).first()
    if known is None:
        connection.execute(
            insert(JOBS).values(
                asset_id=asset_id,
                tenant=asset["tenant"],
                is_sensitive=hides,
                medium=asset["medium"],
                name=asset["name"].casefold()[:NAME_LIMIT],
                opened_at=utc_now(),
                **fresh,
            )
        )
    else:
        fresh["is_sensitive"] = known.is_sensitive or hides
        if is_open and known.state == State.ESCALATED.value:
            fresh["state"] = known.state
        connection.execute(update(JOBS).where(JOBS.c.asset_id == asset_id).values(fresh))
        connection.execute(delete(FACETS).where(FACETS.c.asset_id == asset_id))
    rows = [
        {"asset_id": asset_id, "number": number, "tenant": asset["tenant"], "is_open": is_open}
        | {"detector": detector, "category": category or rule, "pack": pack}
        for number, (detector, category, rule, pack) in enumerate(against)
    ]
    if rows:
        connection.execute(insert(FACETS), rows)


def _list_against(decision: Decision) -> Iterator[tuple[str, str, str, str]]:
    for reason in decision.reasons:
        if reason.outcome is not Outcome.RELEASE and reason.pack != "review":
            yield reason.detector, reason.category, reason.rule, reason.pack


def move_job(connection: Connection, asset_id: AssetId, state: State, **changes: Any) -> None:  # noqa: ANN401 - columns
    """Note where a job stands; closing it lets go of it."""
    if state is State.CLOSED:
        changes = {
            "holder_id": "",
            "holder": "",
            "assigned_by": "",
            "expires_at_ms": 0,
            "wants_opinion": False,
        } | changes
    connection.execute(update(JOBS).where(JOBS.c.asset_id == asset_id).values(state=state.value, **changes))
    is_open = state is not State.CLOSED
    connection.execute(update(FACETS).where(FACETS.c.asset_id == asset_id).values(is_open=is_open))


def sort_jobs(database: Database, sensitive: Sequence[str]) -> int:
    """Make jobs sensitive that were not, after the setting has changed; return how many. None becomes open to all."""
    with database.read() as connection:
        categories = connection.execute(select(FACETS.c.category).distinct()).scalars().all()
    found = [one for one in categories if is_sensitive([one], sensitive)]
    if not found:
        return 0
    ids = select(FACETS.c.asset_id).where(FACETS.c.category.in_(found))
    this = (JOBS.c.is_sensitive.is_(False), JOBS.c.asset_id.in_(ids))
    with database.read() as connection:
        if connection.execute(select(JOBS.c.asset_id).where(*this).limit(1)).scalar() is None:
            return 0
    with database.write() as connection:
        return int(connection.execute(update(JOBS).where(*this).values(is_sensitive=True)).rowcount)


def find_job(connection: Connection, asset_id: AssetId, tenant: Tenant, reviewer: Reviewer) -> Job:
    """Return a job that `reviewer` may find.

    Raises:
        AssetNotFoundError: there is none, or none for them.
    """
    query = select(JOBS).where(JOBS.c.asset_id == asset_id, JOBS.c.tenant == tenant)
    row = connection.execute(query).mappings().first()
    if row is None or (row["is_sensitive"] and not reviewer.sees_sensitive):
        raise AssetNotFoundError(f"no job has the asset {asset_id}")
    return parse_job(row)


def has_job(connection: Connection, asset_id: AssetId) -> bool:
    """Return whether an asset was ever withheld."""
    return connection.execute(select(JOBS.c.asset_id).where(JOBS.c.asset_id == asset_id)).first() is not None


def find_record(connection: Connection, asset_id: AssetId, tenant: Tenant, reviewer: Reviewer) -> Job:
    """Return a job as `find_job` does, and of an asset that was released and never waited, one that is closed.

    Raises:
        AssetNotFoundError: there is no such asset, it is not released, or its job is none for them.
    """
    released = select(ASSETS.c.id).where(ASSETS.c.id == asset_id, ASSETS.c.tenant == tenant)
    released = released.where(ASSETS.c.stage == Stage.PUBLISHED.value)
    if not has_job(connection, asset_id) and connection.execute(released).first() is not None:
        return Job(asset_id, State.CLOSED, False, "", "", "", 0, "", False, 0)
    return find_job(connection, asset_id, tenant, reviewer)


def parse_job(row: Mapping[Any, Any]) -> Job:
    """Return the job that a row describes."""
    fields = {name: row[name] for name in Job.__dataclass_fields__}
    return Job(**{**fields, "asset_id": AssetId(row["asset_id"]), "state": State(row["state"])})


def is_hidden(connection: Connection, asset_id: AssetId, *, sees_sensitive: bool) -> bool:
    """Return whether an asset lies in the sensitive queue and who asks may not see that."""
    if sees_sensitive:
        return False
    query = select(JOBS.c.is_sensitive).where(JOBS.c.asset_id == asset_id)
    return bool(connection.execute(query).scalar())


def verify_visible(connection: Connection, asset_id: AssetId, *, sees_sensitive: bool) -> None:
    """Check that who asks may know of an asset.

    Raises:
        AssetNotFoundError: it lies in the sensitive queue, and they may not see that.
    """
    if is_hidden(connection, asset_id, sees_sensitive=sees_sensitive):
        raise AssetNotFoundError(f"no asset has the id {asset_id}")


def find_postponed(connection: Connection, asset_id: AssetId | None = None) -> frozenset[AssetId]:
    """Return the assets that are approved and may not walk on yet; or that one, if it is one of them."""
    query = select(JOBS.c.asset_id).where(JOBS.c.due_at_ms > now_ms())
    if asset_id is not None:
        query = query.where(JOBS.c.asset_id == asset_id)
    return frozenset(AssetId(row) for row in connection.execute(query).scalars())


def find_sensitive(connection: Connection, asset_ids: Sequence[str]) -> frozenset[str]:
    """Return those of some assets that lie in the sensitive queue."""
    query = select(JOBS.c.asset_id).where(JOBS.c.asset_id.in_(asset_ids), JOBS.c.is_sensitive)
    return frozenset(connection.execute(query).scalars())
