"""The outermost layer of the HTTP side: what every answer has, and what no answer and no log shows."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from api.body import BoundedBody
from api.errors import answer_refused_body, run_answering
from api.observing import HEADER, Sight, name_route, naming, take_request_id
from provenance.errors import GateError
from provenance.journal import Journal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Answers are data: nothing in them may run, be framed, or be guessed to be of another type.
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# Pages run our own script and style and nothing else; "same-origin" lets a form say where it was sent from.
PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
}

HEAD_ONLY: Final = "chopmark.head"
"""In the scope of a request whose answer will be sent without its body."""

_log = Journal(__name__)


class Edge:
    """Adds the headers, answers for what nobody foresaw, and lets go of clients that have gone.

    Every request has an id, the client's own or a fresh one, which its answer and its lines in the log have too. HEAD
    is answered as GET is, without the body.
    """

    def __init__(self, app: App) -> None:
        """Stand around `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, sight = take_request_id(Headers(scope=scope)), Sight()
        observer = getattr(getattr(scope.get("app"), "state", None), "observer", None)
        with naming(request_id), observer.watch(scope, sight) if observer else nullcontext():
            answer, body = _Answer(scope, send, request_id, sight), BoundedBody(scope, receive)

            async def pass_on(message: Message) -> None:
                # Frameworks take what is raised while they read for a body that cannot be read.
                if body.refusal is None or sight.status:
                    await answer(message)

            surprise = await run_answering(self._serve(scope, body, pass_on))
            if body.refusal is not None:
                surprise = answer_refused_body(body.refusal)
            if surprise is not None and not sight.status:
                await surprise(scope, receive, answer)

    async def _serve(self, scope: Scope, body: BoundedBody, send: Send) -> None:
        try:
            await self._app(scope, body, send)
        except ClientDisconnect:
            _log.info("client gone", method=scope["method"], route=name_route(scope))
        except GateError as exc:
            if exc is not body.refusal:
                raise


class _Answer:
    """What is sent, with what every answer has."""

    def __init__(self, scope: Scope, send: Send, request_id: str, sight: Sight) -> None:
        self._send, self._request_id, self._sight = send, request_id, sight
        self._is_head = scope["method"] == "HEAD"
        if self._is_head:
            scope["method"], scope[HEAD_ONLY] = "GET", True
        self._is_ended = False

    async def __call__(self, message: Message) -> None:
        """Send one message of the application's."""
        if self._is_ended:
            raise OSError("the answer to a HEAD request ended with its header")
        if message["type"] == "http.response.start":
            self._sight.status = message["status"]
            self._dress(MutableHeaders(scope=message))
        elif self._is_head and message["type"] == "http.response.body":
            is_last = not message.get("more_body", False)
            message = {"type": "http.response.body", "body": b"", "more_body": False}
            self._is_ended = not is_last
        await self._send(message)

    def _dress(self, headers: MutableHeaders) -> None:
        # A file that was released may be a page of somebody else's: it brings a stricter policy along, which stays.
        is_ours = "content-security-policy" not in headers
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)
        if is_ours and headers.get("content-type", "").startswith("text/html"):
            headers.update(PAGE_HEADERS)
        headers[HEADER] = self._request_id
        # What is asked about a file is nobody's to keep.
        headers.setdefault("Cache-Control", "no-store")
