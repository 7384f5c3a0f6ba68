"""Banks of works: what a match in each means, and how near it must be."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request
from fastapi.concurrency import run_in_threadpool

from api.access.guard import PERMISSION
from api.access.identity import Permission
from api.errors import describe_problems
from api.routes.works import Reads, Writes
from api.service import find_service


def build_router() -> APIRouter:
    """Build the routes of banks."""
    router = APIRouter(tags=["works"])
    responses = describe_problems(401, 403, 422, 500, 503)
    router.add_api_route(
        "/v1/banks", list_banks, methods=["GET"], responses=responses,
        openapi_extra={PERMISSION: Permission.READ_WORKS},
    )  # fmt: skip
    router.add_api_route(
        "/v1/banks/{name}", define, methods=["PUT"], responses=responses,
        openapi_extra={PERMISSION: Permission.REGISTER_WORKS},
    )  # fmt: skip
    return router


async def list_banks(request: Request, actor: Reads) -> dict[str, Any]:
    """Return every bank, by name."""
    here = find_service(request).deployment(actor)
    return {"banks": [asdict(bank) for bank in await run_in_threadpool(here.works.banks)]}


async def define(
    request: Request,
    actor: Writes,
    name: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")],
    action: Annotated[str, Body(max_length=40)],
    thresholds: Annotated[dict[str, int] | None, Body()] = None,
    description: Annotated[str, Body(max_length=500)] = "",
) -> dict[str, Any]:
    """Define a bank, or change what a match in it means from the next query on; no change makes no ledger entry.

    `action` is block, hold, attribute or allow; `thresholds` says how many bits of a fingerprint still match.
    """
    here = find_service(request).deployment(actor)

    bank = await run_in_threadpool(
        here.works.define_bank, name, action=action, thresholds=thresholds or {}, description=description
    )
    return asdict(bank)
