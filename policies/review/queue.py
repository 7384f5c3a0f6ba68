"""What waits for a moderator, and what did: pages of assets by how they ended, with the decision that counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Final

from sqlalchemy import Connection, Select, func, select

from policies.line.records import Stage, show_decision
from policies.rules.decision import Decision, Outcome
from provenance.asset import AssetId
from provenance.storage.database import Database
from provenance.storage.tables import ASSETS, DECISIONS
from provenance.tenant import MAIN, Tenant

STAGES: Final = {"held": Stage.HELD, "blocked": Stage.BLOCKED, "released": Stage.PUBLISHED}
"""How an asset can have ended, as people call it."""
_CHUNK: Final = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """One asset of a page."""

    asset_id: AssetId
    name: str
    outcome: str
    created_at: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Query:
    """Which assets are asked for; what is empty asks for any.

    Attributes:
        outcome: a key of `STAGES`.
        detector, category, pack: of a reason against the asset.
        name: part of its file name, or a pattern with ``*`` and ``?``; capitals do not count.
        since: taken in at that time or later.
        after: only those that come after this one.
    """

    outcome: str = "held"
    detector: str = ""
    category: str = ""
    pack: str = ""
    name: str = ""
    since: datetime | None = None
    after: str = ""


def find_waiting(database: Database, query: Query, tenant: Tenant = MAIN) -> Iterator[Waiting]:
    """Yield the assets of a tenant that `query` asks for, oldest first."""
    after = query.after
    while True:
        with database.read() as connection:
            found = list(_read_chunk(connection, query, tenant, after))
        yield from (item for item in found if _fits(item, query))
        if len(found) < _CHUNK:
            return
        after = found[-1].asset_id


def _read_chunk(connection: Connection, query: Query, tenant: Tenant, after: str) -> Iterator[Waiting]:
    rows = connection.execute(_select(query, tenant, after)).mappings().all()
    for row in rows:
        yield Waiting(
            AssetId(row["id"]), row["name"], query.outcome, row["created_at"], show_decision(row["id"], row["body"])
        )


def _select(query: Query, tenant: Tenant, after: str) -> Select[tuple[object, ...]]:
    others = DECISIONS.alias("others")
    newest = select(func.max(others.c.sequence)).where(others.c.asset_id == ASSETS.c.id).scalar_subquery()
    wanted = [ASSETS.c.tenant == tenant, ASSETS.c.stage == STAGES[query.outcome].value]
    if after:
        wanted.append(ASSETS.c.id > after)
    if query.since is not None:
        wanted.append(ASSETS.c.created_at >= spell_time(query.since))
    return (
        select(ASSETS.c.id, ASSETS.c.name, ASSETS.c.created_at, DECISIONS.c.body)
        .select_from(ASSETS)
        .join(DECISIONS, (DECISIONS.c.asset_id == ASSETS.c.id) & (DECISIONS.c.sequence == newest))
        .where(*wanted)
        .order_by(ASSETS.c.id)
        .limit(_CHUNK)
    )


def spell_time(moment: datetime) -> str:
    """Return `moment` as the database spells times, so that the two compare as texts."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fits(item: Waiting, query: Query) -> bool:
    pattern = query.name.casefold()
    if not any(char in pattern for char in "*?"):
        pattern = f"*{pattern}*"
    if not fnmatchcase(item.name.casefold(), pattern.replace("[", "[[]")):
        return False
    if query.outcome == "released":
        reasons = item.decision.reasons
    else:
        reasons = tuple(one for one in item.decision.reasons if one.outcome is not Outcome.RELEASE)
    asked = {"detector": query.detector, "category": query.category, "pack": query.pack}
    given = {field: value for field, value in asked.items() if value}
    return not given or any(
        all(getattr(reason, field) == value for field, value in given.items()) for reason in reasons
    )
