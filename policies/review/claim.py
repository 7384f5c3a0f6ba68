"""Who has a job: one person at a time, for a time, which they can prolong, give back or pass on.

A claim is columns of the job's row, taken by one update that asks for what it takes, so of two who claim at once one
is told who was quicker. One that ran out is nobody's.
"""

from typing import Final

from sqlalchemy import Connection, or_, update

from policies.line.deployment import Deployment
from policies.line.records import asset_row
from policies.refusals import NotWaitingError
from policies.review.job import Job, Reviewer, State, find_job, now_ms
from policies.review.opinion import has_given, has_handed_up, is_own, list_opinions
from policies.review.refusals import JobTakenError, NotYoursError
from provenance.asset import AssetId
from provenance.storage.review_tables import JOBS

CLAIM_MS: Final = 10 * 60_000
"""How long a claim lasts; prolonging gives as long again from now."""
ASSIGNED_MS: Final = 24 * 3600_000
"""How long a job is kept for somebody who was given it."""


def claim(here: Deployment, asset_id: AssetId, reviewer: Reviewer) -> Job:
    """Take a job, or prolong the time for which one has it.

    Raises:
        JobTakenError: somebody else has it.
        PolicyError: it is closed.
    """
    with here.database.write() as connection:
        take(connection, here, asset_id, reviewer)
        return find_job(connection, asset_id, here.tenant, reviewer)


def take(connection: Connection, here: Deployment, asset_id: AssetId, reviewer: Reviewer) -> Job:
    """Take a job within the caller's transaction, as `claim` does; return it as it was before."""
    job = find_job(connection, asset_id, here.tenant, reviewer)
    if job.state is State.CLOSED:
        raise NotWaitingError(f"expected a job that waits, got {asset_id}, which was decided")
    keep = job.expires_at_ms if job.holder_id == reviewer.id else 0
    columns = {"holder_id": reviewer.id, "holder": reviewer.name, "expires_at_ms": max(keep, now_ms() + CLAIM_MS)}
    columns |= {} if job.holder_id == reviewer.id else {"assigned_by": ""}
    free = or_(JOBS.c.holder_id.in_(("", reviewer.id)), JOBS.c.expires_at_ms <= now_ms())
    waits = JOBS.c.state != State.CLOSED.value  # asked here again: it may have been decided since it was read
    if not connection.execute(update(JOBS).where(JOBS.c.asset_id == asset_id, waits, free).values(columns)).rowcount:
        raise JobTakenError(f"{job.holder} has this job: wait, or ask them to give it back")
    return job


def release_claim(here: Deployment, asset_id: AssetId, reviewer: Reviewer) -> Job:
    """Give a job back; what one does not have is left alone."""
    with here.database.write() as connection:
        job = find_job(connection, asset_id, here.tenant, reviewer)
        mine = (JOBS.c.asset_id == asset_id, JOBS.c.holder_id == reviewer.id)
        free = {"holder_id": "", "holder": "", "assigned_by": "", "expires_at_ms": 0}
        connection.execute(update(JOBS).where(*mine).values(free))
        return find_job(connection, asset_id, here.tenant, reviewer) if job.holder_id == reviewer.id else job


def assign(here: Deployment, asset_id: AssetId, reviewer: Reviewer, to: Reviewer) -> Job:
    """Give a job to somebody, who keeps it for a day.

    Args:
        here: the deployment.
        asset_id: the job's.
        reviewer: who gives it: who has it, or anybody while nobody has.
        to: who gets it.

    Raises:
        JobTakenError: a third person has it.
        NotYoursError: it is sensitive and `to` may not see that, or `to` handed it up, gave an opinion that waits for
            another, or handed the file in.
    """
    with here.database.write() as connection:
        job = take(connection, here, asset_id, reviewer)
        said = list_opinions(connection, asset_id)
        is_through = has_handed_up(job, said, to.id) or has_given(said, to.id)
        is_theirs = is_own(here, asset_row(connection, asset_id, here.tenant), to)
        if (job.is_sensitive and not to.sees_sensitive) or is_through or is_theirs:
            raise NotYoursError(f"{to.name} may not decide about this job")
        given = {"holder_id": to.id, "holder": to.name, "assigned_by": reviewer.name}
        columns = {**given, "expires_at_ms": now_ms() + ASSIGNED_MS}
        connection.execute(update(JOBS).where(JOBS.c.asset_id == asset_id).values(columns))
        return find_job(connection, asset_id, here.tenant, reviewer)
