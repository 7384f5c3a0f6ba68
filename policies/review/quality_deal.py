"""A case as it is dealt: a job among the others, that looks, is claimed, passed on and noted about as they are.

Its id is made as an asset's is, with a time between those of jobs that wait, so that it stands among them in the queue.
"""

import random
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, or_, select, update

from policies.line.deployment import Deployment
from policies.refusals import NotWaitingError
from policies.review.backlog import Filter, Item
from policies.review.claim import ASSIGNED_MS, CLAIM_MS
from policies.review.job import Job, Reviewer, State, now_ms
from policies.review.note import Note, build_note
from policies.review.quality_case import Case, parse_case
from policies.review.queue import spell_time
from policies.review.refusals import JobTakenError, NotYoursError
from policies.review.reviewers import REVIEW
from policies.rules.decision import Decision, Outcome, Reason
from provenance.asset import AssetId, new_asset_id
from provenance.storage.quality_tables import QUALITY_CASES, QUALITY_DEALS
from provenance.storage.review_tables import JOBS

ESCALATED: Final = "escalate"
"""As an answer: somebody else should say."""
_AMONG: Final = 10
"""The oldest jobs of the queue, between which a case is laid."""
_NOBODY: Final = {"holder_id": "", "holder": "", "assigned_by": "", "expires_at_ms": 0}


@dataclass(frozen=True, slots=True)
class Deal:
    """One case, dealt.

    Attributes:
        id: of the job that it looks like.
        case: what is judged.
        reviewer_id: whom it was dealt to; "" for whoever may.
        is_open: whether an answer is waited for.
        holder_id, holder, assigned_by, expires_at_ms: as of a job.
        notes: as written, by their authors.
        outcome, clause, reason: the answer; "" before.
        answered_by_id, answered_by, answered_at: whose it is.
        created_at: since when it seems to wait.
    """

    id: AssetId
    case: Case
    reviewer_id: str
    is_open: bool
    holder_id: str
    holder: str
    assigned_by: str
    expires_at_ms: int
    notes: tuple[Note, ...]
    outcome: str
    clause: str
    reason: str
    answered_by_id: str
    answered_by: str
    answered_at: str
    created_at: str

    @property
    def job(self) -> Job:
        """The job that it looks like."""
        state = State.OPEN if self.is_open else State.ESCALATED if self.outcome == ESCALATED else State.CLOSED
        holder = (self.holder_id, self.holder, self.assigned_by, self.expires_at_ms)
        return Job(self.id, state, self.case.is_sensitive, *holder, escalated_by="", wants_opinion=False, due_at_ms=0)

    @property
    def decision(self) -> Decision:
        """The policy's decision, or, once it is answered, what would have come of the answer."""
        own = replace(self.case.decision, asset_id=self.id)
        if self.outcome in {"", ESCALATED}:
            return own
        outcome = Outcome(self.outcome)
        spoken = Reason("review", "moderator", outcome, clause=self.clause, text=self.reason)
        by = f"{REVIEW}{self.answered_by}"
        return replace(own, outcome=outcome, reasons=(spoken, *own.reasons), decided_by=by)

    @property
    def item(self) -> Item:
        """The line of the queue that it looks like."""
        return Item(self.job, self.case.name, self.case.asset.media_type.value, self.created_at, self.decision)

    def fits(self, asked: Filter, reviewer: Reviewer) -> bool:
        """Return whether a filter of the queue finds it."""
        against = self.item.against
        said = {"detector": asked.detector, "category": asked.category, "pack": asked.pack}
        given = {name: value for name, value in said.items() if value}
        holder = "free" if not self.job.is_held else "mine" if self.holder_id == reviewer.id else "others"
        return (
            (not given or any(all(_facet(one, name) == value for name, value in given.items()) for one in against))
            and (not asked.holder or asked.holder == holder)
            and not (asked.opinion or asked.state == State.ESCALATED or asked.medium)
            and (not asked.sensitive or self.case.is_sensitive)
            and asked.name.casefold() in self.case.name.casefold()
            and (not asked.since or self.created_at >= asked.since)
            and (not asked.until or self.created_at < asked.until)
        )


def _facet(reason: Reason, name: str) -> str:
    return reason.category or reason.rule if name == "category" else str(getattr(reason, name))


def find_deal(connection: Connection, here: Deployment, deal_id: str, reviewer: Reviewer) -> Deal | None:
    """Return what was dealt under an id, to whom it is for or who answered it; None for every other id."""
    row = connection.execute(_select().where(QUALITY_DEALS.c.id == deal_id)).mappings().first()
    deal = None if row is None or row[QUALITY_DEALS.c.tenant] != here.tenant else _parse(row)
    return deal if deal is not None and _is_seen(connection, deal, reviewer) else None


def list_deals(connection: Connection, here: Deployment, reviewer: Reviewer) -> tuple[Deal, ...]:
    """Return what waits for an answer of `reviewer`, as the queue is sorted."""
    mine = QUALITY_DEALS.c.reviewer_id.in_(("", reviewer.id))
    query = _select().where(QUALITY_DEALS.c.tenant == here.tenant, QUALITY_DEALS.c.state == "open", mine)
    rows = connection.execute(query.order_by(QUALITY_DEALS.c.id).limit(500)).mappings().all()
    return tuple(deal for row in rows if _is_seen(connection, deal := _parse(row), reviewer))


def lay(connection: Connection, here: Deployment, case_id: AssetId, reviewer_id: str = "") -> AssetId:
    """Deal a case to somebody, or to whoever takes it; it seems to wait as long as one of the oldest jobs."""
    oldest = select(JOBS.c.asset_id).where(JOBS.c.tenant == here.tenant, JOBS.c.state != State.CLOSED.value)
    waiting = connection.execute(oldest.order_by(JOBS.c.asset_id).limit(_AMONG)).scalars().all()
    at_ms = uuid.UUID(secrets.choice(waiting)).int >> 80 if waiting else now_ms() - secrets.randbelow(600_000)
    deal_id = new_asset_id(at_ms)
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    columns = {"id": deal_id, "case_id": case_id, "tenant": here.tenant, "reviewer_id": reviewer_id, "state": "open"}
    connection.execute(insert(QUALITY_DEALS).values(**columns, notes={"notes": []}, created_at=spell_time(moment)))
    return deal_id


def falls(share: float) -> bool:
    """Return whether the lot falls on one of so many; nobody can tell beforehand."""
    return share > 0 and random.SystemRandom().random() < share


def claim_deal(here: Deployment, deal: Deal, reviewer: Reviewer) -> None:
    """Take it, or prolong the time for which one has it.

    Raises:
        PolicyError: it was answered.
        JobTakenError: somebody else has it.
    """
    with here.database.write() as connection:
        take_deal(connection, deal, reviewer)


def take_deal(connection: Connection, deal: Deal, reviewer: Reviewer) -> None:
    """Take it within the caller's transaction, as `claim_deal` does."""
    if not deal.is_open:
        raise NotWaitingError(f"expected a job that waits, got {deal.id}, which was decided")
    table = QUALITY_DEALS
    columns = {"holder_id": reviewer.id, "holder": reviewer.name, "expires_at_ms": now_ms() + CLAIM_MS}
    free = or_(table.c.holder_id.in_(("", reviewer.id)), table.c.expires_at_ms <= now_ms())
    this = (table.c.id == deal.id, table.c.state == "open", free)
    if not connection.execute(update(table).where(*this).values(columns)).rowcount:
        raise JobTakenError(f"{deal.holder} has this job: wait, or ask them to give it back")


def release_deal(here: Deployment, deal: Deal, reviewer: Reviewer) -> None:
    """Give it back; what one does not have is left alone."""
    table = QUALITY_DEALS
    with here.database.write() as connection:
        mine = (table.c.id == deal.id, table.c.holder_id == reviewer.id)
        connection.execute(update(table).where(*mine).values(**_NOBODY))


def assign_deal(here: Deployment, deal: Deal, reviewer: Reviewer, to: Reviewer) -> None:
    """Give it to somebody, who keeps it for a day.

    Raises:
        JobTakenError: a third person has it.
        NotYoursError: they may not judge it.
    """
    table = QUALITY_DEALS
    with here.database.write() as connection:
        take_deal(connection, deal, reviewer)
        if not deal.case.is_for(to) or has_answered(connection, deal.case, to):
            raise NotYoursError(f"{to.name} may not decide about this job")
        given = {"holder_id": to.id, "holder": to.name, "assigned_by": reviewer.name}
        given |= {"reviewer_id": to.id} if deal.reviewer_id else {}
        until = {"expires_at_ms": now_ms() + ASSIGNED_MS}
        connection.execute(update(table).where(table.c.id == deal.id).values(**given, **until))


def note_deal(here: Deployment, deal: Deal, reviewer: Reviewer, text: str) -> None:
    """Keep a note about it.

    Raises:
        PolicyError: it is empty or too long.
    """
    note = build_note(reviewer, text)
    kept = [_spell_note(one) for one in (*deal.notes, note)]
    with here.database.write() as connection:
        this = QUALITY_DEALS.c.id == deal.id
        connection.execute(update(QUALITY_DEALS).where(this).values(notes={"notes": kept}))


def has_answered(connection: Connection, case: Case, reviewer: Reviewer) -> bool:
    """Return whether somebody has judged a case, or is to."""
    known = or_(QUALITY_DEALS.c.answered_by_id == reviewer.id, QUALITY_DEALS.c.reviewer_id == reviewer.id)
    query = select(QUALITY_DEALS.c.id).where(QUALITY_DEALS.c.case_id == case.id, known).limit(1)
    return connection.execute(query).first() is not None


def _is_seen(connection: Connection, deal: Deal, reviewer: Reviewer) -> bool:
    if not deal.is_open:
        return deal.answered_by_id == reviewer.id
    if deal.reviewer_id:
        return deal.reviewer_id == reviewer.id and deal.case.is_for(reviewer)
    return deal.case.is_for(reviewer) and not has_answered(connection, deal.case, reviewer)


def _select() -> Any:  # noqa: ANN401 - a select of both tables
    return select(QUALITY_DEALS, QUALITY_CASES).join(QUALITY_CASES, QUALITY_CASES.c.id == QUALITY_DEALS.c.case_id)


def _parse(row: Mapping[Any, Any]) -> Deal:
    own: dict[str, Any] = {column.name: row[column] for column in QUALITY_DEALS.c}
    case = parse_case({column.name: row[column] for column in QUALITY_CASES.c})
    notes = tuple(Note(**{**one, "mentions": tuple(one["mentions"])}) for one in own["notes"]["notes"])
    read: dict[str, Any] = {"id": AssetId(own["id"]), "case": case, "is_open": own["state"] == "open", "notes": notes}
    return Deal(**{name: value for name, value in {**own, **read}.items() if name in Deal.__dataclass_fields__})


def _spell_note(note: Note) -> dict[str, Any]:
    fields = {name: getattr(note, name) for name in Note.__dataclass_fields__}
    return {**fields, "mentions": list(note.mentions)}
