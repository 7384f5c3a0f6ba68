"""Where a file comes from, for whoever asks; nothing of it is kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from api.bounds import receive
from api.errors import describe_problems
from api.form import FILE as FILE_PART
from api.form import receive_upload
from api.orders import FORM, JSON, MOST_JSON_BYTES, load_json
from api.refusals import InvalidRequestError, build_invalid
from api.schemas.verification import Address, VerificationModel
from api.service import Service, find_service
from provenance.errors import FetchError
from provenance.journal import Journal

if TYPE_CHECKING:
    from provenance.storage.blob import Blob

_log = Journal(__name__)

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
FILE: Final[dict[str, Any]] = {
    "required": True,
    "description": "the file itself",
    "content": dict.fromkeys(("application/octet-stream", "image/*"), _BINARY),
}
"""How a body that is a file is described."""
BODY: Final[dict[str, Any]] = {
    "required": True,
    "description": "the file itself, a form with it, or the address of it",
    "content": {
        **FILE["content"],
        FORM: {"schema": {"type": "object", "required": [FILE_PART], "properties": {FILE_PART: _BINARY["schema"]}}},
        JSON: {"schema": Address.model_json_schema()},
    },
}
"""How a body that is a file, or names one, is described."""


def build_router() -> APIRouter:
    """Build the routes of verification."""
    router = APIRouter(tags=["verifications"])
    for path, is_alias in (("/v1/verifications", False), ("/v1/verify", True)):
        router.add_api_route(
            path,
            verify,
            methods=["POST"],
            deprecated=is_alias or None,
            operation_id="verify_by_its_older_name" if is_alias else "verify",
            response_model=VerificationModel,
            response_model_exclude_unset=True,
            openapi_extra={"requestBody": BODY},
            responses=describe_problems(400, 408, 413, 415, 422, 429, 500, 503),
        )
    return router


async def verify(request: Request) -> dict[str, Any]:
    """Answer where a file comes from; nothing of it is kept, and no account is needed.

    The body is the file itself, a form with a part `file`, or JSON with the `url` of one, where the site allows that.
    The answer names each layer, its technique and the joint state, see docs/verification.md.
    """
    from api.commands.verify import build_document

    service = find_service(request)
    site, room = service.site, service.room
    await service.visitors.admit(request)
    async with (
        room.uploads.hold(),
        _receive(request, service) as file,
        room.files.hold(),
        room.pixels.hold(await run_in_threadpool(site.verifier.weigh, file)),
    ):
        found = await run_in_threadpool(site.verifier.verify, file)
    service.metrics.count_verification(found.state.value)
    return build_document(found)


@asynccontextmanager
async def _receive(request: Request, service: Service) -> AsyncIterator["Blob"]:
    """Take in what a request brings, or fetch what it names."""
    bounds, most_bytes = service.site.settings.http, service.site.settings.max_bytes
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    times = {"idle_s": bounds.idle_s, "total_s": bounds.upload_s}
    if kind == FORM:
        async with receive_upload(content_type, request.stream(), most_bytes=most_bytes, **times) as form:
            if form.file is None or form.fields:
                told = f"expected a form with one part {FILE_PART} and nothing else"
                raise InvalidRequestError(told, [{"field": FILE_PART, "detail": told}])
            yield form.file
    elif kind == JSON:
        async with receive(request.stream(), most_bytes=MOST_JSON_BYTES, **times) as body:
            address = _parse_address(body)
        yield await _fetch(address, service)
    else:
        async with receive(request.stream(), most_bytes=most_bytes, **times) as body:
            yield body


def _parse_address(body: "Blob") -> str:
    try:
        return Address.model_validate(load_json(body)).url
    except ValidationError as exc:
        raise build_invalid(exc.errors(include_input=False, include_url=False)) from exc


async def _fetch(unverified_url: str, service: Service) -> "Blob":
    """Return the file that lies there.

    Raises:
        InvalidRequestError: this site fetches nothing.
        FetchError: nothing can be had from there.
    """
    settings = service.site.settings
    if not settings.http.fetch:
        told = "expected the file itself: this site fetches none from addresses (setting http.fetch)"
        raise InvalidRequestError(told, [{"field": "url", "detail": told}])
    async with service.room.fetches.hold():
        try:
            return await run_in_threadpool(service.fetch, unverified_url, most_bytes=settings.max_bytes)
        except FetchError as exc:
            # Why not is for the log: it would tell strangers which names and ports there are in our network.
            _log.warning("a file was not fetched", error=str(exc))
            raise FetchError("expected a public address of a file that can be had, got none from there") from exc
