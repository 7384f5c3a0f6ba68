"""What the ledger says of a decision: digests, names and numbers, never media, prompts or texts."""

from collections.abc import Sequence

from detectors.base import Signal
from policies.line.records import build_signal
from policies.rules.decision import Decision, Reason
from provenance.asset import Asset, sha256_hex
from provenance.ledger.canonical import Json, canonical_json


def build_decision_entry(asset: Asset, decision: Decision, signals: tuple[Signal, ...]) -> dict[str, Json]:
    """Return what the ledger says of a decision: digests, rule names and numbers, never media or prompts."""
    return {
        "asset_id": asset.id,
        "asset_sha256": asset.sha256,
        "decision_id": decision.id,
        "decided_by": decision.decided_by,
        "outcome": decision.outcome.value,
        "packs": [{"name": pack.name, "sha256": pack.sha256} for pack in decision.packs],
        "reasons": build_reasons(decision.reasons),
        "detectors": {signal.detector: signal.version for signal in signals},
        "signals_sha256": sha256_hex(canonical_json([build_signal(signal) for signal in signals])),
    }


def build_reasons(reasons: Sequence[Reason]) -> list[Json]:
    """Return reasons as the ledger keeps them: names and numbers, no text."""
    return [
        {
            "pack": reason.pack,
            "rule": reason.rule,
            "outcome": reason.outcome.value,
            "detector": reason.detector,
            "category": reason.category,
            "score": reason.score,
            "threshold": reason.threshold,
        }
        for reason in reasons
    ]
