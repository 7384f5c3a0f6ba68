"""What people decided, newest first: by whom, about what, and what was taken back; a batch is one line."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.cursor import build_cursor, parse_cursor
from api.desk.frame import render
from api.reviewing import build_reviewer
from api.service import find_service

OUTCOMES: Final = ("release", "block", "hold")


def build_router() -> APIRouter:
    """Build the page."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/desk/decisions", show_decisions, methods=["GET"], response_class=HTMLResponse)
    return router


def show_decisions(
    request: Request,
    actor: Annotated[Actor, require(Permission.READ_ASSETS)],
    by: Annotated[str, Query(max_length=128)] = "",
    outcome: Annotated[str, Query(pattern="^(release|block|hold)?$")] = "",
    cursor: Annotated[str, Query(max_length=400)] = "",
) -> HTMLResponse:
    """Show a page of decisions."""
    from policies.review.figures import list_reviewers
    from policies.review.history import PAGE, list_lines

    here = find_service(request).deployment(actor)
    before = parse_cursor(cursor)
    found = list_lines(here, build_reviewer(actor), by=by, outcome=outcome, before=before, limit=PAGE + 1)
    query = {name: value for name, value in (("by", by), ("outcome", outcome)) if value}
    more = {**query, "cursor": build_cursor(found[PAGE - 1].cursor)} if len(found) > PAGE else {}
    return render(
        request,
        "decisions.html",
        actor=actor,
        page="decisions",
        lines=found[:PAGE],
        by=by,
        outcome=outcome,
        outcomes=OUTCOMES,
        names=list_reviewers(here),
        first=f"/desk/decisions?{urlencode(query)}" if cursor else "",
        next=f"/desk/decisions?{urlencode(more)}" if more else "",
    )
