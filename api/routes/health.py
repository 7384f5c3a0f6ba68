"""Whether the server is up, whether it can serve, and its numbers."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.access.guard import require_or_near
from api.access.identity import Permission
from api.errors import describe_problems
from api.schemas.health import Health, Readiness
from api.service import find_service
from provenance.errors import GateError
from provenance.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.wiring import Site

_log = Journal(__name__)


def build_router() -> APIRouter:
    """Build the routes that a supervisor asks."""
    router = APIRouter(tags=["operating"])
    router.add_api_route("/healthz", healthz, methods=["GET"], response_model=Health)
    router.add_api_route(
        "/readyz",
        readyz,
        methods=["GET"],
        response_model=Readiness,
        responses={503: {"model": Readiness, "description": "a part of the site cannot be used now"}},
    )
    router.add_api_route(
        "/metrics",
        metrics,
        methods=["GET"],
        response_class=Response,
        dependencies=[require_or_near(Permission.OPERATE)],
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **describe_problems(401, 403)},
    )
    return router


async def healthz(request: Request) -> dict[str, Any]:
    """Say that the server is up, how long its ledger is, and how many decoders have died of a file."""
    from provenance.media.workers import count_deaths

    log = find_service(request).site.deployment.log
    return {"status": "ok", "ledger_size": await run_in_threadpool(log.size), "decoder_deaths": count_deaths()}


async def readyz(request: Request) -> JSONResponse:
    """Say whether requests can be served: database, both blob stores, and who signs; why not is in the log."""
    checks = await run_in_threadpool(_check, find_service(request).site)
    is_ready = all(checks.values())
    told = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JSONResponse(told, status_code=200 if is_ready else 503)


async def metrics(request: Request) -> Response:
    """Return this server's numbers in Prometheus' text format."""
    from prometheus_client import CONTENT_TYPE_LATEST

    written = await run_in_threadpool(find_service(request).metrics.write)
    return Response(written, media_type=CONTENT_TYPE_LATEST)


def _check(site: "Site") -> dict[str, bool]:
    here = site.deployment
    parts: dict[str, Callable[[], object]] = {
        "database": here.log.size,
        "quarantine": lambda: here.blobs.quarantine.has("readyz/probe"),
        "public": lambda: here.blobs.public.has("readyz/probe"),
        "signer": here.sealer.verify_signer,
    }
    return {name: _holds(name, ask) for name, ask in parts.items()}


def _holds(name: str, ask: "Callable[[], object]") -> bool:
    try:
        ask()
    except (GateError, OSError) as exc:
        _log.error("not ready", part=name, error=str(exc) if isinstance(exc, GateError) else type(exc).__name__)
        return False
    return True
