"""Have one detector look at every view that it reads, and keep the worst of its answers with where that was.

A still picture is one view, so nothing is merged; a clip is many, and a detector of pictures never knows. What a
detector reads stands on its card; of an asset that has none of it the answer is NOT_APPLICABLE, and that nothing was
looked at is said in the signal, so that nobody takes it for an answer about something else.
"""

import threading
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
    """Return one answer about an asset, as `Look.finish` does."""
    return Look(detector, subject, views, is_over=is_over).finish()


class Look:
    """One detector's look at all views of an asset. Several threads may share it: a detector answers any of them."""

    def __init__(
        self, detector: Detector, subject: Subject, views: Sequence[View], *, is_over: Callable[[Signal | None], bool]
    ) -> None:
        """Look at nothing yet.

        Args:
            detector: asked once for each view of a kind that it reads, and about the prompt where it reads prompts.
            subject: the asset; its own view is replaced.
            views: everything that the asset's medium shows.
            is_over: told each answer about a view, or None, says whether further pictures are worth no look. One of
                them is looked at by each detector, and all that is no picture; how many were left out is said in the
                reason.
        """
        self._detector, self._is_over = detector, is_over
        self._turns = tuple(_list_turns(detector.card, subject, views))
        self._answers: dict[int, Signal] = {}
        self._left = list(enumerate(self._turns))[::-1]
        self._under_way = 0
        self._changed = threading.Condition()

    def share(self) -> None:
        """Look at one view after another until none is left.

        Raises:
            Exception: as the detector does; that view is left to whoever waits for the answer.
        """
        while (turn := self._next()) is not None:
            is_answered = False
            try:
                answer = self._detector.detect(turn[1])
                if _is_comparable(answer):
                    # What has to hold of all views is not settled by one.
                    of_all = self._detector.card.of_all
                    final = {name: score for name, score in answer.scores.items() if name not in of_all}
                    self._is_over(replace(answer, scores=final))
                is_answered = True
            finally:
                with self._changed:
                    self._under_way -= 1
                    if is_answered:
                        self._answers[turn[0]] = answer
                    else:
                        self._left.append(turn)
                    self._changed.notify_all()

    def finish(self) -> Signal:
        """Return one answer about all of the asset.

        Raises:
            DetectorError: it could not answer about one of them, so it has not answered.
        """
        card = self._detector.card
        if not self._turns:
            reason = f"reads {', '.join(card.reads)}, which this asset has none of"
            return Signal(card.name, card.version, Status.NOT_APPLICABLE, reason=reason)
        self._look_at_all()
        answers = [(self._turns[place].view, answer) for place, answer in sorted(self._answers.items())]
        faulty = [answer for _, answer in answers if not _is_comparable(answer)]
        if faulty:
            return faulty[0]
        merged, left = _merge(answers, card), len(self._turns) - len(answers)
        told = f"{merged.reason}; {left} further pictures were left out, since it is blocked"
        return replace(merged, reason=told) if left else merged

    def _look_at_all(self) -> None:
        try:
            while self._left or self._under_way:
                self.share()
                with self._changed:
                    self._changed.wait_for(lambda: self._left or not self._under_way)
        finally:
            with self._changed:
                self._left.clear()
                self._changed.wait_for(lambda: not self._under_way)

    def _next(self) -> tuple[int, Subject] | None:
        with self._changed:
            while self._left:
                place, turn = self._left.pop()
                has_begun = bool(self._answers or self._under_way)
                if has_begun and turn.view.kind == PICTURE and self._is_over(None):
                    continue
                self._under_way += 1
                return place, turn
        return None


def _list_turns(card: Card, subject: Subject, views: Sequence[View]) -> Iterator[Subject]:
    reads = card.reads
    shown = [view for view in views if view.kind in reads]
    yield from (replace(subject, view=view) for view in _thin_out(shown, card.every))
    # A prompt comes beside an asset: where there is none, whoever reads nothing else says so.
    if PROMPT in reads and (subject.prompt is not None or not shown):
        yield replace(subject, view=View(PROMPT, subject.prompt))


def _thin_out(views: Sequence[View], every: int) -> Iterator[View]:
    """Yield views; of those that go on with what the one before showed, one in `every`."""
    passed = 0
    for view in views:
        passed = passed + 1 if view.goes_on else 0
        if passed % every == 0:
            yield view


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
