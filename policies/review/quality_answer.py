"""What moderators answer to what they were dealt: a known case is answered rightly or not, two agree or do not.

No answer decides about an asset.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from policies.line.deployment import Deployment
from policies.refusals import TooLateError
from policies.review.job import Reviewer
from policies.review.quality_case import Case, Kind, Standing, close_case, parse_case
from policies.review.quality_deal import Deal, falls, find_deal, has_answered, lay, take_deal
from policies.review.quality_rules import Rules, load_rules
from policies.review.verdicts import Verdict
from policies.rules.decision import Outcome
from provenance.storage.database import utc_now
from provenance.storage.quality_tables import QUALITY_CASES, QUALITY_DEALS

MOST_WAITING: Final = 3
"""Known cases that wait for one person; more are not dealt."""
UNDO_S: Final = 600
"""How long an answer can be taken back."""
_BLANK: Final = {"outcome": "", "clause": "", "reason": "", "answered_by_id": "", "answered_by": "", "answered_at": ""}


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer.

    Attributes:
        deal: as it is now.
        is_right: whether it is the known answer; None where that is not told.
    """

    deal: Deal
    is_right: bool | None


def answer_deal(here: Deployment, deal: Deal, reviewer: Reviewer, said: Verdict, *, outcome: str = "") -> Answered:
    """Take an answer.

    Args:
        here: the deployment.
        deal: what is answered.
        reviewer: who answers.
        said: the verdict; its clause is one of those that the job lists.
        outcome: in place of the verdict's, for who hands it up.

    Raises:
        PolicyError: it was answered, or the verdict lacks something.
        JobTakenError: somebody else has it.
    """
    said.verify(reviewer.name)
    given: dict[str, Any] = {"outcome": outcome or said.outcome.value, "clause": said.clause, "reason": said.reason}
    who: dict[str, Any] = {"answered_by_id": reviewer.id, "answered_by": reviewer.name[:128], "answered_at": utc_now()}
    with here.database.write() as connection:
        take_deal(connection, deal, reviewer)
        this = QUALITY_DEALS.c.id == deal.id
        connection.execute(update(QUALITY_DEALS).where(this).values(state="answered", expires_at_ms=0, **given, **who))
        rules = load_rules(connection, here)
        if deal.case.kind is Kind.DOUBLE:
            _compare(connection, here, deal.case, rules)
    answered = replace(deal, is_open=False, expires_at_ms=0, **given, **who)
    is_told = deal.case.kind is Kind.GOLDEN and rules.gives_feedback
    return Answered(answered, answered.outcome == deal.case.outcome.value if is_told else None)


def take_answer_back(here: Deployment, deal: Deal, reviewer: Reviewer) -> None:
    """Have it wait again, as long as nobody was told the answer and nobody else was asked for theirs.

    Raises:
        PolicyError: it is too late.
    """
    moment = datetime.now(UTC)
    with here.database.write() as connection:
        rules, known = load_rules(connection, here), find_deal(connection, here, deal.id, reviewer)
        is_fresh = known is not None and known.answered_at and _age_s(known.answered_at, moment) < UNDO_S
        is_told = deal.case.kind is Kind.GOLDEN and rules.gives_feedback
        ended = {Standing.SETTLED, Standing.RETIRED, Standing.LAPSED}
        if known is None or not is_fresh or is_told or known.case.state in ended or _is_asked(connection, known):
            raise TooLateError("expected a decision of the last minutes, that nothing came of yet")
        connection.execute(
            update(QUALITY_DEALS).where(QUALITY_DEALS.c.id == deal.id).values(state="open", **_BLANK)
        )  # fmt: skip
        reopened = {"state": Standing.OPEN.value, "settled_at": ""}
        connection.execute(update(QUALITY_CASES).where(QUALITY_CASES.c.id == deal.case.id).values(reopened))


def deal_golden(here: Deployment, reviewer: Reviewer) -> None:
    """Deal somebody who has just decided a known case, where the lot falls on them and there is one for them."""
    if not reviewer.has_desk:
        return
    with here.database.read() as connection:
        if not falls(load_rules(connection, here).golden_share):
            return
    table = QUALITY_CASES
    golden = (table.c.tenant == here.tenant, table.c.kind == Kind.GOLDEN.value, table.c.state == Standing.OPEN.value)
    with here.database.write() as connection:
        mine = (QUALITY_DEALS.c.reviewer_id == reviewer.id, QUALITY_DEALS.c.state == "open")
        if connection.execute(select(func.count()).select_from(QUALITY_DEALS).where(*mine)).scalar_one() < MOST_WAITING:
            rows = connection.execute(select(table).where(*golden).order_by(func.random())).mappings()
            for case in map(parse_case, rows):
                if case.is_for(reviewer) and not has_answered(connection, case, reviewer):
                    lay(connection, here, case.id, reviewer.id)
                    return


def list_answers(connection: Connection, case: Case) -> tuple[dict[str, Any], ...]:
    """Return who answered what about a case, the first one first."""
    names = ("outcome", "clause", "reason", "answered_by_id", "answered_by", "answered_at")
    columns = [QUALITY_DEALS.c[name] for name in names]
    query = select(*columns).where(QUALITY_DEALS.c.case_id == case.id, QUALITY_DEALS.c.state == "answered")
    rows = connection.execute(query.order_by(QUALITY_DEALS.c.answered_at)).mappings()
    return tuple(dict(row) for row in rows)


def _compare(connection: Connection, here: Deployment, case: Case, rules: Rules) -> None:
    """Note whether two agree; where they do not, have a third asked, or leave it to the lead."""
    said = [one["outcome"] for one in list_answers(connection, case)]
    moment = utc_now()
    if said == [case.outcome.value]:
        close_case(connection, case.id, Standing.AGREED, settled_at=moment)
    elif len(said) == 1 and rules.third == "moderator":
        lay(connection, here, case.id)
    elif len(said) > 1 and said[1] in {case.outcome.value, said[0]} & set(Outcome):
        settled = {"settled_outcome": said[1], "settled_by": "", "settled_at": moment}
        close_case(connection, case.id, Standing.SETTLED, **settled)
    else:
        close_case(connection, case.id, Standing.DISAGREED)


def _is_asked(connection: Connection, deal: Deal) -> bool:
    """Return whether a third was asked after this answer."""
    if deal.case.kind is Kind.GOLDEN:
        return False
    later = (QUALITY_DEALS.c.case_id == deal.case.id, QUALITY_DEALS.c.id != deal.id, QUALITY_DEALS.c.state == "open")
    return connection.execute(select(QUALITY_DEALS.c.id).where(*later)).first() is not None


def _age_s(moment: str, now: datetime) -> float:
    return (now - datetime.fromisoformat(moment)).total_seconds()
