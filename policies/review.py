"""What moderators do with held assets: approve, which walks the rest of the line, or refuse."""

import uuid
from dataclasses import replace
from typing import Final

from sqlalchemy import insert, select

from policies.decision import Decision, Outcome, Reason
from policies.deployment import Deployment
from policies.gate import walk
from policies.publishing import Result
from policies.records import (
    Stage,
    append_decision,
    asset_row,
    find_signals,
    latest_decision,
    lock_asset,
    move_stage,
    parse_asset,
)
from policies.screening import build_decision_entry
from provenance.asset import AssetId
from provenance.database import utc_now
from provenance.errors import PolicyError
from provenance.tables import ASSETS, REVIEWS

REVIEWER_LIMIT: Final = 128
REASON_LIMIT: Final = 2000
"""As wide as their columns, in characters."""


def queue(here: Deployment) -> tuple[tuple[AssetId, str, Decision], ...]:
    """Return (asset id, name, decision) of every held asset, oldest first."""
    with here.database.read() as connection:
        rows = connection.execute(
            select(ASSETS.c.id, ASSETS.c.name).where(ASSETS.c.stage == Stage.HELD.value).order_by(ASSETS.c.id)
        ).all()
        held = []
        for asset_id, name in rows:
            decision = latest_decision(connection, asset_id)
            assert decision is not None
            held.append((AssetId(asset_id), name, decision))
    return tuple(held)


def review(here: Deployment, asset_id: AssetId, *, outcome: Outcome, reviewer: str, reason: str) -> Result:
    """Decide about a held asset as a person; RELEASE walks it down the rest of the line, BLOCK refuses it.

    The packs' obligations stay: a moderator can overrule a score, not the marks.

    Raises:
        PolicyError: the asset is not held, or reviewer or reason is missing or too long, or the outcome is HOLD.
    """
    _verify_complete(outcome, reviewer, reason)
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        row = asset_row(connection, asset_id)
        if row["stage"] != Stage.HELD.value:
            raise PolicyError(f"expected a held asset, got {asset_id} at stage {row['stage']}")
        asset = parse_asset(row)
        previous = latest_decision(connection, asset_id)
        assert previous is not None
        spoken = Reason(pack="review", rule="moderator", outcome=outcome, clause="human review", text=reason)
        decision = replace(
            previous,
            id=str(uuid.uuid4()),
            outcome=outcome,
            reasons=(spoken, *previous.reasons),
            decided_by=f"review:{reviewer}",
        )
        append_decision(connection, decision)
        connection.execute(
            insert(REVIEWS).values(
                id=str(uuid.uuid4()),
                asset_id=asset_id,
                decision_id=decision.id,
                reviewer=reviewer,
                outcome=outcome.value,
                reason=reason,
                created_at=utc_now(),
            )
        )
        move_stage(connection, asset_id, Stage.DECIDED)
        here.log.append(
            connection,
            kind="review.made",
            subject=asset_id,
            body=build_decision_entry(asset, decision, find_signals(connection, asset_id)),
            key=f"decision:{decision.id}",
        )
    return walk(here, asset_id)


def _verify_complete(outcome: Outcome, reviewer: str, reason: str) -> None:
    if outcome is Outcome.HOLD:
        raise PolicyError("a review needs an outcome of release or block, got hold")
    for name, text, limit in (("reviewer", reviewer, REVIEWER_LIMIT), ("reason", reason, REASON_LIMIT)):
        if not text.strip() or len(text) > limit or "\0" in text:
            raise PolicyError(f"a review needs a {name} of 1 to {limit} characters, got {len(text)}")
