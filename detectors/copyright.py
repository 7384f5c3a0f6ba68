"""Is the picture, or the text, a registered work, or a near copy of one?

Asks the works registry, which fingerprints it and searches exactly within each scheme's radius. A bank's
action says what a match in it means; a match in an allow-list bank that is at least as near takes it back. Evidence
names titles and owners for the moderator; they are not for the ledger. Source: `cards/copyright.toml`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.pixels import View, list_views
from provenance.errors import ConfigurationError
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.landmark import Landmarks
from provenance.fingerprints.shingles import compute_passages, is_phrase
from provenance.media.view import LANDMARKS, PICTURE, TEXT, TRACK
from provenance.works.record import Action, MatchReport

_ACTIONS: Final = (Action.BLOCK, Action.HOLD, Action.ATTRIBUTE)
# An audit record has to stay small; a thousandth match of one work adds nothing.
_MOST_EVIDENCE: Final = 20
_MOST_RECORDS: Final = 100

_THUMBNAIL: Final = "thumbnail in its manifest"


@dataclass(slots=True)
class CopyrightDetector:
    """Scores 1 for each action that some match asks for, else 0; takes no options."""

    toolbox: Toolbox
    card: Card = field(init=False)

    def __post_init__(self) -> None:
        if self.toolbox.options:
            raise ConfigurationError(f"detector 'copyright' has no option {min(self.toolbox.options)!r}")
        self.card = load_card("copyright")

    def warm(self) -> None:
        """Have nothing to load: the registry opens its index by itself."""

    def detect(self, subject: Subject) -> Signal:
        """Answer about every view of `subject`, and about the pictures inside its manifest.

        Raises:
            ProvenanceError: the registry cannot be searched.
        """
        if subject.view.kind in {TRACK, LANDMARKS}:
            return self._detect_track(subject.view.carrier)
        if subject.view.kind == TEXT:
            return self._detect_text(str(subject.view.carrier))
        thumbnails = (View(_THUMBNAIL, view.carrier.flattened()) for view in subject.thumbnails if view.kind == PICTURE)
        views = (*list_views(subject.picture), *thumbnails)
        reports = [(view.name, self.toolbox.works.match(view.picture)) for view in views]
        scores = _merge_scores(reports)
        worst, report = max(reports, key=lambda item: _severity(item[1]))
        shown_by = worst if len(reports) > 1 else ""
        evidence = tuple(record for name, one in reports for record in _evidence(one, name if shown_by else ""))
        reason = _reason(report) + (f", {shown_by}" if shown_by and report.matches else "")
        return Signal("copyright", self.card.version, Status.OK, scores, evidence[:_MOST_RECORDS], reason)

    def _detect_track(self, track: Sequence[Fingerprint] | Landmarks) -> Signal:
        """Answer about codes and their times, of a clip or of a sound; what has none of them is unhashable."""
        report = self.toolbox.works.match_track(track)
        has_none = not (track.codes if isinstance(track, Landmarks) else track)
        scores = {**build_scores(report), "copyright_unhashable": float(has_none)}
        return Signal("copyright", self.card.version, Status.OK, scores, _evidence(report, ""), _reason(report))

    def _detect_text(self, text: str) -> Signal:
        """Answer about a text, or a part of one; one that says the same few words over and over is unhashable."""
        report = self.toolbox.works.match_text(compute_passages(text))
        scores, reason = build_scores(report), _reason(report)
        if report.unhashable and is_phrase(text):
            scores, reason = {**scores, "copyright_unhashable": 0.0}, "too few words to be a work or a part of one"
        return Signal("copyright", self.card.version, Status.OK, scores, _evidence(report, ""), reason)


def _merge_scores(reports: Sequence[tuple[str, MatchReport]]) -> dict[str, float]:
    """Return the worst of all views; unhashable is a picture of which no view says anything."""
    each = [build_scores(report) for _, report in reports]
    own = [
        scores["copyright_unhashable"] for (name, _), scores in zip(reports, each, strict=True) if name != _THUMBNAIL
    ]
    worst = {category: max(scores[category] for scores in each) for category in each[0]}
    return {**worst, "copyright_unhashable": min(own)}


def _severity(report: MatchReport) -> tuple[int, int]:
    """Return how grave a report is, for comparison: the strictest action matched, then whether anything was found."""
    found = [index for index, action in enumerate(_ACTIONS) if report.best(action) is not None]
    return (-min(found, default=len(_ACTIONS)), len(report.matches))


def build_scores(report: MatchReport) -> dict[str, float]:
    """Return the four scores for what the registry found."""
    scores = {f"copyright_{action}": float(report.best(action) is not None) for action in _ACTIONS}
    return {**scores, "copyright_unhashable": float(bool(report.unhashable))}


def _evidence(report: MatchReport, view: str) -> tuple[dict[str, Any], ...]:
    seen = {"view": view} if view else {}
    records: list[dict[str, Any]] = [{"match": asdict(match), **seen} for match in report.matches[:_MOST_EVIDENCE]]
    records += ({"unhashable": asdict(one), **seen} for one in report.unhashable)
    records.append({"matches": len(report.matches), "searched": list(report.searched_algs), **seen})
    return tuple(records)


def _reason(report: MatchReport) -> str:
    best = next((match for match in map(report.best, _ACTIONS) if match is not None), None)
    if best is not None and best.together is not None:
        (start_s, end_s), (there_s, there_end_s) = best.together.here, best.together.there
        return (
            f"{start_s:.1f} to {end_s:.1f} s are {there_s:.1f} to {there_end_s:.1f} s of work {best.work_id} "
            f"({best.action})"
        )
    if best is not None:
        return f"{best.alg} within {best.distance_bits} bits of work {best.work_id} ({best.action})"
    if report.matches:
        return f"only allow-listed works match, work {report.matches[0].work_id} first"
    if report.unhashable:
        return f"{report.unhashable[0].alg} says nothing about it: {report.unhashable[0].reason}"
    return "no registered work matches"
