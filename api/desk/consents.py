"""Consents on the desk: who agreed to what, recorded and revoked."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.frame import render, tell
from api.errors import status_of
from api.multipart import MOST_FIELD_BYTES
from api.routes.consents import build_consent, find_limit, parse_day, revoke_one
from api.routes.works import take_form
from api.service import find_service
from provenance.errors import PolicyError

LIST: Final = "/desk/consents"
PAGE: Final = 50

Reader = Annotated[Actor, require(Permission.READ_CONSENTS, Permission.RECORD_CONSENTS)]
Recorder = Annotated[Actor, require(Permission.RECORD_CONSENTS)]


def build_router() -> APIRouter:
    """Build the pages."""
    router = APIRouter(include_in_schema=False)
    for method, path, serve in (
        ("GET", LIST, show_consents),
        ("POST", LIST, add),
        ("POST", f"{LIST}/{{consent_id}}/revoke", revoke),
    ):
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


def show_consents(request: Request, actor: Reader, after: str = "") -> HTMLResponse:
    """Show what was recorded, the oldest first."""
    return _render(request, actor, after=after[:36])


async def add(request: Request, actor: Recorder) -> Any:  # noqa: ANN401 - a page, or where it is
    """Record a consent."""
    from datetime import UTC, datetime

    from policies.consents import Wanted, record_consent

    here = find_service(request).deployment(actor)
    async with take_form(request, MOST_FIELD_BYTES) as form:
        given = {name: form.text(name).strip() for name in ("subject", "scope", "last_day", "note")}
        try:
            scope = tuple(given["scope"].split())
            wanted = Wanted(given["subject"], scope, parse_day(given["last_day"]), "", given["note"], actor.id)
            await run_in_threadpool(
                record_consent, here.database, here.log, here.tenant, wanted, author=actor.name,
                day=datetime.now(UTC).date(),
            )  # fmt: skip
        except PolicyError as exc:
            return await run_in_threadpool(
                _render, request, actor, given=given, problem=tell(request, exc), status=status_of(exc)
            )
    return RedirectResponse(f"{LIST}?said=saved", 303)


async def revoke(request: Request, actor: Recorder, consent_id: str) -> Any:  # noqa: ANN401 - a page, or where it is
    """Revoke one."""
    here = find_service(request).deployment(actor)
    async with take_form(request, MOST_FIELD_BYTES) as form:
        try:
            await run_in_threadpool(revoke_one, here, actor, consent_id[:36], form.text("reason").strip())
        except PolicyError as exc:
            return await run_in_threadpool(_render, request, actor, problem=tell(request, exc), status=status_of(exc))
    return RedirectResponse(f"{LIST}?said=saved", 303)


def _render(
    request: Request,
    actor: Actor,
    *,
    after: str = "",
    given: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    from policies.consents import list_consents

    here = find_service(request).deployment(actor)
    found = list_consents(here.database, here.tenant, recorder_id=find_limit(actor), after=after, limit=PAGE + 1)
    return render(
        request,
        "consents.html",
        actor=actor,
        page="consents",
        status=status,
        consents=[build_consent(one) for one in found[:PAGE]],
        onward=f"{LIST}?after={found[PAGE - 1].id}" if len(found) > PAGE else "",
        given=given or {},
        problem=problem,
    )
