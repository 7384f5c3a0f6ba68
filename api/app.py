"""The HTTP side, for now for those who ask: verification of an upload, and the ledger as a static tree.

`make serve`, or any ASGI server: `uvicorn --factory chopmark:create_app`. Importing this costs nothing heavy; the site
opens when the server starts.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.bounds import Budget, receive
from api.edge import Edge
from api.errors import describe_problems, install_handlers

if TYPE_CHECKING:
    from api.wiring import Site

TITLE: Final = "Chopmark"

_FILE: Final = {
    "required": True,
    "description": "the file itself",
    "content": {
        kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("application/octet-stream", "image/*")
    },
}

# C2SP tlog-tiles: level or "entries", then the number in groups of three digits, then the width if it is not 256.
_TILE: Final = re.compile(r"(entries|[0-9]|[1-5][0-9])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
# C2SP tlog-tiles: full tiles never change; partial ones neither, but they may go.
_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


def create_app() -> FastAPI:
    """Build the application; the site that it serves is the one that the environment's settings name."""
    app = FastAPI(title=TITLE, lifespan=_lifespan, docs_url=None, redoc_url=None)
    install_handlers(app)
    app.add_middleware(Edge)
    app.add_api_route("/healthz", healthz, methods=["GET"])
    app.add_api_route(
        "/v1/verify",
        verify,
        methods=["POST"],
        openapi_extra={"requestBody": _FILE},
        responses=describe_problems(408, 413, 415, 422, 500, 503),
    )
    for path, serve in (("/checkpoint", checkpoint), ("/tile/{path:path}", tile)):
        app.add_api_route(
            path, serve, methods=["GET"], response_class=Response, responses=describe_problems(404, 500, 503)
        )
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    from api.settings import load_settings
    from api.upkeep import keep_up
    from api.wiring import open_site

    with open_site(load_settings()) as site, keep_up(site.deployment):
        app.state.site, app.state.room = site, _Room.build(site)
        yield


@dataclass(frozen=True, slots=True)
class _Room:
    """What the server takes on at a time.

    Attributes:
        uploads: bodies that come or wait, each in a temporary file.
        files: whole files in memory.
        pixels: of the pictures that are looked at.
    """

    uploads: Budget
    files: Budget
    pixels: Budget

    @classmethod
    def build(cls, site: "Site") -> "_Room":
        bounds = site.settings.http
        return cls(
            uploads=Budget("room for an upload", bounds.uploads, wait_s=bounds.wait_s),
            files=Budget("room for a file", bounds.files, wait_s=bounds.wait_s),
            pixels=Budget("room for so many pixels", bounds.pixels, wait_s=bounds.wait_s),
        )


async def healthz(request: Request) -> dict[str, Any]:
    """Say that the server is up, how long its ledger is, and how many decoders have died of a picture."""
    from provenance.media.picture.decoders import DECODERS

    log = _site(request).deployment.log
    return {"status": "ok", "ledger_size": await run_in_threadpool(log.size), "decoder_deaths": DECODERS.deaths}


async def verify(request: Request) -> dict[str, Any]:
    """Answer where the file in the request's body comes from; nothing of it is kept.

    The body is the file itself. The answer names each layer, its technique and the joint state, see
    docs/verification.md.
    """
    from api.commands.verify import build_document

    site, room = _site(request), _room(request)
    bounds, most_bytes = site.settings.http, site.settings.max_bytes
    async with (
        room.uploads.hold(),
        receive(request.stream(), most_bytes=most_bytes, idle_s=bounds.idle_s, total_s=bounds.upload_s) as file,
        room.files.hold(),
        room.pixels.hold(await run_in_threadpool(site.verifier.weigh, file)),
    ):
        return build_document(await run_in_threadpool(site.verifier.verify, file))


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


def _site(request: Request) -> "Site":
    site: Site = request.app.state.site
    return site


def _room(request: Request) -> "_Room":
    room: _Room = request.app.state.room
    return room
