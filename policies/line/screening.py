"""Stages (2) and (3): what detectors answer, and what the packs make of it."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from detectors.base import Signal, Subject
from policies.line.deployment import Deployment
from policies.line.granting import make_grant
from policies.line.intake import load_content
from policies.line.records import (
    Stage,
    append_decision,
    asset_row,
    build_signal,
    find_signals,
    latest_decision,
    lock_asset,
    move_stage,
    parse_asset,
)
from policies.line.request import build_request_context, load_prompt, load_request_packs
from policies.line.searching import explain_no_search
from policies.rules.decision import Decision, Outcome, Reason
from policies.rules.engine import decide as decide_by_packs
from policies.rules.pack import Pack
from provenance.asset import Asset, AssetId, sha256_hex
from provenance.errors import DamagedRecordError, PackInvalidError
from provenance.ledger.canonical import Json, canonical_json
from provenance.manifests.embedded import show_embedded
from provenance.storage.database import utc_now
from provenance.storage.tables import SIGNALS


def screen(here: Deployment, asset_id: AssetId) -> tuple[Signal, ...]:
    """Ask every enabled detector about the asset and its prompt; the answers are written down with the decision.

    A process that dies before that asks again; nobody was told anything by then.
    """
    notes = here.handover.notes(asset_id)
    known, row = notes.signals, notes.own_row
    if row is None:
        with here.database.read() as connection:
            known = find_signals(connection, asset_id) or known
            row = asset_row(connection, asset_id, here.tenant)
    if known:
        return known
    asset = parse_asset(row)
    content, file = load_content(here, asset)
    prompt = load_prompt(here, asset_id, row["request"]) if row["has_prompt"] else None
    thumbnails = show_embedded(here.media, file, asset.media_type)
    unsearched = _explain_no_search(here, asset, row)
    views = tuple(content.views())
    answers = here.runner.run(Subject(asset, views[0], file, prompt, thumbnails, unsearched), views)
    signals = tuple(sorted(answers, key=lambda signal: signal.detector))
    notes.signals = signals
    return signals


def _explain_no_search(here: Deployment, asset: Asset, row: Mapping[Any, Any]) -> str:
    """Return why the pixels are not searched for watermarks; they are where the packs cannot be read, which holds."""
    try:
        packs = _load_packs(here, row)
    except (DamagedRecordError, PackInvalidError):
        return ""
    here.handover.notes(asset.id).note_packs(packs)
    return explain_no_search(asset, row["recipe"], packs)


def decide(here: Deployment, asset_id: AssetId) -> Decision:
    """Return the decision that counts; the first time, make it out of packs and signals and put it on the ledger."""
    notes = here.handover.notes(asset_id)
    row = notes.own_row if notes.signals else None
    kept: tuple[Signal, ...] = ()
    if row is None:
        with here.database.read() as connection:
            known = latest_decision(connection, asset_id)
            row = asset_row(connection, asset_id, here.tenant)
            kept = () if notes.signals else find_signals(connection, asset_id)
        if known is not None:
            return known
    signals = kept or notes.signals
    asset = parse_asset(row)
    context = build_request_context(here, asset, row["request"], decided_on=datetime.now(UTC).date())
    packs = notes.packs or _load_packs(here, row)
    decision = decide_by_packs(asset, signals, packs, context, decision_id=str(uuid.uuid4()))
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        known = latest_decision(connection, asset_id)
        if known is not None:
            return known
        if not kept:
            _keep_signals(connection, asset_id, signals)
        append_decision(connection, decision, is_first=True)
        move_stage(connection, asset_id, Stage.DECIDED)
        here.log.append(
            connection,
            kind="decision.made",
            subject=asset_id,
            body=build_decision_entry(asset, decision, signals),
            key=f"decision:{decision.id}",
        )
        if decision.outcome is Outcome.RELEASE:
            notes.note_grant(make_grant(connection, asset, decision, is_first=True))
    if decision.outcome is Outcome.RELEASE:
        notes.note_decision(decision)
    return decision


def _load_packs(here: Deployment, row: Mapping[Any, Any]) -> tuple[Pack, ...]:
    with here.database.read() as connection:
        return load_request_packs(here, connection, row["request"])


def _keep_signals(connection: Connection, asset_id: AssetId, signals: Sequence[Signal]) -> None:
    rows = [
        {
            "asset_id": asset_id,
            "detector": signal.detector,
            "status": signal.status.value,
            "body": build_signal(signal),
            "created_at": utc_now(),
        }
        for signal in signals
    ]
    if rows:
        connection.execute(insert(SIGNALS), rows)


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
