"""Why a decision fell as it did, in words and rows; and what other packs would have decided.

A case is what a decision was made from, as JSON: signals as the gate records them, and optionally facts of the asset
and the context. It lets anybody ask "what would this pack say" without a picture.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detectors.base import Finding, Signal, Status
from policies.refusals import CaseInvalidError
from policies.rules.case_places import find_in_json
from policies.rules.context import Context
from policies.rules.decision import Decision, Outcome, Reason, spell_score
from policies.rules.engine import decide
from policies.rules.pack import Pack
from provenance.asset import Asset, AssetId, Digest, MediaType, Origin, sha256_hex
from provenance.grant import Obligation
from provenance.media.view import Span

CASE_SIZE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of one case; evidence is the bulk of it."""

_PAST: Final = {Outcome.RELEASE: "released", Outcome.HOLD: "held", Outcome.BLOCK: "blocked"}


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """One reason, ready to print.

    Attributes:
        outcome: what it asked for.
        rule: ``pack/rule``.
        text: one line for a person.
        measured: the comparison that was made, or "".
        clause: what it rests on.
    """

    outcome: Outcome
    rule: str
    text: str
    measured: str
    clause: str


@dataclass(frozen=True, slots=True)
class MarkRow:
    """One mark due, ready to print."""

    mark: str
    required: bool
    parameters: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision in words: one line, every reason (strictest first), every mark due, and as what pictures were seen."""

    summary: str
    reasons: tuple[ReasonRow, ...]
    marks: tuple[MarkRow, ...]
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """What a decision is made from."""

    asset: Asset
    signals: tuple[Signal, ...]
    context: Context


def explain(decision: Decision, signals: Sequence[Signal] = ()) -> Explanation:
    """Return `decision` in words; with the signals that it was made from, when it was that they saw or heard it."""
    packs = ", ".join(pack.name for pack in decision.packs)
    reasons = tuple(_explain_reason(reason, signals) for reason in decision.reasons)
    past = _PAST[decision.outcome]
    if decision.decided_by != "policy":
        summary = f"{past} by {decision.decided_by}"
    elif reasons:
        first, more = reasons[0], len(reasons) - 1
        measured = f" ({first.measured})" if first.measured else ""
        summary = f"{past} by {first.rule}: {first.text}{measured}"
        summary += f", and {more} more reason{'s' if more > 1 else ''}" if more else ""
    else:
        summary = f"{past}: no rule of {packs} objects"
    return Explanation(
        summary=summary,
        reasons=reasons,
        marks=tuple(map(_explain_mark, decision.obligations)),
        kinds=tuple(tell_kinds(signals)),
    )


def tell_kinds(signals: Sequence[Signal]) -> Iterator[str]:
    """Yield for each detector that tells photographs, drawings and renders apart what it took the asset's pictures for.

    Whatever a kind was taken for decides which bank and which calibration were asked, so it stands beside the scores;
    of several views each kind's share is the mean. Packs read the same records: `signals.clip.evidence`.
    """
    for signal in signals:
        records = [one for one in signal.evidence if isinstance(one.get("kinds"), Mapping)]
        shares: dict[str, float] = {}
        for record in records:
            for kind, share in record["kinds"].items():
                if isinstance(share, int | float):
                    shares[str(kind)] = shares.get(str(kind), 0.0) + share / len(records)
        if shares:
            told = ", ".join(f"{kind} {share:.0%}" for kind, share in sorted(shares.items(), key=lambda one: -one[1]))
            asked = sorted({str(kind) for record in records for kind in record.get("asked_as", ())})
            views = f" of {len(records)} views" if len(records) > 1 else ""
            yield f"{signal.detector}: {told}{views}" + (f"; asked as {' and '.join(asked)}" if asked else "")


def _explain_reason(reason: Reason, signals: Sequence[Signal]) -> ReasonRow:
    measured = ""
    if reason.score is not None and reason.threshold is not None:
        measured = f"{reason.detector}: {reason.category} {spell_score(reason.score)}, limit {reason.threshold:g}"
        measured += _tell_when(reason, signals)
    return ReasonRow(
        outcome=reason.outcome,
        rule=f"{reason.pack}/{reason.rule}",
        text=reason.text,
        measured=measured,
        clause=reason.clause,
    )


def _tell_when(reason: Reason, signals: Sequence[Signal]) -> str:
    for signal in signals:
        for finding in signal.findings:
            if (signal.detector, finding.category) == (reason.detector, reason.category) and finding.span is not None:
                return f", from {finding.span.start_s:.1f} to {finding.span.end_s:.1f} s"
    return ""


def _explain_mark(obligation: Obligation) -> MarkRow:
    return MarkRow(
        mark=obligation.kind.value,
        required=obligation.required,
        parameters=", ".join(f"{name} {value}" for name, value in sorted(obligation.parameters.items())),
        sources=obligation.sources,
    )


def what_if(
    signals: Sequence[Signal], packs: Sequence[Pack], *, asset: Asset | None = None, context: Context | None = None
) -> Decision:
    """Return what `packs` would decide about `signals`; nothing is recorded.

    Args:
        signals: made up or recorded.
        packs: at least one.
        asset: None for a PNG of 1024 x 1024 pixels.
        context: None for no tenant, no flags, and the first day of the newest pack.

    Raises:
        NoPackError, DuplicatePackError: there is no pack, or two different packs have one name.
    """
    day = max((pack.effective_from for pack in packs), default=date.min)
    return decide(
        asset or _AssetFacts().build(), signals, packs, context or Context(decided_on=day), decision_id="what-if"
    )


def parse_case(unverified_json: bytes, *, today: date, file: str = "case") -> Case:
    """Return the case that a JSON document describes.

    Args:
        unverified_json: an object with ``signals`` and optionally ``asset`` and ``context``.
        today: the day of the decision when the context names none.
        file: how to call it in problems.

    Raises:
        CaseInvalidError: it is no such document; the message has a line for every field that is wrong, and says where.
    """
    if len(unverified_json) > CASE_SIZE_LIMIT:
        raise CaseInvalidError(f"{file} has more than {CASE_SIZE_LIMIT} bytes")
    try:
        json.loads(unverified_json)
        model = _CaseModel.model_validate_json(unverified_json)
    except json.JSONDecodeError as exc:
        raise CaseInvalidError(f"{file}:{exc.lineno}:{exc.colno}: expected JSON: {exc.msg.lower()}") from exc
    except (UnicodeDecodeError, RecursionError) as exc:
        raise CaseInvalidError(f"{file}:1:1: expected JSON in UTF-8, nested a few levels deep") from exc
    except ValidationError as exc:
        document = unverified_json.decode()
        raise CaseInvalidError(
            "\n".join(_spell_problem(file, document, dict(error)) for error in exc.errors())
        ) from exc
    return Case(
        asset=model.asset.build(),
        signals=tuple(signal.build() for signal in model.signals),
        context=model.context.build(today),
    )


def _spell_problem(file: str, document: str, error: Mapping[str, Any]) -> str:
    path = tuple(error["loc"])
    line, column = find_in_json(document, path)
    return f"{file}:{line}:{column}: {'.'.join(map(str, path)) or 'document'}: {error['msg']}"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _AssetFacts(_Model):
    media_type: MediaType = MediaType.PNG
    width: int = Field(default=1024, gt=0)
    height: int = Field(default=1024, gt=0)
    size_bytes: int = Field(default=1_000_000, gt=0)
    origin: Origin = Origin.GENERATED
    id: str = "what-if"
    sha256: str = sha256_hex(b"")

    def build(self) -> Asset:
        return Asset(
            AssetId(self.id),
            Digest(self.sha256),
            self.media_type,
            self.size_bytes,
            {"width": self.width, "height": self.height},
            self.origin,
        )


class _FindingRecord(_Model):
    category: str
    score: float
    span: tuple[float, float] | None = None

    def build(self) -> Finding:
        return Finding(self.category, self.score, None if self.span is None else Span(*self.span))


class _SignalRecord(_Model):
    detector: str = Field(min_length=1)
    version: str = ""
    status: Status = Status.OK
    scores: dict[str, float] = Field(default_factory=dict)
    evidence: tuple[dict[str, Any], ...] = ()
    reason: str = ""
    elapsed_ms: float = 0.0
    findings: tuple[_FindingRecord, ...] = ()
    looked_at: tuple[str, ...] = ()

    def build(self) -> Signal:
        return Signal(**{**self.model_dump(), "findings": tuple(one.build() for one in self.findings)})


class _ContextFacts(_Model):
    tenant: str = ""
    jurisdictions: tuple[str, ...] = ()
    explicit_label_waived: bool = False
    timestamp_available: bool = False
    decided_on: date | None = None
    enabled_detectors: frozenset[str] = frozenset()
    carriers: frozenset[str] = frozenset()

    def build(self, today: date) -> Context:
        return Context(**{**self.model_dump(), "decided_on": self.decided_on or today})


class _CaseModel(_Model):
    signals: list[_SignalRecord]
    asset: _AssetFacts = Field(default_factory=_AssetFacts)
    context: _ContextFacts = Field(default_factory=_ContextFacts)
