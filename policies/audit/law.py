"""What the gate did on each clause of a pack, counted from its own records, and what no software does.

One row a clause: marks that were due and read back, rules that held or blocked, detectors that answered, and the pack's
duties. A duty has figures where the gate has any (`MEASURES`), and otherwise says that it is for people. Nothing here
judges whether a law is kept. Reads only; numbers and names of rules, never a file, prompt or person.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from statistics import median
from typing import Any, Final

from sqlalchemy import Connection, func, select

from detectors.base import Signal, Status
from policies.line.records import parse_signal, show_decision
from policies.rules.decision import Decision, Outcome
from policies.rules.pack import Demand, Duty, Pack, Requirement, Rule, Threshold, counts_on
from policies.rules.verdict import decide_verdict
from provenance.asset import Origin
from provenance.errors import DamagedRecordError
from provenance.ledger.log import Log
from provenance.storage.tables import ASSETS, DECISIONS, SEALS, SIGNALS
from provenance.tenant import MAIN, Tenant

_TRACES: Final = frozenset({"c2pa manifest", "iptc", "vendor metadata", "watermark"})
DISCLAIMER: Final = "counted from the gate's records; no legal advice, and no statement that a law is kept"


class Standing(StrEnum):
    """How a clause stands."""

    SHOWN = "shown"
    """The records have figures on it."""
    NOTHING = "nothing recorded"
    """It counts, and nothing happened that it is about."""
    NOT_YET = "not in force"
    """Its first day comes after the days asked about."""
    NOT_SOFTWARE = "not done by software"
    """People or contracts do it: the gate has nothing on it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One clause.

    Attributes:
        part: of the pack, such as ``obligations.watermark``.
        clause, text: what it rests on, and what it asks.
        since: its first day, ISO 8601.
        standing: how it stands.
        figures: JSON-able.
    """

    part: str
    clause: str
    text: str
    since: str
    standing: Standing
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """What was counted of the assets that a pack decided about."""

    decided: Counter[str] = field(default_factory=Counter)
    rules: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    marks: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    detectors: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    verdicts: Counter[str] = field(default_factory=Counter)
    block_s: list[float] = field(default_factory=list)
    prompts: int = 0
    released: int = 0
    indices: list[int] = field(default_factory=list)


def gather_evidence(
    connection: Connection, log: Log, pack: Pack, tenant: Tenant, first: date, last: date
) -> dict[str, Any]:
    """Return the evidence on a pack as a JSON-able document.

    Args:
        connection: reads the site.
        log: its ledger, which proves what is counted here.
        pack: whose clauses.
        tenant: whose assets.
        first: day, UTC, from which on decisions count.
        last: the last such day.
    """
    tally = _count(connection, pack, tenant, first, last)
    if tenant == MAIN:  # the ledger is the site's, and does not say whose prompt it was
        _count_prompts(tally, log, pack, first, last)
    head = log.head(connection)
    return {
        "pack": {"name": pack.name, "version": pack.version, "sha256": pack.sha256, "title": pack.title},
        "from": str(first),
        "until": str(last),
        "assets": {**{outcome.value: tally.decided[outcome.value] for outcome in Outcome}, "published": tally.released},
        "prompts_blocked": tally.prompts,
        "ledger": {
            "origin": log.origin,
            "size": head.size,
            "releases": [min(tally.indices), max(tally.indices)] if tally.indices else [],
        },
        "clauses": [
            {"part": row.part, "clause": row.clause, "text": row.text, "since": row.since,
             "standing": row.standing.value, "figures": dict(row.figures)}
            for row in _list_rows(pack, tally, last)
        ],
        "note": DISCLAIMER,
    }  # fmt: skip


def _count(connection: Connection, pack: Pack, tenant: Tenant, first: date, last: date) -> Tally:
    tally = Tally()
    columns = (DECISIONS.c.asset_id, DECISIONS.c.body, DECISIONS.c.created_at)
    query = select(
        *columns,
        ASSETS.c.created_at.label("came_at"),
        ASSETS.c.origin,
        SEALS.c.body.label("seal"),
        SEALS.c.ledger_index,
    )
    query = query.join(ASSETS, ASSETS.c.id == DECISIONS.c.asset_id).outerjoin(
        SEALS, SEALS.c.asset_id == DECISIONS.c.asset_id
    )
    query = query.where(ASSETS.c.tenant == tenant, DECISIONS.c.sequence == 0)
    day = func.substr(DECISIONS.c.created_at, 1, 10)
    for row in connection.execute(query.where(day >= str(first), day <= str(last)).order_by(DECISIONS.c.created_at)):
        decision = show_decision(row.asset_id, row.body)
        if pack.name not in {ref.name for ref in decision.packs}:
            continue
        _count_decision(tally, pack, decision)
        if decision.outcome is Outcome.BLOCK:
            tally.block_s.append((_parse(row.created_at) - _parse(row.came_at)).total_seconds())
        if row.seal is not None:
            tally.released += 1
            tally.indices.append(row.ledger_index)
            _count_marks(tally, pack, decision, row.seal)
        for signal in _read_signals(connection, row.asset_id):
            _count_signal(tally, signal, is_declared=row.origin == Origin.SUBMITTED.value)
    return tally


def _count_prompts(tally: Tally, log: Log, pack: Pack, first: date, last: date) -> None:
    """Count prompts that were blocked before anything was made of them: there is no asset, only the ledger's entry."""
    since = datetime.combine(first, time(), UTC)
    until = datetime.combine(min(last, date.max - timedelta(1)) + timedelta(1), time(), UTC)
    for entry in log.entries(kinds={"prompt.blocked"}, since=since, until=until):
        body = entry.fields()
        if pack.name not in {one["name"] for one in body["packs"]}:
            continue
        tally.prompts += 1
        for rule in {reason["rule"] for reason in body["reasons"] if reason["pack"] == pack.name}:
            tally.rules[rule]["prompt blocked"] += 1
        for detector, version in body["detectors"].items():
            tally.detectors[detector][f"blocked a prompt {version}"] += 1


def _count_decision(tally: Tally, pack: Pack, decision: Decision) -> None:
    tally.decided[decision.outcome.value] += 1
    for rule, outcome in {
        (reason.rule, reason.outcome.value) for reason in decision.reasons if reason.pack == pack.name
    }:
        tally.rules[rule][outcome] += 1


def _count_marks(tally: Tally, pack: Pack, decision: Decision, seal: Mapping[str, Any]) -> None:
    made = {mark["kind"]: mark["made"] for mark in seal.get("marks", ())}
    for obligation in decision.obligations:
        for source in obligation.sources:
            name, _, rest = source.partition("/")
            if name == pack.name:
                is_made = made.get(obligation.kind.value, False)
                tally.marks[rest.partition(":")[0]]["read back" if is_made else "not made"] += 1


def _read_signals(connection: Connection, asset_id: str) -> Iterator[Signal]:
    for body in connection.execute(select(SIGNALS.c.body).where(SIGNALS.c.asset_id == asset_id)).scalars():
        try:
            yield parse_signal(body)
        except DamagedRecordError:
            continue  # its asset is held and told as damaged; `chopmark audit verify` names it


def _count_signal(tally: Tally, signal: Signal, *, is_declared: bool) -> None:
    tally.detectors[signal.detector][f"{signal.status.value} {signal.version}"] += 1
    if signal.detector != "incoming_marks" or signal.status is not Status.OK:
        return
    marks = {str(record.get("mark")) for record in signal.evidence}
    verdict = decide_verdict(
        is_labelled="aigc label" in marks, is_declared=is_declared, has_traces=bool(marks & _TRACES)
    )
    tally.verdicts["none" if verdict is None else verdict.name.lower()] += 1


def _list_rows(pack: Pack, tally: Tally, last: date) -> Iterator[Row]:
    for requirement in pack.requires:
        counts = dict(tally.detectors[requirement.detector])
        held = tally.rules[f"requires.{requirement.detector}"]["hold"]
        yield _row(
            pack,
            f"requires.{requirement.detector}",
            requirement,
            last,
            {"signals": counts, "held_without": held} if counts else {},
        )
    for limit in pack.thresholds:
        yield _row(pack, f"thresholds.{limit.category}", limit, last, dict(tally.rules[f"thresholds.{limit.category}"]))
    for rule in pack.rules:
        yield _row(pack, f"rules.{rule.id}", rule, last, dict(tally.rules[rule.id]))
    for demand in pack.obligations:
        yield _row(pack, f"obligations.{demand.id}", demand, last, dict(tally.marks[demand.id]))
    for duty in pack.duties:
        figures = _measure(duty.measure, tally) if duty.measure else {}
        row = _row(pack, f"duties.{duty.id}", duty, last, figures)
        if not duty.measure and row.standing is Standing.NOTHING:
            row = Row(row.part, row.clause, row.text, row.since, Standing.NOT_SOFTWARE)
        yield row


def _row(
    pack: Pack, part: str, rule: Requirement | Threshold | Rule | Demand | Duty, last: date, figures: Mapping[str, Any]
) -> Row:
    since = rule.since or pack.effective_from
    if not counts_on(rule, last) or pack.effective_from > last:
        return Row(part, rule.clause, rule.text, str(since), Standing.NOT_YET)
    return Row(part, rule.clause, rule.text, str(since), Standing.SHOWN if figures else Standing.NOTHING, figures)


def _measure(name: str, tally: Tally) -> dict[str, Any]:
    """Return the gate's figures on a duty; {} where there are none yet."""
    copies = {rule: dict(counts) for rule, counts in tally.rules.items() if rule.startswith("thresholds.copyright")}
    detectors = {detector: dict(counts) for detector, counts in tally.detectors.items() if counts}
    times: dict[str, Any] = {"blocks": len(tally.block_s), "prompts_blocked_at_once": tally.prompts}
    if tally.block_s:
        times |= {"median_s": round(median(tally.block_s), 3), "longest_s": round(max(tally.block_s), 3)}
    figures: dict[str, dict[str, Any]] = {
        "blocks": {**times, "filters": detectors} if detectors else {},
        "copies": copies,
        "detection": {
            "offered": "chopmark verify; POST /v1/verifications; the page /",
            "published": "that anybody reaches it is the operator's to see to",
        },
        "ledger": {"release_entries": len(tally.indices)} if tally.indices else {},
        "times": times if detectors else {},
        "releases": {"published": tally.released} if tally.released else {},
        "verdicts": dict(tally.verdicts),
    }
    return figures[name]


def _parse(text: str) -> datetime:
    return datetime.fromisoformat(text)
