"""One job at its own address: what is known of it, and what a reviewer can do about it."""

from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.blind import build_blind_view, find_blind, find_next
from api.desk.clause import list_choices
from api.desk.frame import render
from api.desk.job_view import load_view
from api.desk.media import open_original
from api.excerpt import build_excerpt
from api.reviewing import build_reviewer, build_verdict, find_moderator, list_moderators
from api.schemas.review import FilterOrder
from api.service import find_service
from provenance.asset import AssetId

if TYPE_CHECKING:
    from policies.line.deployment import Deployment
    from policies.review.job import Reviewer
    from policies.review.quality_deal import Deal
    from policies.review.verdicts import Verdict

Moderator = Annotated[Actor, require(Permission.REVIEW)]
Text = Annotated[str, Form()]


def build_router() -> APIRouter:
    """Build the page and its actions."""
    router = APIRouter(prefix="/desk/jobs/{asset_id}", include_in_schema=False)
    router.add_api_route("", show_job, methods=["GET"], response_class=HTMLResponse)
    for name, act in (
        ("claim", claim_job),
        ("release", give_job_back),
        ("assign", assign_job),
        ("decide", decide_job),
        ("escalate", escalate_job),
        ("opinion", ask_opinion_about),
        ("screen", screen_job_again),
        ("undo", undo_job),
        ("notes", note_down),
    ):
        router.add_api_route(f"/{name}", act, methods=["POST"], response_class=HTMLResponse)
    return router


def show_job(
    request: Request,
    asset_id: str,
    actor: Moderator,
    queue: Annotated[str, Query(max_length=2000)] = "",
    show: Annotated[str, Query(pattern="^(true)?$")] = "",
    prompt: Annotated[str, Query(pattern="^(true)?$")] = "",
) -> HTMLResponse:
    """Show everything about a job that helps to decide; its picture and prompt only when asked for."""
    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    deal = find_blind(here, asset_id, reviewer)
    view = load_view(here, AssetId(asset_id), reviewer) if deal is None else build_blind_view(here, deal, reviewer)
    return render(
        request,
        "job.html",
        actor=actor,
        page="queue",
        view=view,
        choices=list_choices(
            request, here.packs.values(), view.clauses, [one.category for one in view.item.against if one.category]
        ),
        is_dealt=False,
        me=reviewer,
        queue=queue,
        shown=bool(show),
        prompt=read_prompt(here, asset_id if deal is None else deal.case.id) if prompt else None,
        excerpt=read_excerpt(here, asset_id, actor) if show and "words" in view.asset.facts else "",
        people=[one for one in list_moderators(here) if one.id != reviewer.id],
        may_decide=may_decide(here, AssetId(asset_id), reviewer) if deal is None else deal.is_open,
    )


def read_excerpt(here: "Deployment", asset_id: str, actor: Actor) -> str:
    """Return how the text that a job is about begins, while quarantine has it, else ""."""
    from provenance.errors import BlobNotFoundError

    try:
        return build_excerpt(here.media, open_original(here, asset_id, actor), here.limits)
    except (BlobNotFoundError, HTTPException):
        return ""


def read_prompt(here: "Deployment", asset_id: str) -> str:
    """Return the prompt while quarantine has it, else ""."""
    from policies.line.request import prompt_key
    from provenance.errors import BlobNotFoundError

    try:
        return here.blobs.quarantine.get(prompt_key(AssetId(asset_id))).decode(errors="replace")
    except BlobNotFoundError:
        return ""


def may_decide(here: "Deployment", asset_id: AssetId, reviewer: "Reviewer") -> bool:
    """Return whether a job waits and nothing but a claim of somebody else could keep this reviewer from deciding."""
    from policies.review.job import State, find_record
    from policies.review.opinion import has_given, has_handed_up, list_opinions

    with here.database.read() as connection:
        job = find_record(connection, asset_id, here.tenant, reviewer)
        said = list_opinions(connection, asset_id)
    is_through = has_given(said, reviewer.id) or has_handed_up(job, said, reviewer.id)
    return job.state is not State.CLOSED and not is_through


def claim_job(request: Request, asset_id: str, actor: Moderator, queue: Text = "", back: Text = "") -> Response:
    """Take the job, or prolong it, and show it."""
    from policies.review.claim import claim
    from policies.review.quality_deal import claim_deal

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    if (deal := find_blind(here, asset_id, reviewer)) is not None:
        claim_deal(here, deal, reviewer)
    else:
        claim(here, AssetId(asset_id), reviewer)
    del back
    return lead(asset_id, queue, "claimed")


def give_job_back(request: Request, asset_id: str, actor: Moderator, queue: Text = "") -> Response:
    """Give the job back."""
    from policies.review.claim import release_claim
    from policies.review.quality_deal import release_deal

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    if (deal := find_blind(here, asset_id, reviewer)) is not None:
        release_deal(here, deal, reviewer)
    else:
        release_claim(here, AssetId(asset_id), reviewer)
    return lead(asset_id, queue, "given_back")


def assign_job(request: Request, asset_id: str, actor: Moderator, to: Text, queue: Text = "") -> Response:
    """Give the job to somebody."""
    from policies.review.claim import assign
    from policies.review.quality_deal import assign_deal

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    if (deal := find_blind(here, asset_id, reviewer)) is not None:
        assign_deal(here, deal, reviewer, find_moderator(here, to))
    else:
        assign(here, AssetId(asset_id), reviewer, find_moderator(here, to))
    return lead(asset_id, queue, "assigned")


def decide_job(
    request: Request, asset_id: str, actor: Moderator, outcome: Text, clause: Text, reason: Text, queue: Text = ""
) -> Response:
    """Release or block, and lead to the next job of the same queue."""
    from policies.review.judgement import decide

    service = find_service(request)
    here, reviewer = service.deployment(actor), build_reviewer(actor)
    grace_s, verdict = service.site.settings.review.grace_s, build_verdict(outcome, clause, reason)
    if (deal := find_blind(here, asset_id, reviewer)) is not None:
        return answer(here, deal, reviewer, verdict, queue, f"decided_{outcome}")
    ruling = decide(here, AssetId(asset_id), reviewer, verdict, grace_s=grace_s)
    said = "disagreed" if ruling.outcome is None else f"decided_{ruling.outcome.value}"
    return lead_on(here, reviewer, asset_id, queue, said)


def escalate_job(request: Request, asset_id: str, actor: Moderator, reason: Text = "", queue: Text = "") -> Response:
    """Hand the job up, and lead to the next."""
    from policies.review.judgement import escalate
    from policies.review.verdicts import HUMAN_REVIEW

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    if (deal := find_blind(here, asset_id, reviewer)) is not None:
        said = build_verdict("block", HUMAN_REVIEW, reason)  # checked as one is; it decides nothing
        return answer(here, deal, reviewer, said, queue, "escalated", outcome="escalate")
    escalate(here, AssetId(asset_id), reviewer, reason)
    return lead_on(here, reviewer, asset_id, queue, "escalated")


def ask_opinion_about(
    request: Request, asset_id: str, actor: Moderator, opinion: Text, clause: Text, reason: Text, queue: Text = ""
) -> Response:
    """Give one's opinion, ask for another, and lead to the next job."""
    from policies.review.judgement import ask_opinion

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    if (deal := find_blind(here, asset_id, reviewer)) is not None:
        return answer(here, deal, reviewer, build_verdict(opinion, clause, reason), queue, "asked")
    ask_opinion(here, AssetId(asset_id), reviewer, build_verdict(opinion, clause, reason))
    return lead_on(here, reviewer, asset_id, queue, "asked")


async def screen_job_again(request: Request, asset_id: str, actor: Moderator, queue: Text = "") -> Response:
    """Ask every check again, where one had no answer, and show what came of it."""
    from policies.review.rescreening import screen_again

    service, reviewer = find_service(request), build_reviewer(actor)
    async with service.room.files.hold():
        done = await run_in_threadpool(screen_again, service.deployment(actor), AssetId(asset_id), reviewer)
    return lead(asset_id, queue, f"screened_{done.outcome.value}")


def undo_job(request: Request, asset_id: str, actor: Moderator, queue: Text = "") -> Response:
    """Take the decision back, and show the job again."""
    from policies.review.judgement import take_back
    from policies.review.quality_answer import take_answer_back

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    if (deal := find_blind(here, asset_id, reviewer)) is not None:
        take_answer_back(here, deal, reviewer)
    else:
        take_back(here, AssetId(asset_id), reviewer, UNDONE)
    return lead(asset_id, queue, "undone")


def note_down(request: Request, asset_id: str, actor: Moderator, text: Text = "", queue: Text = "") -> Response:
    """Keep a note."""
    from policies.review.note import write_note
    from policies.review.quality_deal import note_deal

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    if (deal := find_blind(here, asset_id, reviewer)) is not None:
        note_deal(here, deal, reviewer, text)
    else:
        write_note(here, AssetId(asset_id), reviewer, text)
    return lead(asset_id, queue, "noted")


def answer(
    here: "Deployment",
    deal: "Deal",
    reviewer: "Reviewer",
    verdict: "Verdict",
    queue: str,
    said: str,
    *,
    outcome: str = "",
) -> Response:
    """Take an answer to what was dealt, and lead on as from a job; a known case is told as one where that is set."""
    from policies.review.judgement import verify_clause
    from policies.review.quality_answer import answer_deal
    from policies.review.verdicts import HUMAN_REVIEW

    if verdict.clause != HUMAN_REVIEW:
        verify_clause(here, deal.case.decision, verdict.clause)
    answered = answer_deal(here, deal, reviewer, verdict, outcome=outcome)
    told = said if answered.is_right is None else "golden_right" if answered.is_right else "golden_wrong"
    return lead_on(here, reviewer, deal.id, queue, told)


UNDONE: Final = "taken back at the desk"
"""The reason on record, since nobody is asked for one within seconds of a slip."""


def lead(asset_id: str, queue: str, said: str) -> Response:
    """Lead to a job's page."""
    to = f"/desk/jobs/{quote(asset_id, safe='')}?said={said}" + (f"&queue={quote(queue)}" if queue else "")
    return RedirectResponse(to, status_code=303)


def lead_on(here: "Deployment", reviewer: "Reviewer", asset_id: str, queue: str, said: str) -> Response:
    """Lead to the next job of a queue, or to the queue where it has none; what was just done can be taken back."""
    from api.desk.queue import build_filter, spell_filter

    wanted = build_filter(FilterOrder(**dict(parse_qsl(queue))))  # type: ignore[arg-type]  # pydantic reads texts
    following = find_next(here, reviewer, wanted, asset_id)
    about = "undo" if said.startswith("decided_") else "about" if said.startswith("golden_") else ""
    undo = f"&{about}={quote(asset_id, safe='')}" if about else ""
    query = spell_filter(wanted)
    if following is None:
        return RedirectResponse(f"/desk/queue?said={said}{undo}" + (f"&{query}" if query else ""), status_code=303)
    more = f"&queue={quote(query, safe='')}" if query else ""
    return RedirectResponse(f"/desk/jobs/{following}?said={said}{undo}{more}", status_code=303)
