"""Whether the server is up."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from api.service import find_service


def build_router() -> APIRouter:
    """Build the routes that a supervisor asks."""
    router = APIRouter(tags=["operating"])
    router.add_api_route("/healthz", healthz, methods=["GET"])
    return router


async def healthz(request: Request) -> dict[str, Any]:
    """Say that the server is up, how long its ledger is, and how many decoders have died of a picture."""
    from provenance.media.picture.decoders import DECODERS

    log = find_service(request).site.deployment.log
    return {"status": "ok", "ledger_size": await run_in_threadpool(log.size), "decoder_deaths": DECODERS.deaths}
