"""What one server takes on at a time: uploads by their time and memory, pictures by their pixels.

Whoever asks for more than there is room for waits a bounded time and is then told to come back. An upload that stalls
is ended. Nothing here knows what is done with a file.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from provenance.errors import GateError

if TYPE_CHECKING:
    from provenance.storage.blob import Blob

IN_MEMORY_BYTES: Final = 3 << 20
"""Of an upload that comes; what is longer goes to a temporary file without a name (TMPDIR says where). A usual picture
is written once so, into quarantine, and by a thread: a temporary file is written where all requests wait for it."""

RETRY_AFTER_S: Final = 5


class BusyError(GateError):
    """There is no room for this request now."""

    code = "busy"
    retryable = True


class StoppingError(GateError):
    """The server was told to stop, and waits no longer for this request."""

    code = "stopping"
    retryable = True


class StalledUploadError(GateError):
    """A body came too slowly, or stopped."""

    code = "upload.stalled"
    retryable = True


class Budget:
    """So much of something at once; who comes first is served first. For one event loop.

    Attributes:
        total: how much there is.
        held: how much is taken now.
    """

    def __init__(self, what: str, total: int, *, wait_s: float) -> None:
        """Share out `total` of `what`; nobody waits longer than `wait_s`."""
        self.total: Final = total
        self.held = 0
        self._what, self._wait_s = what, wait_s
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def hold(self, amount: int = 1) -> AsyncIterator[None]:
        """Hold `amount`, or all there is if that is less, as long as the block runs.

        Raises:
            BusyError: it was not free in time.
        """
        amount = min(amount, self.total)
        await self._take(amount)
        try:
            yield
        finally:
            self.held -= amount
            self._serve()

    async def _take(self, amount: int) -> None:
        if not self._waiting and self.held + amount <= self.total:
            self.held += amount
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, turn))
        try:
            async with asyncio.timeout(self._wait_s):
                await turn
        except BaseException as exc:
            if turn.done() and not turn.cancelled():
                # It was this one's turn at the moment when it gave up.
                self.held -= amount
            else:
                self._waiting.remove((amount, turn))
            self._serve()
            if isinstance(exc, TimeoutError):
                raise BusyError(
                    f"expected {self._what} to be free within {self._wait_s:g} s, got none: try again later"
                ) from exc
            raise

    def _serve(self) -> None:
        while self._waiting and self.held + self._waiting[0][0] <= self.total:
            amount, turn = self._waiting.popleft()
            self.held += amount
            turn.set_result(None)


@asynccontextmanager
async def receive(
    parts: AsyncIterator[bytes], *, most_bytes: int, idle_s: float, total_s: float
) -> AsyncIterator["Blob"]:
    """Take in a body, most of it outside of memory, hashed as it comes, and give it as a file.

    Args:
        parts: as they come.
        most_bytes: whatever its declared length.
        idle_s: the next part comes within this time.
        total_s: the last one comes within this time.

    Raises:
        AssetTooLargeError: it is longer.
        SpoolError: it could not be kept on disk.
        StalledUploadError: it came too slowly.
    """
    from provenance.storage.blob import Spool

    with Spool(most_bytes=most_bytes, small_bytes=IN_MEMORY_BYTES) as spool:
        try:
            async for part in read_parts(parts, idle_s=idle_s, total_s=total_s):
                spool.write(part)
        except TimeoutError as exc:
            got = f"got {spool.size_bytes} bytes"
            raise StalledUploadError(
                f"expected a body within {total_s:g} s and a part of it every {idle_s:g} s, {got}"
            ) from exc
        yield spool.finish()


async def read_parts(parts: AsyncIterator[bytes], *, idle_s: float, total_s: float) -> AsyncIterator[bytes]:
    """Yield the parts of a body that have any bytes.

    Args:
        parts: as they come.
        idle_s: the next part comes within this time.
        total_s: the last one comes within this time.

    Raises:
        TimeoutError: it came too slowly.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + total_s
    while True:
        async with asyncio.timeout_at(min(until, loop.time() + idle_s)):
            part = await _next(parts)
        if not part:
            return
        yield part


async def _next(parts: AsyncIterator[bytes]) -> bytes:
    """Return the next part that has any bytes, or b"" at the end."""
    while (part := await anext(parts, None)) is not None:
        if part:
            return part
    return b""
