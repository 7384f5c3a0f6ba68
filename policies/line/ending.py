"""Ends that no pack decided: what cannot be finished is held for a person, what was called back is refused."""

import uuid
from dataclasses import replace

from policies.line.deployment import Deployment
from policies.line.entries import build_decision_entry
from policies.line.publishing import Result, withhold
from policies.line.records import (
    LINE,
    append_decision,
    asset_row,
    find_signals,
    latest_decision,
    lock_asset,
    parse_asset,
)
from policies.line.sealing import is_recorded
from policies.rules.decision import Decision, Outcome, Reason
from provenance.asset import AssetId


def end_early(here: Deployment, asset_id: AssetId, *, outcome: Outcome, rule: str, text: str) -> Result | None:
    """Put on record that an asset is held or refused without its packs, or in spite of them; return how it ended.

    What was decided before stays on record; a decision of HOLD or BLOCK stays the one that counts. None where the
    release is recorded already: from then on nothing about it changes.

    Args:
        here: the deployment of the asset's tenant, by whom its lease is held.
        asset_id: which.
        outcome: HOLD or BLOCK.
        rule: one word for machines.
        text: for people; never a prompt.
    """
    is_open = decide_early(here, asset_id, outcome=outcome, rule=rule, text=text)
    return withhold(here, asset_id) if is_open else None


def decide_early(
    here: Deployment, asset_id: AssetId, *, outcome: Outcome, rule: str, text: str, clause: str = "the durable line"
) -> bool:
    """Put the decision of `end_early` on record; say whether its release is not recorded yet."""
    reason = Reason(pack="gate", rule=rule, outcome=outcome, clause=clause, text=text)
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        if is_recorded(connection, asset_id):
            return False
        asset = parse_asset(asset_row(connection, asset_id, here.tenant))
        previous = latest_decision(connection, asset_id)
        if previous is None or previous.outcome is Outcome.RELEASE:
            base = previous or Decision(
                id="", asset_id=asset_id, outcome=outcome, reasons=(), obligations=(), packs=(), decided_by=LINE
            )
            reasons = (reason, *base.reasons)
            decision = replace(base, id=str(uuid.uuid4()), outcome=outcome, reasons=reasons, decided_by=LINE)
            append_decision(connection, decision)
            here.log.append(
                connection,
                kind="decision.made",
                subject=asset_id,
                body=build_decision_entry(asset, decision, find_signals(connection, asset_id)),
                key=f"decision:{decision.id}",
            )
    return True
