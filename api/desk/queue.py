"""The queue: what waits, by filters that are addresses; and one verdict about many."""

import uuid
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.cursor import build_cursor, parse_cursor
from api.desk.blind import mix_items
from api.desk.clause import list_choices
from api.desk.frame import render, tell
from api.reviewing import build_reviewer, build_verdict, carry_out
from api.schemas.review import FilterOrder
from api.service import find_service
from provenance.asset import AssetId

if TYPE_CHECKING:
    from policies.line.deployment import Deployment
    from policies.review.backlog import Filter
    from policies.review.job import Reviewer

Moderator = Annotated[Actor, require(Permission.REVIEW)]


class QueueQuery(FilterOrder):
    """What the queue's address may say; `said` and `undo` tell of what was just done."""

    cursor: str = ""
    said: str = ""
    undo: str = ""
    about: str = ""


def build_router() -> APIRouter:
    """Build the pages."""
    router = APIRouter(include_in_schema=False)
    for method, path, serve in (
        ("GET", "/desk/queue", show_queue),
        ("POST", "/desk/batch", confirm_batch),
        ("POST", "/desk/batches", start_batch),
        ("GET", "/desk/batches/{batch_id}", show_batch),
        ("POST", "/desk/batches/{batch_id}/undo", undo_whole),
    ):
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


def show_queue(request: Request, actor: Moderator, asked: Annotated[QueueQuery, Query()]) -> HTMLResponse:
    """Show a page of what waits, oldest first."""
    from policies.review.backlog import COUNTED, PAGE, find_items, measure_queue
    from policies.review.judgement import list_clauses

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    wanted = build_filter(asked)
    number, newest = measure_queue(here, reviewer, wanted)
    found = find_items(here, reviewer, wanted, after=parse_cursor(asked.cursor), limit=PAGE + 1)
    after, is_last = parse_cursor(asked.cursor), len(found) <= PAGE
    jobs, query = found[:PAGE], spell_filter(wanted)
    items = mix_items(here, reviewer, wanted, list(jobs), after=after, is_last=is_last)
    spoken = [reason.clause for item in items for reason in item.against[:1] if reason.clause]
    clauses = dict.fromkeys([*spoken, *list_clauses(here.packs.values())])
    more = {} if is_last else {"cursor": build_cursor(jobs[-1].job.asset_id)}
    return render(
        request,
        "queue.html",
        actor=actor,
        page="queue",
        items=items,
        asked=wanted,
        query=query,
        number=number + len(items) - len(jobs),
        counted=COUNTED,
        me=reviewer,
        first=f"/desk/queue?{query}" if asked.cursor else "",
        next=f"/desk/queue?{query}&{urlencode(more)}" if more else "",
        undo=asked.undo,
        packs=sorted(here.packs),
        choices=list_choices(request, here.packs.values(), clauses),
        newest=newest if jobs else "",
    )


def build_filter(asked: FilterOrder) -> "Filter":
    """Return what an address asks for."""
    from policies.review.backlog import Filter

    return Filter(**{one.name: getattr(asked, one.name) for one in fields(Filter)})


def spell_filter(wanted: "Filter") -> str:
    """Return a filter as the query of an address."""
    return urlencode({name: "true" if value is True else value for name, value in asdict(wanted).items() if value})


def confirm_batch(
    request: Request,
    actor: Moderator,
    scope: Annotated[str, Form(pattern="^(chosen|all)$")],
    outcome: Annotated[str, Form()] = "",
    clause: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    ids: Annotated[list[str] | None, Form()] = None,
    query: Annotated[str, Form(max_length=2000)] = "",
    upto: Annotated[str, Form(max_length=36)] = "",
    error: str = "",
) -> HTMLResponse:
    """Show what one verdict about many would be about, before anything is done."""
    from policies.review.backlog import load_items
    from policies.review.batch import TYPED_ABOVE

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    found = list_meant(here, reviewer, scope, ids or [], query, upto)
    with here.database.read() as connection:
        sample = load_items(connection, found[:8])
    form = {"scope": scope, "outcome": outcome, "clause": clause, "reason": reason, "query": query, "upto": upto}
    return render(
        request,
        "batch_confirm.html",
        actor=actor,
        page="queue",
        status=422 if error else 200,
        form=form,
        ids=found if scope == "chosen" else (),
        number=len(found),
        typed_above=TYPED_ABOVE,
        sample=sample,
        key=str(uuid.uuid4()),
        error=error,
    )


def list_meant(
    here: "Deployment", reviewer: "Reviewer", scope: str, ids: list[str], query: str, upto: str
) -> list[AssetId]:
    """Return the jobs that a form is about: those chosen that the reviewer may see, or all that the filter finds."""
    from urllib.parse import parse_qsl

    from policies.review.backlog import find_ids
    from policies.review.batch import MOST
    from policies.review.job import find_job
    from provenance.errors import AssetNotFoundError

    if scope == "all":
        wanted = build_filter(FilterOrder(**dict(parse_qsl(query))))  # type: ignore[arg-type]  # pydantic reads texts
        return list(find_ids(here, reviewer, wanted, upto=upto, most=MOST))
    seen = []
    with here.database.read() as connection:
        for one in dict.fromkeys(ids):
            try:
                seen.append(find_job(connection, AssetId(one), here.tenant, reviewer).asset_id)
            except AssetNotFoundError:
                continue
    return seen


def start_batch(
    request: Request,
    actor: Moderator,
    key: Annotated[str, Form(max_length=64)],
    scope: Annotated[str, Form(pattern="^(chosen|all)$")],
    outcome: Annotated[str, Form()],
    clause: Annotated[str, Form()],
    reason: Annotated[str, Form()],
    confirmed: Annotated[str, Form(max_length=10)] = "",
    ids: Annotated[list[str] | None, Form()] = None,
    query: Annotated[str, Form(max_length=2000)] = "",
    upto: Annotated[str, Form(max_length=36)] = "",
) -> Response:
    """Put a batch on record, begin with it, and lead to its page."""
    from urllib.parse import parse_qsl

    from policies.review.batch import make_batch
    from policies.review.refusals import ConfirmationError

    service = find_service(request)
    here, reviewer = service.deployment(actor), build_reviewer(actor)
    found = list_meant(here, reviewer, scope, ids or [], query, upto)
    asked = build_filter(FilterOrder(**dict(parse_qsl(query)))) if scope == "all" else None  # type: ignore[arg-type]  # as above
    verdict = build_verdict(outcome, clause, reason)
    number = int(confirmed.strip()[:9]) if confirmed.strip().isdecimal() else 0
    try:
        made = make_batch(here, reviewer, found, verdict, key=key, confirmed=number, asked=asked)
    except ConfirmationError as exc:
        form = (scope, outcome, clause, reason, ids, query, upto)
        return confirm_batch(request, actor, *form, error=tell(request, exc))
    carry_out(here, made.id, grace_s=service.site.settings.review.grace_s)
    return RedirectResponse(f"/desk/batches/{made.id}", status_code=303)


def show_batch(request: Request, batch_id: str, actor: Moderator) -> HTMLResponse:
    """Show how far a batch is, and each of its decisions."""
    from policies.review.batch import find_batch
    from policies.review.history import list_lines

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    with here.database.read() as connection:
        batch = find_batch(connection, here, batch_id, reviewer)
    lines = list_lines(here, reviewer, batch_id=batch_id, limit=100)
    part = "batch_part.html" if "hx-request" in request.headers else "batch.html"
    return render(request, part, actor=actor, page="decisions", batch=batch, lines=lines)


def undo_whole(request: Request, batch_id: str, actor: Moderator) -> Response:
    """Take a batch back and lead to its page."""
    from policies.review.batch import undo_batch

    service = find_service(request)
    here = service.deployment(actor)
    undo_batch(here, batch_id, build_reviewer(actor))
    carry_out(here, batch_id, grace_s=service.site.settings.review.grace_s)
    return RedirectResponse(f"/desk/batches/{batch_id}?said=batch_undone", status_code=303)
