"""Webhooks: who is told what, with which secret, what became of it, and telling it again; each tenant its own."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access.guard import PERMISSION, require
from api.access.identity import Actor, Permission
from api.errors import describe_problems
from api.service import find_service
from policies.webhooks.delivery import find_deliveries, replay
from policies.webhooks.endpoints import Endpoints
from policies.webhooks.outbox import announce_test
from provenance.ledger.entry import format_time
from provenance.storage.secretbox import load_box

if TYPE_CHECKING:
    from policies.line.deployment import Deployment

Manager = Annotated[Actor, require(Permission.MANAGE_WEBHOOKS)]
WebhookId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
Url = Annotated[str, Field(max_length=2000)]
Kinds = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=20)]


class WebhookForm(BaseModel):
    """An endpoint; without `kinds` it is told everything."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    kinds: Kinds = []
    description: Annotated[str, Field(max_length=200)] = ""


class ChangeForm(BaseModel):
    """What is to be changed."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    kinds: Kinds | None = None
    description: Annotated[str, Field(max_length=200)] | None = None
    is_on: bool | None = None


class ReplayForm(BaseModel):
    """One event, heard or not; or all from a time on that were not heard."""

    model_config = ConfigDict(extra="forbid")

    event_id: Annotated[str, Field(max_length=64)] = ""
    since: AwareDatetime | None = None


def build_router() -> APIRouter:
    """Build the routes of webhooks."""
    router = APIRouter(tags=["webhooks"])
    known = describe_problems(401, 403, 404, 422, 500, 503)
    for method, path, serve, status in (
        ("GET", "/v1/webhooks", list_webhooks, 200),
        ("POST", "/v1/webhooks", add, 201),
        ("GET", "/v1/webhooks/{webhook_id}", read, 200),
        ("PATCH", "/v1/webhooks/{webhook_id}", change, 200),
        ("DELETE", "/v1/webhooks/{webhook_id}", remove, 204),
        ("POST", "/v1/webhooks/{webhook_id}/secret", rotate, 200),
        ("POST", "/v1/webhooks/{webhook_id}/test", test, 202),
        ("GET", "/v1/webhooks/{webhook_id}/deliveries", list_deliveries, 200),
        ("POST", "/v1/webhooks/{webhook_id}/replay", tell_again, 202),
    ):
        router.add_api_route(
            path,
            serve,
            methods=[method],
            status_code=status,
            responses=known,
            openapi_extra={PERMISSION: Permission.MANAGE_WEBHOOKS},
        )
    return router


def find_endpoints(request: Request, actor: Actor) -> tuple["Deployment", Endpoints]:
    """Return the tenant's deployment and endpoints."""
    service = find_service(request)
    here, settings = service.deployment(actor), service.site.settings
    box = load_box(settings.keys_dir)
    local = settings.webhooks.private_networks
    return here, Endpoints(here.database, box, here.tenant, may_be_local=local)


async def list_webhooks(request: Request, actor: Manager) -> dict[str, Any]:
    """Return the tenant's endpoints; never a secret."""
    _, endpoints = find_endpoints(request, actor)
    return {"webhooks": [asdict(one) for one in await run_in_threadpool(endpoints.list)]}


async def add(request: Request, actor: Manager, form: Annotated[WebhookForm, Body()]) -> dict[str, Any]:
    """Add an endpoint; `secret` is shown this once (Standard Webhooks, `whsec_...`)."""
    _, endpoints = find_endpoints(request, actor)

    return await run_in_threadpool(_add, endpoints, form, actor.name)


def _add(endpoints: Endpoints, form: WebhookForm, name: str) -> dict[str, Any]:
    made, secret = endpoints.add(form.url, kinds=form.kinds, description=form.description, created_by=name)
    return {**asdict(made), "secret": secret}


async def read(request: Request, actor: Manager, webhook_id: WebhookId) -> dict[str, Any]:
    """Return one endpoint; never its secret."""
    _, endpoints = find_endpoints(request, actor)
    return asdict(await run_in_threadpool(endpoints.find, webhook_id))


async def change(
    request: Request, actor: Manager, webhook_id: WebhookId, form: Annotated[ChangeForm, Body()]
) -> dict[str, Any]:
    """Change an endpoint; `is_on` switches it on again after it failed for days, or off."""
    _, endpoints = find_endpoints(request, actor)
    return asdict(await run_in_threadpool(lambda: endpoints.change(webhook_id, **form.model_dump())))


async def remove(request: Request, actor: Manager, webhook_id: WebhookId) -> Response:
    """Tell an endpoint nothing more."""
    _, endpoints = find_endpoints(request, actor)
    await run_in_threadpool(endpoints.remove, webhook_id)
    return Response(status_code=204)


async def rotate(request: Request, actor: Manager, webhook_id: WebhookId) -> dict[str, Any]:
    """Give an endpoint a new secret, shown this once; the old one signs beside it for a day."""
    _, endpoints = find_endpoints(request, actor)
    return {"id": webhook_id, "secret": await run_in_threadpool(endpoints.rotate, webhook_id)}


async def test(request: Request, actor: Manager, webhook_id: WebhookId) -> dict[str, Any]:
    """Tell an endpoint the event `webhook.test` now."""
    here, endpoints = find_endpoints(request, actor)

    await run_in_threadpool(endpoints.find, webhook_id)
    return {"event_id": await run_in_threadpool(announce_test, here.database, here.tenant, webhook_id)}


async def list_deliveries(
    request: Request,
    actor: Manager,
    webhook_id: WebhookId,
    state: Annotated[str, Query(pattern="^(due|told|given up)?$")] = "",
    before: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Return what an endpoint was told, newest first; `next`, where there is more, goes into `before`."""
    here, endpoints = find_endpoints(request, actor)

    await run_in_threadpool(endpoints.find, webhook_id)
    found = await run_in_threadpool(
        find_deliveries, here.database, here.tenant, webhook_id, state=state, before=before, limit=limit + 1
    )
    more = {"next": found[limit - 1].event_id} if len(found) > limit else {}
    return {"deliveries": [asdict(one) for one in found[:limit]], **more}


async def tell_again(
    request: Request, actor: Manager, webhook_id: WebhookId, form: Annotated[ReplayForm, Body()]
) -> dict[str, Any]:
    """Tell an endpoint again what it has not heard since a time, or one event whether it has or not."""
    here, endpoints = find_endpoints(request, actor)
    since = "" if form.since is None else format_time(form.since)

    await run_in_threadpool(endpoints.find, webhook_id)
    told = await run_in_threadpool(replay, here.database, here.tenant, webhook_id, event_id=form.event_id, since=since)
    return {"deliveries": told}
