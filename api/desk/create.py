"""Create on the desk: hand in a file, or ask for a picture in one sentence, and follow it through the gate.

What will be checked and marked is said before anything is handed in. Whoever handed something in sees where it stands,
why it was held or blocked, and has what was released; nobody else's submissions are shown.
"""

import json
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.clips import ANIMATE, EXTEND
from api.desk.frame import render, tell
from api.desk.language import find_language
from api.errors import status_of
from api.foretelling import add_packs, foretell
from api.form import receive_upload
from api.orders import Brought, check_order, claim_type, parse_order
from api.routes.consents import find_limit
from api.routes.releases import accept, find_visible, tell_release
from api.schemas.release import Animation, FormOrder
from api.service import find_service
from generation.presets.preset import PresetError, find_preset, load_presets
from policies.line.standing import Progress, list_standings
from provenance.errors import AssetNotFoundError, GateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.form import Upload
    from api.schemas.release import Order
    from api.service import Service
    from api.settings import Http
    from generation.presets.preset import Preset
    from policies.consents import Consent
    from policies.line.deployment import Deployment
    from policies.line.standing import Standing

CREATE: Final = "/desk/create"
WAYS: Final = ("file", "words", "portrait", "clip")
"""What can be asked for, one form each; a form's key ends with its own."""
MOST_CONSENTS: Final = 200
SHOWN: Final = 20
"""Of one's own submissions, on the page of the form."""
_CLIP_FIELDS: Final = ("clip", "of", "seconds", "move", "say", "ambience", "music")
_FORM_FIELDS: Final = ("key", "preset", "words", "model_name", "consent", *_CLIP_FIELDS)

MOVES: Final = get_args(Animation.model_fields["move"].annotation)
SOUNDS: Final = get_args(Animation.model_fields["ambience"].annotation)

Submitter = Annotated[Actor, require(Permission.RELEASE)]


def build_router() -> APIRouter:
    """Build the pages."""
    router = APIRouter(include_in_schema=False)
    for method, path, serve in (
        ("GET", CREATE, show_form), ("POST", CREATE, hand_in), ("GET", f"{CREATE}/{{release_id}}", show_one),
    ):  # fmt: skip
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


def show_form(
    request: Request,
    actor: Submitter,
    way: Annotated[str, Query(max_length=16)] = "",
    of: Annotated[str, Query(max_length=36)] = "",
) -> HTMLResponse:
    """Show what can be asked for, what will be done with it, and what was handed in before; a clip is made `of` it."""
    return _render_form(request, actor, {"of": of, "key": way or ("clip" if of else "")})


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
            brought = await run_in_threadpool(_read, here, form, fields, actor, bounds)
            release_id = await accept(service, here, brought, actor, f"desk:{fields['key'][:64]}", at_once=True)
    except GateError as exc:
        status = 422 if isinstance(exc, PresetError) else status_of(exc)
        if exc.retryable or status >= 500:
            raise
        return await run_in_threadpool(_render_form, request, actor, fields, tell(request, exc), status)
    return RedirectResponse(f"{CREATE}/{release_id}", 303)


def show_one(request: Request, actor: Submitter, release_id: str) -> HTMLResponse:
    """Show where something stands that was handed in, and go on looking until its end."""
    service = find_service(request)
    here = service.deployment(actor)
    standing = find_visible(here, release_id, actor)
    told, clip_s = tell_release(here, standing), _find_clip_s(service, here)
    part = "create_part.html" if request.headers.get("hx-request") else "create_one.html"
    return render(request, part, actor=actor, page="create", one=told, decision=standing.decision, clip_s=clip_s)


def _read(here: "Deployment", form: "Upload", fields: "Mapping[str, str]", actor: Actor, bounds: "Http") -> Brought:
    """Return what a form brings: a file with what it was made from, a sentence in a preset's words, or a clip's wish.

    Raises:
        GateError: it brings none, or what does not fit.
    """
    words = fields["words"]
    preset = find_preset(fields["preset"]) if fields["preset"] else None
    if fields["clip"]:
        return check_order(here, Brought(_read_clip(here, form, fields, actor), form.file), bounds)
    if preset is not None and preset.needs_photo:
        return check_order(here, Brought(_read_portrait(form, fields, preset), form.file), bounds)
    if form.file is not None:
        values: dict[str, Any] = {"name": [form.file_name[:255]], "type": [claim_type(form.file_type)]}
        values |= {"prompt": [words]} if words else {}
        model = fields["model_name"]
        values |= {"recipe": [json.dumps({"model_name": model})]} if model else {}
        return check_order(here, Brought(parse_order(FormOrder, values), form.file), bounds)
    prompt = words if preset is None else preset.build_prompt(words)
    values = {"prompt": [prompt]} if prompt else {}
    if preset is not None:
        width, height = preset.size
        values |= {"width": [str(width)], "height": [str(height)], "packs": list(add_packs(here, preset.packs))}
    return check_order(here, Brought(parse_order(FormOrder, values), None), bounds)


def _read_portrait(form: "Upload", fields: "Mapping[str, str]", preset: "Preset") -> "Order":
    """Return the order of a portrait: a photograph, a style, and who agreed."""
    about = {"purpose": preset.purpose, "consents": fields["consent"].split()}
    values = {
        "restyle": [json.dumps({"style": preset.style})],
        "context": [json.dumps(about)],
        "prompt": [preset.build_prompt(fields["words"])],
        "name": [form.file_name[:255]],
    }
    return parse_order(FormOrder, values)


def _read_clip(here: "Deployment", form: "Upload", fields: "Mapping[str, str]", actor: Actor) -> "Order":
    """Return the order of a clip: a picture is to move, a clip to go on."""
    if form.file is not None:
        found = here.media.find(form.file.read_at(0, 4096))
        is_clip = found is not None and found[1].value.startswith("video/")
    else:
        is_clip = bool(fields["of"]) and find_visible(here, fields["of"], actor).media_type.startswith("video/")
    wanted: dict[str, Any] = {"of": fields["of"], "seconds": fields["seconds"] or "5", "music": bool(fields["music"])}
    if not is_clip:
        said = [line.strip() for line in fields["say"].splitlines() if line.strip()]
        wanted |= {"move": fields["move"] or "auto", "say": said, "ambience": fields["ambience"]}
    values: dict[str, Any] = {EXTEND if is_clip else ANIMATE: [json.dumps(wanted)], "name": [form.file_name[:255]]}
    return parse_order(FormOrder, values | ({"prompt": [fields["words"]]} if fields["words"] else {}))


def _render_form(
    request: Request, actor: Actor, fields: "Mapping[str, str] | None" = None, problem: str = "", status: int = 200
) -> HTMLResponse:
    service = find_service(request)
    here = service.deployment(actor)
    mine = list_standings(here, most=SHOWN, submitter=actor.id)
    clip_s, wanted = _find_clip_s(service, here), (fields or {}).get("key", "").rpartition("-")[2]
    ways = WAYS if clip_s else WAYS[:-1]
    pictures = [one for one in load_presets().values() if one.makes == "picture"]
    return render(
        request, "create.html", actor=actor, page="create", status=status, problem=problem, mine=mine,
        fields={name: (fields or {}).get(name, "") for name in _FORM_FIELDS}, key=uuid.uuid4().hex,
        presets=[one for one in pictures if not one.needs_photo], foretold=foretell(here),
        portraits=[one for one in pictures if one.needs_photo], consents=_list_consents(here, actor),
        most_bytes=here.limits.max_bytes, said_in=find_language(request), titles=_load_titles(),
        clip_s=clip_s, ways=ways, way=wanted if wanted in ways else WAYS[0], moves=MOVES, sounds=SOUNDS,
        of=_find_source(here, (fields or {}).get("of", ""), actor),
    )  # fmt: skip


def _list_consents(here: "Deployment", actor: Actor) -> "list[Consent]":
    """Return the consents that stand today and that this person may see, the newest first."""
    from policies.consents import list_consents

    if not actor.may(Permission.RECORD_CONSENTS):
        return []
    found = list_consents(here.database, here.tenant, recorder_id=find_limit(actor), limit=MOST_CONSENTS)
    today = datetime.now(UTC).date()
    return [one for one in reversed(found) if not one.revoked_at and one.last_day >= today]


def _find_clip_s(service: "Service", here: "Deployment") -> float:
    """Return how long a clip may be, 0 where none is made here."""
    takes_clips = "video" in {medium.name for medium in here.media}
    return service.site.settings.http.clip_s if takes_clips else 0.0


def _find_source(here: "Deployment", release_id: str, actor: Actor) -> "Standing | None":
    """Return one's own release that a clip is to be made of, or None."""
    try:
        found = find_visible(here, release_id, actor) if release_id else None
    except AssetNotFoundError:
        return None
    return found if found is not None and found.progress is Progress.RELEASED else None


@cache
def _load_titles() -> dict[str, str]:
    """Return the packs that come along by name, with what presets call them."""
    from policies.rules.loader import builtin_packs

    return {pack.name: pack.title for pack in builtin_packs()}


def _first(fields: "Mapping[str, Sequence[str]]", name: str) -> str:
    return fields[name][0].strip() if fields.get(name) else ""
