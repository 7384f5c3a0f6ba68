"""Have one detector look at every view that it reads, and keep the worst of its answers with where that was.

A still picture is one view, so nothing is merged; a clip is many, and a detector of pictures never knows. What a
detector reads stands on its card; of an asset that has none of it the answer is NOT_APPLICABLE, and that nothing was
looked at is said in the signal, so that nobody takes it for an answer about something else.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import isnan
from typing import Any, Final

from detectors.base import Detector, Finding, Signal, Status, Subject
from detectors.cards import Card
from provenance.media.view import PICTURE, PROMPT, View

MOST_EVIDENCE: Final = 100
"""Records that a signal about many views keeps, the worst view's first."""


def _never(_: Signal | None) -> bool:
    return False


def look_at(
    detector: Detector, subject: Subject, views: Sequence[View], *, is_over: Callable[[Signal | None], bool] = _never
) -> Signal:
    """Return one answer about an asset.

    Args:
        detector: asked once for each view of a kind that it reads, and about the prompt where it reads prompts.
        subject: the asset; its own view is replaced.
        views: everything that the asset's medium shows.
        is_over: told each answer about a view, or None, says whether further pictures are worth no look. One of them is
            looked at by each detector, and all that is no picture; how many were left out is said in the reason.

    Raises:
        DetectorError: it could not answer about one of them, so it has not answered.
    """
    turns = tuple(_list_turns(detector.card.reads, subject, views))
    if not turns:
        reads = ", ".join(detector.card.reads)
        return Signal(
            detector.card.name,
            detector.card.version,
            Status.NOT_APPLICABLE,
            reason=f"reads {reads}, which this asset has none of",
        )
    answers: list[tuple[View, Signal]] = []
    for turn in turns:
        if answers and turn.view.kind == PICTURE and is_over(None):
            continue
        answer = detector.detect(turn)
        answers.append((turn.view, answer))
        if _is_comparable(answer):
            # What has to hold of all views is not settled by one.
            final = {name: score for name, score in answer.scores.items() if name not in detector.card.of_all}
            is_over(replace(answer, scores=final))
    faulty = [answer for _, answer in answers if not _is_comparable(answer)]
    if faulty:
        return faulty[0]
    merged = _merge(answers, detector.card)
    left = len(turns) - len(answers)
    return (
        replace(merged, reason=f"{merged.reason}; {left} further pictures were left out, since it is blocked")
        if left
        else merged
    )


def _list_turns(reads: Sequence[str], subject: Subject, views: Sequence[View]) -> Iterator[Subject]:
    shown = [view for view in views if view.kind in reads]
    yield from (replace(subject, view=view) for view in shown)
    # A prompt comes beside an asset: where there is none, whoever reads nothing else says so.
    if PROMPT in reads and (subject.prompt is not None or not shown):
        yield replace(subject, view=View(PROMPT, subject.prompt))


def _is_comparable(answer: object) -> bool:
    """Say whether an answer has scores that can be compared; whoever asked refuses one that has not."""
    return isinstance(answer, Signal) and all(isinstance(score, int | float) for score in answer.scores.values())


def _merge(answers: Sequence[tuple[View, Signal]], card: Card) -> Signal:
    """Return the worst of several answers by one detector, the least of what has to hold of all; one as it is."""
    worst: dict[str, Finding] = {}
    for view, signal in answers:
        spans = {one.category: one.span for one in signal.findings}
        for category, score in signal.scores.items():
            known = worst.get(category)
            is_worse = known is None or (score < known.score if category in card.of_all else score > known.score)
            if is_worse or isnan(score):
                worst[category] = Finding(category, score, spans.get(category) or view.span)
    findings = tuple(one for one in worst.values() if one.score > 0)
    screened = card.reads if card.screens is None else card.screens
    looked_at = tuple(dict.fromkeys(view.kind for view, _ in answers if view.kind in screened))
    if len(answers) == 1:
        return replace(answers[0][1], findings=findings, looked_at=looked_at)
    view, signal = max(answers, key=_severity)
    others = [answer for answer in answers if answer[1] is not signal]
    evidence = [record for one in ((view, signal), *others) for record in _place_evidence(*one)]
    return replace(
        signal,
        scores={category: one.score for category, one in worst.items()},
        evidence=tuple(evidence[:MOST_EVIDENCE]),
        reason=signal.reason + (f", at {view.span.start_s:.1f} s" if view.span else ""),
        findings=findings,
        looked_at=looked_at,
    )


def _severity(answer: tuple[View, Signal]) -> tuple[bool, float]:
    """Rank an answer: one that was given before none, then by its highest score; one that is no number comes first."""
    scores = answer[1].scores.values()
    return answer[1].status is Status.OK, max((1.0 if isnan(score) else score for score in scores), default=0.0)


def _place_evidence(view: View, signal: Signal) -> Iterator[dict[str, Any]]:
    """Yield evidence with the kind of view that it is about, unless that is a picture, and when: a record may know."""
    place: dict[str, Any] = {} if view.kind == PICTURE else {"about": view.kind}
    if view.span is not None:
        place["from_s"], place["to_s"] = view.span
    for record in signal.evidence:
        yield {**record, **place} if "from_s" not in record else {**place, **record}
