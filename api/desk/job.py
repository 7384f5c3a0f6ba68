"""One job at its own address: what is known of it, and what a reviewer can do about it."""

from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.frame import render
from api.desk.job_view import load_view
from api.reviewing import build_reviewer, build_verdict, find_moderator, list_moderators
from api.schemas.review import FilterOrder
from api.service import find_service
from provenance.asset import AssetId

if TYPE_CHECKING:
    from policies.line.deployment import Deployment
    from policies.review.job import Reviewer

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
    view = load_view(here, AssetId(asset_id), reviewer)
    return render(
        request,
        "job.html",
        actor=actor,
        page="queue",
        view=view,
        me=reviewer,
        queue=queue,
        shown=bool(show),
        prompt=read_prompt(here, asset_id) if prompt else None,
        people=[one for one in list_moderators(here) if one.id != reviewer.id],
        may_decide=may_decide(here, AssetId(asset_id), reviewer),
    )


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
    from policies.review.job import State, find_job
    from policies.review.judgement import has_handed_up, list_opinions

    with here.database.read() as connection:
        job = find_job(connection, asset_id, here.tenant, reviewer)
        said = list_opinions(connection, asset_id)
    given = {one.reviewer_id for one in said if not one.is_spent}
    return job.state is not State.CLOSED and reviewer.id not in given and not has_handed_up(job, said, reviewer.id)


def claim_job(request: Request, asset_id: str, actor: Moderator, queue: Text = "", back: Text = "") -> Response:
    """Take the job, or prolong it, and show it."""
    from policies.review.claim import claim

    claim(find_service(request).deployment(actor), AssetId(asset_id), build_reviewer(actor))
    del back
    return lead(asset_id, queue, "claimed")


def give_job_back(request: Request, asset_id: str, actor: Moderator, queue: Text = "") -> Response:
    """Give the job back."""
    from policies.review.claim import release_claim

    release_claim(find_service(request).deployment(actor), AssetId(asset_id), build_reviewer(actor))
    return lead(asset_id, queue, "given_back")


def assign_job(request: Request, asset_id: str, actor: Moderator, to: Text, queue: Text = "") -> Response:
    """Give the job to somebody."""
    from policies.review.claim import assign

    here = find_service(request).deployment(actor)
    assign(here, AssetId(asset_id), build_reviewer(actor), find_moderator(here, to))
    return lead(asset_id, queue, "assigned")


def decide_job(
    request: Request, asset_id: str, actor: Moderator, outcome: Text, clause: Text, reason: Text, queue: Text = ""
) -> Response:
    """Release or block, and lead to the next job of the same queue."""
    from policies.review.judgement import decide

    service = find_service(request)
    here, reviewer = service.deployment(actor), build_reviewer(actor)
    grace_s = service.site.settings.review.grace_s
    ruling = decide(here, AssetId(asset_id), reviewer, build_verdict(outcome, clause, reason), grace_s=grace_s)
    said = "disagreed" if ruling.outcome is None else f"decided_{ruling.outcome.value}"
    return lead_on(here, reviewer, asset_id, queue, said)


def escalate_job(request: Request, asset_id: str, actor: Moderator, reason: Text = "", queue: Text = "") -> Response:
    """Hand the job up, and lead to the next."""
    from policies.review.judgement import escalate

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    escalate(here, AssetId(asset_id), reviewer, reason)
    return lead_on(here, reviewer, asset_id, queue, "escalated")


def ask_opinion_about(
    request: Request, asset_id: str, actor: Moderator, opinion: Text, clause: Text, reason: Text, queue: Text = ""
) -> Response:
    """Give one's opinion, ask for another, and lead to the next job."""
    from policies.review.judgement import ask_opinion

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    ask_opinion(here, AssetId(asset_id), reviewer, build_verdict(opinion, clause, reason))
    return lead_on(here, reviewer, asset_id, queue, "asked")


def undo_job(request: Request, asset_id: str, actor: Moderator, queue: Text = "") -> Response:
    """Take the decision back, and show the job again."""
    from policies.review.judgement import take_back

    take_back(find_service(request).deployment(actor), AssetId(asset_id), build_reviewer(actor), UNDONE)
    return lead(asset_id, queue, "undone")


def note_down(request: Request, asset_id: str, actor: Moderator, text: Text = "", queue: Text = "") -> Response:
    """Keep a note."""
    from policies.review.note import write_note

    write_note(find_service(request).deployment(actor), AssetId(asset_id), build_reviewer(actor), text)
    return lead(asset_id, queue, "noted")


UNDONE: Final = "taken back at the desk"
"""The reason on record, since nobody is asked for one within seconds of a slip."""


def lead(asset_id: str, queue: str, said: str) -> Response:
    """Lead to a job's page."""
    to = f"/desk/jobs/{quote(asset_id, safe='')}?said={said}" + (f"&queue={quote(queue)}" if queue else "")
    return RedirectResponse(to, status_code=303)


def lead_on(here: "Deployment", reviewer: "Reviewer", asset_id: str, queue: str, said: str) -> Response:
    """Lead to the next job of a queue, or to the queue where it has none; what was just done can be taken back."""
    from api.desk.queue import build_filter, spell_filter
    from policies.review.backlog import find_neighbour

    wanted = build_filter(FilterOrder(**dict(parse_qsl(queue))))  # type: ignore[arg-type]  # pydantic reads texts
    following = find_neighbour(here, reviewer, wanted, asset_id)
    undo = f"&undo={quote(asset_id, safe='')}" if said.startswith("decided_") else ""
    query = spell_filter(wanted)
    if following is None:
        return RedirectResponse(f"/desk/queue?said={said}{undo}" + (f"&{query}" if query else ""), status_code=303)
    more = f"&queue={quote(query, safe='')}" if query else ""
    return RedirectResponse(f"/desk/jobs/{following}?said={said}{undo}{more}", status_code=303)
