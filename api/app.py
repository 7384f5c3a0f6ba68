"""The HTTP side, for now for those who ask: verification of an upload, and the ledger as a static tree.

`uvicorn --factory api.app:create_app`. Importing this costs nothing heavy; the site opens when the server starts.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.errors import install_handlers
from provenance.errors import AssetTooLargeError

if TYPE_CHECKING:
    from api.wiring import Site

TITLE: Final = "Chopmark"

# Answers are data, never pages: nothing in them may run, be framed, or be guessed to be of another type.
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# C2SP tlog-tiles: level or "entries", then the number in groups of three digits, then the width if it is not 256.
_TILE: Final = re.compile(r"(entries|[0-9]|[1-5][0-9])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
# C2SP tlog-tiles: full tiles never change; partial ones neither, but they may go.
_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


def create_app() -> FastAPI:
    """Build the application; the site that it serves is the one that the environment's settings name."""
    app = FastAPI(title=TITLE, lifespan=_lifespan, docs_url=None, redoc_url=None)
    install_handlers(app)
    app.middleware("http")(add_security_headers)
    app.add_api_route("/healthz", healthz, methods=["GET"])
    app.add_api_route("/v1/verify", verify, methods=["POST"])
    app.add_api_route("/checkpoint", checkpoint, methods=["GET"], response_class=Response)
    app.add_api_route("/tile/{path:path}", tile, methods=["GET"], response_class=Response)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    from api.settings import load_settings
    from api.wiring import open_site

    with open_site(load_settings()) as site:
        app.state.site = site
        yield


async def add_security_headers(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    """Add the headers that every answer has; what is asked about a file is nobody's to keep."""
    response = await call(request)
    response.headers.update(SECURITY_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


async def healthz(request: Request) -> dict[str, Any]:
    """Say that the server is up, and how long its ledger is."""
    log = _site(request).deployment.log
    return {"status": "ok", "ledger_size": await run_in_threadpool(log.size)}


async def verify(request: Request) -> dict[str, Any]:
    """Answer where the file in the request's body comes from; nothing of it is kept.

    The body is the file itself. The answer names each layer, its technique and the joint state, see
    docs/verification.md.
    """
    from api.commands.verify import build_document

    site = _site(request)
    data = await _read_body(request, site.settings.max_bytes)
    return build_document(await run_in_threadpool(site.verifier.verify, data))


async def checkpoint(request: Request) -> Response:
    """Return the ledger's signed checkpoint (C2SP tlog-checkpoint)."""
    signed = await run_in_threadpool(_site(request).deployment.log.checkpoint)
    return Response(signed.note, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})


async def tile(request: Request, path: str) -> Response:
    """Return one tile or entry bundle of the ledger (C2SP tlog-tiles)."""
    from provenance.ledger.tiles import TILE_WIDTH

    found = _TILE.fullmatch(path)
    width = int(found[3] or TILE_WIDTH) if found else 0
    if found is None or width > TILE_WIDTH or (found[3] and width == TILE_WIDTH):
        raise HTTPException(404, "expected tile/LEVEL/NUMBER[.p/WIDTH] as C2SP tlog-tiles spells it")
    number = int(found[2].replace("x", "").replace("/", ""))
    data = await run_in_threadpool(_read_tile, _site(request), found[1], number, width)
    return Response(data, media_type="application/octet-stream", headers=_FOREVER)


def _read_tile(site: "Site", level: str, number: int, width: int) -> bytes:
    """Return the first `width` hashes, or entries, of one tile.

    Raises:
        HTTPException: the tree does not reach so far yet.
    """
    from provenance.ledger.tiles import TILE_WIDTH, StoredTree, build_bundle, tile_width

    log = site.deployment.log
    at = 0 if level == "entries" else int(level)
    size = log.size()
    if tile_width(size, at, number) < width:
        raise HTTPException(404, f"the ledger has {size} entries, too few for this tile")
    if level == "entries":
        first = number * TILE_WIDTH
        return build_bundle(list(log.entries(first=first, stop=first + width)))
    with log.database.read() as connection:
        return b"".join(StoredTree(connection, size).tile(at, number)[:width])


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
