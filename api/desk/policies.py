"""Policies on the desk: packs with their clauses, an editor that tries a change on past assets, history, going back."""

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.frame import render, tell
from api.errors import status_of
from api.form import Form
from api.multipart import MOST_FIELD_BYTES
from api.packs import build_change, build_pack, build_trial
from api.routes.policies import find_candidate, find_packs
from api.routes.works import take_form
from api.service import find_service
from provenance.errors import PackInvalidError, PolicyError

if TYPE_CHECKING:
    from policies.line.deployment import Deployment

LIST: Final = "/desk/policies"
EDIT: Final = f"{LIST}/edit"
ONE: Final = "/desk/policy/{name}"
PAGE: Final = 50
LASTS: Final = (50, 200, 1000)
"""How many past assets a change can be tried on."""

Reads = Annotated[Actor, require(Permission.READ_POLICIES)]
Changes = Annotated[Actor, require(Permission.CHANGE_POLICIES)]


def build_router() -> APIRouter:
    """Build the pages."""
    router = APIRouter(include_in_schema=False)
    for method, path, serve in (
        ("GET", LIST, show_packs), ("POST", f"{LIST}/chosen", choose), ("GET", f"{LIST}/history", show_history),
        ("GET", EDIT, show_editor), ("POST", EDIT, edit), ("GET", ONE, show_pack),
        ("POST", f"{ONE}/activate", activate), ("POST", f"{ONE}/retire", retire),
    ):  # fmt: skip
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


def show_packs(request: Request, actor: Reads) -> HTMLResponse:
    """Show every pack, and which of them decide."""
    return _render_packs(request, actor)


def show_history(request: Request, actor: Reads, before: int = 0) -> HTMLResponse:
    """Show what was done to the packs, newest first."""
    from policies.editing.history import find_changes

    here = find_service(request).deployment(actor)
    found = find_changes(here.database, here.tenant, before=max(before, 0), limit=PAGE + 1)
    more = f"{LIST}/history?before={found[PAGE - 1].sequence}" if len(found) > PAGE else ""
    return render(
        request, "policy_history.html", actor=actor, page="policies", changes=found[:PAGE], next=more,
        first=f"{LIST}/history" if before else "",
    )  # fmt: skip


def show_pack(request: Request, actor: Reads, name: str, sha256: str = "") -> HTMLResponse:
    """Show everything that a pack says, and its versions."""
    return _render_pack(request, actor, name, sha256)


async def choose(request: Request, actor: Changes) -> Any:  # noqa: ANN401 - a page, or where it is
    """Let the packs that are ticked decide where a submission names none."""
    from policies.editing.shelf import choose as choose_packs

    here = find_service(request).deployment(actor)
    async with take_form(request, MOST_FIELD_BYTES) as form:
        names = [key.removeprefix("pack:") for key in form.fields if key.startswith("pack:")]
        try:
            await run_in_threadpool(choose_packs, here, names, author=actor.name, reason=form.text("reason"))
        except PolicyError as exc:
            return await run_in_threadpool(
                _render_packs, request, actor, problem=tell(request, exc), status=status_of(exc)
            )
    return RedirectResponse(f"{LIST}?said=saved", 303)


async def activate(request: Request, actor: Changes, name: str) -> Any:  # noqa: ANN401 - a page, or where it is
    """Let a pack's name stand for one of its versions: the way forward, and the way back."""
    from policies.editing.shelf import activate as activate_pack

    here = find_service(request).deployment(actor)
    async with take_form(request, MOST_FIELD_BYTES) as form:
        given = {"author": actor.name, "reason": form.text("reason")}
        try:
            await run_in_threadpool(activate_pack, here, name, form.text("sha256"), **given)
        except PolicyError as exc:
            return await run_in_threadpool(
                _render_pack, request, actor, name, problem=tell(request, exc), status=status_of(exc)
            )
    return RedirectResponse(f"/desk/policy/{quote(name, safe='')}?said=activated", 303)


async def retire(request: Request, actor: Changes, name: str) -> Any:  # noqa: ANN401 - a page, or where it is
    """Let nobody name a pack any more."""
    from policies.editing.shelf import retire as retire_pack

    here = find_service(request).deployment(actor)
    async with take_form(request, MOST_FIELD_BYTES) as form:
        try:
            await run_in_threadpool(retire_pack, here, name, author=actor.name, reason=form.text("reason"))
        except PolicyError as exc:
            return await run_in_threadpool(
                _render_pack, request, actor, name, problem=tell(request, exc), status=status_of(exc)
            )
    return RedirectResponse(f"{LIST}?said=retired", 303)


def show_editor(request: Request, actor: Changes, name: str = "", sha256: str = "") -> HTMLResponse:
    """Show a pack's document to be changed; of an operator's pack a copy under another name."""
    from policies.editing.shelf import find_version

    here = find_service(request).deployment(actor)
    document, replaces = "", ""
    if name:
        document = find_version(here, name, sha256).document.decode()
        if _is_file(here, name):
            document, replaces = rename(document, f"own-{name}"), name
    return _render_editor(request, actor, document=document, replaces=replaces)


def rename(document: str, name: str) -> str:
    """Return a pack's document under another name."""
    return re.sub(r"(?m)^name:.*$", f"name: {name}", document, count=1)


async def edit(request: Request, actor: Changes) -> Any:  # noqa: ANN401 - a page, or where it is
    """Check, try or save what is in the editor; what is wrong is said with its place, and nothing is lost."""
    here = find_service(request).deployment(actor)
    async with take_form(request, 2 * MOST_FIELD_BYTES) as form:
        return await run_in_threadpool(_edit, request, actor, here, form)


def _edit(request: Request, actor: Actor, here: "Deployment", form: Form) -> Any:  # noqa: ANN401 - as above
    from policies.editing.shelf import parse_draft, parse_problems, save
    from policies.editing.trial import try_pack

    # Browsers send the lines of a text with carriage returns.
    document, step = form.fields.get("document", "").replace("\r\n", "\n"), form.text("step")
    last = int(form.text("last")[:9]) if form.text("last").isdecimal() else LASTS[1]
    shown: dict[str, Any] = {
        "document": document, "replaces": form.text("replaces"), "reason": form.text("reason"), "last": last,
    }  # fmt: skip
    try:
        if step == "try":
            sees, candidate = actor.may(Permission.REVIEW_SENSITIVE), find_candidate(here, document, "")
            trial = try_pack(here, candidate, last=last, replaces=shown["replaces"], sees_sensitive=sees)
            return _render_editor(request, actor, **shown, trial=build_trial(trial))
        if step not in {"save", "activate"}:
            return _render_editor(request, actor, **shown, checked=parse_draft(here, document))
        given = {"author": actor.name, "reason": shown["reason"]}
        pack = save(here, document, activate=step == "activate", **given)
    except PackInvalidError as exc:
        problems = [asdict(one) for one in parse_problems(exc)]
        return _render_editor(request, actor, **shown, problems=problems, status=422)
    except PolicyError as exc:
        return _render_editor(request, actor, **shown, problem=tell(request, exc), status=status_of(exc))
    said = "activated" if step == "activate" else "saved"
    return RedirectResponse(f"/desk/policy/{quote(pack.name, safe='')}?sha256={pack.sha256}&said={said}", 303)


def _render_packs(request: Request, actor: Actor, *, problem: str = "", status: int = 200) -> HTMLResponse:
    here = find_service(request).deployment(actor)
    return render(
        request, "policies.html", actor=actor, page="policies", status=status, problem=problem, **find_packs(here)
    )


def _render_pack(
    request: Request, actor: Actor, name: str, sha256: str = "", *, problem: str = "", status: int = 200
) -> HTMLResponse:
    from policies.editing.history import Kind, find_changes
    from policies.editing.shelf import find_version

    here = find_service(request).deployment(actor)
    pack = find_version(here, name, sha256)
    changes = [one for one in find_changes(here.database, here.tenant) if one.name == name]
    active = here.packs.get(name)
    versions = {one.sha256: build_change(one) for one in reversed(changes) if one.kind is Kind.SAVED}
    return render(
        request, "policy.html", actor=actor, page="policies", status=status, problem=problem, pack=build_pack(pack),
        is_file=_is_file(here, name), versions=list(reversed(versions.values())), changes=changes,
        active=active.sha256 if active else "", decides=name in here.deciding,
    )  # fmt: skip


def _render_editor(
    request: Request,
    actor: Actor,
    *,
    document: str,
    replaces: str = "",
    reason: str = "",
    last: int = LASTS[1],
    problems: list[dict[str, Any]] | None = None,
    problem: str = "",
    trial: dict[str, Any] | None = None,
    checked: Any = None,  # noqa: ANN401 - a pack, lazily known
    status: int = 200,
) -> HTMLResponse:
    here = find_service(request).deployment(actor)
    lines = document.split("\n")
    placed = [{**one, "source": lines[one["line"] - 1] if one["line"] <= len(lines) else ""} for one in problems or ()]
    return render(
        request, "policy_edit.html", actor=actor, page="policies", status=status, document=document,
        replaces=replaces, reason=reason, last=last, lasts=LASTS, problems=placed, problem=problem, trial=trial,
        checked=checked, names=sorted(here.packs), rows=min(max(len(lines) + 2, 16), 40),
    )  # fmt: skip


def _is_file(here: "Deployment", name: str) -> bool:
    """Say whether a pack is the operator's, which only a copy of can be edited."""
    from policies.editing.live import LivePacks

    return name in (here.packs.files if isinstance(here.packs, LivePacks) else here.packs)
