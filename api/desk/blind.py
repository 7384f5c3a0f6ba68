"""Known cases and second looks on the pages of jobs, where nothing tells them from jobs."""

from dataclasses import replace
from typing import TYPE_CHECKING

from api.desk.job_view import View, list_boxes, list_matches, list_moments

if TYPE_CHECKING:
    from policies.line.deployment import Deployment
    from policies.review.backlog import Filter, Item
    from policies.review.job import Reviewer
    from policies.review.quality_case import Case
    from policies.review.quality_deal import Deal


def find_blind(here: "Deployment", job_id: str, reviewer: "Reviewer") -> "Deal | None":
    """Return what was dealt under a job's id, or None for what is a job."""
    from policies.review.quality_deal import find_deal

    with here.database.read() as connection:
        return find_deal(connection, here, job_id, reviewer)


def mix_items(
    here: "Deployment", reviewer: "Reviewer", wanted: "Filter", items: "list[Item]", *, after: str, is_last: bool
) -> "list[Item]":
    """Return a page of the queue with what was dealt between its lines, in their order."""
    from policies.review.quality_deal import list_deals

    with here.database.read() as connection:
        deals = list_deals(connection, here, reviewer)
    end = items[-1].job.asset_id if items and not is_last else "~"
    more = [one.item for one in deals if after < one.id <= end and one.fits(wanted, reviewer)]
    return sorted([*items, *more], key=lambda item: item.job.asset_id)


def find_next(here: "Deployment", reviewer: "Reviewer", wanted: "Filter", after: str) -> str | None:
    """Return the next job of a queue, or what was dealt before it, or the first."""
    from policies.review.backlog import find_neighbour
    from policies.review.quality_deal import list_deals

    following: str | None = find_neighbour(here, reviewer, wanted, after)
    with here.database.read() as connection:
        deals = list_deals(connection, here, reviewer)
    dealt = [
        one.id for one in deals if one.id != after and one.job.is_free_for(reviewer) and one.fits(wanted, reviewer)
    ]
    found = [one for one in (following, *dealt) if one is not None]
    return min(found, key=lambda one: (one <= after, one), default=None)


def build_blind_view(here: "Deployment", deal: "Deal", reviewer: "Reviewer") -> View:
    """Gather what a job's page shows, as if nobody had decided about it."""
    from policies.line.request import prompt_key
    from policies.review.judgement import list_clauses
    from policies.review.wellness import load_wellness
    from policies.rules.evidence import find_evidence

    item, signals = deal.item, deal.case.signals
    findings = find_evidence(signals, item.decision)
    first = (deal.created_at, replace(deal.case.decision, asset_id=deal.id))
    own = () if deal.is_open else ((deal.answered_at, item.decision),)
    return View(
        item=item,
        job=item.job,
        asset=deal.case.asset,
        stage="held" if deal.is_open or deal.outcome != "block" else "blocked",
        signals=signals,
        findings=findings,
        boxes=list_boxes(signals),
        matches=tuple(list_matches(signals, findings)),
        moments=list_moments(signals),
        decisions=(first, *own),
        earlier=(),
        opinions=(),
        notes=deal.notes,
        clauses=list_clauses(here.packs.values(), deal.case.decision),
        wellness=load_wellness(here, reviewer),
        has_prompt=here.blobs.quarantine.has(prompt_key(deal.case.id)),
        may_approve=True,
        told=_find_told(here, deal),
    )


def _find_told(here: "Deployment", deal: "Deal") -> "Case | None":
    """Return the case itself, where who answered is told that it was one."""
    from policies.review.quality_case import Kind
    from policies.review.quality_rules import load_rules

    if deal.is_open or deal.case.kind is not Kind.GOLDEN:
        return None
    with here.database.read() as connection:
        return deal.case if load_rules(connection, here).gives_feedback else None
