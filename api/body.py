"""Bounds on the body of every request, before anybody has looked at who asks.

Routes that take files bound those themselves, by the settings; whatever else is sent is short.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from starlette.datastructures import Headers

from api.bounds import StalledUploadError
from provenance.errors import AssetTooLargeError, GateError

Message = MutableMapping[str, Any]

MOST_BYTES: Final = 2 << 20
"""The longest is the document of a pack as a form."""
TOTAL_S: Final = 30.0

TAKES_FILES: Final = frozenset({
    "/v1/releases", "/v1/verifications", "/v1/verify", "/v1/works", "/v1/works/lists", "/v1/matches",
    "/v1/c2pa/matches/byContent", "/verify", "/desk/create", "/desk/works/add", "/desk/works/add/list",
    "/desk/works/match", "/desk/quality/cases",
})  # fmt: skip
"""Paths of the routes that bound what they take themselves."""
_MOST_DECLARED: Final = (len(str(MOST_BYTES)), str(MOST_BYTES))  # numbers of any length compare so
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class BoundedBody:
    """Receives for a request, at most `MOST_BYTES` and for `TOTAL_S`, but where files are taken.

    Attributes:
        refusal: what was raised, if it was more or slower; it is the answer, whatever became of it on its way.
    """

    def __init__(self, scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Message]]) -> None:
        """Stand between the server, which `receive` asks, and the application."""
        self.refusal: GateError | None = None
        self._receive = receive
        self._is_bounded = scope["method"] not in _SAFE_METHODS and scope["path"] not in TAKES_FILES
        declared = Headers(scope=scope).get("content-length", "")
        self._is_too_long = declared.isascii() and declared.isdecimal() and (len(declared), declared) > _MOST_DECLARED
        self._size_bytes, self._until_s = 0, 0.0

    async def __call__(self) -> Message:
        """Return the next message.

        Raises:
            AssetTooLargeError: the body is longer.
            StalledUploadError: it came too slowly.
        """
        if not self._is_bounded:
            return await self._receive()
        if self.refusal is not None:
            raise self.refusal
        if self._is_too_long:
            raise self._refuse_length()
        loop = asyncio.get_running_loop()
        self._until_s = self._until_s or loop.time() + TOTAL_S
        try:
            async with asyncio.timeout_at(self._until_s):
                message = await self._receive()
        except TimeoutError as exc:
            self.refusal = StalledUploadError(f"expected a body within {TOTAL_S:g} s")
            raise self.refusal from exc
        self._size_bytes += len(message.get("body", b""))
        if self._size_bytes > MOST_BYTES:
            raise self._refuse_length()
        # Whoever asks on after the last part waits for the client to go, however long that takes.
        self._is_bounded = message["type"] == "http.request" and bool(message.get("more_body", False))
        return message

    def _refuse_length(self) -> GateError:
        self.refusal = AssetTooLargeError(f"expected a body of at most {MOST_BYTES} bytes, got more")
        return self.refusal
