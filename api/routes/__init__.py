"""The HTTP API, one module a resource; each has a `build_router()` and a line here."""

from typing import Final

ROUTERS: Final = (
    "api.routes.releases",
    "api.routes.passages",
    "api.routes.jobs",
    "api.routes.assets",
    "api.routes.verifications",
    "api.routes.works",
    "api.routes.banks",
    "api.routes.consents",
    "api.routes.matches",
    "api.routes.policies",
    "api.routes.appeals",
    "api.routes.softbindings",
    "api.routes.exports",
    "api.routes.webhooks",
    "api.routes.reviews",
    "api.routes.ledger",
    "api.routes.health",
    "api.routes.keys",
    "api.routes.people",
    "api.routes.sessions",
)
"""Modules whose `build_router()` gives an APIRouter, in the order of the OpenAPI page."""
