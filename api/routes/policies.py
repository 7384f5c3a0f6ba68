"""Packs: list, read, check, explain, try on past assets before saving, save, activate, go back; each on the ledger."""

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.concurrency import run_in_threadpool

from api.access.guard import PERMISSION, require
from api.access.identity import Actor, Permission
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.errors import describe_problems
from api.packs import build_change, build_explanation, build_pack, build_summary, build_trial
from api.service import find_service

if TYPE_CHECKING:
    from policies.line.deployment import Deployment
    from policies.rules.pack import Pack

MOST_CHARS: Final = 256 * 1024
"""Of a pack's document, as `policies.rules.document` bounds it."""

Reads = Annotated[Actor, require(Permission.READ_POLICIES)]
Changes = Annotated[Actor, require(Permission.CHANGE_POLICIES)]
Name = Annotated[str, Path(max_length=255)]
Document = Annotated[str, Body(max_length=MOST_CHARS)]
Reason = Annotated[str, Body(max_length=2000)]
Sha256 = Annotated[str, Query(pattern=r"^([0-9a-f]{64})?$")]


def build_router() -> APIRouter:
    """Build the routes of packs."""
    router = APIRouter(tags=["policies"])
    routes: tuple[tuple[str, str, Any, Permission], ...] = (
        ("GET", "/v1/policies", list_packs, Permission.READ_POLICIES),
        ("GET", "/v1/policies/{name}", read, Permission.READ_POLICIES),
        ("GET", "/v1/policies/explanations/{asset_id}", explain_asset, Permission.READ_POLICIES),
        ("GET", "/v1/policy-changes", list_changes, Permission.READ_POLICIES),
        ("POST", "/v1/policies/check", check, Permission.READ_POLICIES),
        ("POST", "/v1/policies/what-if", what_if, Permission.READ_POLICIES),
        ("POST", "/v1/policies/chosen", choose, Permission.CHANGE_POLICIES),
        ("PUT", "/v1/policies/{name}", save, Permission.CHANGE_POLICIES),
        ("POST", "/v1/policies/{name}/activate", activate, Permission.CHANGE_POLICIES),
        ("POST", "/v1/policies/{name}/retire", retire, Permission.CHANGE_POLICIES),
    )
    for method, path, serve, permission in routes:
        router.add_api_route(
            path, serve, methods=[method], responses=describe_problems(401, 403, 404, 422, 500, 503),
            openapi_extra={PERMISSION: permission},
        )  # fmt: skip
    return router


async def list_packs(request: Request, actor: Reads) -> dict[str, Any]:
    """Return every pack that a submission may name, and which of them decide where it names none.

    `origin` is file for the operator's packs, which only a copy of can be edited, and own for the tenant's.
    """
    here = find_service(request).deployment(actor)
    return await run_in_threadpool(find_packs, here)


def find_packs(here: "Deployment") -> dict[str, Any]:
    """Return the packs of a deployment as a list."""
    from policies.editing.live import LivePacks

    files = here.packs.files if isinstance(here.packs, LivePacks) else here.packs
    deciding = here.deciding
    packs = [
        {
            **build_summary(pack),
            "origin": "file" if name in files else "own",
            "decides": name in deciding,
            "clauses": len(pack.thresholds) + len(pack.rules) + len(pack.requires) + len(pack.obligations),
        }
        for name, pack in sorted(here.packs.items())
    ]
    return {"packs": packs, "chosen": list(deciding)}


async def read(request: Request, actor: Reads, name: Name, sha256: Sha256 = "") -> dict[str, Any]:
    """Return everything that one pack says, with its document; `sha256` names an earlier version that was saved."""
    from policies.editing.shelf import find_version

    here = find_service(request).deployment(actor)
    pack = await run_in_threadpool(find_version, here, name, sha256)
    return {**build_pack(pack), "document": pack.document.decode()}


async def list_changes(
    request: Request,
    actor: Reads,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Return what was done to the packs, newest first."""
    from policies.editing.history import find_changes

    here = find_service(request).deployment(actor)

    last = parse_cursor(cursor)
    before = int(last[:18]) if last.isdecimal() and last.isascii() else 0
    found = await run_in_threadpool(find_changes, here.database, here.tenant, before=before, limit=limit + 1)
    return build_page([build_change(one) for one in found], [str(one.sequence) for one in found], most=limit)


async def explain_asset(
    request: Request,
    actor: Reads,
    asset_id: Annotated[str, Path(max_length=36)],
    pack: Annotated[list[str] | None, Query()] = None,
) -> dict[str, Any]:
    """Say why an asset was released, held or blocked; with `pack`, what those would make of it instead."""
    here = find_service(request).deployment(actor)
    return await run_in_threadpool(
        explain_record, here, asset_id, tuple(pack or ()), sees_sensitive=actor.may(Permission.REVIEW_SENSITIVE)
    )


def explain_record(
    here: "Deployment", asset_id: str, names: tuple[str, ...] = (), *, sees_sensitive: bool
) -> dict[str, Any]:
    """Return the decision about an asset in words, or what other packs would make of its signals.

    Raises:
        AssetNotFoundError: the tenant has no such asset, or none that who asks may know of.
        PolicyError: it was not decided about yet, or a pack is unknown.
    """
    from policies.line.records import asset_row, find_signals, latest_decision, parse_asset
    from policies.refusals import NotWaitingError
    from policies.review.job import verify_visible
    from policies.rules.explanation import explain
    from policies.rules.explanation import what_if as decide_by
    from provenance.asset import AssetId
    from provenance.errors import UnknownPackError

    with here.database.read() as connection:
        row = asset_row(connection, AssetId(asset_id), here.tenant)
        verify_visible(connection, AssetId(asset_id), sees_sensitive=sees_sensitive)
        signals, decision = find_signals(connection, row["id"]), latest_decision(connection, row["id"])
    if names:
        unknown = [name for name in names if name not in here.packs]
        if unknown:
            raise UnknownPackError(f"no pack is named {unknown[0][:80]!r}")
        decision = decide_by(signals, [here.packs[name] for name in names], asset=parse_asset(row))
    if decision is None:
        raise NotWaitingError(f"asset {asset_id} was accepted, but not decided about yet")
    return build_explanation(decision, explain(decision, signals))


async def check(
    request: Request, actor: Reads, document: Document, name: Annotated[str, Body(max_length=255)] = ""
) -> dict[str, Any]:
    """Validate a pack's document whole, and say of every problem where it is; nothing is kept."""
    here = find_service(request).deployment(actor)
    return await run_in_threadpool(check_draft, here, document, name)


def check_draft(here: "Deployment", document: str, name: str = "") -> dict[str, Any]:
    """Return whether a document is a pack, and every problem with line and column."""
    from dataclasses import asdict

    from policies.editing.shelf import parse_draft, parse_problems
    from provenance.errors import PackInvalidError

    try:
        pack = parse_draft(here, document, name=name)
    except PackInvalidError as exc:
        return {"ok": False, "problems": [asdict(problem) for problem in parse_problems(exc)]}
    return {"ok": True, "problems": [], "pack": build_summary(pack)}


async def what_if(
    request: Request,
    actor: Reads,
    document: Document = "",
    name: Annotated[str, Body(max_length=255)] = "",
    replaces: Annotated[str, Body(max_length=255)] = "",
    last: Annotated[int, Body(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """Say what a pack would have made of the last assets: a document that was not saved, or a pack by name.

    It takes the place of the pack of its own name, and of `replaces`; each asset's stored signals are decided again.
    """
    here = find_service(request).deployment(actor)

    sees = actor.may(Permission.REVIEW_SENSITIVE)
    return await run_in_threadpool(
        try_candidate, here, document, name, replaces=replaces, last=last, sees_sensitive=sees
    )


def try_candidate(
    here: "Deployment", document: str, name: str, *, replaces: str, last: int, sees_sensitive: bool
) -> dict[str, Any]:
    """Return what a document, or a pack by name, would have made of the last assets."""
    from policies.editing.trial import try_pack

    candidate = find_candidate(here, document, name)
    return build_trial(try_pack(here, candidate, last=last, replaces=replaces, sees_sensitive=sees_sensitive))


def find_candidate(here: "Deployment", document: str, name: str) -> "Pack":
    """Return the pack to be tried: of a document, which may be a changed copy of any pack, or by name.

    Raises:
        PackInvalidError: the document is none.
        UnknownPackError: no pack has the name.
    """
    from policies.editing.shelf import find_name, find_version
    from policies.rules.parsing import parse_pack

    if not document:
        return find_version(here, name)
    return parse_pack(document.encode(), file=f"{name or find_name(document) or 'pack'}.yaml")


async def choose(
    request: Request, actor: Changes, packs: Annotated[list[str], Body(max_length=20)], reason: Reason
) -> dict[str, Any]:
    """Let these packs decide where a submission names none, from the next one on."""
    from policies.editing.shelf import choose as choose_packs

    here = find_service(request).deployment(actor)

    change = await run_in_threadpool(choose_packs, here, packs, author=actor.name, reason=reason)
    return build_change(change)


async def save(
    request: Request,
    actor: Changes,
    name: Name,
    document: Document,
    reason: Reason,
    *,
    activate: Annotated[bool, Body()] = False,
) -> dict[str, Any]:
    """Keep a version of an own pack; with `activate` its name stands for it from now on."""
    from policies.editing.shelf import save as save_pack

    here = find_service(request).deployment(actor)

    pack = await run_in_threadpool(
        save_pack, here, document, author=actor.name, reason=reason, activate=activate, name=name
    )
    return build_summary(pack)


async def activate(
    request: Request, actor: Changes, name: Name, sha256: Annotated[str, Body(max_length=64)], reason: Reason
) -> dict[str, Any]:
    """Let a pack's name stand for a version that was saved: a newer one, or an earlier one to go back to."""
    from policies.editing.shelf import activate as activate_pack

    here = find_service(request).deployment(actor)

    made = await run_in_threadpool(activate_pack, here, name, sha256, author=actor.name, reason=reason)
    return {"is_changed": made is not None, **({} if made is None else {"change": build_change(made)})}


async def retire(
    request: Request, actor: Changes, name: Name, reason: Annotated[str, Body(embed=True, max_length=2000)]
) -> dict[str, Any]:
    """Let nobody name an own pack any more; its versions and what was decided by it stay."""
    from policies.editing.shelf import retire as retire_pack

    here = find_service(request).deployment(actor)

    return build_change(await run_in_threadpool(retire_pack, here, name, author=actor.name, reason=reason))
