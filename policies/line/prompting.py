"""Before the line: a prompt is judged before anything is drawn from it.

What would block the picture for its prompt alone is never drawn. A hold is drawn and held as any other picture: its
moderator decides about what was made, not about words. Of a blocked prompt the ledger keeps the decision, and nothing
keeps the words.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from detectors.base import Signal
from policies.line.deployment import Deployment
from policies.line.entries import build_reasons
from policies.line.publishing import Result
from policies.rules.conditions import build_variables
from policies.rules.context import parse_context
from policies.rules.decision import Decision, Outcome, Reason
from policies.rules.engine import judge_prompt as judge_by_packs
from provenance.asset import Asset, AssetId, Digest, MediaType, Origin
from provenance.ledger.canonical import Json

NO_ASSET = AssetId("")
"""Stands where a decision names its asset: there is none, and never will be."""


def judge_prompt(
    here: Deployment, prompt: str, *, packs: tuple[str, ...] = (), size: tuple[int, int] = (512, 512)
) -> Decision | None:
    """Return the decision that blocks `prompt`, put on the ledger, or None when it may be drawn.

    Only detectors that answer about a prompt alone are asked. One that fails blocks nothing here: it fails again in
    the line, and that holds.

    Raises:
        ConfigurationError: an unknown pack is named.
    """
    chosen = here.select_packs(packs)
    signals = here.runner.run_prompt(prompt)
    wished = Asset(NO_ASSET, Digest(""), MediaType.PNG, 0, {"width": size[0], "height": size[1]}, Origin.GENERATED)
    context = parse_context({}, decided_on=datetime.now(UTC).date(), timestamp_available=here.sealer.has_timestamp)
    variables = build_variables(wished, signals, context)
    reasons = judge_by_packs(signals, chosen, variables, context.decided_on)
    if not reasons:
        return None
    decision = Decision(
        id=str(uuid.uuid4()),
        asset_id=NO_ASSET,
        outcome=Outcome.BLOCK,
        reasons=reasons,
        obligations=(),
        packs=tuple(pack.ref for pack in chosen),
    )
    with here.database.write() as connection:
        here.log.append(
            connection,
            kind="prompt.blocked",
            subject=decision.id,
            body=_build_entry(decision, signals, reasons),
            key=f"decision:{decision.id}",
        )
    here.log.checkpoint()  # before anybody is told
    return decision


def build_refusal(name: str, decision: Decision) -> Result:
    """Return how the line ended for what was never drawn."""
    return Result(NO_ASSET, name, decision.outcome, decision, seal={})


def _build_entry(decision: Decision, signals: Sequence[Signal], reasons: Sequence[Reason]) -> dict[str, Json]:
    """Return what the ledger says: rule names and numbers, and nothing that leads back to the words."""
    return {
        "decision_id": decision.id,
        "decided_by": decision.decided_by,
        "outcome": decision.outcome.value,
        "packs": [{"name": pack.name, "sha256": pack.sha256} for pack in decision.packs],
        "reasons": build_reasons(reasons),
        "detectors": {signal.detector: signal.version for signal in signals},
    }
