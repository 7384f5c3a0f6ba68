"""Appeals: whoever was refused may ask once that another person looks again, by a link and without an account.

A link is offered with the refusal that it is about, and no guess leads to one. What is asked is read by somebody who
has not refused it; they let the refusal stand or overturn it, with a statement of reasons that the link then shows. All
of it is on the ledger: digests of texts, pseudonyms of people.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from policies.gate import walk
from policies.line.deployment import Deployment
from policies.line.intake import original_key
from policies.line.records import (
    Stage,
    asset_row,
    latest_decision,
    lock_asset,
    move_stage,
    parse_asset,
    show_decision,
)
from policies.refusals import IncompleteError, NotKeptError
from policies.review.job import Reviewer
from policies.review.refusals import NotYoursError
from policies.review.reviewers import APPEAL_OVERTURNED, REVIEW, name_reviewer
from policies.review.verdicts import REVIEWER_LIMIT, put_on_record
from policies.rules.decision import Decision, Outcome, Reason
from policies.webhooks.outbox import announce
from provenance.asset import AssetId, sha256_hex
from provenance.errors import AppealClosedError, AppealNotFoundError
from provenance.storage.database import Database, utc_now
from provenance.storage.policy_tables import APPEALS
from provenance.storage.review_tables import JOBS
from provenance.storage.tables import ASSETS, DECISIONS, REVIEWS
from provenance.tenant import Tenant

TEXT_LIMIT: Final = 4000
STATEMENT_LIMIT: Final = 2000
CLAUSE: Final = "decision on appeal"
_TOKEN_BYTES: Final = 24


class Standing(StrEnum):
    """Where an appeal stands."""

    OFFERED = "offered"
    """There is a link; nobody has asked."""
    FILED = "filed"
    UPHELD = "upheld"
    """The refusal stands."""
    OVERTURNED = "overturned"
    """The file was released."""


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal.

    Attributes:
        decision_id, asset_id: what it is about.
        tenant: whose asset.
        token: of its link.
        state: where it stands.
        text: what was asked; "" before.
        filed_at, decided_at: RFC 3339, or None.
        decided_by, statement: who decided, and why; "" before.
        name: of the file, for people.
        decision: the refusal.
        is_sensitive: whether only those who may see it find it.
    """

    decision_id: str
    asset_id: AssetId
    tenant: Tenant
    token: str
    state: Standing
    text: str
    filed_at: str | None
    decided_by: str
    statement: str
    decided_at: str | None
    name: str
    decision: Decision
    is_sensitive: bool


def offer_appeal(here: Deployment, asset_id: AssetId) -> str:
    """Return the token of the link by which the refusal of an asset can be appealed against; "" where none counts.

    The same refusal has the same link, whoever asks for it and how often.
    """
    with here.database.read() as connection:
        row = asset_row(connection, asset_id, here.tenant)
        decision = latest_decision(connection, asset_id)
        if row["stage"] != Stage.BLOCKED.value or decision is None or decision.outcome is not Outcome.BLOCK:
            return ""
        known = _find_token(connection, decision.id)
    if known:
        return known
    columns = {
        "decision_id": decision.id, "asset_id": asset_id, "token": secrets.token_urlsafe(_TOKEN_BYTES),
        "state": Standing.OFFERED.value, "text": "", "decided_by": "", "statement": "", "created_at": utc_now(),
    }  # fmt: skip
    try:
        with here.database.write() as connection:
            connection.execute(insert(APPEALS).values(columns))
    except IntegrityError:  # another process was quicker
        with here.database.read() as connection:
            return _find_token(connection, decision.id)
    return str(columns["token"])


def find_by_token(database: Database, unverified_token: str) -> Appeal:
    """Return the appeal that a link leads to, whoever holds it.

    Raises:
        AppealNotFoundError: no link is like that.
    """
    with database.read() as connection:
        row = connection.execute(_select().where(APPEALS.c.token == unverified_token[:64])).first()
    if row is None:
        raise AppealNotFoundError("no appeal is behind this link: see that it is whole")
    return _parse(row)


def file_appeal(site: Deployment, unverified_token: str, text: str) -> Appeal:
    """Put on record what somebody asks who was refused; once.

    Args:
        site: any deployment of the site; the asset's own tenant is found.
        unverified_token: of the link.
        text: why it should be looked at again.

    Raises:
        AppealNotFoundError: no link is like that.
        AppealClosedError: it was asked before, or the refusal does not count any more.
        PolicyError: the text is empty or too long.
    """
    if not text.strip() or len(text) > TEXT_LIMIT or "\0" in text:
        raise IncompleteError(f"an appeal is a text of 1 to {TEXT_LIMIT} characters, got {len(text.strip())}")
    appeal = find_by_token(site.database, unverified_token)
    here = site.tenancy(appeal.tenant)
    with here.database.write() as connection:
        lock_asset(connection, appeal.asset_id)
        _verify_counts(connection, appeal)
        this = (APPEALS.c.decision_id == appeal.decision_id, APPEALS.c.state == Standing.OFFERED.value)
        changes = {"state": Standing.FILED.value, "text": text.strip(), "filed_at": utc_now()}
        if connection.execute(update(APPEALS).where(*this).values(changes)).rowcount != 1:
            raise AppealClosedError("this was asked before: there is one appeal for each decision")
        here.log.append(
            connection,
            kind="appeal.filed",
            subject=appeal.asset_id,
            body={
                "asset_id": appeal.asset_id, "decision_id": appeal.decision_id,
                "text_sha256": sha256_hex(text.strip().encode()),
            },
            key=f"appeal:{appeal.decision_id}",
        )  # fmt: skip
    return find_by_token(here.database, unverified_token)


def list_appeals(
    here: Deployment, reviewer: Reviewer, *, state: Standing = Standing.FILED, after: str = "", limit: int = 50
) -> tuple[Appeal, ...]:
    """Return appeals of a tenant that a reviewer may see, the oldest first, from after `filed_at|decision_id` on."""
    query = _select().where(ASSETS.c.tenant == here.tenant, APPEALS.c.state == state.value)
    if not reviewer.sees_sensitive:
        query = query.where(JOBS.c.is_sensitive.is_not(True))
    filed_at, _, decision_id = after.partition("|")
    if after:
        query = query.where(tuple_(APPEALS.c.filed_at, APPEALS.c.decision_id) > tuple_(filed_at, decision_id))
    query = query.order_by(APPEALS.c.filed_at, APPEALS.c.decision_id).limit(limit)
    with here.database.read() as connection:
        found = [_parse(row) for row in connection.execute(query)]
    return tuple(one for one in found if _may_see(one, here, reviewer))


def find_appeal(here: Deployment, reviewer: Reviewer, decision_id: str) -> Appeal:
    """Return one appeal of a tenant.

    Raises:
        AppealNotFoundError: there is none that this reviewer may see.
    """
    query = _select().where(ASSETS.c.tenant == here.tenant, APPEALS.c.decision_id == decision_id)
    with here.database.read() as connection:
        row = connection.execute(query).first()
    appeal = None if row is None or row.state == Standing.OFFERED.value else _parse(row)
    if appeal is None or not _may_see(appeal, here, reviewer):
        raise AppealNotFoundError(f"no appeal is about a decision {decision_id[:40]!r}")
    return appeal


def decide_appeal(
    here: Deployment,
    decision_id: str,
    *,
    reviewer: Reviewer,
    overturn: bool,
    statement: str,
    then: Callable[[Deployment, AssetId], object] | None = None,
) -> Appeal:
    """Let a refusal stand, or overturn it, which walks the file down the rest of the line.

    Args:
        here: the deployment of the asset's tenant.
        decision_id: the refusal.
        reviewer: another person than the one who refused.
        overturn: whether the file is released after all.
        statement: the reasons, which the link shows.
        then: sees to the rest of a release in place of a walk here and now.

    Raises:
        AppealNotFoundError: there is none that this reviewer may see.
        AppealClosedError: it was decided, or the refusal does not count any more.
        NotYoursError: the reviewer is who refused it, or who handed it in.
        PolicyError: the statement is missing or too long, or what is left of the file cannot be released.
    """
    if not statement.strip() or len(statement) > STATEMENT_LIMIT or "\0" in statement:
        raise IncompleteError(
            f"a statement of reasons has 1 to {STATEMENT_LIMIT} characters, got {len(statement.strip())}"
        )
    appeal = find_appeal(here, reviewer, decision_id)
    with here.database.write() as connection:
        lock_asset(connection, appeal.asset_id)
        previous = _verify_counts(connection, appeal)
        _verify_other(connection, here, appeal, reviewer)
        state = Standing.OVERTURNED if overturn else Standing.UPHELD
        _close(connection, appeal, state, reviewer, statement.strip())
        if overturn:
            _overturn(connection, here, appeal, previous, reviewer, statement.strip())
        else:
            _uphold(connection, here, appeal, reviewer, statement.strip())
        told = {"asset_id": appeal.asset_id, "decision_id": appeal.decision_id, "outcome": state.value}
        announce(connection, tenant=here.tenant, kind="appeal.decided", key=appeal.decision_id, data=told)
    if overturn:
        (then or walk)(here, appeal.asset_id)
    return find_appeal(here, reviewer, decision_id)


def _close(connection: Connection, appeal: Appeal, state: Standing, reviewer: Reviewer, statement: str) -> None:
    this = (APPEALS.c.decision_id == appeal.decision_id, APPEALS.c.state == Standing.FILED.value)
    changes = {
        "state": state.value, "decided_by": reviewer.name[:REVIEWER_LIMIT], "statement": statement,
        "decided_at": utc_now(),
    }  # fmt: skip
    if connection.execute(update(APPEALS).where(*this).values(changes)).rowcount != 1:
        raise AppealClosedError("this appeal was decided meanwhile")


def _overturn(
    connection: Connection, here: Deployment, appeal: Appeal, previous: Decision, reviewer: Reviewer, statement: str
) -> None:
    if not previous.packs:
        raise NotKeptError(
            "no pack has decided about this file, so nothing says how to mark it: it is to be handed in again"
        )
    if not here.blobs.quarantine.has(original_key(appeal.asset_id)):
        raise NotKeptError("the file is not kept any more, so it cannot be released: it is to be handed in again")
    spoken = Reason("review", "appeal", Outcome.RELEASE, clause=CLAUSE, text=statement)
    decision = replace(previous, outcome=Outcome.RELEASE, reasons=(spoken, *previous.reasons))
    asset = parse_asset(asset_row(connection, appeal.asset_id, here.tenant))
    put_on_record(here, connection, asset, decision, reviewer, kind=APPEAL_OVERTURNED)
    move_stage(connection, appeal.asset_id, Stage.DECIDED)


def _uphold(connection: Connection, here: Deployment, appeal: Appeal, reviewer: Reviewer, statement: str) -> None:
    here.log.append(
        connection,
        kind="appeal.upheld",
        subject=appeal.asset_id,
        body={
            "asset_id": appeal.asset_id, "decision_id": appeal.decision_id,
            "by": name_reviewer(connection, reviewer.name, here.tenant),
            "statement_sha256": sha256_hex(statement.encode()),
        },
        key=f"appeal.upheld:{appeal.decision_id}",
    )  # fmt: skip


def _verify_counts(connection: Connection, appeal: Appeal) -> Decision:
    """Return the refusal, which still counts."""
    latest = latest_decision(connection, appeal.asset_id)
    if latest is None or latest.id != appeal.decision_id or latest.outcome is not Outcome.BLOCK:
        raise AppealClosedError("this refusal does not count any more: it was decided anew")
    return latest


def _verify_other(connection: Connection, here: Deployment, appeal: Appeal, reviewer: Reviewer) -> None:
    query = select(REVIEWS.c.reviewer, REVIEWS.c.reviewer_id).where(REVIEWS.c.asset_id == appeal.asset_id)
    for row in connection.execute(query):
        if reviewer.id == row.reviewer_id or f"{REVIEW}{reviewer.name}" == f"{REVIEW}{row.reviewer}":
            raise NotYoursError("you have decided about this file before: another person decides about the appeal")
    if asset_row(connection, appeal.asset_id, here.tenant)["submitter"] == reviewer.id:
        raise NotYoursError("you have handed in this file: another person decides about the appeal")


def _may_see(appeal: Appeal, here: Deployment, reviewer: Reviewer) -> bool:
    """Say whether a reviewer finds an appeal; what was blocked at once has no job that says whether it is sensitive."""
    if reviewer.sees_sensitive:
        return True
    words = [word for one in appeal.decision.reasons for word in (one.category, one.rule)]
    return not appeal.is_sensitive and not any(fnmatchcase(word, one) for word in words for one in here.sensitive)


def _find_token(connection: Connection, decision_id: str) -> str:
    return connection.execute(select(APPEALS.c.token).where(APPEALS.c.decision_id == decision_id)).scalar() or ""


def _select() -> Select[Any]:
    both = JOBS.c.asset_id == APPEALS.c.asset_id
    return (
        select(APPEALS, ASSETS.c.tenant, ASSETS.c.name, DECISIONS.c.body, JOBS.c.is_sensitive)
        .join(ASSETS, ASSETS.c.id == APPEALS.c.asset_id)
        .join(DECISIONS, DECISIONS.c.id == APPEALS.c.decision_id)
        .join(JOBS, both, isouter=True)
    )


def _parse(row: Row[Any]) -> Appeal:
    return Appeal(
        row.decision_id, AssetId(row.asset_id), Tenant(row.tenant), row.token, Standing(row.state), row.text,
        row.filed_at, row.decided_by, row.statement, row.decided_at, row.name,
        show_decision(AssetId(row.asset_id), row.body), bool(row.is_sensitive),
    )  # fmt: skip
