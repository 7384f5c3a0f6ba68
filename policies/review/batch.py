"""One decision about many jobs: all that a filter finds, put on record as one, and taken back as one.

What a batch is about is settled when it is made; what comes in later is not part of it. Each job is decided in a
transaction that also says so in the batch: a process that is killed leaves the rest to the next, and no job is decided
twice.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from policies.line.deployment import Deployment
from policies.refusals import UnknownChoiceError, UnknownClauseError
from policies.review.backlog import Filter
from policies.review.job import Reviewer
from policies.review.judgement import GRACE_S, decide, list_clauses, take_back
from policies.review.refusals import ConfirmationError, JobTakenError
from policies.review.verdicts import Verdict
from policies.rules.decision import Outcome
from provenance.asset import AssetId
from provenance.errors import AssetNotFoundError, GateError
from provenance.journal import spell_surprise
from provenance.storage.database import utc_now
from provenance.storage.review_tables import BATCH_ITEMS, BATCHES, JOBS

MOST: Final = 10_000
"""Jobs of one batch at most."""
TYPED_ABOVE: Final = 20
"""Of more than so many jobs, a person types how many they mean."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch.

    Attributes:
        id: unique.
        reviewer: whose.
        outcome, clause, reason: of each of its decisions.
        query: what was asked for, for people.
        size: how many jobs.
        counts: how many of them stand where: waiting, decided, refused, undone, kept.
        created_at, finished_at, undone_at, undone_by: when, and by whom; "" for not yet.
    """

    id: str
    reviewer: str
    outcome: Outcome
    clause: str
    reason: str
    query: dict[str, Any]
    size: int
    counts: dict[str, int]
    created_at: str
    finished_at: str
    undone_at: str
    undone_by: str


def make_batch(
    here: Deployment,
    reviewer: Reviewer,
    ids: Sequence[AssetId],
    verdict: Verdict,
    *,
    key: str,
    confirmed: int,
    asked: Filter | None = None,
) -> Batch:
    """Put a batch on record; `run_batch` carries it out. The same key gives the batch that it made before.

    Args:
        here: the deployment.
        reviewer: whose.
        ids: of the jobs; those that the reviewer may not see are refused as if they were not there.
        verdict: about each.
        key: of the caller's own, 1 to 64 characters.
        confirmed: how many jobs the person typed, looked at above `TYPED_ABOVE`.
        asked: what found the jobs, for the record.

    Raises:
        ConfirmationError: it is another number.
        PolicyError: there are none, or too many, or the verdict lacks something.
    """
    verdict.verify(reviewer.name)
    ids = tuple(dict.fromkeys(ids))
    if not 1 <= len(ids) <= MOST or not 1 <= len(key) <= 64:
        raise UnknownChoiceError(f"expected 1 to {MOST} jobs and a key of 1 to 64 characters, got {len(ids)} jobs")
    if verdict.clause not in list_clauses(here.packs.values()):
        raise UnknownClauseError("expected a clause of one of the packs, as the job lists them")
    with here.database.write() as connection:
        known = connection.execute(
            select(BATCHES.c.id).where(BATCHES.c.tenant == here.tenant, BATCHES.c.key == key)
        ).scalar()
        if known is None:
            if len(ids) > TYPED_ABOVE and confirmed != len(ids):
                raise ConfirmationError(f"expected {len(ids)}, the number of jobs, to be typed, got {confirmed}")
            known = _keep(connection, here, reviewer, ids, verdict, key, asked)
        return find_batch(connection, here, str(known), reviewer)


def _keep(
    connection: Connection,
    here: Deployment,
    reviewer: Reviewer,
    ids: Sequence[AssetId],
    verdict: Verdict,
    key: str,
    asked: Filter | None,
) -> str:
    batch_id = str(uuid.uuid4())
    seen = _list_seen(connection, here, ids, reviewer)
    if len(seen) != len(ids):
        raise AssetNotFoundError(f"{len(ids) - len(seen)} of {len(ids)} jobs are not there")
    connection.execute(
        insert(BATCHES).values(
            id=batch_id,
            tenant=here.tenant,
            key=key,
            reviewer_id=reviewer.id,
            reviewer=reviewer.name,
            outcome=verdict.outcome.value,
            clause=verdict.clause,
            reason=verdict.reason,
            query={name: value for name, value in asdict(asked).items() if value} if asked else {},
            is_sensitive=any(seen.values()),
            size=len(ids),
            created_at=utc_now(),
        )
    )
    rows = [{"batch_id": batch_id, "asset_id": one, "state": "waiting"} for one in ids]
    connection.execute(insert(BATCH_ITEMS), rows)
    return batch_id


def _list_seen(connection: Connection, here: Deployment, ids: Sequence[AssetId], reviewer: Reviewer) -> dict[str, bool]:
    """Return which of the jobs are there for a reviewer, and whether each is sensitive."""
    seen: dict[str, bool] = {}
    for start in range(0, len(ids), 500):
        query = select(JOBS.c.asset_id, JOBS.c.is_sensitive).where(JOBS.c.asset_id.in_(ids[start : start + 500]))
        rows = connection.execute(query.where(JOBS.c.tenant == here.tenant))
        seen |= {row.asset_id: row.is_sensitive for row in rows if reviewer.sees_sensitive or not row.is_sensitive}
    return seen


def find_batch(connection: Connection, here: Deployment, batch_id: str, reviewer: Reviewer) -> Batch:
    """Return a batch with how far it is.

    Raises:
        AssetNotFoundError: there is none, or none for this reviewer.
    """
    query = select(BATCHES).where(BATCHES.c.id == batch_id, BATCHES.c.tenant == here.tenant)
    row = connection.execute(query).mappings().first()
    if row is None or (row["is_sensitive"] and not reviewer.sees_sensitive):
        raise AssetNotFoundError("there is no such batch")
    counted = select(BATCH_ITEMS.c.state, func.count()).where(BATCH_ITEMS.c.batch_id == batch_id)
    counts = {one[0]: one[1] for one in connection.execute(counted.group_by(BATCH_ITEMS.c.state))}
    fields = {name: row[name] for name in Batch.__dataclass_fields__ if name != "counts"}
    return Batch(**{**fields, "outcome": Outcome(row["outcome"])}, counts=counts)


def run_batch(here: Deployment, batch_id: str, *, most: int = MOST, grace_s: float = GRACE_S) -> bool:
    """Carry out what waits of a batch, or of taking it back, `most` jobs at most; return whether it is finished."""
    with here.database.read() as connection:
        query = select(BATCHES).where(BATCHES.c.id == batch_id, BATCHES.c.tenant == here.tenant)
        row = connection.execute(query).mappings().one()
        state = "decided" if row["undone_at"] else "waiting"
        items = select(BATCH_ITEMS.c.asset_id).where(BATCH_ITEMS.c.batch_id == batch_id, BATCH_ITEMS.c.state == state)
        ids = connection.execute(items.order_by(BATCH_ITEMS.c.asset_id).limit(most)).scalars().all()
    # What became sensitive since is not there for who made a batch without any that was.
    who = Reviewer(row["reviewer_id"], row["reviewer"], sees_sensitive=row["is_sensitive"])
    verdict = Verdict(Outcome(row["outcome"]), row["clause"], row["reason"])
    for one in ids:
        if row["undone_at"]:
            _undo_one(here, batch_id, AssetId(one), replace(who, name=row["undone_by"]))
        else:
            _decide_one(here, batch_id, AssetId(one), who, verdict, grace_s)
    if len(ids) == most:
        return False
    same = (BATCHES.c.id == batch_id, BATCHES.c.undone_at == row["undone_at"])  # else it is taken back since
    with here.database.write() as connection:
        return bool(connection.execute(update(BATCHES).where(*same).values(finished_at=utc_now())).rowcount)


def undo_batch(here: Deployment, batch_id: str, reviewer: Reviewer) -> Batch:
    """Take a batch back: what was released stays so, all else is open again. Doing it twice does it once."""
    with here.database.write() as connection:
        find_batch(connection, here, batch_id, reviewer)
        this = (BATCHES.c.id == batch_id, BATCHES.c.undone_at == "")
        changes = {"undone_at": utc_now(), "undone_by": reviewer.name, "finished_at": ""}
        if connection.execute(update(BATCHES).where(*this).values(changes)).rowcount:
            _mark(connection, batch_id, None, "waiting", "undone")
        return find_batch(connection, here, batch_id, reviewer)


def list_unfinished(here: Deployment) -> tuple[tuple[str, str], ...]:
    """Return (tenant, batch) of every batch of the site that is not carried out yet, oldest first."""
    query = select(BATCHES.c.tenant, BATCHES.c.id).where(BATCHES.c.finished_at == "").order_by(BATCHES.c.created_at)
    with here.database.read() as connection:
        return tuple((row.tenant, row.id) for row in connection.execute(query))


def _decide_one(
    here: Deployment, batch_id: str, asset_id: AssetId, who: Reviewer, verdict: Verdict, grace_s: float
) -> None:
    within = partial(_mark, batch_id=batch_id, asset_id=asset_id, before="waiting", after="decided", is_optional=False)
    try:
        decide(here, asset_id, who, verdict, grace_s=grace_s, batch_id=batch_id, within=within)
    except GateError as exc:
        if exc.retryable:
            raise
        with here.database.write() as connection:
            _mark(connection, batch_id, asset_id, "waiting", "refused", str(exc)[:500], is_optional=True)
    except (OSError, MemoryError):  # may pass
        raise
    except Exception as exc:  # noqa: BLE001 - what one asset brings about must not keep the rest of the batch waiting
        with here.database.write() as connection:
            _mark(connection, batch_id, asset_id, "waiting", "refused", spell_surprise(exc), is_optional=True)


def _undo_one(here: Deployment, batch_id: str, asset_id: AssetId, who: Reviewer) -> None:
    state, error = "undone", ""
    try:
        take_back(here, asset_id, who, f"batch {batch_id} is taken back")
    except GateError as exc:
        if exc.retryable:
            raise
        state, error = "kept", str(exc)[:500]
    except (OSError, MemoryError):  # may pass
        raise
    except Exception as exc:  # noqa: BLE001 - what one asset brings about must not keep the rest of the batch waiting
        state, error = "kept", spell_surprise(exc)
    with here.database.write() as connection:
        _mark(connection, batch_id, asset_id, "decided", state, error, is_optional=True)


def _mark(
    connection: Connection,
    batch_id: str,
    asset_id: AssetId | None,
    before: str,
    after: str,
    error: str = "",
    *,
    is_optional: bool = True,
) -> None:
    """Move an item, or every item, from one state to another.

    Raises:
        JobTakenError: another process was quicker, unless `is_optional`.
    """
    this = [BATCH_ITEMS.c.batch_id == batch_id, BATCH_ITEMS.c.state == before]
    if asset_id is not None:
        this.append(BATCH_ITEMS.c.asset_id == asset_id)
    done = connection.execute(update(BATCH_ITEMS).where(*this).values(state=after, error=error)).rowcount
    if not done and not is_optional:
        raise JobTakenError("another process carries this batch out")
