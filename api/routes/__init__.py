"""The HTTP API, one module a resource; each has a `build_router()` and a line here."""

from typing import Final

ROUTERS: Final = (
    "api.routes.health",
    "api.routes.verifications",
    "api.routes.ledger",
    "api.routes.works",
    "api.routes.banks",
    "api.routes.matches",
    "api.routes.policies",
)
"""Modules whose `build_router()` gives an APIRouter, in the order of the OpenAPI page."""
