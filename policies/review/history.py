"""What was decided: by whom, when, about what; a batch is one line. And what was decided before about one asset.

What is sensitive is left out for those who may not see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, or_, select

from policies.line.deployment import Deployment
from policies.line.records import asset_row, show_decision
from policies.refusals import UnknownChoiceError
from policies.review.job import Reviewer, verify_visible
from policies.rules.decision import Decision
from provenance.asset import AssetId
from provenance.storage.review_tables import BATCHES, JOBS
from provenance.storage.tables import ASSETS, DECISIONS, REVIEWS

PAGE: Final = 50
EARLIER: Final = 20
"""Of other assets shown beside one."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what was decided.

    Attributes:
        id: of the review or the batch.
        created_at: when.
        reviewer: by whom.
        outcome: release, block, or hold for a decision that was taken back.
        clause, reason: as cited and written.
        asset_id, name: of the asset; "" for a batch.
        size: how many jobs a batch has; 0 for a single one.
        undone_at: when a batch was taken back, or "".
        batch_id: of the batch that a single one was part of, or "".
    """

    id: str
    created_at: str
    reviewer: str
    outcome: str
    clause: str
    reason: str
    asset_id: str = ""
    name: str = ""
    size: int = 0
    undone_at: str = ""
    batch_id: str = ""

    @property
    def cursor(self) -> str:
        """Where a list goes on after this one."""
        return f"{self.created_at}~{self.id}"


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another asset that has to do with one: the same file, or the same submitter's.

    Attributes:
        asset_id, name, stage, created_at: of the asset.
        decision: that counts.
        is_same_file: whether its bytes are the same.
    """

    asset_id: AssetId
    name: str
    stage: str
    created_at: str
    decision: Decision
    is_same_file: bool


def list_lines(
    here: Deployment,
    reviewer: Reviewer,
    *,
    by: str = "",
    outcome: str = "",
    batch_id: str = "",
    before: str = "",
    limit: int = PAGE,
) -> tuple[Line, ...]:
    """Return what people decided, newest first; of one batch every decision, else a batch as one line.

    Args:
        here: the deployment.
        reviewer: who asks.
        by: name of who decided.
        outcome: release, block or hold (taken back).
        batch_id: only the decisions of this batch.
        before: cursor of the last line that was shown.
        limit: how many.

    Raises:
        PolicyError: `before` is no cursor.
    """
    at, _, last = before.partition("~")
    if before and not (at and last):
        raise UnknownChoiceError(f"expected a cursor as the page before named it, got {before[:40]!r}")
    with here.database.read() as connection:
        single = _single(here, reviewer, by, outcome, batch_id)
        lines = [_build_line(row) for row in _read(connection, single, REVIEWS, at, last, limit)]
        if not batch_id:
            whole = _whole(here, reviewer, by, outcome)
            lines += [_build_line(row) for row in _read(connection, whole, BATCHES, at, last, limit)]
    return tuple(sorted(lines, key=lambda line: (line.created_at, line.id), reverse=True)[:limit])


def _single(here: Deployment, reviewer: Reviewer, by: str, outcome: str, batch_id: str) -> Select[Any]:
    wanted: list[ColumnElement[bool]] = [ASSETS.c.tenant == here.tenant, REVIEWS.c.batch_id == batch_id]
    if by:
        wanted.append(REVIEWS.c.reviewer == by)
    if outcome:
        wanted.append(REVIEWS.c.outcome == outcome)
    if not reviewer.sees_sensitive:
        wanted.append(or_(JOBS.c.is_sensitive.is_(None), JOBS.c.is_sensitive.is_(False)))
    return (
        select(REVIEWS, ASSETS.c.name)
        .join(ASSETS, ASSETS.c.id == REVIEWS.c.asset_id)
        .join(JOBS, JOBS.c.asset_id == REVIEWS.c.asset_id, isouter=True)
        .where(*wanted)
    )


def _whole(here: Deployment, reviewer: Reviewer, by: str, outcome: str) -> Select[Any]:
    wanted: list[ColumnElement[bool]] = [BATCHES.c.tenant == here.tenant]
    if by:
        wanted.append(BATCHES.c.reviewer == by)
    if outcome:
        wanted.append(BATCHES.c.outcome == outcome)
    if not reviewer.sees_sensitive:
        wanted.append(BATCHES.c.is_sensitive.is_(False))
    return select(BATCHES).where(*wanted)


def _read(
    connection: Connection,
    query: Select[Any],
    table: Table,
    at: str,
    last: str,
    limit: int,
) -> Sequence[Mapping[Any, Any]]:
    created, key = table.c.created_at, table.c.id
    if at:
        query = query.where(or_(created < at, and_(created == at, key < last)))
    return connection.execute(query.order_by(created.desc(), key.desc()).limit(limit)).mappings().all()


def _build_line(row: Mapping[Any, Any]) -> Line:
    return Line(**{name: row[name] for name in Line.__dataclass_fields__ if name in row})


def list_decisions(here: Deployment, asset_id: AssetId) -> tuple[tuple[str, Decision], ...]:
    """Return (when, decision) of every decision about an asset, oldest first."""
    query = select(DECISIONS.c.created_at, DECISIONS.c.body).where(DECISIONS.c.asset_id == asset_id)
    with here.database.read() as connection:
        asset_row(connection, asset_id, here.tenant)
        rows = connection.execute(query.order_by(DECISIONS.c.sequence)).all()
    return tuple((row.created_at, show_decision(asset_id, row.body)) for row in rows)


def list_earlier(here: Deployment, asset_id: AssetId, reviewer: Reviewer) -> tuple[Earlier, ...]:
    """Return other assets that are the same file, or that the same submitter handed in, newest first.

    Raises:
        AssetNotFoundError: there is no such asset, or none for this reviewer.
    """
    with here.database.read() as connection:
        row = asset_row(connection, asset_id, here.tenant)
        verify_visible(connection, asset_id, sees_sensitive=reviewer.sees_sensitive)
        same = [ASSETS.c.sha256 == row["sha256"]]
        if "submitter" in ASSETS.c and row["submitter"]:
            same.append(ASSETS.c.submitter == row["submitter"])
        found: dict[str, Earlier] = {}
        for condition in same:  # each by its own index
            query = (
                select(ASSETS, DECISIONS.c.body, DECISIONS.c.sequence)
                .join(DECISIONS, DECISIONS.c.asset_id == ASSETS.c.id)
                .join(JOBS, JOBS.c.asset_id == ASSETS.c.id, isouter=True)
                .where(ASSETS.c.tenant == here.tenant, ASSETS.c.id != asset_id, condition, *_seen_by(reviewer))
                .order_by(ASSETS.c.id.desc(), DECISIONS.c.sequence.desc())
                .limit(EARLIER * 3)
            )
            for one in connection.execute(query).mappings():
                found.setdefault(one["id"], _build_earlier(one, row["sha256"]))
    newest = sorted(found.values(), key=lambda one: one.asset_id, reverse=True)
    return tuple(sorted(newest, key=lambda one: not one.is_same_file)[:EARLIER])


def _seen_by(reviewer: Reviewer) -> list[ColumnElement[bool]]:
    return [] if reviewer.sees_sensitive else [or_(JOBS.c.is_sensitive.is_(None), JOBS.c.is_sensitive.is_(False))]


def _build_earlier(row: Mapping[Any, Any], sha256: str) -> Earlier:
    asset_id = AssetId(row["id"])
    decision = show_decision(asset_id, row["body"])
    return Earlier(asset_id, row["name"], row["stage"], row["created_at"], decision, row["sha256"] == sha256)
