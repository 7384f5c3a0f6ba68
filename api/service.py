"""What requests share: the site, and the room there is for what they bring."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from api.bounds import Budget

if TYPE_CHECKING:
    from api.access.identity import Actor
    from api.wiring import Site
    from policies.line.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Room:
    """What the server takes on at a time.

    Attributes:
        uploads: bodies that come or wait, each in a temporary file.
        files: whole files in memory.
        pixels: of the pictures that are looked at.
    """

    uploads: Budget
    files: Budget
    pixels: Budget


@dataclass(frozen=True, slots=True)
class Service:
    """The site behind one server process.

    Attributes:
        site: opened with the server.
        room: for what requests bring.
    """

    site: "Site"
    room: Room

    def deployment(self, actor: "Actor") -> "Deployment":
        """Return the gate as the tenant has it for whom `actor` acts; nothing of another's is found through it."""
        return self.site.deployment.tenancy(actor.tenant)


def build_service(site: "Site") -> Service:
    """Build what requests share, within the bounds that the settings name."""
    bounds = site.settings.http
    return Service(
        site,
        Room(
            uploads=Budget("room for an upload", bounds.uploads, wait_s=bounds.wait_s),
            files=Budget("room for a file", bounds.files, wait_s=bounds.wait_s),
            pixels=Budget("room for so many pixels", bounds.pixels, wait_s=bounds.wait_s),
        ),
    )


def find_service(request: HTTPConnection) -> Service:
    """Return the service that a request came to."""
    service: Service = request.app.state.service
    return service
