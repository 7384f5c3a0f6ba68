"""The HTTP side, for now for those who ask: verification of an upload, and the ledger's own files.

`uvicorn --factory api.app:create_app`. Importing this costs nothing heavy; the site opens when the server starts.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.errors import install_handlers
from provenance.errors import AssetTooLargeError

if TYPE_CHECKING:
    from api.wiring import Site

TITLE: Final = "Chopmark"


def create_app() -> FastAPI:
    """Build the application; the site that it serves is the one that the environment's settings name."""
    app = FastAPI(title=TITLE, lifespan=_lifespan, docs_url="/docs", redoc_url=None)
    install_handlers(app)
    app.add_api_route("/healthz", healthz, methods=["GET"])
    app.add_api_route("/v1/verify", verify, methods=["POST"])
    app.add_api_route("/checkpoint", checkpoint, methods=["GET"])
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    from api.settings import load_settings
    from api.wiring import open_site

    with open_site(load_settings()) as site:
        app.state.site = site
        yield


async def healthz(request: Request) -> dict[str, Any]:
    """Say that the server is up, and how long its ledger is."""
    log = _site(request).deployment.log
    return {"status": "ok", "ledger_size": await run_in_threadpool(log.size)}


async def verify(request: Request) -> dict[str, Any]:
    """Answer where the file in the request's body comes from; nothing of it is kept.

    The body is the file itself. The answer names each layer, its technique and the joint state, see docs/verification.md.
    """
    from api.commands.verify import build_document

    site = _site(request)
    data = await _read_body(request, site.settings.max_bytes)
    return build_document(await run_in_threadpool(site.verifier.verify, data))


async def checkpoint(request: Request) -> Response:
    """Return the ledger's signed checkpoint (C2SP tlog-checkpoint)."""
    signed = await run_in_threadpool(_site(request).deployment.log.checkpoint)
    return Response(signed.note, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})


async def _read_body(request: Request, most: int) -> bytes:
    """Read the body, giving up as soon as it is too long, whatever its declared length."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise AssetTooLargeError(f"expected at most {most} bytes, got more")
        parts.append(part)
    return b"".join(parts)


def _site(request: Request) -> "Site":
    site: Site = request.app.state.site
    return site
