"""What the routes and the pages of reviews share: who reviews, what is asked for, and how a job is told as JSON."""

from typing import TYPE_CHECKING, Any, Final

from api.access.identity import Permission

if TYPE_CHECKING:
    from api.access.identity import Actor
    from policies.line.deployment import Deployment
    from policies.review.backlog import Item
    from policies.review.batch import Batch
    from policies.review.job import Job, Reviewer
    from policies.review.judgement import Ruling
    from policies.review.verdicts import Verdict
    from policies.rules.decision import Reason


def build_reviewer(actor: "Actor") -> "Reviewer":
    """Return who asks, as reviews know them."""
    from policies.review.job import Reviewer

    return Reviewer(actor.id, actor.name, sees_sensitive=actor.may(Permission.REVIEW_SENSITIVE))


def list_moderators(here: "Deployment") -> "tuple[Reviewer, ...]":
    """Return the people of the tenant who may review, by name."""
    from api.access.person import State, list_people

    people = (one for one in list_people(here) if one.state is State.ACTIVE)
    return tuple(build_reviewer(one.actor) for one in people if one.actor.may(Permission.REVIEW))


def find_moderator(here: "Deployment", person_id: str) -> "Reviewer":
    """Return one of them.

    Raises:
        PersonNotFoundError: it is none of them.
    """
    from api.access.refusals import PersonNotFoundError

    for one in list_moderators(here):
        if one.id == person_id:
            return one
    raise PersonNotFoundError("nobody here who may review has this id")


def build_verdict(outcome: str, clause: str, reason: str) -> "Verdict":
    """Return what a reviewer wants.

    Raises:
        PolicyError: the outcome is neither release nor block.
    """
    from policies.refusals import UnknownChoiceError
    from policies.review.verdicts import Verdict
    from policies.rules.decision import Outcome

    if outcome not in {Outcome.RELEASE, Outcome.BLOCK}:
        raise UnknownChoiceError(f"a review needs an outcome of release or block, got {outcome[:40]!r}")
    return Verdict(Outcome(outcome), clause.strip(), reason.strip())


def build_job(job: "Job") -> dict[str, Any]:
    """Return the JSON form of a job."""
    return {
        "asset_id": job.asset_id,
        "state": job.state.value,
        "sensitive": job.is_sensitive,
        "holder": job.holder if job.is_held else "",
        "assigned_by": job.assigned_by if job.is_held else "",
        "expires_at_ms": job.expires_at_ms if job.is_held else 0,
        "wants_opinion": job.wants_opinion,
        "due_at_ms": job.due_at_ms,
    }


def build_item(item: "Item") -> dict[str, Any]:
    """Return the JSON form of a line of the queue."""
    facts = {"name": item.name, "media_type": item.media_type, "created_at": item.created_at}
    return {**build_job(item.job), **facts, "reasons": [build_reason(one) for one in item.against]}


def build_reason(reason: "Reason") -> dict[str, Any]:
    """Return the JSON form of a reason."""
    return {
        "pack": reason.pack,
        "rule": reason.rule,
        "outcome": reason.outcome.value,
        "clause": reason.clause,
        "text": reason.text,
        "detector": reason.detector,
        "category": reason.category,
        "score": reason.score,
        "threshold": reason.threshold,
    }


def build_ruling(ruling: "Ruling") -> dict[str, Any]:
    """Return the JSON form of what came of an action."""
    outcome = "" if ruling.outcome is None else ruling.outcome.value
    return {"asset_id": ruling.asset_id, "state": ruling.state.value, "outcome": outcome, "due_at_ms": ruling.due_at_ms}


def build_batch(batch: "Batch") -> dict[str, Any]:
    """Return the JSON form of a batch."""
    fields = {name: getattr(batch, name) for name in batch.__dataclass_fields__}
    return {**fields, "outcome": batch.outcome.value}


def carry_out(here: "Deployment", batch_id: str, *, grace_s: float) -> None:
    """Carry out as much of a batch as is done at once; the follower does the rest."""
    from policies.review.batch import run_batch

    run_batch(here, batch_id, most=AT_ONCE, grace_s=grace_s)


AT_ONCE: Final = 40
"""Jobs of a batch that are decided before it is answered."""
