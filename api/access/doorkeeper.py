"""Tells who asks: by an API key in `Authorization: Bearer`, else by the session that a cookie names."""

from typing import Final

from starlette.requests import HTTPConnection

from api.access.identity import Actor
from api.access.key import find_good_key
from api.settings import Settings
from provenance.storage.database import Database
from provenance.tenant import MAIN


class Doorkeeper:
    """The service's doorkeeper; safe for any number of threads.

    Args:
        database: of the site.
        settings: of the site; a tenant that they do not name any more is let in no more.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database: Final = database
        self._tenants: Final = frozenset({MAIN, *settings.tenants})

    def identify(self, request: HTTPConnection) -> Actor | None:
        """Return who asks, or None; a key that is shown and not good is never made up for by a session."""
        shown = request.headers.get("Authorization")
        if shown is None:
            return None
        scheme, _, token = shown.partition(" ")
        key = find_good_key(self._database, token.strip()) if scheme.lower() == "bearer" else None
        return key.actor if key is not None and key.tenant in self._tenants else None
