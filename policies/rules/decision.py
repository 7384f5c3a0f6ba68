"""What a decision is: an outcome, every reason for it, and the marks it demands."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from provenance.asset import AssetId
from provenance.grant import Obligation, PackRef

LEAST: Final = 0.001
"""A score nearer to nothing than this is told to be so: its digits say nothing to anybody."""


class Outcome(StrEnum):
    """What happens to an asset, from mildest to strictest."""

    RELEASE = "release"
    HOLD = "hold"
    BLOCK = "block"

    @property
    def strictness(self) -> int:
        """0 for RELEASE, 1 for HOLD, 2 for BLOCK; packs combine by the highest."""
        return tuple(Outcome).index(self)


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's contribution to a decision; kept whether or not it carried the day.

    Attributes:
        pack, rule: which rule spoke.
        outcome: what it asked for.
        clause: the law, standard or house rule it rests on.
        detector: whose signal it read, or "".
        category: which score, or "".
        score, threshold: the numbers compared, or None.
        text: one line for a person.
    """

    pack: str
    rule: str
    outcome: Outcome
    clause: str
    text: str
    detector: str = ""
    category: str = ""
    score: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for one asset.

    Attributes:
        id: unique.
        asset_id: the asset decided on.
        outcome: the strictest that any pack asked for.
        reasons: every rule that spoke, strictest first.
        obligations: union of the marks that the packs demand.
        packs: the packs that decided, by digest.
        decided_by: ``policy``, or ``review:<name>`` for a moderator.
    """

    id: str
    asset_id: AssetId
    outcome: Outcome
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    packs: tuple[PackRef, ...]
    decided_by: str = field(default="policy")


def spell_score(value: float | None, digits: int = 3) -> str:
    """Return a score as people read it: so many significant digits, no power of ten; nothing for None."""
    if value is None:
        return ""
    if 0 < abs(value) < LEAST:
        return f"<{LEAST}" if value > 0 else f">-{LEAST}"
    return f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"
