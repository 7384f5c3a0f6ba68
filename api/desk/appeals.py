"""Appeals: a page behind a link for whoever was refused, without an account; and the queue of those who decide."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.frame import render, tell
from api.errors import status_of
from api.routes.appeals import LINK, build_reviewer
from api.service import find_service
from provenance.errors import AppealClosedError, PolicyError

QUEUE: Final = "/desk/appeals"
PAGE: Final = 50

Decides = Annotated[Actor, require(Permission.DECIDE_APPEALS)]


def build_router() -> APIRouter:
    """Build the pages."""
    router = APIRouter(include_in_schema=False)
    for method, path, serve in (
        ("GET", f"{LINK}/{{token}}", show_link), ("POST", f"{LINK}/{{token}}", file), ("GET", QUEUE, show_queue),
        ("GET", f"{QUEUE}/{{decision_id}}", show_one), ("POST", f"{QUEUE}/{{decision_id}}", decide),
    ):  # fmt: skip
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


def show_link(request: Request, token: str) -> HTMLResponse:
    """Show whoever was refused why, what they can ask, and what came of it."""
    find_service(request).visitors.admit_blocking(request)
    return _render_link(request, token)


def file(request: Request, token: str, text: Annotated[str, Form()] = "") -> Any:  # noqa: ANN401 - a page, or where it is
    """Take an appeal."""
    from policies.review.appeal import file_appeal

    service = find_service(request)
    service.visitors.admit_blocking(request)
    try:
        # Browsers send the lines of a text with carriage returns, which count against its length.
        file_appeal(service.site.deployment, token, text.replace("\r\n", "\n"))
    except PolicyError as exc:
        if isinstance(exc, AppealClosedError) or status_of(exc) == 422:
            return _render_link(request, token, text=text, problem=tell(request, exc), status=status_of(exc))
        raise
    return RedirectResponse(f"{LINK}/{token}?said=appealed", 303)


def show_queue(request: Request, actor: Decides, state: str = "filed", after: str = "") -> HTMLResponse:
    """Show the appeals that wait, the oldest first, or those that were decided."""
    from policies.review.appeal import Standing, list_appeals

    here = find_service(request).deployment(actor)
    wanted = Standing(state) if state in {"upheld", "overturned"} else Standing.FILED
    found = list_appeals(here, build_reviewer(actor), state=wanted, after=after[:80], limit=PAGE + 1)
    last = found[PAGE - 1] if len(found) > PAGE else None
    return render(
        request, "appeals.html", actor=actor, page="appeals", appeals=found[:PAGE], state=wanted.value,
        next=f"{QUEUE}?state={wanted.value}&after={last.filed_at}|{last.decision_id}" if last else "",
        first=f"{QUEUE}?state={wanted.value}" if after else "",
    )  # fmt: skip


def show_one(request: Request, actor: Decides, decision_id: str) -> HTMLResponse:
    """Show one appeal beside the refusal that it is about."""
    return _render_one(request, actor, decision_id)


async def decide(
    request: Request,
    actor: Decides,
    decision_id: str,
    outcome: Annotated[Literal["uphold", "overturn"], Form()],
    statement: Annotated[str, Form()] = "",
) -> Any:  # noqa: ANN401 - a page, or where it is
    """Let a refusal stand, or overturn it."""
    from policies.review.appeal import decide_appeal

    here = find_service(request).deployment(actor)
    try:
        await run_in_threadpool(
            decide_appeal, here, decision_id, reviewer=build_reviewer(actor), overturn=outcome == "overturn",
            statement=statement.replace("\r\n", "\n"),
        )  # fmt: skip
    except PolicyError as exc:
        return await run_in_threadpool(
            _render_one,
            request,
            actor,
            decision_id,
            statement=statement,
            problem=tell(request, exc),
            status=status_of(exc),
        )
    return RedirectResponse(f"{QUEUE}/{decision_id}?said={outcome}", 303)


def _render_link(request: Request, token: str, *, text: str = "", problem: str = "", status: int = 200) -> HTMLResponse:
    from policies.review.appeal import TEXT_LIMIT, find_by_token
    from policies.rules.decision import Outcome

    appeal = find_by_token(find_service(request).site.deployment.database, token)
    against = [one for one in appeal.decision.reasons if one.outcome is not Outcome.RELEASE]
    return render(
        request, "appeal_link.html", appeal=appeal, reasons=against, text=text, problem=problem, status=status,
        most=TEXT_LIMIT, is_by_person=appeal.decision.decided_by != "policy",
    )  # fmt: skip


def _render_one(
    request: Request, actor: Actor, decision_id: str, *, statement: str = "", problem: str = "", status: int = 200
) -> HTMLResponse:
    from policies.review.appeal import STATEMENT_LIMIT, find_appeal

    here = find_service(request).deployment(actor)
    appeal = find_appeal(here, build_reviewer(actor), decision_id)
    return render(
        request, "appeal.html", actor=actor, page="appeals", appeal=appeal, statement=statement, problem=problem,
        status=status, most=STATEMENT_LIMIT,
    )  # fmt: skip
