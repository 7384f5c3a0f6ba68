"""Packs + signals + context -> Decision. Pure: no clock, no randomness, no storage, no models.

Closed by default: a detector that failed holds, one that is enabled or required and did not answer holds, a score that
is no number in 0..1 holds, a condition that cannot be evaluated holds, an expired pack holds, a consent that is named
and does not cover holds, demands that no single
mark can meet hold, and no packs at all is an error. The outcome is the strictest that anything asked for; every reason
is kept. The result does not depend on the order of signals or packs.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from math import isfinite, isnan
from typing import Final, TypeVar

from detectors.base import Signal, Status
from policies.refusals import DuplicatePackError, NoPackError
from policies.rules.conditions import Variables, build_variables
from policies.rules.context import Context
from policies.rules.decision import Decision, Outcome, Reason
from policies.rules.marks import Conflict, merge_demands
from policies.rules.naming import name_reasons
from policies.rules.pack import ENGINE, Demand, Pack, Requirement, Rule, Threshold, counts_on
from provenance.asset import Asset
from provenance.errors import ConditionError
from provenance.media.view import SOUND, TEXT

CLOSED: Final = "Chopmark closed by default"
"""The clause that the engine's own reasons rest on; see docs/policies.md."""


PART = TypeVar("PART", Requirement, Threshold, Rule, Demand)

_PROMPT: Final = "prompt"
"""In the text of every condition that reads a prompt's signal, or one of its scores."""


def decide(
    asset: Asset, signals: Sequence[Signal], packs: Sequence[Pack], context: Context, *, decision_id: str
) -> Decision:
    """Return what happens to `asset`, with every reason and the marks that the packs demand.

    The obligations are stated whatever the outcome, so that a moderator who releases a held asset releases it marked.

    Raises:
        NoPackError, DuplicatePackError: there is no pack, or two different packs have one name.
    """
    distinct = _distinct(packs)
    variables = build_variables(asset, signals, context)
    day = context.decided_on
    demands, reasons = _demand(distinct, variables, day)
    obligations, conflicts = merge_demands(demands)
    reasons |= set(_judge_signals(signals, context)) | set(_judge_conflicts(conflicts)) | set(_judge_consent(context))
    for pack in distinct:
        reasons |= {
            *_judge_expiry(pack, context),
            *_judge_requirements(pack, signals, context),
            *_judge_thresholds(pack, signals, day),
            *_judge_rules(pack, _on(pack.rules, day), variables),
        }
    reasons = name_reasons(reasons, signals, context.carriers)
    return Decision(
        id=decision_id,
        asset_id=asset.id,
        outcome=max(
            (reason.outcome for reason in reasons), key=lambda outcome: outcome.strictness, default=Outcome.RELEASE
        ),
        reasons=tuple(sorted(reasons, key=_rank)),
        obligations=obligations,
        packs=tuple(pack.ref for pack in distinct),
    )


def judge_passage(
    signals: Sequence[Signal], packs: Sequence[Pack], variables: Variables, context: Context
) -> tuple[Reason, ...]:
    """Return what withholds a passage of a text that is still being written, by the signals about its words alone.

    Holds count as blocks do, and so does a detector that failed or was enabled for it and is missing.

    Raises:
        PolicyError: there is no pack, or two different packs have one name.
    """
    found = {*_judge_signals(signals, context), *_judge_words(signals, packs, variables, context.decided_on)}
    return tuple(sorted(name_reasons(found, (), frozenset({TEXT})), key=_rank))


def judge_prompt(
    signals: Sequence[Signal], packs: Sequence[Pack], variables: Variables, day: date
) -> tuple[Reason, ...]:
    """Return what blocks on a day by the signals about a prompt alone, strictest first; empty where it may be drawn.

    Of the rules only those count that read what is known of a prompt: others ask about a picture that is not there.

    Raises:
        NoPackError, DuplicatePackError: there is no pack, or two different packs have one name.
    """
    reasons = _judge_words(signals, packs, variables, day)
    return tuple(sorted((one for one in reasons if one.outcome is Outcome.BLOCK), key=_rank))


def _judge_words(signals: Sequence[Signal], packs: Sequence[Pack], variables: Variables, day: date) -> set[Reason]:
    reasons: set[Reason] = set()
    for pack in _distinct(packs):
        about = tuple(rule for rule in _on(pack.rules, day) if _PROMPT in rule.when.text)
        reasons |= {*_judge_thresholds(pack, signals, day), *_judge_rules(pack, about, variables)}
    return reasons


def _rank(reason: Reason) -> tuple[int, str]:
    """Strictest first; then in the order of their words, which is the same for every order of signals and packs."""
    return (-reason.outcome.strictness, repr((reason.pack, reason.rule, reason.detector, reason.category, reason)))


def _distinct(packs: Sequence[Pack]) -> tuple[Pack, ...]:
    """Return the packs by name, each once."""
    if not packs:
        raise NoPackError("expected at least one pack, got none: an empty rule list would release everything")
    by_name: dict[str, Pack] = {}
    for pack in packs:
        other = by_name.setdefault(pack.name, pack)
        if other.sha256 != pack.sha256:
            raise DuplicatePackError(
                f"two different packs are named {pack.name!r}: {other.sha256[:12]} and {pack.sha256[:12]}"
            )
    return tuple(by_name[name] for name in sorted(by_name))


def _judge_signals(signals: Sequence[Signal], context: Context) -> Iterator[Reason]:
    """Hold for every signal that is not a sound answer, and for every enabled detector that gave none."""
    counts = Counter(signal.detector for signal in signals)
    for detector in sorted(context.enabled_detectors - counts.keys()):
        yield _closed("missing_signal", f"{detector} is enabled and gave no signal", detector)
    for detector, count in counts.items():
        if count > 1:
            yield _closed("repeated_signal", f"{count} signals claim to be from {detector}", detector)
    for signal in signals:
        if signal.status is Status.FAILED:
            yield _closed(
                "failed_signal", f"{signal.detector} failed: {signal.reason or 'no reason given'}", signal.detector
            )
        for category, score in signal.scores.items():
            if not 0.0 <= score <= 1.0:
                text = f"{signal.detector} scored {category} {score:g}, expected 0 to 1"
                yield _closed("unsound_score", text, signal.detector, category)


def _closed(rule: str, text: str, detector: str = "", category: str = "") -> Reason:
    return Reason(
        pack=ENGINE, rule=rule, outcome=Outcome.HOLD, clause=CLOSED, text=text, detector=detector, category=category
    )


def _judge_conflicts(conflicts: Sequence[Conflict]) -> Iterator[Reason]:
    for conflict in conflicts:
        asked = "; ".join(conflict.sources)
        text = f"no one {conflict.mark} has {conflict.parameter} {' and '.join(conflict.values)}, asked for by {asked}"
        yield _closed("conflicting_obligations", text)


def _judge_consent(context: Context) -> Iterator[Reason]:
    """Hold for a consent that is named and does not cover; whether one has to be named is for packs."""
    if context.consent not in {"none", "covers"}:
        yield _closed("consent", spell_consent(context.consent))


def spell_consent(coverage: str) -> str:
    """Return in words what is wrong with a consent that is named."""
    return f"a consent that is named does not cover this: {_UNCOVERED.get(coverage, coverage)}"


_UNCOVERED: Final = {
    "unknown": "it was never recorded here",
    "revoked": "it was revoked",
    "expired": "its last day is over",
    "purpose": "it was given for another purpose",
    "picture": "it was given for another photograph",
}


def _judge_expiry(pack: Pack, context: Context) -> Iterator[Reason]:
    if pack.effective_until is not None and context.decided_on > pack.effective_until:
        text = f"pack {pack.name} was valid until {pack.effective_until}"
        yield _closed("expired_pack", text)


_UNSEEN: Final = {
    "landmarks": "its sound was compared with no registered work",
    "picture": "nothing looked at its pictures",
    "sound": "nothing and nobody has listened to its sound",
    "track": "it was compared with no registered clip",
}
"""What it means that no detector looked at a kind of view."""


def _on(parts: Sequence[PART], day: date) -> tuple[PART, ...]:
    """Return the parts that count on a day."""
    return tuple(part for part in parts if counts_on(part, day))


def _judge_requirements(pack: Pack, signals: Sequence[Signal], context: Context) -> Iterator[Reason]:
    """Hold for every detector that the pack requires and that did not answer.

    One that reads nothing of what the asset has is excused only where others looked at all that it has; to what this
    gate composed itself nobody has to listen.
    """
    looked_at = {kind for signal in signals if signal.status is Status.OK for kind in signal.looked_at}
    if context.composed:
        looked_at.add(SOUND)
    carriers = context.carriers
    is_seen = bool(carriers) and carriers <= looked_at
    unseen = "".join(f"; {_UNSEEN.get(kind, f'nothing looked at its {kind}')}" for kind in sorted(carriers - looked_at))
    for needed in _on(pack.requires, context.decided_on):
        excused = is_seen and all(not signal.looked_at for signal in signals if signal.detector == needed.detector)
        statuses = {signal.status for signal in signals if signal.detector == needed.detector}
        if not statuses:
            missing = "gave no signal"
        elif Status.FAILED in statuses:
            missing = "failed"
        elif Status.NOT_APPLICABLE in statuses and not needed.not_applicable and not excused:
            missing = f"found itself not applicable{unseen}"
        else:
            continue
        yield Reason(
            pack=pack.name,
            rule=f"requires.{needed.detector}",
            outcome=Outcome.HOLD,
            clause=needed.clause,
            text=f"{needed.text}, and {needed.detector} {missing}",
            detector=needed.detector,
        )


def _judge_thresholds(pack: Pack, signals: Sequence[Signal], day: date) -> Iterator[Reason]:
    """Compare every score of every signal, whatever its status: half an answer still counts against."""
    for limit in _on(pack.thresholds, day):
        for signal in signals:
            score = signal.scores.get(limit.category)
            if score is None or isnan(score):
                continue
            if limit.block is not None and score >= limit.block:
                outcome, threshold = Outcome.BLOCK, limit.block
            elif limit.hold is not None and score >= limit.hold:
                outcome, threshold = Outcome.HOLD, limit.hold
            else:
                continue
            yield Reason(
                pack=pack.name,
                rule=f"thresholds.{limit.category}",
                outcome=outcome,
                clause=limit.clause,
                text=limit.text,
                detector=signal.detector,
                category=limit.category,
                score=score if isfinite(score) else None,
                threshold=threshold,
            )


def _judge_rules(pack: Pack, rules: Sequence[Rule], variables: Variables) -> Iterator[Reason]:
    for rule in rules:
        try:
            if rule.when.evaluate(variables):
                yield Reason(pack=pack.name, rule=rule.id, outcome=rule.outcome, clause=rule.clause, text=rule.text)
        except ConditionError as exc:
            yield _unevaluated(pack, rule.id, rule.clause, exc)


def _demand(packs: Sequence[Pack], variables: Variables, day: date) -> tuple[list[tuple[Pack, Demand]], set[Reason]]:
    """Return the marks demanded here; one whose condition cannot be evaluated is demanded, and holds."""
    demands: list[tuple[Pack, Demand]] = []
    reasons: set[Reason] = set()
    for pack in packs:
        for demand in _on(pack.obligations, day):
            try:
                wanted = demand.when is None or demand.when.evaluate(variables)
            except ConditionError as exc:
                wanted = True
                reasons.add(_unevaluated(pack, demand.id, demand.clause, exc))
            if wanted:
                demands.append((pack, demand))
    return demands, reasons


def _unevaluated(pack: Pack, rule: str, clause: str, exc: ConditionError) -> Reason:
    return Reason(pack=pack.name, rule=rule, outcome=Outcome.HOLD, clause=clause, text=str(exc))
