"""The ledger as a static tree (C2SP tlog-tiles), for whoever watches it."""

import json
import re
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.errors import describe_problems
from api.service import find_service

if TYPE_CHECKING:
    from api.wiring import Site

# C2SP tlog-tiles: level or "entries", then the number in groups of three digits, then the width if it is not 256.
_TILE: Final = re.compile(r"(entries|[0-9]|[1-5][0-9])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
# C2SP tlog-tiles: full tiles never change; partial ones neither, but they may go.
_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


def build_router() -> APIRouter:
    """Build the routes of the ledger."""
    router = APIRouter(tags=["ledger"])
    for path, serve in (
        ("/checkpoint", checkpoint),
        ("/tile/{path:path}", tile),
        ("/v1/proofs/{index}", proof),
        ("/v1/ledger/keys", keys),
    ):
        router.add_api_route(
            path, serve, methods=["GET"], response_class=Response, responses=describe_problems(404, 500, 503)
        )
    return router


async def checkpoint(request: Request) -> Response:
    """Return the ledger's signed checkpoint (C2SP tlog-checkpoint)."""
    signed = await run_in_threadpool(find_service(request).site.deployment.log.checkpoint)
    return Response(signed.note, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})


async def keys(request: Request) -> Response:
    """Return every key that has signed the ledger, and the hand-overs by which each proves the next."""
    text = await run_in_threadpool(_build_keys, find_service(request).site)
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-cache"})


def _build_keys(site: "Site") -> str:
    from provenance.ledger.handover import build_history

    return json.dumps(build_history(site.deployment.log.keys()), indent=1) + "\n"


async def proof(request: Request, index: Annotated[int, Path(ge=0, lt=(1 << 63) - 1)]) -> Response:
    """Return one entry and its proof in one file (C2SP tlog-proof, the entry as its extra data).

    `chopmark audit verify-proof FILE --vkey KEY` checks it anywhere, without a network.
    """
    text = await run_in_threadpool(_build_proof, find_service(request).site, index)
    name = f"entry-{index}.tlog-proof"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


def _build_proof(site: "Site", index: int) -> str:
    from provenance.ledger.proof import carry_leaf

    log = site.deployment.log
    entry = log.entry(index)
    return carry_leaf(log.proof(index), entry.leaf).text


async def tile(request: Request, path: str) -> Response:
    """Return one tile or entry bundle of the ledger (C2SP tlog-tiles)."""
    from provenance.ledger.tiles import TILE_WIDTH

    found = _TILE.fullmatch(path)
    width = int(found[3] or TILE_WIDTH) if found else 0
    if found is None or width > TILE_WIDTH or (found[3] and width == TILE_WIDTH):
        raise HTTPException(404, "expected tile/LEVEL/NUMBER[.p/WIDTH] as C2SP tlog-tiles spells it")
    number = int(found[2].replace("x", "").replace("/", ""))
    data = await run_in_threadpool(_read_tile, find_service(request).site, found[1], number, width)
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
