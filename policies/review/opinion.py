"""What several reviewers said of one job, and who of them therefore does not decide about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from policies.line.deployment import Deployment
from policies.review.job import Job, Reviewer, State
from provenance.asset import AssetId
from provenance.storage.review_tables import OPINIONS

ESCALATED: Final = "escalate"
"""In place of an outcome: why somebody handed the job up."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one reviewer said of a job: an outcome, or `ESCALATED`."""

    reviewer_id: str
    reviewer: str
    outcome: str
    clause: str
    reason: str
    created_at: str
    is_spent: bool


def list_opinions(connection: Connection, asset_id: AssetId) -> tuple[Opinion, ...]:
    """Return what reviewers said of a job besides deciding, oldest first."""
    query = select(OPINIONS).where(OPINIONS.c.asset_id == asset_id).order_by(OPINIONS.c.number)
    rows = connection.execute(query).mappings()
    return tuple(Opinion(**{name: row[name] for name in Opinion.__dataclass_fields__}) for row in rows)


def has_handed_up(job: Job, said: Iterable[Opinion], reviewer_id: str) -> bool:
    """Return whether a reviewer is among those who handed up a job that waits for somebody else."""
    handed_up = {job.escalated_by, *(one.reviewer_id for one in said if one.outcome == ESCALATED)}
    return job.state is State.ESCALATED and reviewer_id in handed_up


def has_given(said: Iterable[Opinion], reviewer_id: str) -> bool:
    """Return whether a reviewer gave an opinion that waits for somebody else's."""
    return any(one.reviewer_id == reviewer_id for one in said if not one.is_spent)


def is_own(here: Deployment, row: Mapping[Any, Any], reviewer: Reviewer) -> bool:
    """Return whether an asset is one that this reviewer handed in, and therefore may not approve."""
    return row["submitter"] == reviewer.id and not here.may_review_own
