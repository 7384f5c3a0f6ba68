"""The queue as people work it: jobs by what they are, who has them and what speaks against them, oldest first.

Every question is a range of an index that ends after a page, so it takes no longer with a hundred thousand open jobs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, text

from policies.line.deployment import Deployment
from policies.line.records import show_decision
from policies.refusals import UnknownChoiceError
from policies.review.job import Job, Reviewer, State, now_ms, parse_job
from policies.rules.decision import Decision, Outcome, Reason
from provenance.asset import AssetId
from provenance.storage.review_tables import FACETS, JOBS, WAITS
from provenance.storage.tables import ASSETS, DECISIONS

PAGE: Final = 50
COUNTED: Final = 10_000
"""More are not counted, only said to be more."""
IS_WAITING: Final = text(f"({JOBS.name}.{WAITS.text})")
"""Asked of jobs in the very words of the queue's indexes: compared with 1, as a Boolean is on SQLite, none is used."""
HOLDERS: Final = ("", "free", "mine", "others")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs are asked for; what is empty asks for any.

    Attributes:
        state: open, escalated, or "" for both of them.
        holder: free, mine, or others.
        detector, category, pack: of a reason against the asset.
        medium: kind of file.
        name: part of the file's name; capitals do not count.
        since, until: opened at that time or later, or before it, as the database spells times.
        opinion: whether only those that wait for a second opinion.
        sensitive: whether only those that are.
    """

    state: str = ""
    holder: str = ""
    detector: str = ""
    category: str = ""
    pack: str = ""
    medium: str = ""
    name: str = ""
    since: str = ""
    until: str = ""
    opinion: bool = False
    sensitive: bool = False

    def __post_init__(self) -> None:
        if self.state not in {"", State.OPEN, State.ESCALATED}:
            raise UnknownChoiceError(f"expected a state of open or escalated, got {self.state[:40]!r}")
        if self.holder not in HOLDERS:
            raise UnknownChoiceError(f"expected a holder of free, mine or others, got {self.holder[:40]!r}")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the queue."""

    job: Job
    name: str
    media_type: str
    created_at: str
    decision: Decision

    @property
    def against(self) -> tuple[Reason, ...]:
        """What speaks against it, strictest first."""
        return tuple(
            one for one in self.decision.reasons if one.outcome is not Outcome.RELEASE and one.pack != "review"
        )


def find_items(
    here: Deployment, reviewer: Reviewer, asked: Filter, *, after: str = "", limit: int = PAGE
) -> tuple[Item, ...]:
    """Return a page of the jobs that `asked` asks for and `reviewer` may see, oldest first, after `after`."""
    with here.database.read() as connection:
        ids = connection.execute(_select_ids(here, reviewer, asked, after).limit(limit)).scalars().all()
        return load_items(connection, ids)


def find_ids(here: Deployment, reviewer: Reviewer, asked: Filter, *, upto: str = "", most: int) -> tuple[AssetId, ...]:
    """Return every job that `asked` asks for, `most` at most, oldest first; none that is newer than `upto`."""
    query = _select_ids(here, reviewer, asked, "")
    if upto:
        query = query.where(JOBS.c.asset_id <= upto)
    with here.database.read() as connection:
        return tuple(AssetId(one) for one in connection.execute(query.limit(most)).scalars())


def count_items(here: Deployment, reviewer: Reviewer, asked: Filter) -> int:
    """Return how many there are; `COUNTED` means that many or more."""
    return measure_queue(here, reviewer, asked)[0]


def measure_queue(here: Deployment, reviewer: Reviewer, asked: Filter) -> tuple[int, str]:
    """Return how many jobs there are, as `count_items`, and the newest of those that were counted, or ""."""
    counted = _select_ids(here, reviewer, asked, "").limit(COUNTED).subquery()
    with here.database.read() as connection:
        number, newest = connection.execute(select(func.count(), func.max(counted.c.asset_id))).one()
    return int(number), newest or ""


def find_neighbour(here: Deployment, reviewer: Reviewer, asked: Filter, after: str) -> AssetId | None:
    """Return the next job after one of them, that nobody else has, or the first."""
    for start in (after, ""):
        query = _select_ids(here, reviewer, asked, start).where(JOBS.c.asset_id != after, _is_free(reviewer))
        with here.database.read() as connection:
            found = connection.execute(query.limit(1)).scalar()
        if found is not None:
            return AssetId(found)
    return None


def load_items(connection: Connection, ids: Sequence[str]) -> tuple[Item, ...]:
    """Return lines of the queue for jobs that may be seen, in the order of `ids`."""
    others = DECISIONS.alias("others")
    newest = select(func.max(others.c.sequence)).where(others.c.asset_id == JOBS.c.asset_id).scalar_subquery()
    query = (
        select(JOBS, ASSETS.c.name.label("title"), ASSETS.c.media_type, ASSETS.c.created_at, DECISIONS.c.body)
        .join(ASSETS, ASSETS.c.id == JOBS.c.asset_id)
        .join(DECISIONS, (DECISIONS.c.asset_id == JOBS.c.asset_id) & (DECISIONS.c.sequence == newest), isouter=True)
        .where(JOBS.c.asset_id.in_(ids))
    )
    rows = {row["asset_id"]: row for row in connection.execute(query).mappings()}
    return tuple(_build_item(rows[one]) for one in ids if one in rows)


def _build_item(row: Any) -> Item:  # noqa: ANN401 - a row of the query above
    decision = show_decision(AssetId(row["asset_id"]), row["body"])
    return Item(parse_job(row), row["title"], row["media_type"], row["created_at"], decision)


def _select_ids(here: Deployment, reviewer: Reviewer, asked: Filter, after: str) -> Select[str]:
    """Build the question for ids, in order; by a facet it walks that facet's index, else the queue's."""
    facets = {name: value for name in ("category", "detector", "pack") if (value := getattr(asked, name))}
    own, wanted = (JOBS.c.tenant == here.tenant, IS_WAITING), _build_conditions(reviewer, asked)
    if not facets:
        query = select(JOBS.c.asset_id).where(*own, *wanted, *([JOBS.c.asset_id > after] if after else []))
        return query.order_by(JOBS.c.asset_id)
    mine = [
        FACETS.c.tenant == here.tenant,
        FACETS.c.is_open,
        *(FACETS.c[name] == value for name, value in facets.items()),
    ]
    if after:
        mine.append(FACETS.c.asset_id > after)
    query = select(FACETS.c.asset_id).where(*mine)
    if wanted:
        query = query.join(JOBS, JOBS.c.asset_id == FACETS.c.asset_id).where(*own, *wanted)
    return query.group_by(FACETS.c.asset_id).order_by(FACETS.c.asset_id)


def _build_conditions(reviewer: Reviewer, asked: Filter) -> list[ColumnElement[bool]]:
    """Return what is asked of a job, beside that it is the tenant's and waits; nothing of any that is."""
    wanted: list[ColumnElement[bool]] = []
    if asked.state:
        wanted.append(JOBS.c.state == asked.state)
    if asked.sensitive or not reviewer.sees_sensitive:
        wanted.append(JOBS.c.is_sensitive.is_(asked.sensitive and reviewer.sees_sensitive))
        if asked.sensitive and not reviewer.sees_sensitive:
            wanted.append(JOBS.c.asset_id == "")  # what may not be seen is not there
    held = and_(JOBS.c.holder_id != "", JOBS.c.expires_at_ms > now_ms())
    if asked.holder:
        mine = and_(held, JOBS.c.holder_id == reviewer.id)
        wanted.append(
            {"free": ~held, "mine": mine, "others": and_(held, JOBS.c.holder_id != reviewer.id)}[asked.holder]
        )
    if asked.medium:
        wanted.append(JOBS.c.medium == asked.medium)
    if asked.name:
        wanted.append(JOBS.c.name.contains(asked.name.casefold(), autoescape=True))
    if asked.since:
        wanted.append(JOBS.c.opened_at >= asked.since)
    if asked.until:
        wanted.append(JOBS.c.opened_at < asked.until)
    if asked.opinion:
        wanted.append(JOBS.c.wants_opinion)
    return wanted


def _is_free(reviewer: Reviewer) -> ColumnElement[bool]:
    return or_(JOBS.c.holder_id.in_(("", reviewer.id)), JOBS.c.expires_at_ms <= now_ms())
