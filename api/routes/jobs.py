"""Paid jobs at services that generate: ordered once under a key, followed, given up, settled; and callbacks.

What a call may have cost is never paid for twice: a key is asked for, and the same key is the same job. What a service
says in a callback is not read: it makes us ask the service how its jobs stand, and no more.
"""

import base64
import binascii
import hmac
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Body, Header, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.access.guard import PERMISSION, require
from api.access.identity import Actor, Permission
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.errands import KEYED, build_callback_token
from api.errors import describe_problems
from api.ordering import describe, open_gateway, open_jobs
from api.refusals import InvalidRequestError, PromptBlockedError
from api.service import Service, find_service
from generation.gateways.base import GATEWAYS, Kind, Order
from generation.presets.preset import find_preset
from provenance.errors import AssetNotFoundError, GateError

if TYPE_CHECKING:
    from generation.gateways.jobs import Job
    from policies.line.deployment import Deployment

CALLBACKS: Final = "/v1/jobs/callbacks"

Orders = Annotated[Actor, require(Permission.ORDER_JOBS)]
JobId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


class NewJob(BaseModel):
    """What a service is to make."""

    model_config = ConfigDict(extra="forbid")

    service: str = Field(min_length=1, max_length=64, description="a name of GET /v1/services")
    prompt: str = Field(default="", max_length=20_000, description="what to make; or a preset and words")
    preset: str = Field(default="", max_length=40, description="which puts its own words around `words`")
    words: str = Field(default="", max_length=400)
    kind: Kind | None = Field(default=None, description="what comes of it; the service's usual one unless given")
    model: str = Field(default="", max_length=200, description="as the service names it")
    seconds: int = Field(default=5, ge=1, le=180, description="of a clip")
    aspect: str = Field(default="16:9", pattern=r"^\d{1,2}:\d{1,2}$")
    seed: int | None = Field(default=None, ge=0, lt=2**63)
    source: str = Field(default="", description="a picture to start from, in base64; with the rest at most 2 MiB")
    more: dict[str, Any] = Field(default={}, max_length=50, description="fields in the service's own spelling")
    packs: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default=[], max_length=20, description="more policy packs that decide, beside the site's own, which always do"
    )


def build_router() -> APIRouter:
    """Build the routes of jobs."""
    router = APIRouter(tags=["jobs"])
    extra = {PERMISSION: Permission.ORDER_JOBS}
    known = describe_problems(401, 403, 404, 409, 422, 429, 500, 503)
    add = router.add_api_route
    add("/v1/services", list_services, methods=["GET"], responses=known, openapi_extra=extra)
    add("/v1/jobs", order, methods=["POST"], status_code=202, responses=known, openapi_extra=extra)
    add("/v1/jobs", list_own, methods=["GET"], responses=known, openapi_extra=extra)
    add("/v1/jobs/{job_id}", read, methods=["GET"], responses=known, openapi_extra=extra)
    add("/v1/jobs/{job_id}/cancel", give_up, methods=["POST"], responses=known, openapi_extra=extra)
    add("/v1/jobs/{job_id}/settle", settle, methods=["POST"], responses=known, openapi_extra=extra)
    add(
        CALLBACKS + "/{service}/{token}", call_back, methods=["POST"], status_code=204, response_class=Response,
        responses=describe_problems(404, 429, 500, 503),
    )  # fmt: skip
    return router


async def list_services(request: Request, actor: Orders) -> dict[str, Any]:
    """Name the services that are set up here, what each makes, and how many jobs may still be ordered today."""
    service = find_service(request)
    here, settings = service.deployment(actor), service.site.settings
    used = await run_in_threadpool(lambda: open_jobs(here).count_today())
    makes = {name: sorted(GATEWAYS.load(name).kinds) for name in settings.gateway_options}  # type: ignore[attr-defined]
    left = max(0, settings.gateway_jobs_per_day - used)
    return {"services": [{"service": name, "makes": kinds} for name, kinds in makes.items()], "left_today": left}


async def order(
    request: Request,
    response: Response,
    actor: Orders,
    wanted: Annotated[NewJob, Body()],
    idempotency_key: Annotated[
        str, Header(alias="Idempotency-Key", min_length=1, max_length=180, description="one paid call a key")
    ],
) -> dict[str, Any]:
    """Order a paid job: kept under its key before anything is sent, so that the same key again is the same job.

    The prompt is judged first; one that is blocked is never sent. What the service makes walks the gate, and `assets`
    then name the releases to ask about.
    """
    service = find_service(request)
    job = await run_in_threadpool(order_job, service, actor, wanted, f"{KEYED}{actor.id}:{idempotency_key}")
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    service.errands.wake()
    return tell(job)


def order_job(service: Service, actor: Actor, wanted: NewJob, key: str) -> "Job":
    """Keep an order, unless its prompt is blocked.

    Raises:
        InvalidRequestError: what is asked for does not fit together.
        PromptBlockedError: the packs refuse it.
        KeyReusedError: the key stands for another order.
        QuotaSpentError: as many were ordered today as may be.
    """
    from policies.line.prompting import judge_prompt

    here, settings = service.deployment(actor), service.site.settings
    made, packs = build_order(service, here, wanted)
    jobs = open_jobs(here)
    if jobs.find_keyed(key) is None:
        refusal = judge_prompt(here, made.prompt, packs=packs)
        if refusal is not None:
            because = "; ".join(dict.fromkeys(one.text for one in refusal.reasons))
            raise PromptBlockedError(f"the prompt is blocked and was not sent: {because}")
    asked = {"packs": list(packs), "submitter": actor.id}
    return jobs.plan(wanted.service, made, key, asked=asked, most_a_day=settings.gateway_jobs_per_day)


def build_order(service: Service, here: "Deployment", wanted: NewJob) -> tuple[Order, tuple[str, ...]]:
    """Return what a service is asked for, and the packs that decide besides.

    Raises:
        InvalidRequestError: it does not fit together, or the service is not set up here.
    """
    settings = service.site.settings
    if wanted.service not in settings.gateway_options:
        raise _refuse("service", f"expected one of {', '.join(settings.gateway_options) or 'none: none is set up'}")
    prompt, packs = wanted.prompt.strip(), tuple(wanted.packs)
    if bool(prompt) == bool(wanted.preset):
        raise _refuse("prompt", "expected either a prompt, or a preset with words")
    if wanted.preset:
        preset = find_preset(wanted.preset)
        if preset.needs_photo:
            raise _refuse("preset", f"{preset.name} begins with a photograph and is made here, by no service")
        prompt, packs = preset.build_prompt(wanted.words), (*preset.packs, *packs)
    unknown = [name for name in packs if name not in here.packs]
    if unknown:
        raise _refuse("packs", f"expected packs out of {', '.join(sorted(here.packs))}, got {unknown[0]!r}")
    source, source_type = _read_source(wanted.source)
    with open_gateway(settings, wanted.service) as gateway:  # what is wrong with its settings stops here
        kind = wanted.kind or _choose_kind(gateway.kinds, has_source=bool(source))
        if kind not in gateway.kinds:
            raise _refuse("kind", f"expected one of {', '.join(sorted(gateway.kinds))}")
        field = getattr(gateway, "callback_field", "")
    more = {**wanted.more, **_build_callback(service, wanted.service, field)}
    made = Order(
        kind, prompt, model=wanted.model, seconds=wanted.seconds, aspect=wanted.aspect, seed=wanted.seed, source=source,
        source_type=source_type, more=more,
    )  # fmt: skip
    return made, tuple(dict.fromkeys((*here.deciding, *packs))) if packs else ()


async def list_own(request: Request, actor: Orders, limit: Limit = USUAL, cursor: Cursor = "") -> dict[str, Any]:
    """Return jobs, newest first: one's own, or everybody's for those who may see every asset."""
    here, before = find_service(request).deployment(actor), parse_cursor(cursor)
    found = await run_in_threadpool(_list_seen, here, actor, before, limit + 1)
    return build_page([tell(one) for one in found], [one.id for one in found], most=limit)


async def read(request: Request, actor: Orders, job_id: JobId) -> dict[str, Any]:
    """Say how a job stands, what it counted, and what became of it."""
    here = find_service(request).deployment(actor)
    return tell(await run_in_threadpool(find_seen, here, actor, job_id))


async def give_up(request: Request, actor: Orders, job_id: JobId) -> dict[str, Any]:
    """Give a job up where nothing was sent yet or the service takes it back; else it goes on, and is paid for."""
    from generation.gateways.work import cancel

    service = find_service(request)
    here = service.deployment(actor)

    def ask() -> "Job":
        job = find_seen(here, actor, job_id)
        with open_gateway(service.site.settings, job.gateway) as gateway:
            return cancel(open_jobs(here), gateway, job)

    return tell(await run_in_threadpool(ask))


async def settle(
    request: Request,
    actor: Orders,
    job_id: JobId,
    service_job: Annotated[str, Body(max_length=512, description="the service has it under this name")] = "",
    send_again: Annotated[bool, Body(description="it never came: it is sent, and paid for, once more")] = False,  # noqa: FBT002 - a field of the body
) -> dict[str, Any]:
    """Say what became of a job that is unsure, after a look into the service's own console."""
    from generation.gateways.shared import read_job_name

    if bool(service_job) == send_again:
        raise _refuse("service_job", "expected either service_job, or send_again where the service never had it")
    service = find_service(request)
    here = service.deployment(actor)

    def say() -> "Job":
        job = find_seen(here, actor, job_id)
        return open_jobs(here).settle(job, read_job_name(service_job) if service_job else "")

    settled = await run_in_threadpool(say)
    service.errands.wake()
    return tell(settled)


async def call_back(
    request: Request,
    service: Annotated[str, Path(max_length=64)],
    token: Annotated[str, Path(max_length=64)],
) -> Response:
    """Hear that a service has news: its jobs are asked about now. What it says is not read, and proves nothing."""
    own = find_service(request)
    is_set_up = service in own.site.settings.gateway_options
    expected = await run_in_threadpool(build_callback_token, own.site, service)
    if not hmac.compare_digest(expected.encode(), token.encode(errors="replace")) or not is_set_up:
        raise AssetNotFoundError("there is nothing at this address")
    own.errands.wake(service)
    return Response(status_code=204)


def find_seen(here: "Deployment", actor: Actor, job_id: str) -> "Job":
    """Return a job that an actor may see.

    Raises:
        AssetNotFoundError: there is none of theirs.
    """
    job = open_jobs(here).find(job_id)
    if not (actor.may(Permission.READ_ASSETS) or job.outcome.get("submitter") == actor.id):
        raise AssetNotFoundError(f"there is no gateway job {job_id[:60]}")
    return job


def tell(job: "Job") -> dict[str, Any]:
    """Return what is told of a job; its key as whoever ordered it chose it."""
    told = dict(describe(job))
    key = job.key.split(":", 2)[-1] if job.key.startswith(KEYED) else job.key
    return {**told, "key": key, "service": told.pop("gateway")}


def _list_seen(here: "Deployment", actor: Actor, before: str, most: int) -> "list[Job]":
    jobs, found, last = open_jobs(here), list["Job"](), before
    while len(found) < most and (page := jobs.list(before=last)):
        found += [one for one in page if actor.may(Permission.READ_ASSETS) or one.outcome.get("submitter") == actor.id]
        last = page[-1].id
    return found[:most]


def _choose_kind(kinds: frozenset[Kind], *, has_source: bool) -> Kind:
    wanted = (Kind.IMAGE_TO_VIDEO,) if has_source else (Kind.TEXT_TO_VIDEO, Kind.TEXT_TO_IMAGE)
    return next((kind for kind in wanted if kind in kinds), wanted[0])


def _build_callback(service: Service, name: str, field: str) -> dict[str, str]:
    settings = service.site.settings
    if not (field and settings.gateway_callbacks):
        return {}
    return {field: f"{settings.http.origin}{CALLBACKS}/{name}/{build_callback_token(service.site, name)}"}


def _read_source(text: str) -> tuple[bytes, str]:
    from provenance.media.sniff import sniff_media_type

    if not text:
        return b"", ""
    try:
        data = base64.b64decode(text, validate=True)
        return data, sniff_media_type(data[:4096]).value
    except binascii.Error as exc:
        raise _refuse("source", "expected a picture in base64") from exc
    except GateError as exc:
        raise _refuse("source", str(exc)) from exc


def _refuse(field: str, told: str) -> InvalidRequestError:
    return InvalidRequestError(told, [{"field": field, "detail": told}])
