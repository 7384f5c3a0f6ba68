"""Figures about reviews: how many came and went, how they ended, how long they waited, and who decided how often.

Times are texts that sort (RFC 3339, UTC), so a day is the first ten characters of one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, TextClause, and_, func, select, true

from policies.line.deployment import Deployment
from policies.review.backlog import COUNTED, IS_WAITING
from policies.review.queue import spell_time
from provenance.storage.database import Database
from provenance.storage.review_tables import FACETS, JOBS
from provenance.storage.tables import ASSETS, REVIEWERS, REVIEWS, TENANTS
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
        detectors: detector to how many open jobs it speaks against; `COUNTED` means that many or more.
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
    """Return the figures of the last `days` days, today included.

    Everything is counted along an index, so that it takes no rows of a hundred thousand jobs.
    """
    moment = now or datetime.now(UTC)
    every = [(moment - timedelta(days=back)).strftime("%Y-%m-%d") for back in reversed(range(days))]
    with here.database.read() as connection:
        reviews = _count_reviews(connection, here.tenant, every[0])
        return Figures(
            stages=count_stages(here.database, here.tenant),
            days=_count_days(connection, here.tenant, every, reviews),
            ages=tuple(_count_ages(connection, here.tenant, moment)),
            oldest_at=_find_oldest(connection, here.tenant),
            waits_s=_measure_waits(connection, here.tenant, every[0]),
            detectors=_count_detectors(connection, here.tenant),
            reviewers=_count_reviewers(reviews),
            undone=sum(row["number"] for row in reviews if row["outcome"] == "hold"),
        )


def count_stages(database: Database, tenant: Tenant = MAIN) -> dict[str, int]:
    """Return how many of a tenant's assets stand at each stage; stages that none stands at are left out."""
    query = select(ASSETS.c.stage, func.count()).where(ASSETS.c.tenant == tenant).group_by(ASSETS.c.stage)
    with database.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def _count_reviews(connection: Connection, tenant: Tenant, since: str) -> Sequence[Mapping[Any, Any]]:
    """Count decisions of people by day, outcome and reviewer."""
    day = func.substr(REVIEWS.c.created_at, 1, 10).label("day")
    asked = (day, REVIEWS.c.outcome, REVIEWS.c.reviewer)
    query = (
        select(*asked, func.count().label("number"))
        .where(REVIEWS.c.created_at >= since, _is_of(connection, tenant))
        .group_by(*asked)
    )
    return connection.execute(query).mappings().all()


def _is_of(connection: Connection, tenant: Tenant) -> ColumnElement[bool]:
    """Ask of a review that its asset is the tenant's; nothing where the site has no other.

    In these words no engine begins with the assets.
    """
    others = select(TENANTS.c.name).where(TENANTS.c.name != tenant).limit(1)
    if tenant == MAIN and connection.execute(others).scalar() is None:
        return true()
    return select(ASSETS.c.id).where(ASSETS.c.tenant == tenant, ASSETS.c.id == REVIEWS.c.asset_id).exists()


def _count_days(
    connection: Connection, tenant: Tenant, every: Sequence[str], reviews: Sequence[Mapping[Any, Any]]
) -> dict[str, tuple[int, int, int]]:
    """Count what came in on each day, each along its part of the index, and how people decided on it."""
    ended = {key: {"release": 0, "block": 0, "hold": 0} for key in every}
    for row in reviews:
        if row["day"] in ended and row["outcome"] in ended[row["day"]]:
            ended[row["day"]][row["outcome"]] += row["number"]
    came = [_count_rows(ASSETS.c.tenant == tenant, _on_day(ASSETS.c.created_at, day)) for day in every]
    counts = connection.execute(select(*came)).one()
    return {
        key: (int(number), ended[key]["release"], ended[key]["block"])
        for key, number in zip(every, counts, strict=True)
    }


def _on_day(column: ColumnElement[str], day: str) -> ColumnElement[bool]:
    return and_(column >= day, column < f"{day}~")  # "~" sorts behind "T" and whatever follows it


def _count_rows(*wanted: ColumnElement[bool] | TextClause) -> ColumnElement[int]:
    return select(func.count()).where(*wanted).scalar_subquery()


def _count_ages(connection: Connection, tenant: Tenant, moment: datetime) -> list[int]:
    """Count open jobs by how long they have waited."""
    bounds = [spell_time(moment - timedelta(seconds=age_s)) for age_s in AGES_S]
    mine = (JOBS.c.tenant == tenant, IS_WAITING)
    younger = [_count_rows(*mine, JOBS.c.opened_at >= bound) for bound in bounds]
    counts = connection.execute(select(*younger, _count_rows(*mine))).one()
    ends = [0, *(int(number) for number in counts)]
    return [end - start for start, end in pairwise(ends)]


def _find_oldest(connection: Connection, tenant: Tenant) -> str:
    query = select(func.min(JOBS.c.opened_at)).where(JOBS.c.tenant == tenant, IS_WAITING)
    return str(connection.execute(query).scalar() or "")


def _measure_waits(connection: Connection, tenant: Tenant, since: str) -> tuple[float, float] | None:
    """Return the median and the 90th percentile of the newest; a time that cannot be read counts for nothing."""
    taken_in_at = select(ASSETS.c.created_at).where(ASSETS.c.id == REVIEWS.c.asset_id).scalar_subquery()
    query = (
        select(REVIEWS.c.created_at, taken_in_at.label("taken_in_at"))
        .where(REVIEWS.c.created_at >= since, REVIEWS.c.outcome != "hold", _is_of(connection, tenant))
        .order_by(REVIEWS.c.created_at.desc())
        .limit(TIMED)
    )
    waits = []
    for row in connection.execute(query):
        try:
            taken, decided = datetime.fromisoformat(row.taken_in_at), datetime.fromisoformat(row.created_at)
        except ValueError:
            continue
        waits.append(max(0.0, (decided - taken).total_seconds()))
    waits.sort()
    return (waits[len(waits) // 2], waits[min(len(waits) - 1, len(waits) * 9 // 10)]) if waits else None


def _count_detectors(connection: Connection, tenant: Tenant) -> dict[str, int]:
    """Count the open jobs that each speaks against, at most `COUNTED` of each, along the index of detectors."""
    mine = (FACETS.c.tenant == tenant, FACETS.c.is_open)
    counts: dict[str, int] = {}
    detector = connection.execute(select(func.min(FACETS.c.detector)).where(*mine)).scalar()
    while detector is not None:
        ids = select(FACETS.c.asset_id).where(*mine, FACETS.c.detector == detector).distinct().limit(COUNTED).subquery()
        counts[detector or "engine"] = connection.execute(select(func.count()).select_from(ids)).scalar_one()
        following = select(func.min(FACETS.c.detector)).where(*mine, FACETS.c.detector > detector)
        detector = connection.execute(following).scalar()
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def _count_reviewers(reviews: Sequence[Mapping[Any, Any]]) -> dict[str, int]:
    names: dict[str, int] = {}
    for row in reviews:
        names[row["reviewer"]] = names.get(row["reviewer"], 0) + row["number"]
    return dict(sorted(names.items(), key=lambda item: -item[1]))


def list_reviewers(here: Deployment) -> tuple[str, ...]:
    """Return the name of everybody who ever reviewed for a tenant."""
    query = select(REVIEWERS.c.name).where(REVIEWERS.c.tenant == here.tenant).order_by(REVIEWERS.c.name)
    with here.database.read() as connection:
        return tuple(connection.execute(query).scalars())
