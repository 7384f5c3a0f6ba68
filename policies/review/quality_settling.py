"""Where two moderators disagreed: the quality lead says who was right, and, where that is to change anything, reopens.

Saying so changes nothing about the asset. A refusal that should not have been is taken back as every refusal is, on the
ledger, and another person decides anew; what is released cannot be called back.
"""

from policies.line.deployment import Deployment
from policies.refusals import IncompleteError, NotWaitingError, UnknownChoiceError
from policies.review.job import Reviewer
from policies.review.judgement import Ruling, take_back
from policies.review.quality_case import Case, Kind, Standing, close_case, find_case
from policies.review.verdicts import REASON_LIMIT
from policies.rules.decision import Outcome
from provenance.asset import AssetId
from provenance.storage.database import utc_now


def settle_case(here: Deployment, case_id: str, reviewer: Reviewer, outcome: Outcome, statement: str) -> Case:
    """Say what would have been right, and why.

    Raises:
        AssetNotFoundError: there is no such case, or none for them.
        PolicyError: nobody disagrees about it, or the statement is missing or too long.
    """
    if not statement.strip() or len(statement) > REASON_LIMIT or "\0" in statement:
        raise IncompleteError(
            f"a statement of reasons has 1 to {REASON_LIMIT} characters, got {len(statement.strip())}"
        )
    if outcome is Outcome.HOLD:
        raise UnknownChoiceError("expected an outcome of release or block, got hold")
    with here.database.write() as connection:
        case = find_case(connection, here, case_id, reviewer)
        if case.state is not Standing.DISAGREED:
            raise NotWaitingError("expected a case that two disagree about")
        settled = {"settled_outcome": outcome.value, "settled_by": reviewer.name[:128], "statement": statement.strip()}
        close_case(connection, case.id, Standing.SETTLED, settled_at=utc_now(), **settled)
        return find_case(connection, here, case_id, reviewer)


def reopen(here: Deployment, case_id: str, reviewer: Reviewer) -> Ruling:
    """Take back the decision that a settled case found wrong: the asset is held again, and somebody decides anew.

    Raises:
        PolicyError: the case found nothing wrong, or the asset is released, or was decided anew already.
    """
    with here.database.read() as connection:
        case = find_case(connection, here, case_id, reviewer)
    if case.kind is not Kind.DOUBLE or case.settled_outcome in {"", case.outcome.value}:
        raise NotWaitingError("expected a second look that found the first decision wrong")
    return take_back(here, AssetId(case.asset_id), reviewer, "a second look found otherwise")
