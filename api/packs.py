"""Packs, decisions and trials as JSON: the one form for command line, HTTP and pages."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from policies.editing.history import Change
    from policies.editing.trial import Trial
    from policies.rules.decision import Decision
    from policies.rules.explanation import Explanation
    from policies.rules.pack import Pack


def build_summary(pack: "Pack") -> dict[str, Any]:
    """Return what a list says of a pack."""
    return {
        "name": pack.name,
        "version": pack.version,
        "title": pack.title,
        "jurisdiction": pack.jurisdiction,
        "effective_from": str(pack.effective_from),
        "effective_until": str(pack.effective_until) if pack.effective_until else None,
        "sha256": pack.sha256,
    }


def build_pack(pack: "Pack") -> dict[str, Any]:
    """Return the JSON form of a whole pack; conditions stand as their text."""
    return {
        **build_summary(pack),
        "description": pack.description,
        "sources": [asdict(source) for source in pack.sources],
        "requires": [_drop_open(asdict(requirement)) for requirement in pack.requires],
        "thresholds": [_drop_open(asdict(threshold)) for threshold in pack.thresholds],
        "rules": [
            {
                "id": rule.id,
                "when": rule.when.text,
                "outcome": rule.outcome,
                "clause": rule.clause,
                "text": rule.text,
                **_say_since(rule.since),
            }
            for rule in pack.rules
        ],
        "obligations": [
            {
                "id": demand.id,
                "mark": demand.mark,
                "parameters": dict(demand.parameters),
                "required": demand.required,
                "when": demand.when.text if demand.when else None,
                "clause": demand.clause,
                "text": demand.text,
                **_say_since(demand.since),
            }
            for demand in pack.obligations
        ],
        "duties": [_drop_open(asdict(duty)) for duty in pack.duties],
    }


def _say_since(since: "date | None") -> dict[str, str]:
    return {} if since is None else {"from": str(since)}


def _drop_open(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part as its file says it: its first day under `from`, where it has one of its own."""
    since = part.pop("since")
    return {**part, **_say_since(since)}


def build_change(change: "Change") -> dict[str, Any]:
    """Return one change of a tenant's packs."""
    return {**asdict(change), "kind": change.kind.value, "names": list(change.names)}


def build_trial(trial: "Trial") -> dict[str, Any]:
    """Return what a pack would have made of the last assets."""
    counts = [
        {"before": before.value, "after": after.value, "assets": number}
        for (before, after), number in sorted(trial.counts.items())
    ]
    return {
        "looked_at": trial.looked_at,
        "changed": len(trial.differences),
        "unreadable": trial.unreadable,
        "counts": counts,
        "differences": [asdict(difference) for difference in trial.differences],
    }


def build_explanation(decision: "Decision", explanation: "Explanation") -> dict[str, Any]:
    """Return a decision with its words."""
    return {"decision": asdict(decision), "explanation": asdict(explanation)}
