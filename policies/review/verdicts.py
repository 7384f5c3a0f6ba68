"""How a verdict about a held asset goes on record, is refused for good, or is undone until it is out."""

import uuid
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, insert

from policies.line.deployment import Deployment
from policies.line.entries import build_decision_entry
from policies.line.publishing import Result, withhold
from policies.line.records import (
    Stage,
    append_decision,
    asset_row,
    find_signals,
    latest_decision,
    lock_asset,
    move_stage,
    parse_asset,
)
from policies.line.sealing import is_recorded
from policies.refusals import IncompleteError, NotKeptError, NotWaitingError, TooLateError, UnknownChoiceError
from policies.review.job import COMMAND_LINE, Reviewer, State, find_job, move_job, open_job
from policies.review.queue import Query, find_waiting
from policies.review.refusals import JobTakenError
from policies.review.reviewers import REVIEW, name_reviewer
from policies.rules.decision import Decision, Outcome, Reason
from policies.webhooks.outbox import announce_decision
from provenance.asset import Asset, AssetId
from provenance.storage.database import utc_now
from provenance.storage.tables import REVIEWS

REVIEWER_LIMIT: Final = 128
REASON_LIMIT: Final = 2000
CLAUSE_LIMIT: Final = 200
"""As wide as their columns, in characters."""
HUMAN_REVIEW: Final = "human review"
"""The clause of who cites none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer wants: RELEASE or BLOCK, the clause that it rests on, and why."""

    outcome: Outcome
    clause: str
    reason: str

    def verify(self, reviewer: str) -> None:
        """Check that nothing is missing or too long.

        Raises:
            PolicyError: something is, or the outcome is HOLD.
        """
        if self.outcome is Outcome.HOLD:
            raise UnknownChoiceError("a review needs an outcome of release or block, got hold")
        fields = ("reviewer", reviewer, REVIEWER_LIMIT), ("reason", self.reason, REASON_LIMIT)
        for name, text, limit in (*fields, ("clause", self.clause, CLAUSE_LIMIT)):
            if not text.strip() or len(text) > limit or "\0" in text:
                raise IncompleteError(f"a review needs a {name} of 1 to {limit} characters, got {len(text)}")


def queue(here: Deployment) -> tuple[tuple[AssetId, str, Decision], ...]:
    """Return (asset id, name, decision) of every held asset, oldest first."""
    held = find_waiting(here.database, Query(), here.tenant)
    return tuple((item.asset_id, item.name, item.decision) for item in held)


def refuse(here: Deployment, asset_id: AssetId) -> Result:
    """Withhold for good what a moderator has refused; it is not looked at again, for it may be damaged."""
    with here.leases.hold(asset_id):
        return withhold(here, asset_id)


def name_person(reviewer: str | Reviewer) -> Reviewer:
    """Return who reviews; whoever has the command line may see all there is."""
    if isinstance(reviewer, Reviewer):
        return reviewer
    return Reviewer(f"{COMMAND_LINE}{reviewer}"[:64], reviewer, sees_sensitive=True)


def decide_within(
    connection: Connection,
    here: Deployment,
    asset_id: AssetId,
    reviewer: Reviewer,
    verdict: Verdict,
    *,
    batch_id: str = "",
    due_at_ms: int = 0,
) -> Decision:
    """Put a verdict on record in the caller's transaction; the asset is decided, its job closed, and nothing walked.

    Raises:
        PolicyError: the asset is not held, or reviewer or reason is missing or too long, or the outcome is HOLD.
        JobTakenError: somebody else has it.
    """
    verdict.verify(reviewer.name)
    lock_asset(connection, asset_id)
    row = asset_row(connection, asset_id, here.tenant)
    asset = parse_asset(row)
    previous = latest_decision(connection, asset_id)
    if previous is None and verdict.outcome is Outcome.BLOCK:
        previous = _build_given_up(asset)
    elif previous is None or row["stage"] != Stage.HELD.value:
        raise NotWaitingError(f"expected a held asset, got {asset_id} at stage {row['stage']}")
    elif verdict.outcome is Outcome.RELEASE and not previous.packs:
        raise NotKeptError(f"no pack has decided about {asset_id}, so nothing says how to mark it: hand it in again")
    elif not (job := find_job(connection, asset_id, here.tenant, reviewer)).is_free_for(reviewer):
        raise JobTakenError(f"{job.holder} has this job: wait, or ask them to give it back")
    spoken = Reason("review", "moderator", verdict.outcome, clause=verdict.clause, text=verdict.reason)
    decision = replace(previous, outcome=verdict.outcome, reasons=(spoken, *previous.reasons))
    decision = put_on_record(here, connection, asset, decision, reviewer, kind="review.made", batch_id=batch_id)
    move_stage(connection, asset_id, Stage.DECIDED)
    move_job(connection, asset_id, State.CLOSED, due_at_ms=due_at_ms)
    return decision


def undo(here: Deployment, asset_id: AssetId, *, reviewer: str | Reviewer, reason: str) -> Result:
    """Take back what a moderator decided, as long as nothing was released: the asset is held again.

    The review stays on the record, and so does this.

    Raises:
        PolicyError: the asset is released, or held, or was not decided about by a moderator; or reviewer or reason is
            missing or too long.
    """
    person = name_person(reviewer)
    Verdict(Outcome.BLOCK, HUMAN_REVIEW, reason).verify(person.name)
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        row = asset_row(connection, asset_id, here.tenant)
        previous = latest_decision(connection, asset_id)
        _verify_can_be_undone(connection, asset_id, row["stage"], previous)
        assert previous is not None
        spoken = Reason("review", "undone", Outcome.HOLD, clause=HUMAN_REVIEW, text=reason)
        others = (item for item in previous.reasons if item.pack != "review")
        decision = replace(previous, outcome=Outcome.HOLD, reasons=(spoken, *others))
        decision = put_on_record(here, connection, parse_asset(row), decision, person, kind="review.undone")
        move_stage(connection, asset_id, Stage.HELD)
        open_job(connection, row, decision, here.sensitive)
    return Result(asset_id, row["name"], Outcome.HOLD, decision, seal={})


def _build_given_up(asset: Asset) -> Decision:
    """Build what a refusal rests on where no pack has decided; it can never become a release."""
    return Decision(id="", asset_id=asset.id, outcome=Outcome.BLOCK, reasons=(), obligations=(), packs=())


def _verify_can_be_undone(connection: Connection, asset_id: AssetId, stage: str, decision: Decision | None) -> None:
    if is_recorded(connection, asset_id):
        raise TooLateError(
            f"expected an asset that is not released yet, got {asset_id}, which is: what is out cannot be called back, "
            "and its entry in the ledger stays"
        )
    if stage == Stage.HELD.value:
        raise NotWaitingError(f"expected an asset that a moderator decided about, got {asset_id}, which is held")
    if decision is not None and not decision.packs:
        raise NotKeptError(f"{asset_id} was refused before any pack had decided: hand the file in again")
    if decision is None or not decision.decided_by.startswith(REVIEW):
        raise TooLateError(f"expected an asset that a moderator decided about, got {asset_id} at stage {stage}")


def put_on_record(
    here: Deployment,
    connection: Connection,
    asset: Asset,
    decision: Decision,
    reviewer: Reviewer,
    *,
    kind: str,
    batch_id: str = "",
) -> Decision:
    """Make `decision` the one that counts, in the database and, without the reviewer's name, on the ledger."""
    decision = replace(decision, id=str(uuid.uuid4()), decided_by=f"{REVIEW}{reviewer.name}")
    append_decision(connection, decision)
    spoken = decision.reasons[0]
    connection.execute(
        insert(REVIEWS).values(
            id=str(uuid.uuid4()),
            asset_id=asset.id,
            decision_id=decision.id,
            reviewer=reviewer.name,
            reviewer_id=reviewer.id,
            outcome=decision.outcome.value,
            reason=spoken.text,
            clause=spoken.clause,
            batch_id=batch_id,
            created_at=utc_now(),
        )
    )
    announce_decision(connection, here.tenant, "review.decided", decision, review=kind)
    unnamed = replace(decision, decided_by=f"{REVIEW}{name_reviewer(connection, reviewer.name, here.tenant)}")
    here.log.append(
        connection,
        kind=kind,
        subject=asset.id,
        body=build_decision_entry(asset, unnamed, find_signals(connection, asset.id)),
        key=f"decision:{decision.id}",
    )
    return decision
