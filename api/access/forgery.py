"""Requests that another site has a browser send are told from those of our own pages.

`FormReader` stands in front of every route and reads, of what a form or script sends, the token alone; the body goes on
as it came. The doorkeeper then lets a session act only if the token is that session's and the browser does not say that
another site asks: no route can forget it. Keys of programs need none of it, for no browser adds them by itself.
"""

import asyncio
import hmac
import re
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from api.access.cookie import HOST, PLAIN
from api.access.refusals import ForgedRequestError
from api.edge import App, Message, Receive, Scope, Send

FIELD: Final = "csrf_token"
HEADER: Final = "x-csrf-token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110 s9.2.1, less TRACE

PEEK_BYTES: Final = 64 * 1024
"""The token stands in the first so many bytes of a form, before its files."""
PEEK_S: Final = 10.0

_STATE: Final = "unverified_csrf"
_IN_FIELDS: Final = re.compile(rb"(?:^|&)csrf_token=([^&]{1,200})(?=&|$)")
_IN_PARTS: Final = re.compile(rb'name="csrf_token"\r\n\r\n([\x21-\x7e]{1,200})\r\n')


def build_csrf_token(session_token: str) -> str:
    """Return what forms of a session carry; it changes with the session, and the session cannot be found by it."""
    return hmac.new(session_token.encode(), b"chopmark forms v1", "sha256").hexdigest()


def verify_own(request: HTTPConnection, session_token: str, origin: str) -> None:
    """Check that a request which changes something comes from a page of ours, when a session is what lets it in.

    Args:
        request: as it came through `FormReader`.
        session_token: of the session.
        origin: how people reach this server.

    Raises:
        ForgedRequestError: another site sent it, or the token is missing or another session's.
    """
    if request.scope.get("method", "GET") in SAFE_METHODS:
        return
    verify_same_origin(request, origin)
    shown = str(request.headers.get(HEADER) or getattr(request.state, _STATE, ""))
    if not hmac.compare_digest(shown.encode(), build_csrf_token(session_token).encode()):
        raise ForgedRequestError(
            "this form is not of this session, perhaps because you signed in anew: reload the page and send it again"
        )


def verify_same_origin(request: HTTPConnection, origin: str) -> None:
    """Check that the browser does not say that another site sent this.

    Raises:
        ForgedRequestError: it does.
    """
    fetch_site = request.headers.get("sec-fetch-site")
    sent_from = request.headers.get("origin")
    if fetch_site is not None and fetch_site not in {"same-origin", "none"}:
        raise ForgedRequestError("this was sent by another site: open the page here and send it again")
    if sent_from is None or sent_from == origin:
        return
    if urlsplit(sent_from).netloc.lower() != request.headers.get("host", "").lower():
        raise ForgedRequestError("this was sent by another site: open the page here and send it again")


class FormReader:
    """Reads the token of a form that a session sends, and hands the form on untouched."""

    def __init__(self, app: App) -> None:
        """Stand around `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        pattern = _find_pattern(scope)
        if pattern is None:
            await self._app(scope, receive, send)
            return
        read: list[Message] = []
        try:
            async with asyncio.timeout(PEEK_S):
                found = await _peek(receive, read, pattern)
        except TimeoutError:
            found = ""
        scope.setdefault("state", {})[_STATE] = found
        read.reverse()

        async def replay() -> Message:
            return read.pop() if read else await receive()

        await self._app(scope, replay, send)


def _find_pattern(scope: Scope) -> re.Pattern[bytes] | None:
    """Return how the token is spelled in a body that may hold one; None where none is needed."""
    if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
        return None
    headers = Headers(scope=scope)
    if "authorization" in headers or HEADER in headers:
        return None
    if not {PLAIN, HOST} & HTTPConnection(dict(scope)).cookies.keys():
        return None
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return {"application/x-www-form-urlencoded": _IN_FIELDS, "multipart/form-data": _IN_PARTS}.get(kind)


async def _peek(receive: Receive, read: list[Message], pattern: re.Pattern[bytes]) -> str:
    """Return the token, or ""; `read` keeps every message that was taken to find it."""
    seen = b""
    while len(seen) < PEEK_BYTES:
        message: dict[str, Any] = dict(await receive())
        read.append(message)
        seen += message.get("body", b"")
        is_last = message["type"] != "http.request" or not message.get("more_body", False)
        # What is not whole yet could be cut in the middle of the token.
        is_whole = pattern is _IN_PARTS or (is_last and len(seen) <= PEEK_BYTES)
        window = seen[:PEEK_BYTES]
        found = pattern.search(window if is_whole else window.rpartition(b"&")[0])
        if found is not None:
            return unquote_to_bytes(found[1]).decode("ascii", "replace")
        if is_last:
            break
    return ""
