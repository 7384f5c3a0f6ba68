"""Create on the desk: hand in a file, or ask for a picture in one sentence, and follow it through the gate.

What will be checked and marked is said before anything is handed in. Whoever handed something in sees where it stands,
why it was held or blocked, and has what was released; nobody else's submissions are shown.
"""

import json
import uuid
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.frame import render, tell
from api.desk.language import find_language
from api.errors import status_of
from api.foretelling import add_packs, foretell
from api.form import receive_upload
from api.orders import Brought, check_order, claim_type, parse_order
from api.routes.releases import accept, find_visible, tell_release
from api.schemas.release import FormOrder
from api.service import find_service
from generation.presets.preset import PresetError, find_preset, load_presets
from policies.line.standing import list_standings
from provenance.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.form import Upload
    from policies.line.deployment import Deployment

CREATE: Final = "/desk/create"
SHOWN: Final = 20
"""Of one's own submissions, on the page of the form."""
_FORM_FIELDS: Final = ("key", "preset", "words", "model_name")

Submitter = Annotated[Actor, require(Permission.RELEASE)]


def build_router() -> APIRouter:
    """Build the pages."""
    router = APIRouter(include_in_schema=False)
    for method, path, serve in (
        ("GET", CREATE, show_form), ("POST", CREATE, hand_in), ("GET", f"{CREATE}/{{release_id}}", show_one),
    ):  # fmt: skip
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


def show_form(request: Request, actor: Submitter) -> HTMLResponse:
    """Show what can be asked for, what will be done with it, and what was handed in before."""
    return _render_form(request, actor)


async def hand_in(request: Request, actor: Submitter) -> Any:  # noqa: ANN401 - a page, or where it is
    """Take a file or a sentence, and lead to where it stands; what is wrong is said beside the form."""
    service = find_service(request)
    here, bounds = service.deployment(actor), service.site.settings.http
    fields: dict[str, str] = {}
    try:
        async with (
            service.room.uploads.hold(),
            receive_upload(
                request.headers.get("content-type", ""),
                request.stream(),
                most_bytes=here.limits.max_bytes,
                idle_s=bounds.idle_s,
                total_s=bounds.upload_s,
            ) as form,
        ):
            fields = {name: _first(form.fields, name) for name in _FORM_FIELDS}
            brought = _read(here, form, fields)
            release_id = await accept(service, here, brought, actor, f"desk:{fields['key'][:64]}", at_once=True)
    except GateError as exc:
        status = 422 if isinstance(exc, PresetError) else status_of(exc)
        if exc.retryable or status >= 500:
            raise
        return await run_in_threadpool(_render_form, request, actor, fields, tell(request, exc), status)
    return RedirectResponse(f"{CREATE}/{release_id}", 303)


def show_one(request: Request, actor: Submitter, release_id: str) -> HTMLResponse:
    """Show where something stands that was handed in, and go on looking until its end."""
    here = find_service(request).deployment(actor)
    standing = find_visible(here, release_id, actor)
    told = tell_release(here, standing)
    part = "create_part.html" if request.headers.get("hx-request") else "create_one.html"
    return render(request, part, actor=actor, page="create", one=told, decision=standing.decision)


def _read(here: "Deployment", form: "Upload", fields: "Mapping[str, str]") -> Brought:
    """Return what a form brings: a file with what it was made from, or a sentence in a preset's words.

    Raises:
        GateError: it brings neither, or what does not fit.
    """
    words = fields["words"]
    if form.file is not None:
        values: dict[str, Any] = {"name": [form.file_name[:255]], "type": [claim_type(form.file_type)]}
        values |= {"prompt": [words]} if words else {}
        model = fields["model_name"]
        values |= {"recipe": [json.dumps({"model_name": model})]} if model else {}
        return check_order(here, Brought(parse_order(FormOrder, values), form.file))
    preset = find_preset(fields["preset"]) if fields["preset"] else None
    if preset is not None and preset.needs_photo:
        raise PresetError(f"{preset.name} begins with a photograph: chopmark create {preset.name} --photo FILE")
    prompt = words if preset is None else preset.build_prompt(words)
    values = {"prompt": [prompt]} if prompt else {}
    if preset is not None:
        width, height = preset.size
        values |= {"width": [str(width)], "height": [str(height)], "packs": list(add_packs(here, preset.packs))}
    return check_order(here, Brought(parse_order(FormOrder, values), None))


def _render_form(
    request: Request, actor: Actor, fields: "Mapping[str, str] | None" = None, problem: str = "", status: int = 200
) -> HTMLResponse:
    service = find_service(request)
    here = service.deployment(actor)
    mine = list_standings(here, most=SHOWN, submitter=actor.id)
    return render(
        request, "create.html", actor=actor, page="create", status=status, problem=problem, mine=mine,
        fields={name: (fields or {}).get(name, "") for name in _FORM_FIELDS}, key=uuid.uuid4().hex,
        presets=tuple(one for one in load_presets().values() if not one.needs_photo), foretold=foretell(here),
        most_bytes=here.limits.max_bytes, said_in=find_language(request), titles=_load_titles(),
    )  # fmt: skip


@cache
def _load_titles() -> dict[str, str]:
    """Return the packs that come along by name, with what presets call them."""
    from policies.rules.loader import builtin_packs

    return {pack.name: pack.title for pack in builtin_packs()}


def _first(fields: "Mapping[str, Sequence[str]]", name: str) -> str:
    return fields[name][0].strip() if fields.get(name) else ""
