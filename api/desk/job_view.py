"""What the page of one job shows, gathered: signals, evidence, boxes, matches, opinions, notes, what was before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenance.asset import AssetId

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from detectors.base import Signal
    from policies.line.deployment import Deployment
    from policies.review.backlog import Item
    from policies.review.history import Earlier
    from policies.review.job import Job, Reviewer
    from policies.review.note import Note
    from policies.review.opinion import Opinion
    from policies.review.quality_case import Case
    from policies.review.wellness import Wellness
    from policies.rules.decision import Decision
    from policies.rules.evidence import Finding
    from provenance.asset import Asset

MOST_BOXES: Final = 40
MOST_MOMENTS: Final = 40
LEAST_SHOWN: Final = 0.2
"""Scores below this say next to nothing, and would hide what does."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the picture that evidence speaks of, in shares of a hundred."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class Matched:
    """A registered work that the picture is like, with how that is known."""

    work_id: str
    title: str
    owner: str
    bank: str
    finding: "Finding"


@dataclass(frozen=True, slots=True)
class Moment:
    """Where on a file's time line something was found.

    Attributes:
        category: of what was found.
        score: of it.
        start_s, end_s: from when to when.
    """

    category: str
    score: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class View:
    """One job."""

    item: "Item"
    job: "Job"
    asset: "Asset"
    stage: str
    signals: "Sequence[Signal]"
    findings: "Sequence[Finding]"
    boxes: tuple[Box, ...]
    matches: tuple[Matched, ...]
    moments: tuple[Moment, ...]
    decisions: "Sequence[tuple[str, Decision]]"
    earlier: "Sequence[Earlier]"
    opinions: "Sequence[Opinion]"
    notes: "Sequence[Note]"
    clauses: tuple[str, ...]
    wellness: "Wellness"
    has_prompt: bool
    may_approve: bool = True
    """Not who handed it in."""
    may_screen_again: bool = False
    """A check had no answer, and nobody but packs has decided."""
    has_waited: bool = True
    """It was held or refused once: what was released at once has no job, and nowhere to keep notes."""
    told: "Case | None" = None
    """The known case that it was, once it is answered, where people are told."""


def load_view(here: "Deployment", asset_id: AssetId, reviewer: "Reviewer") -> View:
    """Gather what a reviewer may see of a job.

    Raises:
        AssetNotFoundError: there is no such job and no such release, or none for them.
    """
    from policies.line.records import asset_row, find_signals, parse_asset
    from policies.line.request import prompt_key
    from policies.review.backlog import load_items
    from policies.review.history import list_decisions, list_earlier
    from policies.review.job import find_record, has_job
    from policies.review.judgement import list_clauses, show_opinions
    from policies.review.note import list_notes
    from policies.review.opinion import is_own
    from policies.review.rescreening import may_screen_again
    from policies.review.wellness import load_wellness
    from policies.rules.evidence import find_evidence

    with here.database.read() as connection:
        job = find_record(connection, asset_id, here.tenant, reviewer)
        row = asset_row(connection, asset_id, here.tenant)
        signals, has_waited = find_signals(connection, asset_id), has_job(connection, asset_id)
        item = load_items(connection, [asset_id])[0] if has_waited else _build_item(connection, job, row)
    findings = find_evidence(signals, item.decision)
    return View(
        item=item,
        job=job,
        asset=parse_asset(row),
        stage=row["stage"],
        signals=signals,
        findings=findings,
        boxes=list_boxes(signals),
        matches=tuple(list_matches(signals, findings)),
        moments=list_moments(signals),
        decisions=list_decisions(here, asset_id),
        earlier=list_earlier(here, asset_id, reviewer),
        opinions=show_opinions(here, asset_id, reviewer),
        notes=list_notes(here, asset_id, reviewer),
        clauses=list_clauses(here.packs.values(), item.decision),
        wellness=load_wellness(here, reviewer),
        has_prompt=here.blobs.quarantine.has(prompt_key(asset_id)),
        may_approve=not is_own(here, row, reviewer),
        may_screen_again=may_screen_again(row["stage"], item.decision, signals),
        has_waited=has_waited,
    )


def _build_item(connection: "Connection", job: "Job", row: Mapping[Any, Any]) -> "Item":
    """Return the line of what was released at once, which no queue ever had."""
    from policies.line.records import latest_decision
    from policies.review.backlog import Item

    decision = latest_decision(connection, job.asset_id)
    assert decision is not None
    return Item(job, row["name"], row["media_type"], row["created_at"], decision)


def list_moments(signals: "Sequence[Signal]") -> tuple[Moment, ...]:
    """Return what was found at a time of a clip or a sound, in order of time: worst scores, and parts of works."""
    found = [
        Moment(one.category, one.score, *one.span)
        for signal in signals
        for one in signal.findings
        if one.span is not None
    ]
    for signal in signals:
        for record in signal.evidence:
            here, action = _within(record, "match", "together", "here"), _within(record, "match", "action")
            if isinstance(here, list | tuple) and len(here) == 2:
                found.append(Moment(f"copyright_{action}", 1.0, float(here[0]), float(here[1])))
    shown = [one for one in found if one.score >= LEAST_SHOWN]
    return tuple(sorted(shown, key=lambda one: (one.start_s, one.category))[:MOST_MOMENTS])


def list_boxes(signals: "Sequence[Signal]") -> tuple[Box, ...]:
    """Return the places that evidence names; a record of another form names none."""
    return tuple(_list_boxes(signals))[:MOST_BOXES]


def _list_boxes(signals: "Sequence[Signal]") -> Iterator[Box]:
    for signal in signals:
        for record in signal.evidence:
            overlap = _within(record, "match", "overlap", "in_part")
            for edges in (record.get("box"), overlap):
                if (box := _parse_box(edges, _label(signal.detector, record))) is not None:
                    yield box


def _within(record: Mapping[str, Any], *path: str) -> Any:  # noqa: ANN401 - JSON
    value: Any = record
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _parse_box(edges: Any, label: str) -> Box | None:  # noqa: ANN401 - JSON
    try:
        left, top, right, bottom = (min(1.0, max(0.0, float(edge))) for edge in edges)
    except (TypeError, ValueError):
        return None
    x, y, width, height = (round(share * 100, 2) for share in (left, top, right - left, bottom - top))
    return Box(x, y, width, height, label)


def _label(detector: str, record: Mapping[str, Any]) -> str:
    said = record.get("category") or record.get("sort") or record.get("document") or _within(record, "match", "title")
    return f"{detector}: {said}" if said else detector


def list_matches(signals: "Sequence[Signal]", findings: "Sequence[Finding]") -> Iterator[Matched]:
    """Yield the registered works that evidence names, each once."""
    told = {one.work_id: one for one in findings if one.work_id}
    seen = set()
    for signal in signals:
        for record in signal.evidence:
            match = record.get("match")
            if isinstance(match, Mapping) and match.get("work_id") in told and match["work_id"] not in seen:
                seen.add(match["work_id"])
                names = ("work_id", "title", "owner", "bank")
                work_id, title, owner, bank = (str(match.get(name, "")) for name in names)
                yield Matched(work_id, title, owner, bank, told[work_id])
