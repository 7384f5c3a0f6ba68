"""Files and prompts on their way through the gate: handed in, asked about, followed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.clips import build_of_file, is_drawn_first
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.errors import describe_problems
from api.orders import Brought, receive_order
from api.schemas.release import Release, ReleasePage
from api.service import Service, find_service
from api.streaming import EVENTS, build_event, tell_text, wants_events
from policies.line.deployment import Deployment
from policies.line.standing import Progress, Standing, find_standing, list_standings
from provenance.asset import AssetId
from provenance.errors import AssetNotFoundError, DatabaseUnavailableError
from provenance.journal import Journal

if TYPE_CHECKING:
    from policies.line.deployment import Submission
    from provenance.media.medium import Measured
    from provenance.storage.blob import Blob

MOST_WAIT_S: Final = 120
FIRST_LOOK_S: Final = 0.02
LAST_LOOK_S: Final = 0.25
KEEP_ALIVE_S: Final = 15.0
MOST_FOLLOWED_S: Final = 3600.0

_log = Journal(__name__)

Submitter = Annotated[Actor, require(Permission.RELEASE)]
Wait = Annotated[float, Query(ge=0, le=MOST_WAIT_S, description="wait so many seconds for the end")]

_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    "prompt": {"type": "string"},
                    "packs": {"type": "string", "description": "names, separated by commas"},
                    "name": {"type": "string"},
                    "type": {"type": "string"},
                    "context": {"type": "string", "contentMediaType": "application/json"},
                    "recipe": {"type": "string", "contentMediaType": "application/json"},
                    "animate": {"type": "string", "contentMediaType": "application/json"},
                    "extend": {"type": "string", "contentMediaType": "application/json"},
                },
            }
        },
        "application/json": {"schema": {"$ref": "#/components/schemas/Order"}},
        "image/*": {"schema": {"type": "string", "format": "binary"}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


def build_router() -> APIRouter:
    """Build the routes of releases."""
    router = APIRouter(prefix="/v1/releases", tags=["releases"])
    router.add_api_route(
        "",
        create,
        methods=["POST"],
        status_code=202,
        response_model=Release,
        responses={
            200: {
                "model": Release,
                "description": "it has come to its end while you waited, or you follow it by events",
                "content": {EVENTS: {"schema": {"type": "string"}}},
            },
            **describe_problems(400, 401, 403, 408, 413, 415, 422, 500, 503),
        },
        openapi_extra={"requestBody": _BODY},
    )
    errors = describe_problems(401, 403, 404, 422, 500, 503)
    router.add_api_route("", list_own, methods=["GET"], response_model=ReleasePage, responses=errors)
    router.add_api_route("/{release_id}", show, methods=["GET"], response_model=Release, responses=errors)
    router.add_api_route(
        "/{release_id}/events",
        follow,
        methods=["GET"],
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}, **errors},
    )
    return router


async def create(
    request: Request,
    response: Response,
    actor: Submitter,
    wait: Wait = 0,
    idempotency_key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", max_length=180, description="the same key again is the same release"),
    ] = None,
) -> Any:  # noqa: ANN401 - a Release, or its events
    """Hand in a file, or a prompt that is to be drawn, and walk it through the gate; or have a clip made first.

    Answers 202 with the address to ask by as soon as it is accepted, or 200 with how it ended if that is within
    `wait` seconds. A file comes as a form's part `file` or as the body itself; a prompt alone as a form or as JSON.
    With `animate` a picture becomes a clip, with `extend` a clip goes on, with `restyle` a photograph becomes a
    portrait: a form's file, or a release by its id.
    Without `wait` a large file is accepted by its headers: one that turns out to be damaged is blocked, with `problem`.

    With `Accept: text/event-stream` the answer is the events of `GET /v1/releases/{id}/events`; before the `end` of a
    text that was released come `text` events, whose pieces together are the marked file.
    """
    service, here = find_service(request), find_service(request).deployment(actor)
    room = service.room
    if wants_events(request):
        held = AsyncExitStack()
        await held.enter_async_context(room.followers.hold())
        try:
            async with room.uploads.hold(), receive_order(request, here, service.site.settings.http) as brought:
                release_id = await accept(service, here, brought, actor, idempotency_key, at_once=True)
        except BaseException:
            await held.aclose()
            raise
        return _EventStream(_tell(request, here, release_id, has_text=True), held, f"/v1/releases/{release_id}")
    async with room.uploads.hold(), receive_order(request, here, service.site.settings.http) as brought:
        release_id = await accept(service, here, brought, actor, idempotency_key, at_once=wait > 0)
    standing = await wait_for_end(here, release_id, wait_s=wait)
    response.status_code = 200 if standing.is_final else 202
    response.headers["Location"] = f"/v1/releases/{release_id}"
    if not standing.is_final:
        response.headers["Retry-After"] = "1"
    return await run_in_threadpool(tell_release, here, standing)


async def list_own(
    request: Request,
    actor: Submitter,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """List what was handed in, newest first: by yourself, or by anybody for those who may see every asset."""
    here = find_service(request).deployment(actor)
    found = await run_in_threadpool(
        list_standings, here, most=limit + 1, before=parse_cursor(cursor), submitter=find_submitter(actor),
        sees_sensitive=sees_hidden(actor),
    )  # fmt: skip
    return build_page([Release.build(one) for one in found], [one.asset_id for one in found], most=limit)


async def show(request: Request, release_id: str, actor: Submitter) -> Release:
    """Say where a submission stands, and how it ended."""
    here = find_service(request).deployment(actor)
    standing = await run_in_threadpool(find_visible, here, release_id, actor)
    return await run_in_threadpool(tell_release, here, standing)


def tell_release(here: Deployment, standing: Standing) -> Release:
    """Say how far a submission came; a refusal comes with the link to appeal by."""
    from policies.review.appeal import offer_appeal

    told = Release.build(standing)
    is_refused = standing.progress is Progress.BLOCKED and standing.media_type and not standing.error
    token = offer_appeal(here, standing.asset_id) if is_refused else ""
    return told.model_copy(update={"appeal": f"/appeals/{token}"}) if token else told


async def follow(request: Request, release_id: str, actor: Submitter) -> StreamingResponse:
    """Follow a submission by server-sent events: `progress` at every stage, then `end`, each with its JSON."""
    service, here = find_service(request), find_service(request).deployment(actor)
    await run_in_threadpool(find_visible, here, release_id, actor)
    held = AsyncExitStack()
    await held.enter_async_context(service.room.followers.hold())
    return _EventStream(_tell(request, here, AssetId(release_id)), held)


def find_submitter(actor: Actor) -> str | None:
    """Return whose assets `actor` sees: their own, or None for everybody's of the tenant."""
    return None if actor.may(Permission.READ_ASSETS) else actor.id


def sees_hidden(actor: Actor) -> bool:
    """Say whether a list may hold what lies in the sensitive queue: one's own, or by that permission."""
    return find_submitter(actor) is not None or actor.may(Permission.REVIEW_SENSITIVE)


def find_visible(here: Deployment, release_id: str, actor: Actor) -> Standing:
    """Return where a submission stands, for its submitter or for who may see every asset.

    Raises:
        AssetNotFoundError: there is none for who asks; what lies in the sensitive queue is others' by permission alone.
    """
    try:
        return find_standing(here, release_id, submitter=actor.id)
    except AssetNotFoundError:
        if find_submitter(actor) is not None:
            raise
        return find_standing(here, release_id, sees_sensitive=sees_hidden(actor))


async def wait_for_end(here: Deployment, asset_id: AssetId, *, wait_s: float) -> Standing:
    """Return where an asset stands at its end, or after `wait_s` seconds."""
    loop = asyncio.get_running_loop()
    until, pause_s = loop.time() + wait_s, FIRST_LOOK_S
    standing = await run_in_threadpool(find_standing, here, asset_id)
    while not standing.is_final and (left_s := until - loop.time()) > 0:
        await asyncio.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 1.5, LAST_LOOK_S)
        standing = await run_in_threadpool(find_standing, here, asset_id)
    return standing


async def accept(
    service: Service, here: Deployment, brought: Brought, actor: Actor, idempotency_key: str | None, *, at_once: bool
) -> AssetId:
    """Keep what came and set it on its way; return its id.

    Args:
        service: with room for what is decoded.
        here: the gate of who hands in.
        brought: what came.
        actor: who hands it in.
        idempotency_key: as it came.
        at_once: decode a file now, for whoever waits anyway; else a large one is accepted by its headers.
    """
    from policies.line.intake import measure

    key = f"{actor.id}/{idempotency_key}" if idempotency_key else ""
    if brought.is_wish:
        accepted = await run_in_threadpool(_keep_wish, service, here, brought, actor, key)
    else:
        submission = brought.submission(submitter=actor.id, key=key)
        measured = None if at_once else await run_in_threadpool(measure, here, submission)
        pixels = 0 if measured else await run_in_threadpool(here.media.weigh, submission.unverified_file, here.limits)
        async with service.room.files.hold(), service.room.pixels.hold(pixels):
            accepted = await run_in_threadpool(keep_file, service, here, submission, measured)
    service.metrics.count_accepted(_name_kind(brought))
    return accepted


def _name_kind(brought: Brought) -> str:
    if brought.order.of_file is not None:
        return "clip" if brought.order.restyle is None else "portrait"
    return "prompt" if brought.file is None else "file"


def _keep_wish(service: Service, here: Deployment, brought: Brought, actor: Actor, key: str) -> AssetId:
    from policies.line.wish import keep_wish

    order = brought.order
    of_file = None if order.of_file is None else build_of_file(here, order, *_find_source(here, brought, actor))
    accepted = keep_wish(here, brought.wish(submitter=actor.id, of_file=of_file), key=key)
    _set_on_its_way(service, here, accepted)
    return accepted


def _find_source(here: Deployment, brought: Brought, actor: Actor) -> "tuple[Blob | None, str]":
    """Return the file that something is made of, and its name; None for a picture that is drawn first.

    Raises:
        AssetNotFoundError: it is to be made of a release that is none of who asks, or is not released.
    """
    from policies.line.released import find_released, load_released

    if brought.file is not None:
        return brought.file, brought.order.name
    assert brought.order.of_file is not None
    if is_drawn_first(brought.order, has_file=False):
        return None, brought.order.name
    standing = find_visible(here, brought.order.of_file.of, actor)
    with here.database.read() as connection:
        released = find_released(connection, standing.asset_id, tenant=here.tenant)
    return load_released(here.blobs.public, released), brought.order.name or released.name


def keep_file(service: Service, here: Deployment, submission: "Submission", measured: "Measured | None") -> AssetId:
    """Take a file in and set it on its way."""
    from policies.line.intake import intake
    from policies.line.wish import verify_no_wish

    if submission.key:
        verify_no_wish(here, submission.key)
    placing = service.walkers.build_placing(here)
    accepted = intake(here, submission, measured=measured, placing=placing)
    if placing is not None and placing.place is not None and placing.place.asset_id == accepted:
        service.walkers.tell_workers(placing)
    else:  # it was handed in before, or nobody but this process walks it
        _set_on_its_way(service, here, accepted)
    return accepted


def _set_on_its_way(service: Service, here: Deployment, accepted: AssetId) -> None:
    """Have it walked; what is accepted stays accepted where that cannot be noted now, and the upkeep finds it."""
    try:
        service.walkers.start(here, accepted)
    except DatabaseUnavailableError as exc:
        _log.warning("an accepted submission waits for the upkeep to find it", asset_id=accepted, error=str(exc))


async def _tell(request: Request, here: Deployment, asset_id: AssetId, *, has_text: bool = False) -> AsyncIterator[str]:
    """Yield an event at every change, and now and then a comment that keeps the line open.

    Whose key was revoked, or who left, while they followed is told nothing more.
    """
    identify = request.app.state.doorkeeper.identify
    loop = asyncio.get_running_loop()
    ends_at, told, told_at, pause_s = loop.time() + MOST_FOLLOWED_S, None, 0.0, FIRST_LOOK_S
    while loop.time() < ends_at:
        standing = await run_in_threadpool(find_standing, here, asset_id)
        is_due = standing.progress is not told or loop.time() - told_at > KEEP_ALIVE_S
        if is_due and await run_in_threadpool(identify, request) is None:
            return
        if standing.progress is not told:
            told, told_at, pause_s = standing.progress, loop.time(), FIRST_LOOK_S
            if has_text and standing.progress is Progress.RELEASED:
                for event in await run_in_threadpool(lambda: list(tell_text(here, asset_id))):
                    yield event
            name = "end" if standing.is_final else "progress"
            yield build_event(name, Release.build(standing).model_dump(mode="json"))
        if standing.is_final:
            return
        if loop.time() - told_at > KEEP_ALIVE_S:
            told_at = loop.time()
            yield ": still at work\n\n"
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, LAST_LOOK_S)


class _EventStream(StreamingResponse):
    """Server-sent events; lets go of its room however it ends."""

    def __init__(self, events: AsyncIterator[str], held: AsyncExitStack, location: str = "") -> None:
        headers = {"X-Accel-Buffering": "no", **({"Location": location} if location else {})}
        super().__init__(events, media_type=EVENTS, headers=headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held:
            await super().__call__(scope, receive, send)
