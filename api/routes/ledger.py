"""The ledger as a static tree (C2SP tlog-tiles), for whoever watches it; what entries say, for who may read them.

A leaf shows nothing of what it commits to (`provenance.ledger.entry`), so tiles and bundles are everybody's. What opens
an entry is for auditors of the tenant that it belongs to; bundles of entries that older versions wrote in plain are for
those of the main tenant.
"""

import json
import re
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.access.identity import Actor, Permission
from api.access.refusals import ForbiddenError, NotSignedInError
from api.errors import describe_problems
from api.service import Service, find_service
from provenance.tenant import MAIN

if TYPE_CHECKING:
    from api.wiring import Site
    from provenance.ledger.entry import LedgerEntry

# C2SP tlog-tiles: level or "entries", then the number in groups of three digits, then the width if it is not 256.
_TILE: Final = re.compile(r"(entries|[0-9]|[1-5][0-9])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
# C2SP tlog-tiles: full tiles never change; partial ones neither, but they may go.
_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_OWN: Final = {"Cache-Control": "private, no-store"}
PACKS: Final = "pack."
"""What kinds begin with that tell of packs: who may read those may read this."""


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
            path, serve, methods=["GET"], response_class=Response, responses=describe_problems(401, 403, 404, 500, 503)
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
    """Return the proof of one entry (C2SP tlog-proof), with what opens the entry as its extra data.

    Releases are opened for everybody; all else for auditors of the tenant that it belongs to, and the others get the
    bare leaf. `chopmark audit verify-proof FILE --vkey KEY` checks it anywhere, without a network.
    """
    actor = await run_in_threadpool(request.app.state.doorkeeper.identify, request)
    text = await run_in_threadpool(_build_proof, find_service(request), index, actor)
    name = f"entry-{index}.tlog-proof"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **_OWN}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


def _build_proof(service: Service, index: int, actor: Actor | None) -> str:
    from provenance.ledger.proof import carry

    log = service.site.deployment.log
    entry, proved = log.entry(index), log.proof(index)
    if _may_read(service, actor, entry):
        return carry(proved, entry.opening).text
    return proved.text if entry.is_old else carry(proved, entry.leaf).text


def _may_read(service: Service, actor: Actor | None, entry: "LedgerEntry") -> bool:
    """Say whether what an entry says is for who asks."""
    from provenance.ledger.entry import OPEN

    if entry.kind in OPEN:
        return True
    if actor is None or not service.deployment(actor).log.is_own(entry):
        return False
    return actor.may(Permission.EXPORT) or (entry.kind.startswith(PACKS) and actor.may(Permission.READ_POLICIES))


async def tile(request: Request, path: str) -> Response:
    """Return one tile or entry bundle of the ledger (C2SP tlog-tiles)."""
    from provenance.ledger.tiles import TILE_WIDTH

    found = _TILE.fullmatch(path)
    width = int(found[3] or TILE_WIDTH) if found else 0
    if found is None or width > TILE_WIDTH or (found[3] and width == TILE_WIDTH):
        raise HTTPException(404, "expected tile/LEVEL/NUMBER[.p/WIDTH] as C2SP tlog-tiles spells it")
    number = int(found[2].replace("x", "").replace("/", ""))
    site = find_service(request).site
    if found[1] != "entries":
        hashes = await run_in_threadpool(_read_tile, site, int(found[1]), number, width)
        return Response(hashes, media_type="application/octet-stream", headers=_FOREVER)
    bundle, is_old = await run_in_threadpool(_read_bundle, site, number, width)
    if is_old:
        await run_in_threadpool(_verify_auditor, request)
    return Response(bundle, media_type="application/octet-stream", headers=_OWN if is_old else _FOREVER)


def _verify_auditor(request: Request) -> None:
    """Check that who asks may read what every tenant's entries say.

    Raises:
        NotSignedInError: nobody known asks.
        ForbiddenError: they may not.
    """
    actor = request.app.state.doorkeeper.identify(request)
    told = "these entries were written in plain by a version before 0.7: they are for auditors of the main tenant"
    if actor is None:
        raise NotSignedInError(told)
    if actor.tenant != MAIN or not actor.may(Permission.EXPORT):
        raise ForbiddenError(told)


def _read_tile(site: "Site", level: int, number: int, width: int) -> bytes:
    """Return the first `width` hashes of one tile.

    Raises:
        HTTPException: the tree does not reach so far yet.
    """
    from provenance.ledger.tiles import StoredTree

    log = site.deployment.log
    size = _verify_reach(log.size(), level, number, width)
    with log.database.read() as connection:
        return b"".join(StoredTree(connection, size).tile(level, number)[:width])


def _read_bundle(site: "Site", number: int, width: int) -> tuple[bytes, bool]:
    """Return the first `width` leaves of one tile, and whether one of them shows what is not for everybody.

    Raises:
        HTTPException: the tree does not reach so far yet.
    """
    from provenance.ledger.tiles import TILE_WIDTH, build_bundle

    log = site.deployment.log
    _verify_reach(log.size(), 0, number, width)
    first = number * TILE_WIDTH
    entries = list(log.entries(first=first, stop=first + width))
    return build_bundle(entries), any(entry.is_old for entry in entries)


def _verify_reach(size: int, level: int, number: int, width: int) -> int:
    from provenance.ledger.tiles import tile_width

    if tile_width(size, level, number) < width:
        raise HTTPException(404, f"the ledger has {size} entries, too few for this tile")
    return size
