"""Second looks: a share of decisions goes to another moderator, who is not told that there was one.

Nothing waits for a second look, and nothing is changed by one: where two disagree a third, or the quality lead, says
who was right, and what is to come of that goes the way of every decision. The file is copied before the decision is
made, for what is approved leaves quarantine.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, select

from policies.line.deployment import Deployment
from policies.line.records import asset_row, find_signals, parse_asset, parse_decision
from policies.review.job import Job, Reviewer
from policies.review.quality_case import (
    Kind,
    build_body,
    copy_file,
    drop_file,
    find_category,
    insert_case,
    tidy_cases,
)
from policies.review.quality_deal import falls, lay
from policies.review.quality_rules import load_rules
from policies.review.verdicts import Verdict
from policies.rules.decision import Decision
from provenance.asset import AssetId, new_asset_id
from provenance.errors import StoreError
from provenance.journal import Journal
from provenance.storage.review_tables import NOTES, OPINIONS
from provenance.storage.tables import DECISIONS, REVIEWS

MOST_BYTES: Final = 256 << 20
"""Of a file that is copied; a larger one is not looked at twice."""

_log = Journal(__name__)

Keep = Callable[[Connection, Job, Reviewer, Verdict, Decision], None]


@contextmanager
def sampling(here: Deployment, asset_id: AssetId) -> Iterator[Keep]:
    """Have a decision that is made meanwhile looked at twice, where the lot falls on it.

    What it gives is called with the decision, in its transaction. Where that is not reached, the copy goes again.
    """
    with here.database.read() as connection:
        is_drawn = falls(load_rules(connection, here).double_share)
    case_id, is_kept = new_asset_id(), False
    if not is_drawn or not _copy(here, asset_id, case_id):
        yield lambda *_: None
        return

    def keep(connection: Connection, job: Job, reviewer: Reviewer, verdict: Verdict, decision: Decision) -> None:
        nonlocal is_kept
        _keep(connection, here, case_id, job, reviewer, verdict, decision)
        is_kept = True

    try:
        yield keep
    except BaseException:
        is_kept = False
        raise
    finally:
        if not is_kept:
            drop_file(here, case_id)


def _copy(here: Deployment, asset_id: AssetId, case_id: AssetId) -> bool:
    tidy_cases(here)
    with here.database.read() as connection:
        size_bytes = asset_row(connection, asset_id, here.tenant)["size_bytes"]
    try:
        return size_bytes <= MOST_BYTES and copy_file(here, asset_id, case_id)
    except StoreError as exc:  # nobody's decision fails for that
        _log.warning("a decision cannot be looked at twice", asset_id=asset_id, error=str(exc))
        drop_file(here, case_id)
        return False


def _keep(
    connection: Connection,
    here: Deployment,
    case_id: AssetId,
    job: Job,
    reviewer: Reviewer,
    verdict: Verdict,
    decision: Decision,
) -> None:
    row = asset_row(connection, job.asset_id, here.tenant)
    first = find_first(connection, job.asset_id) or decision
    insert_case(
        connection, here, case_id, kind=Kind.DOUBLE.value, asset_id=job.asset_id, decision_id=decision.id,
        is_sensitive=job.is_sensitive, category=find_category(first), outcome=verdict.outcome.value,
        clause=verdict.clause, reason=verdict.reason, name=row["name"], made_by_id=reviewer.id, made_by=reviewer.name,
        body=build_body(
            parse_asset(row), find_signals(connection, job.asset_id), first,
            find_knowing(connection, job.asset_id) | {row["submitter"]},
        ),
    )  # fmt: skip
    lay(connection, here, case_id)


def find_first(connection: Connection, asset_id: AssetId) -> Decision | None:
    """Return what the policy decided about an asset before any person did."""
    query = select(DECISIONS.c.body).where(DECISIONS.c.asset_id == asset_id).order_by(DECISIONS.c.sequence).limit(1)
    body = connection.execute(query).scalar()
    return None if body is None else parse_decision(body)


def find_knowing(connection: Connection, asset_id: AssetId) -> frozenset[str]:
    """Return the ids of all who decided about an asset, gave an opinion, or wrote a note."""
    found: set[str] = set()
    for column, owner in (
        (REVIEWS.c.reviewer_id, REVIEWS.c.asset_id),
        (OPINIONS.c.reviewer_id, OPINIONS.c.asset_id),
        (NOTES.c.author_id, NOTES.c.asset_id),
    ):
        found |= set(connection.execute(select(column).where(owner == asset_id)).scalars())
    return frozenset(found)
