"""The one place where a request is let in: every route that is not public depends on `require`.

    @router.get("/v1/reviews")
    def list_reviews(actor: Annotated[Actor, require(Permission.REVIEW)]) -> ...

A route's OpenAPI description names its permission (`x-permission`), and a test walks all routes with every role.
"""

from typing import Any, Final, Protocol

from starlette.requests import HTTPConnection

from api.access.identity import Actor, Permission
from api.access.refusals import ForbiddenError, NotSignedInError

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


class Requirement:
    """Lets in who has one of `permissions`.

    Attributes:
        permissions: one of which it takes.
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
            raise NotSignedInError("expected an API key (Authorization: Bearer ...) or a signed-in session")
        if not any(actor.may(one) for one in self.permissions):
            raise ForbiddenError(
                f"{actor.name} may not do this: it takes the permission {' or '.join(self.permissions)}"
            )
        return actor
