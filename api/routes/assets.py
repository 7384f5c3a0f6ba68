"""Assets for those who may see them, and what was released of them: bytes, manifest, and links that expire.

Only what was published is ever read here; of what is held or blocked there are facts and no bytes.
"""

import time
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.delivery import build_file_response
from api.errors import describe_problems
from api.routes.releases import find_submitter
from api.schemas.asset import AssetItem, AssetModel, AssetPage, LinkModel, LinkOrder
from api.service import find_service
from policies.line.standing import Progress, find_standing, list_standings, stages_of
from provenance.asset import AssetId

if TYPE_CHECKING:
    from policies.line.deployment import Deployment
    from policies.line.released import Released
    from provenance.storage.blob import Blob

Reader = Annotated[Actor, require(Permission.READ_ASSETS)]
Owner = Annotated[Actor, require(Permission.RELEASE, Permission.READ_ASSETS)]

# A released file never changes, and may be taken down: whoever keeps it asks again.
CACHE_OWN: Final = "private, no-cache"
CACHE_LINK: Final = "private, max-age=60"
MANIFEST_TYPE: Final = "application/c2pa"

_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "the file", "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {
        "description": "the range asked for",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "what you have is still the file"},
}


def build_router() -> APIRouter:
    """Build the routes of assets."""
    router = APIRouter(tags=["assets"])
    known = describe_problems(401, 403, 404, 422, 500, 503)
    file = {**_FILE, **describe_problems(404, 416, 500, 503)}
    router.add_api_route("/v1/assets", list_assets, methods=["GET"], response_model=AssetPage, responses=known)
    router.add_api_route("/v1/assets/{asset_id}", show, methods=["GET"], response_model=AssetModel, responses=known)
    told, public = {**file, **describe_problems(401, 403)}, {**file, **describe_problems(403, 422)}
    for path, serve, described in (
        ("/v1/assets/{asset_id}/file", read_file, told),
        ("/v1/assets/{asset_id}/manifest", read_manifest, told),
        ("/v1/files/{asset_id}", follow_link, public),
    ):
        router.add_api_route(path, serve, methods=["GET"], response_class=Response, responses=described)
    router.add_api_route(
        "/v1/assets/{asset_id}/links",
        link,
        methods=["POST"],
        status_code=201,
        response_model=LinkModel,
        responses=known,
    )
    return router


async def list_assets(
    request: Request,
    actor: Reader,
    limit: Limit = USUAL,
    cursor: Cursor = "",
    status: Annotated[list[Progress] | None, Query(description="only those that stand so")] = None,
) -> dict[str, Any]:
    """List every asset of the tenant, newest first."""
    here = find_service(request).deployment(actor)
    found = await run_in_threadpool(
        list_standings,
        here,
        most=limit + 1,
        before=parse_cursor(cursor),
        stages=stages_of(status or ()),
        sees_sensitive=actor.may(Permission.REVIEW_SENSITIVE),
    )
    return build_page([AssetItem.list(one) for one in found], [one.asset_id for one in found], most=limit)


async def show(request: Request, asset_id: str, actor: Reader) -> AssetModel:
    """Describe an asset: facts, what detectors answered, the decision that counts, and the marks it was given."""
    here = find_service(request).deployment(actor)
    return await run_in_threadpool(_describe, here, asset_id, sees_sensitive=actor.may(Permission.REVIEW_SENSITIVE))


async def read_file(request: Request, asset_id: str, actor: Owner) -> Response:
    """Return the released file, or a range of it; its digest is its ETag."""
    here = find_service(request).deployment(actor)
    await run_in_threadpool(find_standing, here, asset_id, submitter=find_submitter(actor))
    return await _deliver(request, here, asset_id, cache=CACHE_OWN)


async def read_manifest(request: Request, asset_id: str, actor: Owner) -> Response:
    """Return the manifest of a released file, which is inside it, or where that cannot be, beside it alone."""
    here = find_service(request).deployment(actor)
    await run_in_threadpool(find_standing, here, asset_id, submitter=find_submitter(actor))
    released, manifest = await run_in_threadpool(_load_manifest, here, asset_id)
    name = f"{PurePosixPath(released.name).stem or asset_id}.c2pa"
    return build_file_response(request, manifest, media_type=MANIFEST_TYPE, name=name, cache=CACHE_OWN)


async def link(request: Request, asset_id: str, order: LinkOrder, actor: Owner) -> LinkModel:
    """Make an address of a released file that works without an account until it expires."""
    service = find_service(request)
    here = service.deployment(actor)
    await run_in_threadpool(find_standing, here, asset_id, submitter=find_submitter(actor))
    await run_in_threadpool(_load, here, asset_id)
    expires_at_s = int(time.time()) + order.expires_s
    query = await run_in_threadpool(service.links.build_query, asset_id, expires_at_s=expires_at_s)
    moment = datetime.fromtimestamp(expires_at_s, UTC)
    return LinkModel(url=f"/v1/files/{asset_id}?{query}", expires_at=moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


async def follow_link(
    request: Request,
    asset_id: str,
    expires: Annotated[int, Query(ge=0, lt=2**40)],
    signature: Annotated[str, Query(max_length=100)],
) -> Response:
    """Return the released file that a link leads to, while it has not expired."""
    from policies.line.sweeping import find_tenancy

    service = find_service(request)
    await run_in_threadpool(service.links.verify, asset_id, expires_at_s=expires, unverified_signature=signature)
    here = await run_in_threadpool(find_tenancy, service.site.deployment, AssetId(asset_id))
    answer = await _deliver(request, here, asset_id, cache=CACHE_LINK)
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


async def _deliver(request: Request, here: "Deployment", asset_id: str, *, cache: str) -> Response:
    released, file = await run_in_threadpool(_load, here, asset_id)
    name = PurePosixPath(released.name).stem or asset_id
    kind = released.media_type
    return build_file_response(request, file, media_type=kind.value, name=f"{name}{kind.extension}", cache=cache)


def _describe(here: "Deployment", asset_id: str, *, sees_sensitive: bool) -> AssetModel:
    from policies.line.records import find_signals

    standing = find_standing(here, asset_id, sees_sensitive=sees_sensitive)
    with here.database.read() as connection:
        return AssetModel.describe(standing, find_signals(connection, standing.asset_id))


def _load(here: "Deployment", asset_id: str) -> "tuple[Released, Blob]":
    from policies.line.released import find_released, load_released

    with here.database.read() as connection:
        released = find_released(connection, asset_id, tenant=here.tenant)
    return released, load_released(here.blobs.public, released)


def _load_manifest(here: "Deployment", asset_id: str) -> "tuple[Released, Blob]":
    from policies.line.released import find_released, load_manifest
    from provenance.storage.blob import Blob

    with here.database.read() as connection:
        released = find_released(connection, asset_id, tenant=here.tenant)
    return released, Blob.from_bytes(load_manifest(here.blobs.public, released))
