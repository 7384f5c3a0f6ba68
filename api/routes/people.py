"""People of the tenant: invited, given roles, disabled, and let in again."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.errors import describe_problems
from api.schemas.access import Ended, ForgottenModel, Invited, NewPerson, PersonChange, PersonModel, PersonPage
from api.service import find_service

Manages = Annotated[Actor, require(Permission.MANAGE_PEOPLE)]
PersonId = Annotated[str, Path(max_length=254)]


def build_router() -> APIRouter:
    """Build the routes of people."""
    router = APIRouter(tags=["access"], responses=describe_problems(401, 403, 404, 409, 422, 500, 503))
    router.add_api_route("/v1/people", list_people, methods=["GET"])
    router.add_api_route("/v1/people", invite_person, methods=["POST"], status_code=201)
    router.add_api_route("/v1/people/{person_id}", read_person, methods=["GET"])
    router.add_api_route("/v1/people/{person_id}", change_person, methods=["PATCH"])
    router.add_api_route("/v1/people/{person_id}", forget_person, methods=["DELETE"])
    router.add_api_route("/v1/people/{person_id}/links", make_link, methods=["POST"], status_code=201)
    router.add_api_route("/v1/people/{person_id}/sessions", end_sessions, methods=["DELETE"])
    return router


def list_people(request: Request, actor: Manages, limit: Limit = USUAL, cursor: Cursor = "") -> PersonPage:
    """Return the tenant's people, those who are disabled, too."""
    from api.access import person

    after = parse_cursor(cursor)
    found = sorted(person.list_people(find_service(request).deployment(actor)), key=lambda one: one.id)
    left = [one for one in found if one.id > after][: limit + 1]
    page: dict[str, Any] = build_page([PersonModel.build(one) for one in left], [one.id for one in left], most=limit)
    return PersonPage(**page)


def invite_person(request: Request, actor: Manages, wanted: Annotated[NewPerson, Body()]) -> Invited:
    """Add somebody; the answer shows, this once, the link by which they sign in the first time."""
    from api.access import person

    here = find_service(request).deployment(actor)
    made = person.add_person(here, name=wanted.name, roles=wanted.roles, email=wanted.email, by=actor)
    return _link(request, actor, made.id)


def read_person(request: Request, actor: Manages, person_id: PersonId) -> PersonModel:
    """Return a person by id, name or e-mail address."""
    from api.access import person

    return PersonModel.build(person.find_person(find_service(request).deployment(actor), person_id))


def change_person(
    request: Request, actor: Manages, person_id: PersonId, change: Annotated[PersonChange, Body()]
) -> PersonModel:
    """Give a person other roles, or let them in no more; the last active admin stays one."""
    from api.access import person

    here = find_service(request).deployment(actor)
    found = person.find_person(here, person_id)
    if change.roles is not None:
        found = person.set_roles(here, found.id, change.roles, by=actor)
    if change.state is not None:
        move = person.disable_person if change.state == "disabled" else person.enable_person
        found = move(here, found.id, by=actor)
    return PersonModel.build(found)


def forget_person(
    request: Request,
    actor: Manages,
    person_id: PersonId,
    uploads: Annotated[  # noqa: FBT002 - a query's own form
        bool, Query(description="let go of what they handed in, too; what is held is refused")
    ] = False,
) -> ForgottenModel:
    """Forget a person for ever: name, address and what they sign in with go, a pseudonym stands where they decided."""
    from api.access import forgetting

    here = find_service(request).deployment(actor)
    return ForgottenModel.build(forgetting.forget_person(here, person_id, with_uploads=uploads, by=actor))


def make_link(request: Request, actor: Manages, person_id: PersonId) -> Invited:
    """Make a link by which a person signs in once and sets a password; an older one ends."""
    return _link(request, actor, person_id)


def end_sessions(request: Request, actor: Manages, person_id: PersonId) -> Ended:
    """End every session of a person at once."""
    from api.access.session import revoke_sessions

    return Ended(ended=revoke_sessions(find_service(request).deployment(actor), person_id, by=actor))


def _link(request: Request, actor: Actor, person_id: str) -> Invited:
    from api.access import link

    service = find_service(request)
    settings = service.site.settings
    person, token = link.make_link(service.deployment(actor), person_id, lasts_s=settings.access.link_s, by=actor)
    return Invited(link=link.build_address(settings.http.origin, token), about=PersonModel.build(person))
