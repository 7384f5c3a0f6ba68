"""`make serve`: the HTTP side behind a server whose every wait has an end.

A connection has a bounded time to say what it wants; there is a bounded number of them, and of bytes in a header.
`uvicorn --factory chopmark:create_app` serves the same application without the first of these bounds.
"""

import argparse
import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.app import create_app

if TYPE_CHECKING:
    from api.wiring import Site

HEADER_S: Final = 10.0
"""From a connection's first moment, or the first byte of its next request, to the end of the request's header."""
HEADER_BYTES: Final = 32 * 1024
CONNECTIONS: Final = 128
KEEP_ALIVE_S: Final = 5
STOP_S: Final = 10
"""A server that is told to stop has so long to end its answers: one that follows a submission would last an hour."""
BACKLOG: Final = 256


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 for clients that may be slow on purpose."""

    header_s = HEADER_S
    _header_task: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the class above
        """Begin to wait for the first request."""
        _send_at_once(transport)
        super().connection_made(transport)
        self._expect_header()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a header, if that is what this is part of."""
        if self._is_between_requests():
            self._expect_header()
        super().data_received(data)
        if not self._is_between_requests():
            self._expect_nothing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._expect_nothing()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect_header(self) -> None:
        # Once: bytes that drip do not put it off.
        if self._header_task is None:
            self._header_task = self.loop.call_later(self.header_s, self.transport.close)

    def _expect_nothing(self) -> None:
        if self._header_task is not None:
            self._header_task.cancel()
            self._header_task = None


def _send_at_once(transport: asyncio.BaseTransport) -> None:
    """Have the end of an answer not wait until the client has acknowledged its start, some 40 ms later.

    asyncio asks for that where a socket says that it is one of TCP, which those of `socket.create_server` do not.
    """
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.family in {socket.AF_INET, socket.AF_INET6}:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def build_config(host: str, port: int, site: "Site | None" = None) -> uvicorn.Config:
    """Build the server's configuration; without an open `site` the application opens its own."""
    return uvicorn.Config(
        partial(create_app, site),
        factory=True,
        host=host,
        port=port,
        http=BoundedProtocol,
        ws="none",
        limit_concurrency=CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        h11_max_incomplete_event_size=HEADER_BYTES,
        server_header=False,
        access_log=False,  # the application writes its own, without what stands in addresses
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        OSError: the address is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m api.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8600)
    asked = parser.parse_args(arguments)
    _run(asked.host, asked.port)


def _run(host: str, port: int) -> None:
    """Open the site before anybody is served: what is wrong ends in one line, not in the server's own trace."""
    from api.console import EXIT_ERROR, print_error
    from api.serving import make_keys
    from api.settings import load_settings
    from api.wiring import open_site
    from provenance.errors import GateError

    try:
        with open_site(load_settings()) as site, suppress(KeyboardInterrupt):
            make_keys(site)
            uvicorn.Server(build_config(host, port, site)).run()
    except GateError as exc:
        print_error(str(exc), exc.code)
        raise SystemExit(EXIT_ERROR) from exc


if __name__ == "__main__":
    main()
