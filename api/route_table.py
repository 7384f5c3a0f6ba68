"""Every route of the application in one list: which methods an address has."""

from dataclasses import dataclass, field

from fastapi import APIRouter
from fastapi.routing import APIRoute


@dataclass(slots=True)
class RouteTable:
    """The routes.

    Attributes:
        routes: in the order in which they are tried.
    """

    routes: list[APIRoute] = field(default_factory=list)

    def add(self, router: APIRouter) -> None:
        """Add those of one module."""
        self.routes += [route for route in router.routes if isinstance(route, APIRoute)]

    def find_methods(self, path: str) -> tuple[str, ...]:
        """Return the methods that an address has, sorted; none where there is no such address."""
        found = {method for route in self.routes if route.path_regex.match(path) for method in route.methods or ()}
        if "GET" in found:
            found.add("HEAD")
        return tuple(sorted(found | {"OPTIONS"})) if found else ()
