"""Where a file comes from, for whoever asks; nothing of it is kept."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from api.bounds import receive
from api.errors import describe_problems
from api.service import find_service

FILE: Final = {
    "required": True,
    "description": "the file itself",
    "content": {
        kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("application/octet-stream", "image/*")
    },
}
"""How a body that is a file is described."""


def build_router() -> APIRouter:
    """Build the routes of verification."""
    router = APIRouter(tags=["verification"])
    router.add_api_route(
        "/v1/verify",
        verify,
        methods=["POST"],
        openapi_extra={"requestBody": FILE},
        responses=describe_problems(408, 413, 415, 422, 500, 503),
    )
    return router


async def verify(request: Request) -> dict[str, Any]:
    """Answer where the file in the request's body comes from; nothing of it is kept.

    The body is the file itself. The answer names each layer, its technique and the joint state, see
    docs/verification.md.
    """
    from api.commands.verify import build_document

    service = find_service(request)
    site, room = service.site, service.room
    bounds, most_bytes = site.settings.http, site.settings.max_bytes
    async with (
        room.uploads.hold(),
        receive(request.stream(), most_bytes=most_bytes, idle_s=bounds.idle_s, total_s=bounds.upload_s) as file,
        room.files.hold(),
        room.pixels.hold(await run_in_threadpool(site.verifier.weigh, file)),
    ):
        return build_document(await run_in_threadpool(site.verifier.verify, file))
