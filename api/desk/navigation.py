"""Which pages there are, and which of them stand in the side bar."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from api.access.identity import Permission

if TYPE_CHECKING:
    from starlette.requests import Request

    from api.access.identity import Actor

PAGES: Final = (
    "api.desk.static",
    "api.desk.language",
    "api.desk.overview",
    "api.desk.queue",
    "api.desk.job",
    "api.desk.media",
    "api.desk.decisions",
    "api.desk.settings",
    "api.desk.verify",
    "api.desk.create",
    "api.desk.works",
    "api.desk.consents",
    "api.desk.policies",
    "api.desk.appeals",
    "api.desk.sign_in",
    "api.desk.provider",
    "api.desk.team",
    "api.desk.account",
    "api.desk.passkey",
    "api.desk.manual",
    "api.desk.exports",
    "api.desk.quality",
    "api.desk.webhooks",
)
"""Modules whose `build_router()` gives pages; none of them is part of the OpenAPI document."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One line of the side bar.

    Attributes:
        name: its word is `shell.NAME`, its icon `NAME` in `templates/icons.html`.
        path: where it leads; it is shown once a page serves that path.
        permission: of those who see it.
    """

    name: str
    path: str
    permission: Permission


TABS: Final = (
    Tab("overview", "/desk", Permission.READ_ASSETS),
    Tab("queue", "/desk/queue", Permission.REVIEW),
    Tab("create", "/desk/create", Permission.RELEASE),
    Tab("works", "/desk/works", Permission.READ_WORKS),
    Tab("consents", "/desk/consents", Permission.READ_CONSENTS),
    Tab("policies", "/desk/policies", Permission.READ_POLICIES),
    Tab("appeals", "/desk/appeals", Permission.DECIDE_APPEALS),
    Tab("decisions", "/desk/decisions", Permission.READ_ASSETS),
    Tab("exports", "/desk/exports", Permission.EXPORT),
    Tab("team", "/desk/team", Permission.MANAGE_PEOPLE),
    Tab("quality", "/desk/quality", Permission.MEASURE_QUALITY),
)
"""In the order of the side bar."""


def list_tabs(request: "Request", actor: "Actor | None") -> Iterator[Tab]:
    """Yield the tabs that `actor` may open and that lead somewhere."""
    served = find_paths(request)
    for tab in TABS:
        if actor is not None and actor.may(tab.permission) and tab.path in served:
            yield tab


def find_paths(request: "Request") -> frozenset[str]:
    """Return every path that the service answers."""
    return frozenset(_walk(request.app.routes))


def _walk(routes: Iterable[object]) -> Iterator[str]:
    for route in routes:
        within = getattr(route, "original_router", None)  # FastAPI keeps routers that were included whole
        if within is not None:
            yield from _walk(within.routes)
        elif path := getattr(route, "path", ""):
            yield path


def find_home(actor: "Actor") -> str:
    """Return where `actor` is led after signing in: the first page that they may open."""
    return next((tab.path for tab in TABS if actor.may(tab.permission)), "/verify")
