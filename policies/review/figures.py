"""Figures about reviews: how many came and went, how they ended, how long they waited, and who decided how often.

Times are texts that sort (RFC 3339, UTC), so a day is the first ten characters of one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Connection, case, func, select

from policies.line.deployment import Deployment
from policies.review.job import State
from policies.review.queue import spell_time
from provenance.storage.database import Database
from provenance.storage.review_tables import FACETS, JOBS
from provenance.storage.tables import ASSETS, REVIEWERS, REVIEWS
from provenance.tenant import MAIN, Tenant

TIMED: Final = 2000
"""The newest reviews that times to decision are taken from."""
AGES_S: Final = (3600, 4 * 3600, 86_400, 7 * 86_400)
"""Upper ends of the groups of how long a job has waited; the last is open."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the overview shows of one tenant.

    Attributes:
        stages: how many assets stand at each stage.
        days: day to how many came in, were released by a person, and were blocked by one.
        ages: how many open jobs have waited within each of `AGES_S`, and longer.
        oldest_at: when the oldest open job was opened, or "".
        waits_s: how long the decided of the last days had waited: median and 90th percentile, or None for none.
        detectors: detector to how many open jobs it speaks against.
        reviewers: name to how many decisions in these days.
        undone: how many decisions were taken back in these days.
    """

    stages: Mapping[str, int]
    days: Mapping[str, tuple[int, int, int]]
    ages: tuple[int, ...]
    oldest_at: str
    waits_s: tuple[float, float] | None
    detectors: Mapping[str, int]
    reviewers: Mapping[str, int]
    undone: int


def find_figures(here: Deployment, *, days: int = 14, now: datetime | None = None) -> Figures:
    """Return the figures of the last `days` days, today included."""
    moment = now or datetime.now(UTC)
    since = (moment - timedelta(days=days - 1)).strftime("%Y-%m-%d")
    with here.database.read() as connection:
        reviews = _read_reviews(connection, here.tenant, since)
        return Figures(
            stages=count_stages(here.database, here.tenant),
            days=_count_days(connection, here.tenant, since, moment, days, reviews),
            ages=tuple(_count_ages(connection, here.tenant, moment)),
            oldest_at=_find_oldest(connection, here.tenant),
            waits_s=_measure_waits(reviews),
            detectors=_count_detectors(connection, here.tenant),
            reviewers=_count_reviewers(reviews),
            undone=sum(row["outcome"] == "hold" for row in reviews),
        )


def count_stages(database: Database, tenant: Tenant = MAIN) -> dict[str, int]:
    """Return how many of a tenant's assets stand at each stage; stages that none stands at are left out."""
    query = select(ASSETS.c.stage, func.count()).where(ASSETS.c.tenant == tenant).group_by(ASSETS.c.stage)
    with database.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def _read_reviews(connection: Connection, tenant: Tenant, since: str) -> Sequence[Mapping[Any, Any]]:
    query = (
        select(REVIEWS.c.created_at, REVIEWS.c.outcome, REVIEWS.c.reviewer, ASSETS.c.created_at.label("taken_in_at"))
        .join(ASSETS, ASSETS.c.id == REVIEWS.c.asset_id)
        .where(ASSETS.c.tenant == tenant, REVIEWS.c.created_at >= since)
        .order_by(REVIEWS.c.created_at.desc())
    )
    return connection.execute(query).mappings().all()


def _count_days(
    connection: Connection,
    tenant: Tenant,
    since: str,
    moment: datetime,
    days: int,
    reviews: Sequence[Mapping[Any, Any]],
) -> dict[str, tuple[int, int, int]]:
    day = func.substr(ASSETS.c.created_at, 1, 10)
    query = select(day, func.count()).where(ASSETS.c.tenant == tenant, ASSETS.c.created_at >= since).group_by(day)
    came = {row[0]: row[1] for row in connection.execute(query)}
    every = [(moment - timedelta(days=back)).strftime("%Y-%m-%d") for back in reversed(range(days))]
    ended = {key: {"release": 0, "block": 0, "hold": 0} for key in every}
    for row in reviews:
        if row["created_at"][:10] in ended and row["outcome"] in ended[row["created_at"][:10]]:
            ended[row["created_at"][:10]][row["outcome"]] += 1
    return {key: (came.get(key, 0), ended[key]["release"], ended[key]["block"]) for key in every}


def _count_ages(connection: Connection, tenant: Tenant, moment: datetime) -> list[int]:
    """Count open jobs by how long they have waited, in one pass."""
    bounds = [spell_time(moment - timedelta(seconds=age_s)) for age_s in AGES_S]
    younger = [func.sum(case((JOBS.c.opened_at >= bound, 1), else_=0)) for bound in bounds]
    query = select(*younger, func.count()).where(JOBS.c.tenant == tenant, JOBS.c.state != State.CLOSED.value)
    *counts, whole = (int(number or 0) for number in connection.execute(query).one())
    ends = [0, *counts, whole]
    return [end - start for start, end in pairwise(ends)]


def _find_oldest(connection: Connection, tenant: Tenant) -> str:
    query = select(func.min(JOBS.c.opened_at)).where(JOBS.c.tenant == tenant, JOBS.c.state != State.CLOSED.value)
    return str(connection.execute(query).scalar() or "")


def _measure_waits(reviews: Sequence[Mapping[Any, Any]]) -> tuple[float, float] | None:
    """Return the median and the 90th percentile; a time that cannot be read counts for nothing."""
    waits = []
    for row in reviews[:TIMED]:
        try:
            taken, decided = datetime.fromisoformat(row["taken_in_at"]), datetime.fromisoformat(row["created_at"])
        except ValueError:
            continue
        if row["outcome"] != "hold":
            waits.append(max(0.0, (decided - taken).total_seconds()))
    waits.sort()
    return (waits[len(waits) // 2], waits[min(len(waits) - 1, len(waits) * 9 // 10)]) if waits else None


def _count_detectors(connection: Connection, tenant: Tenant) -> dict[str, int]:
    counted = func.count(FACETS.c.asset_id.distinct())
    query = select(FACETS.c.detector, counted).where(FACETS.c.tenant == tenant, FACETS.c.is_open)
    rows = connection.execute(query.group_by(FACETS.c.detector).order_by(counted.desc())).all()
    return {row[0] or "engine": row[1] for row in rows}


def _count_reviewers(reviews: Sequence[Mapping[Any, Any]]) -> dict[str, int]:
    names: dict[str, int] = {}
    for row in reviews:
        names[row["reviewer"]] = names.get(row["reviewer"], 0) + 1
    return dict(sorted(names.items(), key=lambda item: -item[1]))


def list_reviewers(here: Deployment) -> tuple[str, ...]:
    """Return the name of everybody who ever reviewed for a tenant."""
    query = select(REVIEWERS.c.name).where(REVIEWERS.c.tenant == here.tenant).order_by(REVIEWERS.c.name)
    with here.database.read() as connection:
        return tuple(connection.execute(query).scalars())
