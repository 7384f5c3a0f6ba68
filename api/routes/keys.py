"""API keys of the tenant: made, shown without their secrets, and ended."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.errors import describe_problems
from api.schemas.access import KeyModel, KeyPage, MadeKey, NewKey
from api.service import find_service

Manages = Annotated[Actor, require(Permission.MANAGE_PEOPLE)]
KeyId = Annotated[str, Path(max_length=36)]


def build_router() -> APIRouter:
    """Build the routes of keys."""
    router = APIRouter(tags=["access"], responses=describe_problems(401, 403, 404, 422, 500, 503))
    router.add_api_route("/v1/keys", list_keys, methods=["GET"])
    router.add_api_route("/v1/keys", create_key, methods=["POST"], status_code=201)
    router.add_api_route("/v1/keys/{key_id}", read_key, methods=["GET"])
    router.add_api_route("/v1/keys/{key_id}", revoke_key, methods=["DELETE"])
    return router


def list_keys(request: Request, actor: Manages, limit: Limit = USUAL, cursor: Cursor = "") -> KeyPage:
    """Return the tenant's keys, with when each was last used; those that ended, too."""
    from api.access import key

    after = parse_cursor(cursor)
    found = sorted(key.list_keys(find_service(request).deployment(actor)), key=lambda one: one.id)
    left = [one for one in found if one.id > after][: limit + 1]
    page: dict[str, Any] = build_page([KeyModel.build(one) for one in left], [one.id for one in left], most=limit)
    return KeyPage(**page)


def create_key(request: Request, actor: Manages, wanted: Annotated[NewKey, Body()]) -> MadeKey:
    """Make a key; the answer shows it this once."""
    from api.access import key

    here = find_service(request).deployment(actor)
    made, token = key.create_key(
        here, name=wanted.name, roles=wanted.roles, permissions=wanted.permissions, days=wanted.days, by=actor
    )
    return MadeKey(key=token, about=KeyModel.build(made))


def read_key(request: Request, actor: Manages, key_id: KeyId) -> KeyModel:
    """Return a key by its id or its prefix."""
    from api.access import key

    return KeyModel.build(key.find_key(find_service(request).deployment(actor), key_id))


def revoke_key(request: Request, actor: Manages, key_id: KeyId) -> KeyModel:
    """End a key at once; it stays in the list."""
    from api.access import key

    return KeyModel.build(key.revoke_key(find_service(request).deployment(actor), key_id, by=actor))
