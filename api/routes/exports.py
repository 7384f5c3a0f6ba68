"""Audit exports: ordered, made in the background, fetched while they last; each tenant its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access.guard import PERMISSION, require
from api.access.identity import Actor, Permission
from api.access.refusals import ForbiddenError
from api.delivery import build_file_response
from api.errors import describe_problems
from api.service import find_service
from policies.audit.exporting import Kind, Order
from policies.audit.orders import Export, drop_export, find_export, find_exports, open_export, place_order
from policies.audit.spelling import parse_order
from provenance.asset import AssetId

if TYPE_CHECKING:
    from policies.line.deployment import Deployment

Exporter = Annotated[Actor, require(Permission.EXPORT)]
ExportId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
Names = Annotated[list[Annotated[str, Field(max_length=255)]], Field(max_length=50)]


class OrderForm(BaseModel):
    """What is ordered; what is left out asks for everything that the tenant has."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Kind.ENTRIES
    form: Annotated[str, Field(pattern="^(jsonl|csv|parquet)$")] = "jsonl"
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    kinds: Names = []
    outcomes: Annotated[list[Annotated[str, Field(pattern="^(release|hold|block)$")]], Field(max_length=3)] = []
    packs: Names = []
    first: Annotated[int, Field(ge=0, le=2**53)] = 0
    stop: Annotated[int, Field(ge=0, le=2**53)] | None = None
    whole_site: bool = False
    asset_id: Annotated[str, Field(max_length=36)] = ""
    with_names: bool = False
    with_prompt: bool = False
    with_pictures: bool = True

    def build(self) -> Order:
        """Return the order."""
        given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in self}
        return Order(**given)


def build_router() -> APIRouter:
    """Build the routes of exports."""
    router = APIRouter(tags=["exports"])
    known = describe_problems(401, 403, 404, 422, 500, 503)
    more = {PERMISSION: Permission.EXPORT}
    for method, path, serve, status in (
        ("GET", "/v1/exports", list_exports, 200),
        ("POST", "/v1/exports", order, 202),
        ("GET", "/v1/exports/{export_id}", read, 200),
        ("DELETE", "/v1/exports/{export_id}", drop, 204),
    ):
        router.add_api_route(path, serve, methods=[method], status_code=status, responses=known, openapi_extra=more)
    router.add_api_route(
        "/v1/exports/{export_id}/file",
        fetch,
        methods=["GET"],
        response_class=Response,
        responses={**known, 200: {"content": {"application/zip": {}}, "description": "the export as a ZIP"}},
        openapi_extra=more,
    )
    return router


async def list_exports(
    request: Request,
    actor: Exporter,
    before: Annotated[str, Query(max_length=36)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Return the tenant's exports, newest first; `next`, where there is more, goes into `before`."""
    here = find_service(request).deployment(actor)
    found = await run_in_threadpool(find_exports, here.database, here.tenant, before=before, limit=limit + 1)
    more = {"next": found[limit - 1].id} if len(found) > limit else {}
    return {"exports": [build_export(one) for one in found[:limit]], **more}


async def order(request: Request, actor: Exporter, form: Annotated[OrderForm, Body()]) -> dict[str, Any]:
    """Order an export; it is made in the background, its `state` says when its `file` can be fetched.

    `kind` is entries, dsa (statements of reasons), prov (the lineage of one asset) or case (its evidence).
    """
    here = find_service(request).deployment(actor)
    return build_export(await run_in_threadpool(order_export, here, form.build(), actor))


def order_export(here: "Deployment", wanted: Order, actor: Actor) -> Export:
    """Put an order on the list.

    What lies in quarantine is for those who review: nobody else gets a prompt, or the picture beside what it matches.

    Raises:
        ForbiddenError: the prompt is asked for by somebody who may not review.
        AssetNotFoundError: it is about an asset that is not there, or not for who asks.
        PolicyError: it cannot be carried out.
    """
    if wanted.with_prompt and not actor.may(Permission.REVIEW):
        raise ForbiddenError("prompts are for those who review: order it without, or ask one of them")
    verify_known(here, wanted.asset_id, actor)
    allowed = replace(wanted, with_pictures=wanted.with_pictures and actor.may(Permission.REVIEW))
    return place_order(here, allowed, ordered_by=actor.name)


def verify_readable(here: "Deployment", wanted: Mapping[str, Any], actor: Actor) -> None:
    """Check that who asks may have what an export holds, whoever ordered it.

    Raises:
        ForbiddenError: it holds what lies in quarantine, and they may not review.
        AssetNotFoundError: as `verify_known` does.
    """
    verify_known(here, str(wanted.get("asset_id", "")), actor)
    order = parse_order(dict(wanted))
    holds = order.kind is Kind.CASE and (order.with_prompt or order.with_pictures)
    if holds and not actor.may(Permission.REVIEW):
        raise ForbiddenError("this export holds what lies in quarantine, which is for those who review: order your own")


def verify_known(here: "Deployment", asset_id: str, actor: Actor) -> None:
    """Check that who asks may know of the asset that an export is about; "" for an export of many.

    Raises:
        AssetNotFoundError: it lies in the sensitive queue, and they may not see that.
    """
    from policies.review.job import verify_visible

    with here.database.read() as connection:
        verify_visible(connection, AssetId(asset_id), sees_sensitive=actor.may(Permission.REVIEW_SENSITIVE))


async def read(request: Request, actor: Exporter, export_id: ExportId) -> dict[str, Any]:
    """Return how far an export is, and what it proves once it is ready."""
    here = find_service(request).deployment(actor)
    return build_export(await run_in_threadpool(find_export, here.database, here.tenant, export_id))


async def fetch(request: Request, actor: Exporter, export_id: ExportId) -> Response:
    """Return the export as a ZIP; `chopmark audit verify` takes it as it is."""
    here = find_service(request).deployment(actor)
    export = await run_in_threadpool(find_export, here.database, here.tenant, export_id)
    await run_in_threadpool(verify_readable, here, export.wanted, actor)
    file = await run_in_threadpool(open_export, here.blobs, export)
    name = f"chopmark-{export.wanted['kind']}-{export.id[:8]}.zip"
    return build_file_response(request, file, media_type="application/zip", name=name, cache="private, no-store")


async def drop(request: Request, actor: Exporter, export_id: ExportId) -> Response:
    """Delete an export's file, or stop it before it is made."""
    here = find_service(request).deployment(actor)
    await run_in_threadpool(drop_export, here, export_id)
    return Response(status_code=204)


def build_export(export: Export) -> dict[str, Any]:
    """Return an export as JSON."""
    expires = export.expires_at_ms
    return {
        "id": export.id,
        "state": export.state,
        "order": export.wanted,
        "ordered_by": export.ordered_by,
        "rows_done": export.rows_done,
        "summary": export.summary,
        "size_bytes": export.size_bytes,
        "error": export.error,
        "created_at": export.created_at,
        "finished_at": export.finished_at,
        "expires_at": None if expires is None else datetime.fromtimestamp(expires / 1000).astimezone().isoformat(),
        "file": f"/v1/exports/{export.id}/file" if export.state == "ready" else None,
    }
