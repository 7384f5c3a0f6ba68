"""What moderators do with held assets: approve, which walks the rest of the line, refuse, or undo until it is out."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, insert

from policies.gate import walk
from policies.line.deployment import Deployment
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
from policies.line.screening import build_decision_entry
from policies.line.sealing import is_recorded
from policies.review.queue import Query, find_waiting
from policies.review.reviewers import REVIEW, name_reviewer
from policies.rules.decision import Decision, Outcome, Reason
from provenance.asset import Asset, AssetId
from provenance.errors import PolicyError
from provenance.storage.database import utc_now
from provenance.storage.tables import REVIEWS

REVIEWER_LIMIT: Final = 128
REASON_LIMIT: Final = 2000
"""As wide as their columns, in characters."""


def queue(here: Deployment) -> tuple[tuple[AssetId, str, Decision], ...]:
    """Return (asset id, name, decision) of every held asset, oldest first."""
    held = find_waiting(here.database, Query(), here.tenant)
    return tuple((item.asset_id, item.name, item.decision) for item in held)


def review(
    here: Deployment,
    asset_id: AssetId,
    *,
    outcome: Outcome,
    reviewer: str,
    reason: str,
    then: Callable[[Deployment, AssetId], object] | None = None,
) -> Result:
    """Decide about a held asset as a person; RELEASE walks it down the rest of the line, BLOCK refuses it.

    The packs' obligations stay: a moderator can overrule a score, not the marks. An interrupted asset that cannot be
    decided, because what is kept of it is damaged or lost, can be refused, too.

    Args:
        here: the deployment of the asset's tenant.
        asset_id: which.
        outcome: RELEASE or BLOCK.
        reviewer: who decides.
        reason: why, for the record.
        then: sees to the rest of a release in place of a walk here and now, such as `policies.workflow.enqueue`; the
            result then tells the decision alone.

    Raises:
        PolicyError: the asset is not held, or reviewer or reason is missing or too long, or the outcome is HOLD.
    """
    _verify_complete(outcome, reviewer, reason)
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        row = asset_row(connection, asset_id, here.tenant)
        asset = parse_asset(row)
        previous = latest_decision(connection, asset_id)
        if previous is None and outcome is Outcome.BLOCK:
            previous = _build_given_up(asset)
        elif previous is None or row["stage"] != Stage.HELD.value:
            raise PolicyError(f"expected a held asset, got {asset_id} at stage {row['stage']}")
        elif outcome is Outcome.RELEASE and not previous.packs:
            raise PolicyError(f"no pack has decided about {asset_id}, so nothing says how to mark it: hand it in again")
        spoken = Reason(pack="review", rule="moderator", outcome=outcome, clause="human review", text=reason)
        decision = replace(previous, outcome=outcome, reasons=(spoken, *previous.reasons))
        _put_on_record(here, connection, asset, decision, reviewer=reviewer, reason=reason, kind="review.made")
        move_stage(connection, asset_id, Stage.DECIDED)
        decided = latest_decision(connection, asset_id) or decision
    if outcome is Outcome.RELEASE:
        if then is None:
            return walk(here, asset_id)
        then(here, asset_id)
        return Result(asset_id, row["name"], outcome, decided, seal={})
    with here.leases.hold(asset_id):  # what is refused is not looked at again: it may be damaged
        return withhold(here, asset_id)


def undo(here: Deployment, asset_id: AssetId, *, reviewer: str, reason: str) -> Result:
    """Take back what a moderator decided, as long as nothing was released: the asset is held again.

    The review stays on the record, and so does this.

    Raises:
        PolicyError: the asset is released, or held, or was not decided about by a moderator; or reviewer or reason is
            missing or too long.
    """
    _verify_complete(Outcome.BLOCK, reviewer, reason)
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        row = asset_row(connection, asset_id, here.tenant)
        previous = latest_decision(connection, asset_id)
        _verify_can_be_undone(connection, asset_id, row["stage"], previous)
        assert previous is not None
        spoken = Reason(pack="review", rule="undone", outcome=Outcome.HOLD, clause="human review", text=reason)
        others = (item for item in previous.reasons if item.pack != "review")
        decision = replace(previous, outcome=Outcome.HOLD, reasons=(spoken, *others))
        _put_on_record(
            here, connection, parse_asset(row), decision, reviewer=reviewer, reason=reason, kind="review.undone"
        )
        move_stage(connection, asset_id, Stage.HELD)
        decision = latest_decision(connection, asset_id) or decision
    return Result(asset_id, row["name"], Outcome.HOLD, decision, seal={})


def _build_given_up(asset: Asset) -> Decision:
    """Build what a refusal rests on where no pack has decided; it can never become a release."""
    return Decision(id="", asset_id=asset.id, outcome=Outcome.BLOCK, reasons=(), obligations=(), packs=())


def _verify_can_be_undone(connection: Connection, asset_id: AssetId, stage: str, decision: Decision | None) -> None:
    if is_recorded(connection, asset_id):
        raise PolicyError(
            f"expected an asset that is not released yet, got {asset_id}, which is: what is out cannot be called back, "
            "and its entry in the ledger stays"
        )
    if stage == Stage.HELD.value:
        raise PolicyError(f"expected an asset that a moderator decided about, got {asset_id}, which is held")
    if decision is not None and not decision.packs:
        raise PolicyError(f"{asset_id} was refused before any pack had decided: hand the file in again")
    if decision is None or not decision.decided_by.startswith(REVIEW):
        raise PolicyError(f"expected an asset that a moderator decided about, got {asset_id} at stage {stage}")


def _put_on_record(
    here: Deployment,
    connection: Connection,
    asset: Asset,
    decision: Decision,
    *,
    reviewer: str,
    reason: str,
    kind: str,
) -> None:
    """Make `decision` the one that counts, in the database and, without the reviewer's name, on the ledger."""
    decision = replace(decision, id=str(uuid.uuid4()), decided_by=f"{REVIEW}{reviewer}")
    append_decision(connection, decision)
    connection.execute(
        insert(REVIEWS).values(
            id=str(uuid.uuid4()),
            asset_id=asset.id,
            decision_id=decision.id,
            reviewer=reviewer,
            outcome=decision.outcome.value,
            reason=reason,
            created_at=utc_now(),
        )
    )
    unnamed = replace(decision, decided_by=f"{REVIEW}{name_reviewer(connection, reviewer, here.tenant)}")
    here.log.append(
        connection,
        kind=kind,
        subject=asset.id,
        body=build_decision_entry(asset, unnamed, find_signals(connection, asset.id)),
        key=f"decision:{decision.id}",
    )


def _verify_complete(outcome: Outcome, reviewer: str, reason: str) -> None:
    if outcome is Outcome.HOLD:
        raise PolicyError("a review needs an outcome of release or block, got hold")
    for name, text, limit in (("reviewer", reviewer, REVIEWER_LIMIT), ("reason", reason, REASON_LIMIT)):
        if not text.strip() or len(text) > limit or "\0" in text:
            raise PolicyError(f"a review needs a {name} of 1 to {limit} characters, got {len(text)}")
