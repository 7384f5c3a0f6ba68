"""Is the picture a registered work, or a near copy of one?

Asks the works registry, which fingerprints the picture and searches exactly within each scheme's radius. A bank's
action says what a match in it means; a match in an allow-list bank that is at least as near takes it back. Evidence
names titles and owners for the moderator; they are not for the ledger. Source: `cards/copyright.toml`.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from provenance.errors import ConfigurationError
from provenance.works.record import Action, MatchReport

_ACTIONS: Final = (Action.BLOCK, Action.HOLD, Action.ATTRIBUTE)
# An audit record has to stay small; a thousandth match of one work adds nothing.
_MOST_EVIDENCE: Final = 20


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
        """Answer about the pixels of `subject`; of a transparent picture, as seen on white.

        Raises:
            ProvenanceError: the registry cannot be searched.
        """
        report = self.toolbox.works.match(subject.picture.flattened())
        return Signal(
            "copyright", self.card.version, Status.OK, build_scores(report), _evidence(report), _reason(report)
        )


def build_scores(report: MatchReport) -> dict[str, float]:
    """Return the four scores for what the registry found."""
    scores = {f"copyright_{action}": float(report.best(action) is not None) for action in _ACTIONS}
    return {**scores, "copyright_unhashable": float(bool(report.unhashable))}


def _evidence(report: MatchReport) -> tuple[dict[str, Any], ...]:
    records: list[dict[str, Any]] = [{"match": asdict(match)} for match in report.matches[:_MOST_EVIDENCE]]
    records += ({"unhashable": asdict(one)} for one in report.unhashable)
    records.append({"matches": len(report.matches), "searched": list(report.searched_algs)})
    return tuple(records)


def _reason(report: MatchReport) -> str:
    best = next((match for match in map(report.best, _ACTIONS) if match is not None), None)
    if best is not None:
        return f"{best.alg} within {best.distance_bits} bits of work {best.work_id} ({best.action})"
    if report.matches:
        return f"only allow-listed works match, work {report.matches[0].work_id} first"
    if report.unhashable:
        return f"{report.unhashable[0].alg} says nothing about it: {report.unhashable[0].reason}"
    return "no registered work matches"
