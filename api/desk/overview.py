"""The first page: what waits, and what became of what came in."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.frame import render
from api.service import find_service


def build_router() -> APIRouter:
    """Build the page."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/desk", show_overview, methods=["GET"], response_class=HTMLResponse)
    return router


def show_overview(request: Request, actor: Annotated[Actor, require(Permission.READ_ASSETS)]) -> HTMLResponse:
    """Show how many assets stand where."""
    from policies.review.figures import count_stages

    here = find_service(request).deployment(actor)
    stages = count_stages(here.database, here.tenant)
    return render(request, "overview.html", actor=actor, page="overview", stages=stages)
