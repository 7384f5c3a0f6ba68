"""What reviewers do with a job: decide, hand it up, ask somebody else, take it back.

Every decision of a person goes through `decide`, at the desk, over HTTP, in a batch or on the command line (`review`):
claims, opinions and second looks hold for all of them. What is given up for want of any decision has its own way.
An approval waits some seconds before it walks on, so that it can be taken back; `policies.review.follower` walks it.
A second opinion is blind: who gives it is not told the first. Where both agree it is decided; where not, a third person
decides, who sees both.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, insert, select, update

from policies.gate import walk
from policies.line.deployment import Deployment
from policies.line.publishing import Result
from policies.line.records import Stage, asset_row, latest_decision, lock_asset
from policies.refusals import NotWaitingError, UnknownClauseError
from policies.review.claim import take
from policies.review.job import Job, Reviewer, State, find_job, find_record, move_job, now_ms
from policies.review.opinion import ESCALATED, Opinion, has_given, has_handed_up, is_own, list_opinions
from policies.review.quality_answer import deal_golden
from policies.review.quality_second import sampling
from policies.review.refusals import NotYoursError
from policies.review.verdicts import HUMAN_REVIEW, Verdict, decide_within, name_person, refuse, undo
from policies.rules.decision import Decision, Outcome
from policies.rules.pack import Pack
from provenance.asset import AssetId
from provenance.storage.database import utc_now
from provenance.storage.review_tables import OPINIONS

GRACE_S: Final = 10.0
"""How long an approval waits before it walks on."""
_FREE: Final = {"holder_id": "", "holder": "", "assigned_by": "", "expires_at_ms": 0}


@dataclass(frozen=True, slots=True)
class Ruling:
    """What came of it.

    Attributes:
        asset_id: of the job.
        state: where the job stands now.
        outcome: what was decided, or None where it was not: two did not agree, or one more is asked.
        due_at_ms: Unix time at which what was approved walks on, or 0.
    """

    asset_id: AssetId
    state: State
    outcome: Outcome | None
    due_at_ms: int = 0


def decide(
    here: Deployment,
    asset_id: AssetId,
    reviewer: Reviewer,
    verdict: Verdict,
    *,
    grace_s: float | None = GRACE_S,
    batch_id: str = "",
    within: Callable[[Connection], None] = lambda _: None,
) -> Ruling:
    """Decide about a job, taking it if nobody has it.

    Args:
        here: the deployment.
        asset_id: the job's.
        reviewer: who decides; neither who escalated it, nor who gave an opinion already, nor, to approve it, who
            handed it in.
        verdict: with a clause of one of the packs here.
        grace_s: how long an approval waits before it walks on; None where the caller walks it on at once.
        batch_id: what it is part of, if anything.
        within: done in the same transaction.

    Raises:
        PolicyError: it is closed, or the verdict lacks something or cites no clause that is known.
        JobTakenError: somebody else has it.
        NotYoursError: this reviewer may not.
    """
    verdict.verify(reviewer.name)
    is_followed = verdict.outcome is Outcome.RELEASE and grace_s is not None
    due_at_ms = now_ms() + int((grace_s or 0) * 1000) if is_followed else 0
    with sampling(here, asset_id) as keep_second_look, here.database.write() as connection:
        lock_asset(connection, asset_id)  # before the job's row, as where it is withheld
        job = take(connection, here, asset_id, reviewer)
        verify_clause(here, latest_decision(connection, asset_id), verdict.clause)
        opinions = _verify_may(connection, job, reviewer)
        _verify_not_own(connection, here, asset_id, reviewer, verdict)
        if batch_id and (opinions or job.wants_opinion or job.state is State.ESCALATED):
            raise NotYoursError("somebody asks for more than one of many: open this job by itself")
        within(connection)
        if job.wants_opinion and opinions and opinions[-1].outcome != verdict.outcome.value:
            _keep_opinion(connection, asset_id, reviewer, verdict.outcome.value, verdict)
            move_job(connection, asset_id, State.ESCALATED, wants_opinion=False, **_FREE)
            return Ruling(asset_id, State.ESCALATED, None)
        if opinions:
            _keep_opinion(connection, asset_id, reviewer, verdict.outcome.value, verdict)
            connection.execute(update(OPINIONS).where(OPINIONS.c.asset_id == asset_id).values(is_spent=True))
        made = decide_within(connection, here, asset_id, reviewer, verdict, batch_id=batch_id, due_at_ms=due_at_ms)
        if not opinions:  # else two have judged already
            keep_second_look(connection, job, reviewer, verdict, made)
    if verdict.outcome is Outcome.BLOCK:
        refuse(here, asset_id)
    deal_golden(here, reviewer)
    return Ruling(asset_id, State.CLOSED, verdict.outcome, due_at_ms)


def review(
    here: Deployment,
    asset_id: AssetId,
    *,
    outcome: Outcome,
    reviewer: str | Reviewer,
    reason: str,
    clause: str = HUMAN_REVIEW,
    then: Callable[[Deployment, AssetId], object] | None = None,
) -> Result:
    """Decide about a held asset as `decide` does, and see to the rest at once: RELEASE walks it down the line.

    The packs' obligations stay: a moderator can overrule a score, not the marks. An interrupted asset that cannot be
    decided, because what is kept of it is damaged or lost, can be refused, too.

    Args:
        here: the deployment of the asset's tenant.
        asset_id: which.
        outcome: RELEASE or BLOCK.
        reviewer: who decides.
        reason: why, for the record.
        clause: what it rests on.
        then: sees to the rest of a release in place of a walk here and now, such as `policies.workflow.enqueue`; the
            result then tells the decision alone.

    Returns:
        What came of it; HOLD where this and an earlier opinion do not agree, so that a third person decides.

    Raises:
        PolicyError: as `decide` does.
    """
    verdict, person = Verdict(outcome, clause, reason), name_person(reviewer)
    with here.database.read() as connection:
        row, known = asset_row(connection, asset_id, here.tenant), latest_decision(connection, asset_id)
    if known is None and outcome is Outcome.BLOCK:  # nothing was judged, and no job was opened: it is given up
        with here.database.write() as connection:
            decide_within(connection, here, asset_id, person, verdict)
        return refuse(here, asset_id)
    if row["stage"] != Stage.HELD.value:
        verdict.verify(person.name)
        raise NotWaitingError(f"expected a held asset, got {asset_id} at stage {row['stage']}")
    ruling = decide(here, asset_id, person, verdict, grace_s=None)
    if ruling.outcome is Outcome.BLOCK:
        return refuse(here, asset_id)
    if ruling.outcome is Outcome.RELEASE:
        if then is None:
            return walk(here, asset_id)
        then(here, asset_id)
    with here.database.read() as connection:
        decision = latest_decision(connection, asset_id)
    assert decision is not None
    return Result(asset_id, row["name"], ruling.outcome or Outcome.HOLD, decision, seal={})


def ask_opinion(here: Deployment, asset_id: AssetId, reviewer: Reviewer, verdict: Verdict) -> Ruling:
    """Say what one would decide, and let somebody else say so, too, without knowing.

    Raises:
        PolicyError: as `decide` does.
    """
    verdict.verify(reviewer.name)
    with here.database.write() as connection:
        job = take(connection, here, asset_id, reviewer)
        verify_clause(here, latest_decision(connection, asset_id), verdict.clause)
        if _verify_may(connection, job, reviewer):
            raise NotYoursError("a second opinion was asked for already: decide, or hand the job up")
        _keep_opinion(connection, asset_id, reviewer, verdict.outcome.value, verdict)
        move_job(connection, asset_id, job.state, wants_opinion=True, **_FREE)
    return Ruling(asset_id, job.state, None)


def escalate(here: Deployment, asset_id: AssetId, reviewer: Reviewer, reason: str) -> Ruling:
    """Hand a job up: somebody else must decide.

    Raises:
        PolicyError: as `decide` does.
    """
    said = Verdict(Outcome.BLOCK, HUMAN_REVIEW, reason)  # checked as one is; it decides nothing
    said.verify(reviewer.name)
    with here.database.write() as connection:
        take(connection, here, asset_id, reviewer)
        _keep_opinion(connection, asset_id, reviewer, ESCALATED, said, is_spent=True)
        move_job(connection, asset_id, State.ESCALATED, escalated_by=reviewer.id, **_FREE)
    return Ruling(asset_id, State.ESCALATED, None)


def take_back(here: Deployment, asset_id: AssetId, reviewer: Reviewer, reason: str) -> Ruling:
    """Undo a decision while nothing was released by it: the job is open again.

    Raises:
        PolicyError: it is released, held, or was not decided about by a moderator.
    """
    with here.database.read() as connection:
        find_job(connection, asset_id, here.tenant, reviewer)
    undo(here, asset_id, reviewer=reviewer, reason=reason)
    return Ruling(asset_id, State.OPEN, None)


def show_opinions(here: Deployment, asset_id: AssetId, reviewer: Reviewer) -> tuple[Opinion, ...]:
    """Return the opinions that `reviewer` may know: none that they are to judge without, one's own, and all after."""
    with here.database.read() as connection:
        job = find_record(connection, asset_id, here.tenant, reviewer)
        opinions = list_opinions(connection, asset_id)
    return tuple(one for one in opinions if one.is_spent or not job.wants_opinion or one.reviewer_id == reviewer.id)


def list_clauses(packs: Iterable[Pack], decision: Decision | None = None) -> tuple[str, ...]:
    """Return the clauses that a verdict may cite: those that spoke against the asset first, then all of the packs."""
    reasons = () if decision is None else decision.reasons
    spoken = [one.clause for one in reasons if one.outcome is not Outcome.RELEASE and one.pack != "review"]
    every = {part.clause for pack in packs for part in pack.thresholds} | {
        part.clause for pack in packs for part in pack.rules
    }
    every |= {part.clause for pack in packs for part in pack.requires}
    return tuple(dict.fromkeys(filter(None, (*spoken, *sorted(every, key=_order), HUMAN_REVIEW))))


def _order(clause: str) -> list[tuple[int, str]]:
    """Return where a clause stands among others: 2.9 before 2.10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", clause)]


def verify_clause(here: Deployment, decision: Decision | None, clause: str) -> None:
    """Check that a clause is one that a verdict may cite.

    Raises:
        PolicyError: it is not.
    """
    if clause not in list_clauses(here.packs.values(), decision):
        raise UnknownClauseError("expected a clause of one of the packs, as the job lists them")


def _verify_may(connection: Connection, job: Job, reviewer: Reviewer) -> tuple[Opinion, ...]:
    """Return the opinions that wait for a decision, none of them this reviewer's."""
    said = list_opinions(connection, job.asset_id)
    opinions = tuple(one for one in said if not one.is_spent)
    if has_handed_up(job, said, reviewer.id):
        raise NotYoursError("who hands a job up does not decide about it")
    if has_given(said, reviewer.id):
        raise NotYoursError("who gave an opinion does not decide: it is somebody else's turn")
    return opinions


def _verify_not_own(
    connection: Connection, here: Deployment, asset_id: AssetId, reviewer: Reviewer, verdict: Verdict
) -> None:
    """Check that nobody approves what they handed in; to block it is fine."""
    row = asset_row(connection, asset_id, here.tenant)
    if verdict.outcome is Outcome.RELEASE and is_own(here, row, reviewer):
        raise NotYoursError("you have handed in this file: another person approves it")


def _keep_opinion(
    connection: Connection,
    asset_id: AssetId,
    reviewer: Reviewer,
    outcome: str,
    said: Verdict,
    *,
    is_spent: bool = False,
) -> None:
    newest = select(func.max(OPINIONS.c.number)).where(OPINIONS.c.asset_id == asset_id)
    last = connection.execute(newest).scalar()
    connection.execute(
        insert(OPINIONS).values(
            asset_id=asset_id,
            number=0 if last is None else last + 1,
            is_spent=is_spent,
            reviewer_id=reviewer.id,
            reviewer=reviewer.name,
            outcome=outcome,
            clause=said.clause,
            reason=said.reason,
            created_at=utc_now(),
        )
    )
