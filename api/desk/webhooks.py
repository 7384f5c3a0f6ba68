"""Webhooks on the desk: who is told, what was told last, and telling it again."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.frame import render, tell
from api.errors import status_of
from api.multipart import MOST_FIELD_BYTES
from api.routes.webhooks import find_endpoints
from api.routes.works import take_form
from policies.webhooks.delivery import find_deliveries, replay
from policies.webhooks.outbox import KINDS
from provenance.errors import FetchError, PolicyError

LIST: Final = "/desk/webhooks"
LAST: Final = 20
"""Deliveries that are shown."""

Manager = Annotated[Actor, require(Permission.MANAGE_WEBHOOKS)]


def build_router() -> APIRouter:
    """Build the pages."""
    router = APIRouter(include_in_schema=False)
    for method, path, serve in (
        ("GET", LIST, show_webhooks),
        ("POST", LIST, add),
        ("POST", f"{LIST}/{{webhook_id}}/{{act}}", act_on),
    ):
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


def show_webhooks(request: Request, actor: Manager) -> HTMLResponse:
    """Show the endpoints, and what was told last."""
    return _render(request, actor)


async def add(request: Request, actor: Manager) -> HTMLResponse:
    """Add an endpoint, and show its secret this once."""
    _, endpoints = find_endpoints(request, actor)
    async with take_form(request, MOST_FIELD_BYTES) as form:
        kinds = [kind for kind in KINDS if form.text(f"kind:{kind}")]
        given = {"url": form.text("url").strip(), "description": form.text("description")}
        try:
            made, secret = await run_in_threadpool(
                endpoints.add, given["url"], kinds=kinds, description=given["description"], created_by=actor.name
            )
        except (PolicyError, FetchError) as exc:
            return await run_in_threadpool(
                _render, request, actor, given=given, problem=tell(request, exc), status=status_of(exc)
            )
    return await run_in_threadpool(_render, request, actor, secret=secret, secret_of=made.url)


async def act_on(request: Request, actor: Manager, webhook_id: str, act: str) -> Any:  # noqa: ANN401 - a page, or where it is
    """Switch an endpoint on or off, remove it, give it a new secret, or tell it again what it missed."""
    here, endpoints = find_endpoints(request, actor)
    found = await run_in_threadpool(endpoints.find, webhook_id)
    if act == "rotate":
        secret = await run_in_threadpool(endpoints.rotate, webhook_id)
        return await run_in_threadpool(_render, request, actor, secret=secret, secret_of=found.url)
    if act in {"on", "off"}:
        await run_in_threadpool(lambda: endpoints.change(webhook_id, is_on=act == "on"))
    elif act == "remove":
        await run_in_threadpool(endpoints.remove, webhook_id)
    elif act == "replay":
        await run_in_threadpool(replay, here.database, here.tenant, webhook_id)
    return RedirectResponse(f"{LIST}?said=saved", 303)


def _render(
    request: Request,
    actor: Actor,
    *,
    given: dict[str, str] | None = None,
    problem: str = "",
    secret: str = "",
    secret_of: str = "",
    status: int = 200,
) -> HTMLResponse:
    here, endpoints = find_endpoints(request, actor)
    return render(
        request,
        "webhooks.html",
        actor=actor,
        page="exports",
        status=status,
        webhooks=endpoints.list(),
        deliveries=find_deliveries(here.database, here.tenant, limit=LAST),
        kinds=KINDS,
        given=given or {},
        problem=problem,
        secret=secret,
        secret_of=secret_of,
    )
