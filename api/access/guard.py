"""The one place where a request is let in: every route that is not public depends on `require`.

    @router.get("/v1/reviews")
    def list_reviews(actor: Annotated[Actor, require(Permission.REVIEW)]) -> ...

A route's OpenAPI description names its permission (`x-permission`), and a test walks all routes with every role.
"""

from typing import Any, Final, Protocol

from starlette.requests import HTTPConnection

from api.access.identity import Actor, Permission
from api.access.refusals import ForbiddenError, NotSignedInError
from provenance.tenant import MAIN

PERMISSION: Final = "x-permission"
"""In a route's description: what it asks for."""


class Doorkeeper(Protocol):
    """Tells who asks; at `app.state.doorkeeper`."""

    def identify(self, request: HTTPConnection) -> Actor | None:
        """Return who asks by the request's key or session, or None; blocks, so it runs beside the event loop."""


def require(permission: Permission, *others: Permission) -> Any:  # noqa: ANN401 - what FastAPI takes as a dependency
    """Return the dependency that gives the Actor who asks, if they have `permission`, or one of `others`.

    Raises:
        NotSignedInError: when asked, by nobody known (401).
        ForbiddenError: when asked, by somebody who may not (403).
    """
    from fastapi import Depends

    return Depends(Requirement((permission, *others)))


def require_or_near(permission: Permission) -> Any:  # noqa: ANN401 - what FastAPI takes as a dependency
    """Return the dependency that lets in who has `permission`, or comes from where the setting http.metrics_for says.

    Raises:
        NotSignedInError: when asked, by nobody known (401).
        ForbiddenError: when asked, by somebody who may not (403).
    """
    from fastapi import Depends

    return Depends(_NearRequirement((permission,)))


def require_person() -> Any:  # noqa: ANN401 - what FastAPI takes as a dependency
    """Return the dependency that gives the person who is signed in, whatever their roles: for what is their own.

    Raises:
        NotSignedInError: when asked, by nobody known (401).
        ForbiddenError: when asked, by a program's key (403).
    """
    from fastapi import Depends

    return Depends(Requirement(()))


class Requirement:
    """What a route asks of who asks.

    Attributes:
        permissions: one of which it takes; none of them for any person.
    """

    def __init__(self, permissions: tuple[Permission, ...]) -> None:
        """Ask for one of `permissions`."""
        self.permissions: Final = permissions

    async def __call__(self, request: HTTPConnection) -> Actor:
        """Return who asks."""
        from fastapi.concurrency import run_in_threadpool

        doorkeeper: Doorkeeper = request.app.state.doorkeeper
        actor = await run_in_threadpool(doorkeeper.identify, request)
        if actor is None:
            raise NotSignedInError("expected an API key as a bearer token, or the session of somebody who is signed in")
        if not self.permissions and actor.kind != "person":
            raise ForbiddenError("expected a person who is signed in, got the key of a program")
        if self.permissions and not any(actor.may(one) for one in self.permissions):
            raise ForbiddenError(
                f"{actor.name} may not do this: it takes the permission {' or '.join(self.permissions)}"
            )
        return actor

    def __str__(self) -> str:
        return " or ".join(self.permissions) or "any person"


class _NearRequirement(Requirement):
    """Lets in neighbours, too: by the peer's own address, and never what came through a proxy."""

    async def __call__(self, request: HTTPConnection) -> Actor:
        from api.service import find_service
        from api.visitor import is_among

        named = find_service(request).site.settings.http.metrics_for
        is_forwarded = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via"))
        if named and not is_forwarded and request.client is not None and is_among(request.client.host, named):
            return Actor("neighbour", "neighbour", MAIN, frozenset(), "key")
        return await super().__call__(request)
