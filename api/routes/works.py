"""The registry of works: add, search, read and withdraw, each tenant its own."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.access.guard import PERMISSION, require
from api.access.identity import Actor, Permission
from api.collecting import LIST_BYTES, MOST_FILES, build_made, build_work, register_list, register_one
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.errors import describe_problems
from api.form import Bounds, Form, receive_form
from api.multipart import MOST_FIELD_BYTES
from api.service import find_service

if TYPE_CHECKING:
    from policies.line.deployment import Deployment

Reads = Annotated[Actor, require(Permission.READ_WORKS)]
Writes = Annotated[Actor, require(Permission.REGISTER_WORKS)]
WorkId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
Text = Annotated[str, Query(max_length=200)]


def describe_form(**fields: str) -> dict[str, Any]:
    """Return how a form is described; a field's text says what it is, and those of files are called binary."""
    properties = {
        name: {"type": "string", **({"format": "binary"} if text == "binary" else {"description": text})}
        for name, text in fields.items()
    }
    schema = {"type": "object", "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def build_router() -> APIRouter:
    """Build the routes of works."""
    router = APIRouter(tags=["works"])
    common = describe_problems(401, 403, 422, 500, 503)
    reads, writes = {PERMISSION: Permission.READ_WORKS}, {PERMISSION: Permission.REGISTER_WORKS}
    one, listed = (
        describe_form(
            file="binary", title="of the work; the file's name otherwise", owner="who holds the rights",
            bank="of works; the one that makes itself otherwise",
            id="of one's own", claim="what the owner states: a JSON object or a text",
            second_owner="true registers what is registered for somebody else as well",
        ),
        describe_form(
            list="binary", file="binary", owner="where the list names none", bank="where the list names none",
            second_owner="true registers what is registered for somebody else as well",
        ),
    )  # fmt: skip
    router.add_api_route("/v1/works", list_works, methods=["GET"], responses=common, openapi_extra=reads)
    router.add_api_route(
        "/v1/works", add, methods=["POST"], status_code=201, openapi_extra={**writes, **one},
        responses=describe_problems(400, 401, 403, 408, 409, 413, 415, 422, 500, 503),
    )  # fmt: skip
    router.add_api_route(
        "/v1/works/lists", add_list, methods=["POST"], openapi_extra={**writes, **listed},
        responses=describe_problems(400, 401, 403, 408, 413, 422, 500, 503),
    )  # fmt: skip
    known = describe_problems(401, 403, 404, 422, 500, 503)
    router.add_api_route("/v1/works/{work_id}", read, methods=["GET"], responses=known, openapi_extra=reads)
    router.add_api_route(
        "/v1/works/{work_id}/reference", reference, methods=["GET"], response_class=Response, responses=known,
        openapi_extra=reads,
    )  # fmt: skip
    router.add_api_route(
        "/v1/works/{work_id}/releases", releases, methods=["GET"], responses=known, openapi_extra=reads
    )
    router.add_api_route(
        "/v1/works/{work_id}/withdraw", withdraw, methods=["POST"], responses=known, openapi_extra=writes
    )
    return router


async def list_works(
    request: Request, actor: Reads, q: Text = "", bank: Text = "", status: Text = "", limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:  # fmt: skip
    """Return works in order of their ids: `q` is part of id, title or owner, `status` active or withdrawn."""
    here, after = find_service(request).deployment(actor), parse_cursor(cursor)
    found = await run_in_threadpool(find_some, here, q=q, bank=bank, status=status, after=after, limit=limit + 1)
    return build_page(found, [work["id"] for work in found], most=limit)


def find_some(here: "Deployment", *, q: str, bank: str, status: str, after: str, limit: int) -> list[dict[str, Any]]:
    """Return the first works after an id.

    Raises:
        WorksError: there is no such status.
    """
    from provenance.errors import WorksError
    from provenance.works.catalogue import WorkQuery, list_works
    from provenance.works.record import WorkStatus

    if status and status not in tuple(WorkStatus):
        raise WorksError(f"expected a status out of {', '.join(WorkStatus)}, got {status[:40]!r}")
    query = WorkQuery(bank, WorkStatus(status) if status else None, q.strip(), after)
    return [build_work(work) for work in list_works(here.database, query, tenant=here.tenant, limit=limit)]


async def add(request: Request, response: Response, actor: Writes) -> dict[str, Any]:
    """Register one picture with its claim: 201, or 200 where this owner has registered it before.

    A picture that is registered for somebody else is refused (409) unless `second_owner` is true.
    """
    service = find_service(request)
    here = service.deployment(actor)
    most = here.limits.max_bytes + MOST_FIELD_BYTES
    async with service.room.uploads.hold(), take_form(request, most) as form, service.room.files.hold():
        made = await run_in_threadpool(register_one, service.site, here, form)
    response.status_code = 200 if made.is_repeat else 201
    return build_made(made)


async def add_list(request: Request, actor: Writes) -> dict[str, Any]:
    """Register what a list in CSV names (columns file, title, owner, bank, id), with the files that it names.

    One row that cannot be registered stops no other: `results` says what became of each, in the order of the list.
    """
    service = find_service(request)
    here = service.deployment(actor)
    async with (
        service.room.uploads.hold(),
        take_form(request, LIST_BYTES, most_files=MOST_FILES + 1) as form,
        service.room.files.hold(),
    ):
        made, notes = await run_in_threadpool(register_list, service.site, here, form)
    return {"results": [build_made(one) for one in made], "notes": list(notes)}


async def read(request: Request, actor: Reads, work_id: WorkId) -> dict[str, Any]:
    """Return one work, withdrawn or not."""
    here = find_service(request).deployment(actor)
    return build_work(await run_in_threadpool(here.works.find, work_id))


async def reference(request: Request, actor: Reads, work_id: WorkId) -> Response:
    """Return the small picture that is kept of a work."""
    here = find_service(request).deployment(actor)
    return Response(await run_in_threadpool(load_reference, here, work_id), media_type="image/jpeg")


def load_reference(here: "Deployment", work_id: str) -> bytes:
    """Return the bytes of the small picture that is kept of a work.

    Raises:
        WorkNotFoundError: there is no such work, or nothing is kept of it.
    """
    from api.references import load_media
    from provenance.errors import WorkNotFoundError

    kept = load_media(here.database, work_id, here.tenant)
    if kept is None:
        raise WorkNotFoundError(f"no picture is kept of a work {work_id!r}")
    return kept


async def releases(request: Request, actor: Reads, work_id: WorkId) -> dict[str, Any]:
    """Return what was released here that resembles a work, nearest first: for works registered too late."""
    from dataclasses import asdict

    here = find_service(request).deployment(actor)
    found = await run_in_threadpool(here.works.match_work_to_releases, work_id)
    return {"releases": [asdict(one) for one in found]}


async def withdraw(
    request: Request,
    actor: Writes,
    work_id: WorkId,
    reason: Annotated[str, Body(embed=True, min_length=1, max_length=2000)],
) -> dict[str, Any]:
    """Withdraw a work: it stays on the record and matches no more."""
    service = find_service(request)
    here = service.deployment(actor)
    return build_work(await run_in_threadpool(withdraw_work, service.site.settings, here, work_id, reason))


def withdraw_work(settings: Any, here: "Deployment", work_id: str, reason: str) -> Any:  # noqa: ANN401 - lazily known
    """Withdraw a work and delete its small picture."""
    from api.references import drop_reference

    work = here.works.withdraw(work_id, reason)
    drop_reference(settings, work.id, here.tenant)
    return work


def take_form(request: Request, most_bytes: int, *, most_files: int = 1) -> AbstractAsyncContextManager[Form]:
    """Take in the form of a request, as slowly as the settings allow."""
    bounds = find_service(request).site.settings.http
    asked = Bounds(most_bytes, most_files, bounds.idle_s, bounds.upload_s)
    return receive_form(request.headers.get("content-type", ""), request.stream(), asked)
