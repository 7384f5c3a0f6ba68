"""One exchange of HTTP with an address that somebody else named, over a connection that is pinned to what was checked.

The name is resolved once, every address that it has must be public (`provenance.addresses`), and the connection goes to
one of these by its number: no later answer of a resolver leads elsewhere. The certificate is still held to the name.
Nothing is followed, no proxy or cookie is used, all of it ends in time, and no message repeats the address, since that
may hold a token.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final
from urllib.parse import SplitResult, urlsplit

from provenance.addresses import resolve
from provenance.errors import FetchError

USUAL_PORTS: Final = {"http": 80, "https": 443}


def parse_address(unverified_url: str, ports: Mapping[str, frozenset[int]], *, any_port: bool) -> SplitResult:
    """Return the parts of an address that may be asked.

    Args:
        unverified_url: as somebody wrote it.
        ports: that may be asked, by scheme; another scheme is refused.
        any_port: take every port of these schemes: for our own network.

    Raises:
        FetchError: it is none.
    """
    if not (unverified_url.isascii() and unverified_url.isprintable()) or " " in unverified_url:
        raise FetchError("its address holds characters that none may hold")
    try:
        parts = urlsplit(unverified_url)
        host, port, has_user = parts.hostname, parts.port, parts.username is not None
    except ValueError as exc:
        raise FetchError("its address is not a URL") from exc
    if parts.scheme not in ports or not host:
        raise FetchError(f"expected an address of {' or '.join(sorted(ports))}")
    if has_user:
        raise FetchError("its address holds a user name")
    if not any_port and port is not None and port not in ports[parts.scheme]:
        expected = " or ".join(str(one) for one in sorted(ports[parts.scheme]))
        raise FetchError(f"expected the port {expected} of {parts.scheme}, got {port}")
    return parts


@contextmanager
def connect(parts: SplitResult, *, until: float, may_be_local: bool) -> Iterator[http.client.HTTPConnection]:
    """Hold a connection to a checked address of the host; it is hung up when its time is over, whatever drips from it.

    Args:
        parts: from `parse_address`.
        until: when all of the exchange is over, by the monotonic clock; the resolver has its own time.
        may_be_local: take addresses of this machine and its networks too.

    Raises:
        FetchError: the host has no address that may be asked, or what happens in the block fails as connections do.
    """
    host, port = parts.hostname or "", parts.port or USUAL_PORTS[parts.scheme]
    addresses = resolve(host, port, may_be_local=may_be_local)
    connection = http.client.HTTPConnection(host, port)
    connection.default_port = USUAL_PORTS[parts.scheme]  # so that the header Host names no usual port
    try:
        connection.sock = _reach(addresses, port, until, host if parts.scheme == "https" else None)
        with _ending(connection.sock, until):
            yield connection
    except (OSError, ValueError, http.client.HTTPException) as exc:
        raise FetchError(f"its host did not answer rightly ({type(exc).__name__})") from exc
    finally:
        connection.close()


def name_path(parts: SplitResult) -> str:
    """Return what is asked for there."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def left(until: float) -> float:
    """Return the seconds that are left.

    Raises:
        FetchError: none.
    """
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise FetchError("its host took too long")
    return seconds


def _reach(addresses: list[str], port: int, until: float, tls_name: str | None) -> socket.socket:
    """Connect to the first address that answers."""
    problem: OSError | None = None
    for address in addresses:
        try:
            connected = socket.create_connection((address, port), timeout=left(until))
            return connected if tls_name is None else _encrypt(connected, tls_name, until)
        except OSError as exc:
            problem = exc
    raise problem or OSError("no address")


def _encrypt(connected: socket.socket, tls_name: str, until: float) -> ssl.SSLSocket:
    with ExitStack() as closing:
        closing.enter_context(connected)
        context = ssl.create_default_context()
        encrypted = context.wrap_socket(connected, server_hostname=tls_name, do_handshake_on_connect=False)
        closing.enter_context(encrypted)
        with _ending(encrypted, until):
            encrypted.do_handshake()
        closing.pop_all()
    return encrypted


@contextmanager
def _ending(connected: socket.socket, until: float) -> Iterator[None]:
    """Hang up when the time is over: a drip of single bytes passes every time-out of a socket."""
    alarm = threading.Timer(left(until), _hang_up, (connected,))
    alarm.daemon = True
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()


def _hang_up(connected: socket.socket) -> None:
    try:
        # Not the method of an encrypted socket, which takes the encryption from under who reads
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        return  # it has ended already
