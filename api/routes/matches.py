"""Is this a copy of a registered work? A file in, the works that it resembles out; nothing of it is kept."""

from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.access.guard import PERMISSION
from api.access.identity import Permission
from api.bounds import receive
from api.errors import describe_problems
from api.matching import build_report, describe_nearness, encode_sheet, match_file
from api.routes.verifications import FILE
from api.routes.works import Reads
from api.service import find_service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from policies.line.deployment import Deployment
    from provenance.storage.blob import Blob


def build_router() -> APIRouter:
    """Build the routes of matches."""
    router = APIRouter(tags=["works"])
    router.add_api_route(
        "/v1/matches", match, methods=["POST"],
        responses={
            200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
            204: {"description": "nothing to draw"},
            **describe_problems(400, 401, 403, 408, 413, 415, 422, 500, 503),
        },
        openapi_extra={PERMISSION: Permission.READ_WORKS, "requestBody": FILE},
    )  # fmt: skip
    router.add_api_route(
        "/v1/matches", look_up, methods=["GET"], responses=describe_problems(401, 403, 422, 500, 503),
        openapi_extra={PERMISSION: Permission.READ_WORKS},
    )  # fmt: skip
    return router


async def look_up(
    request: Request,
    actor: Reads,
    alg: Annotated[str, Query(max_length=64)],
    value: Annotated[str, Query(pattern="^([0-9a-fA-F]{2}){1,64}$", description="hexadecimal")],
) -> dict[str, Any]:
    """Return which works are near a code that the caller computed, such as the PDQ of a file that stays with them.

    Without the file nothing is told of parts, of second opinions and of flat pictures: near is all that it says.
    """
    here = find_service(request).deployment(actor)
    found = await run_in_threadpool(here.works.match_code, alg, bytes.fromhex(value))
    return {"matches": [{**asdict(match), "why": describe_nearness(match)} for match in found]}


async def match(request: Request, actor: Reads, *, draw: Annotated[bool, Query()] = False) -> Any:  # noqa: ANN401 - one of two kinds
    """Return which works the picture in the body resembles, which part lies where, how near, and why.

    With `draw=true` the answer is a PNG instead: the picture beside the works, the shared part framed in both; 204
    where there is nothing to draw.
    """
    here = find_service(request).deployment(actor)
    async with receive_picture(request, here) as file:
        found = await run_in_threadpool(match_file, here, file)
        if not draw:
            return build_report(found.report)
        sheet = await run_in_threadpool(encode_sheet, here.works, found)
    return Response(status_code=204) if sheet is None else Response(sheet, media_type="image/png")


@asynccontextmanager
async def receive_picture(request: Request, here: "Deployment") -> "AsyncIterator[Blob]":
    """Take in a body that is a picture, with room for it and for its pixels."""
    service = find_service(request)
    bounds, room = service.site.settings.http, service.room
    most_bytes = here.limits.max_bytes
    async with (
        room.uploads.hold(),
        receive(request.stream(), most_bytes=most_bytes, idle_s=bounds.idle_s, total_s=bounds.upload_s) as file,
        room.files.hold(),
        room.pixels.hold(await run_in_threadpool(here.media.weigh, file, here.limits)),
    ):
        yield file
