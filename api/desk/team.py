"""Team and keys: who is let in, with which roles, by which sessions and keys; invite, change, end."""

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.guard import require
from api.access.identity import GRANTED, Actor, Permission, Role
from api.access.refusals import AccessError
from api.desk.frame import render
from api.desk.sign_in import read_form, tell
from api.errors import status_of
from api.service import Service, find_service

if TYPE_CHECKING:
    from api.form import Form
    from policies.line.deployment import Deployment

Manages = Annotated[Actor, require(Permission.MANAGE_PEOPLE)]
Id = Annotated[str, Path(max_length=36)]

_TEAM: Final = "/desk/team"
DAYS: Final = (30, 90, 365)
"""After which a new key ends, as the form offers it."""


def build_router() -> APIRouter:
    """Build the pages of people and keys."""
    router = APIRouter(include_in_schema=False)
    for path, method, serve in (
        ("", "GET", show_team),
        ("/people", "POST", invite),
        ("/people/{person_id}", "GET", show_person),
        ("/people/{person_id}/roles", "POST", change_roles),
        ("/people/{person_id}/forget", "POST", forget_person),
        ("/people/{person_id}/{move}", "POST", change_person),
        ("/keys", "POST", create_key),
        ("/keys/{key_id}/revoke", "POST", revoke_key),
        ("/sessions/{session_id}/revoke", "POST", end_session),
    ):
        router.add_api_route(f"{_TEAM}{path}", serve, methods=[method], response_class=HTMLResponse)
    return router


async def show_team(request: Request, actor: Manages) -> Response:
    """Show people, keys and sessions."""
    return await _show(request, actor)


async def invite(request: Request, actor: Manages) -> Response:
    """Add somebody, and show the link by which they sign in, this once."""
    from api.access import link, person

    service, form = find_service(request), await read_form(request)
    here, access = service.deployment(actor), service.site.settings.access

    def _add() -> dict[str, Any]:
        made = person.add_person(
            here, name=form.text("name"), roles=_read_roles(form), email=form.text("email"), by=actor
        )
        _, token = link.make_link(here, made.id, lasts_s=access.link_s, by=actor)
        return {"link": link.build_address(service.site.settings.http.origin, token), "whose": made.name}

    try:
        made = await run_in_threadpool(_add)
    except AccessError as exc:
        return await _show(request, actor, exc, form=form, about="person")
    return await _show(request, actor, **made)


async def create_key(request: Request, actor: Manages) -> Response:
    """Make a key, and show it, this once."""
    from api.access import key

    here, form = find_service(request).deployment(actor), await read_form(request)
    days = form.text("days")

    def _make() -> dict[str, Any]:
        roles = _read_roles(form)
        made, token = key.create_key(
            here, name=form.text("name"), roles=roles, days=int(days[:9]) if days.isdecimal() else None, by=actor
        )
        return {"key": token, "whose": made.name}

    try:
        made = await run_in_threadpool(_make)
    except AccessError as exc:
        return await _show(request, actor, exc, form=form, about="key")
    return await _show(request, actor, **made)


async def revoke_key(request: Request, actor: Manages, key_id: Id) -> Response:
    """End a key."""
    from api.access import key

    await run_in_threadpool(key.revoke_key, find_service(request).deployment(actor), key_id, by=actor)
    return RedirectResponse(f"{_TEAM}?said=ended#keys", 303)


async def end_session(request: Request, actor: Manages, session_id: Id) -> Response:
    """End a session."""
    from api.access import session

    await run_in_threadpool(session.revoke_session, find_service(request).deployment(actor), session_id, by=actor)
    return RedirectResponse(f"{_TEAM}?said=ended#sessions", 303)


async def show_person(request: Request, actor: Manages, person_id: Id) -> Response:
    """Show one person."""
    return await _show_person(request, actor, person_id)


async def change_roles(request: Request, actor: Manages, person_id: Id) -> Response:
    """Give a person other roles."""
    from api.access import person

    here, form = find_service(request).deployment(actor), await read_form(request)
    try:
        await run_in_threadpool(person.set_roles, here, person_id, _read_roles(form), by=actor)
    except AccessError as exc:
        return await _show_person(request, actor, person_id, exc)
    return RedirectResponse(f"{_TEAM}/people/{person_id}?said=saved", 303)


async def change_person(request: Request, actor: Manages, person_id: Id, move: str) -> Response:
    """Disable or enable a person, end their sessions, or make them a link."""
    from fastapi import HTTPException

    from api.access import link, person, session

    service = find_service(request)
    here, settings = service.deployment(actor), service.site.settings
    try:
        match move:
            case "disable":
                await run_in_threadpool(person.disable_person, here, person_id, by=actor)
            case "enable":
                await run_in_threadpool(person.enable_person, here, person_id, by=actor)
            case "sign-out":
                await run_in_threadpool(session.revoke_sessions, here, person_id, by=actor)
            case "link" | "reset":
                make = link.make_link if move == "link" else link.reset_person
                whose, token = await run_in_threadpool(make, here, person_id, lasts_s=settings.access.link_s, by=actor)
                address = link.build_address(settings.http.origin, token)
                return await _show_person(request, actor, person_id, link=address, whose=whose.name)
            case _:
                raise HTTPException(404, "there is no such thing to do with a person")
    except AccessError as exc:
        return await _show_person(request, actor, person_id, exc)
    return RedirectResponse(f"{_TEAM}/people/{person_id}?said=saved", 303)


async def forget_person(request: Request, actor: Manages, person_id: Id) -> Response:
    """Forget a person, once their name was typed."""
    from api.access import forgetting, person

    here, form = find_service(request).deployment(actor), await read_form(request)

    def _forget() -> None:
        known = person.find_person(here, person_id)
        if person.fold(form.text("confirmed")) != person.fold(known.name):
            raise AccessError("expected the name of who is to be forgotten, as it stands here")
        forgetting.forget_person(here, known.id, with_uploads=bool(form.text("uploads")), by=actor)

    try:
        await run_in_threadpool(_forget)
    except AccessError as exc:
        return await _show_person(request, actor, person_id, exc)
    to = "/sign-in" if person_id == actor.id else f"{_TEAM}/people/{person_id}?said=forgotten"
    return RedirectResponse(to, 303)


def _read_roles(form: "Form") -> list[Role]:
    """Return the roles whose boxes were ticked."""
    return [role for role in Role if form.text(f"role-{role}")]


async def _show(
    request: Request,
    actor: Actor,
    error: AccessError | None = None,
    *,
    form: "Form | None" = None,
    about: str = "",
    **made: Any,  # noqa: ANN401 - what was just made
) -> Response:
    service = find_service(request)
    found = await run_in_threadpool(_collect, service, service.deployment(actor))
    return render(
        request,
        "team.html",
        actor=actor,
        page="team",
        status=200 if error is None else status_of(error),
        error=tell(request, error),
        about=about,
        given={} if form is None else dict(form.fields),
        roles=list(Role),
        granted={role: sorted(GRANTED[role]) for role in Role},
        days=DAYS,
        made={"link": "", "key": "", "whose": "", **made},
        **found,
    )


def _collect(service: Service, here: "Deployment") -> dict[str, Any]:
    from api.access.key import list_keys
    from api.access.person import list_people
    from api.access.session import list_sessions

    idle_s = service.site.settings.access.idle_s
    return {"people": list_people(here), "keys": list_keys(here), "sessions": list_sessions(here, idle_s=idle_s)}


async def _show_person(
    request: Request, actor: Actor, person_id: str, error: AccessError | None = None, *, link: str = "", whose: str = ""
) -> Response:
    from api.access.person import find_person
    from api.access.session import list_sessions

    service = find_service(request)
    here, idle_s = service.deployment(actor), service.site.settings.access.idle_s
    person = await run_in_threadpool(find_person, here, person_id)
    sessions = await run_in_threadpool(list_sessions, here, idle_s=idle_s, person_id=person.id)
    return render(
        request,
        "person.html",
        actor=actor,
        page="team",
        status=200 if error is None else status_of(error),
        error=tell(request, error),
        person=person,
        sessions=sessions,
        forgetting=request.url.path.endswith("/forget"),
        roles=list(Role),
        made={"link": link, "key": "", "whose": whose},
    )
