"""Tells who asks: by an API key in `Authorization: Bearer`, else by the session that a cookie names."""

from typing import Final

from starlette.requests import HTTPConnection

from api.access.cookie import find_token
from api.access.forgery import build_csrf_token, verify_own
from api.access.identity import Actor
from api.access.key import find_good_key
from api.access.session import find_good_session
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
        self._settings: Final = settings
        self._tenants: Final = frozenset({MAIN, *settings.tenants})

    def identify(self, request: HTTPConnection) -> Actor | None:
        """Return who asks, or None; a key that is shown and not good is never made up for by a session.

        Raises:
            ForgedRequestError: a session would let in what another site had its browser send.
        """
        shown = request.headers.get("Authorization")
        actor = self._find_by_session(request) if shown is None else self._find_by_key(shown)
        return actor if actor is not None and actor.tenant in self._tenants else None

    def _find_by_key(self, shown: str) -> Actor | None:
        scheme, _, token = shown.partition(" ")
        key = find_good_key(self._database, token.strip()) if scheme.lower() == "bearer" else None
        return None if key is None else key.actor

    def _find_by_session(self, request: HTTPConnection) -> Actor | None:
        """Return whose session a cookie names; `request.state` is told which, and what its forms carry."""
        token = find_token(request, self._settings)
        found = token and find_good_session(self._database, token, idle_s=self._settings.access.idle_s)
        if not found:
            return None
        verify_own(request, token, self._settings.http.origin)
        session, person = found
        request.state.session_id = session.id
        request.state.csrf_token = build_csrf_token(token)
        return person.actor
