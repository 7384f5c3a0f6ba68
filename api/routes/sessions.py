"""Sessions of the tenant's people: seen, and ended."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.errors import describe_problems
from api.schemas.access import SessionModel, SessionPage
from api.service import find_service

Manages = Annotated[Actor, require(Permission.MANAGE_PEOPLE)]


def build_router() -> APIRouter:
    """Build the routes of sessions."""
    router = APIRouter(tags=["access"], responses=describe_problems(401, 403, 404, 422, 500, 503))
    router.add_api_route("/v1/sessions", list_sessions, methods=["GET"])
    router.add_api_route("/v1/sessions/{session_id}", end_session, methods=["DELETE"], status_code=204)
    return router


def list_sessions(
    request: Request,
    actor: Manages,
    person_id: Annotated[str | None, Query(max_length=36)] = None,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> SessionPage:
    """Return the sessions that still let somebody in, of everybody or of one person."""
    from api.access import session

    service, after = find_service(request), parse_cursor(cursor)
    idle_s = service.site.settings.access.idle_s
    found = session.list_sessions(service.deployment(actor), idle_s=idle_s, person_id=person_id)
    left = [one for one in sorted(found, key=lambda one: one[0].id) if one[0].id > after][: limit + 1]
    items = [SessionModel.build(*one) for one in left]
    page: dict[str, Any] = build_page(items, [one.id for one in items], most=limit)
    return SessionPage(**page)


def end_session(request: Request, actor: Manages, session_id: Annotated[str, Path(max_length=36)]) -> Response:
    """End one session at once."""
    from api.access.session import revoke_session

    revoke_session(find_service(request).deployment(actor), session_id, by=actor)
    return Response(status_code=204)
