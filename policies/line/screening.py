"""Stages (2) and (3): what detectors answer, and what the packs make of it."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from detectors.base import Signal, Subject
from policies.line.deployment import Deployment
from policies.line.ending import decide_early
from policies.line.entries import build_decision_entry
from policies.line.granting import make_grant
from policies.line.intake import load_content
from policies.line.records import (
    UNREADABLE,
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
from policies.line.request import build_request_context, find_own_packs, load_prompt, load_request_packs
from policies.line.searching import explain_no_search, find_sources
from policies.line.stopping import build_stop
from policies.rules.decision import Decision, Outcome
from policies.rules.engine import decide as decide_by_packs
from policies.rules.pack import Pack
from provenance.asset import Asset, AssetId
from provenance.errors import (
    DamagedRecordError,
    PackInvalidError,
)
from provenance.manifests.embedded import show_embedded
from provenance.media.medium import Content
from provenance.storage.database import utc_now
from provenance.storage.tables import ASSETS, SIGNALS


def screen(here: Deployment, asset_id: AssetId) -> tuple[Signal, ...]:
    """Ask every enabled detector about the asset and its prompt; the answers are written down with the decision.

    A process that dies before that asks again; nobody was told anything by then. A file that was accepted by its
    headers and cannot be decoded is refused, on record, and nobody is asked.
    """
    notes = here.handover.notes(asset_id)
    known, row = notes.signals, notes.own_row
    if row is None:
        with here.database.read() as connection:
            known = find_signals(connection, asset_id) or known
            row = asset_row(connection, asset_id, here.tenant)
    if known:
        return known
    try:
        notes.signals = ask_detectors(here, row)
    except UNREADABLE as exc:
        decide_early(here, asset_id, outcome=Outcome.BLOCK, rule=exc.code, text=str(exc), clause="intake")
        return ()
    return notes.signals


def ask_detectors(here: Deployment, row: Mapping[Any, Any]) -> tuple[Signal, ...]:
    """Return what every enabled detector answers now about the asset of a row, by their names.

    Raises:
        AssetError: the file cannot be decoded.
    """
    asset = parse_asset(row)
    notes = here.handover.notes(asset.id)
    content, file = load_content(here, asset)
    _verify_facts(here, asset, content)
    prompt = load_prompt(here, asset.id, row["request"]) if row["has_prompt"] else None
    thumbnails = show_embedded(here.media, file, asset.media_type)
    unsearched = _explain_no_search(here, asset, row)
    views = tuple(content.views())
    stop = build_stop(notes.packs or ())
    sources = find_sources(here, asset, row["recipe"])
    subject = Subject(asset, views[0], file, prompt, thumbnails, unsearched, sources)
    answers = here.runner.run(subject, views, stop=stop)
    return tuple(sorted(answers, key=lambda signal: signal.detector))


def _verify_facts(here: Deployment, asset: Asset, content: Content) -> None:
    """Keep what the pixels say where the headers said otherwise."""
    if dict(content.facts) != dict(asset.facts):
        with here.database.write() as connection:
            connection.execute(update(ASSETS).where(ASSETS.c.id == asset.id).values(facts=dict(content.facts)))


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
    asset, decision = parse_asset(row), judge(here, row, signals)
    with here.database.write() as connection:
        lock_asset(connection, asset_id)
        known = latest_decision(connection, asset_id)
        if known is not None:
            return known
        if not kept:
            keep_signals(connection, asset_id, signals)
        append_decision(connection, decision, is_first=True)
        put_on_ledger(here, connection, asset, decision, signals)
        if decision.outcome is Outcome.RELEASE:
            notes.note_grant(make_grant(here, connection, asset, decision, is_first=True))
    if decision.outcome is Outcome.RELEASE:
        notes.note_decision(decision)
    return decision


def judge(here: Deployment, row: Mapping[Any, Any], signals: tuple[Signal, ...]) -> Decision:
    """Return what the packs that the asset of a row was taken in under make of signals; nothing is put on record.

    Raises:
        DamagedRecordError: one of the packs is not kept here any more, or not as it was.
    """
    asset = parse_asset(row)
    context = build_request_context(here, asset, row["request"], decided_on=datetime.now(UTC).date())
    packs = here.handover.notes(asset.id).packs or _load_packs(here, row)
    return decide_by_packs(asset, signals, packs, context, decision_id=str(uuid.uuid4()))


def put_on_ledger(
    here: Deployment, connection: Connection, asset: Asset, decision: Decision, signals: tuple[Signal, ...]
) -> None:
    """Have an asset stand where it is decided about, and the ledger say so, in the caller's transaction."""
    move_stage(connection, asset.id, Stage.DECIDED)
    here.log.append(
        connection,
        kind="decision.made",
        subject=asset.id,
        body=build_decision_entry(asset, decision, signals),
        key=f"decision:{decision.id}",
    )


def _load_packs(here: Deployment, row: Mapping[Any, Any]) -> tuple[Pack, ...]:
    own = find_own_packs(here, row["request"])
    if own is not None:
        return own
    with here.database.read() as connection:
        return load_request_packs(here, connection, row["request"])


def keep_signals(connection: Connection, asset_id: AssetId, signals: Sequence[Signal]) -> None:
    """Store signals about an asset that has none."""
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
