"""What every route of the application asks of who asks: for its description, and for the test that walks them all."""

from collections.abc import Iterable, Iterator
from typing import Any

from api.access.guard import PERMISSION, Requirement


def find_requirements(route: Any) -> tuple[Requirement, ...]:  # noqa: ANN401 - FastAPI's own class
    """Return what a route asks for, all of it; nothing for one that is public."""
    waiting, found = [route.dependant], []
    while waiting:
        dependant = waiting.pop()
        if isinstance(dependant.call, Requirement):
            found.append(dependant.call)
        waiting += dependant.dependencies
    return tuple(found)


def list_routes(routes: Iterable[Any]) -> Iterator[Any]:
    """Yield every route that answers requests, those of routers that were included whole, too."""
    for route in routes:
        within = getattr(route, "original_router", None)
        if within is not None:
            yield from list_routes(within.routes)
        else:
            yield route


def describe_permissions(routes: Iterable[Any]) -> None:
    """Have the description of each route say which permission it takes."""
    for route in list_routes(routes):
        asked = find_requirements(route) if hasattr(route, "dependant") else ()
        if asked:
            route.openapi_extra = {**(route.openapi_extra or {}), PERMISSION: " and ".join(map(str, asked))}
