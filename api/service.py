"""What requests share: the site, and the room there is for what they bring."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from api.bounds import Budget
from api.link import Links
from api.visitor import Visitors

if TYPE_CHECKING:
    from api.access.identity import Actor
    from api.errands import Errands
    from api.metrics import Metrics
    from api.walking import Walkers
    from api.wiring import Site
    from policies.line.deployment import Deployment
    from provenance.storage.blob import Blob


@dataclass(frozen=True, slots=True)
class Room:
    """What the server takes on at a time.

    Attributes:
        uploads: bodies that come or wait, each in a temporary file.
        files: whole files in memory.
        pixels: of the pictures that are looked at.
        followers: who follow a submission.
        fetches: addresses that are asked for a file.
    """

    uploads: Budget
    files: Budget
    pixels: Budget
    followers: Budget
    fetches: Budget


@dataclass(frozen=True, slots=True)
class Service:
    """The site behind one server process.

    Attributes:
        site: opened with the server.
        room: for what requests bring.
        walkers: who walk what was accepted.
        links: to released files.
        visitors: how often each address may ask.
        fetch: returns the file at an address, as `provenance.fetching.fetch` does.
        metrics: numbers about this server.
        errands: goes on with jobs at services.
    """

    site: "Site"
    room: Room
    walkers: "Walkers"
    links: Links
    visitors: Visitors
    fetch: Callable[..., "Blob"]
    metrics: "Metrics"
    errands: "Errands"

    def deployment(self, actor: "Actor") -> "Deployment":
        """Return the gate as the tenant has it for whom `actor` acts; nothing of another's is found through it."""
        return self.site.deployment.tenancy(actor.tenant)


def build_service(site: "Site") -> Service:
    """Build what requests share, within the bounds that the settings name."""
    from api.errands import Errands
    from api.metrics import Metrics
    from api.walking import Walkers
    from provenance.fetching import fetch

    bounds = site.settings.http
    return Service(
        site,
        Room(
            uploads=Budget("room for an upload", bounds.uploads, wait_s=bounds.wait_s),
            files=Budget("room for a file", bounds.files, wait_s=bounds.wait_s),
            pixels=Budget("room for so many pixels", bounds.pixels, wait_s=bounds.wait_s),
            followers=Budget("room for another follower", bounds.followers, wait_s=bounds.wait_s),
            fetches=Budget("room to fetch a file", bounds.fetches, wait_s=bounds.wait_s),
        ),
        Walkers(site, at_once=bounds.files),
        Links(site.settings.keys_dir),
        build_visitors(site),
        fetch,
        Metrics(site.deployment),
        Errands(site),
    )


def build_visitors(site: "Site") -> Visitors:
    """Build what bounds who asks without an account, for all processes of the site together."""
    from api.access.vault import load_vault
    from api.allowance import Allowance

    bounds, database = site.settings.http, site.deployment.database
    if not bounds.visits_per_minute:
        return Visitors(0, bounds.trusted_proxies)
    vault = load_vault(site.settings.keys_dir, database)
    shared = Allowance(database, bounds.visits_per_minute, lambda address: vault.digest(f"visits:{address}"))
    return Visitors(bounds.visits_per_minute, bounds.trusted_proxies, shared)


def find_service(request: HTTPConnection) -> Service:
    """Return the service that a request came to."""
    service: Service = request.app.state.service
    return service
