"""How a tenant measures its moderators: how often known cases and second looks are dealt, and what people are told."""

from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import Connection, select

from policies.line.deployment import Deployment
from policies.refusals import UnknownChoiceError
from policies.review.job import Reviewer
from provenance.storage.database import put_row, utc_now
from provenance.storage.quality_tables import QUALITY_RULES

MOST_GOLDEN: Final = 0.5
"""More than every second job would be a test."""
THIRDS: Final = ("lead", "moderator")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a tenant chose; nothing is dealt before somebody did.

    Attributes:
        golden_share: after this share of decisions, 0..0.5, who decided is dealt a case whose answer is known.
        double_share: this share of decisions, 0..1, goes to a second moderator, who does not know the first.
        gives_feedback: whether who answered a known case is told so, and the answer.
        third: who judges where two disagree: the quality lead, or a third moderator, blind too, before the lead.
    """

    golden_share: float = 0.0
    double_share: float = 0.0
    gives_feedback: bool = False
    third: str = "lead"

    def __post_init__(self) -> None:
        if not 0 <= self.golden_share <= MOST_GOLDEN:
            raise UnknownChoiceError(f"expected 0 to {MOST_GOLDEN:.0%} of known cases, got {self.golden_share:.0%}")
        if not 0 <= self.double_share <= 1:
            raise UnknownChoiceError(
                f"expected 0 to 100% of decisions to be looked at twice, got {self.double_share:.0%}"
            )
        if self.third not in THIRDS:
            raise UnknownChoiceError(f"expected a third of {', '.join(THIRDS)}, got {self.third[:40]!r}")


def load_rules(connection: Connection, here: Deployment) -> Rules:
    """Return what the tenant chose, or that nothing is dealt."""
    body = connection.execute(select(QUALITY_RULES.c.body).where(QUALITY_RULES.c.tenant == here.tenant)).scalar()
    return Rules(**{name: body[name] for name in Rules.__dataclass_fields__ if body and name in body})


def keep_rules(here: Deployment, reviewer: Reviewer, chosen: Rules) -> None:
    """Keep what a quality lead chose."""
    values = {"body": asdict(chosen), "updated_by": reviewer.name[:128], "updated_at": utc_now()}
    with here.database.write() as connection:
        put_row(connection, QUALITY_RULES, {"tenant": here.tenant}, values)
