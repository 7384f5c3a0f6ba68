"""The first page: what waits, how long, how fast it goes, and who speaks against it."""

from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.frame import render
from api.desk.language import find_language, load_words
from api.desk.plot import build_columns
from api.service import find_service

SERIES: Final = (("", "came"), ("good", "released"), ("bad", "blocked"))

STEPS: Final = (
    ("create", "/desk/create", Permission.RELEASE),
    ("works", "/desk/works", Permission.REGISTER_WORKS),
    ("policies", "/desk/policies", Permission.READ_POLICIES),
    ("team", "/desk/team", Permission.MANAGE_PEOPLE),
)
"""What a site that nothing came into yet is begun with: step, page, and who may."""


def build_router() -> APIRouter:
    """Build the page."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/desk", show_overview, methods=["GET"], response_class=HTMLResponse)
    return router


def show_overview(request: Request, actor: Annotated[Actor, require(Permission.READ_ASSETS)]) -> HTMLResponse:
    """Show the figures of the last two weeks."""
    from policies.review.backlog import COUNTED
    from policies.review.figures import find_figures

    words = load_words(find_language(request))
    figures = find_figures(find_service(request).deployment(actor))
    flow = build_columns(
        "flow",
        words.tell("overview.flow"),
        words.tell("overview.day"),
        tuple((tone, words.tell(f"overview.{word}")) for tone, word in SERIES),
        figures.days,
    )
    groups = [words.tell(f"overview.age_{number}") for number in range(len(figures.ages))]
    ages = build_columns(
        "ages",
        words.tell("overview.ages"),
        words.tell("overview.waited"),
        (("warn", words.tell("overview.jobs")),),
        {group: (count,) for group, count in zip(groups, figures.ages, strict=True)},
    )
    return render(
        request, "overview.html", actor=actor, page="overview", figures=figures, counted=COUNTED, flow=flow, ages=ages,
        steps=STEPS,
    )  # fmt: skip
