"""Send a small document to an address that somebody named, such as a webhook's, and read little of the answer.

The address must not lead into our own network: its name is resolved once, every address that it has must be public
(`provenance.addresses`), and the connection goes to one that was checked. Nothing is followed elsewhere, no proxy or
cookie is used, and the address is never repeated in a message, since it may hold a token.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from provenance.addresses import resolve
from provenance.errors import FetchError

MOST_ANSWER_BYTES: Final = 64 * 1024
"""Of an answer; it is read and dropped, so that the connection ends well."""

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: of HTTP.
    """

    status: int

    @property
    def is_success(self) -> bool:
        """Whether it was heard."""
        return 200 <= self.status < 300


def parse_target(unverified_url: str, *, may_be_local: bool = False) -> SplitResult:
    """Return the parts of an address that may be sent to.

    Args:
        unverified_url: as somebody wrote it.
        may_be_local: take unencrypted addresses and any port, too: for our own network.

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
    if parts.scheme not in _PORTS or not host or (parts.scheme != "https" and not may_be_local):
        raise FetchError("expected an address of https")
    if has_user:
        raise FetchError("its address holds a user name")
    if not may_be_local and port not in {None, 443, 8443}:
        raise FetchError(f"expected the port 443 or 8443, got {port}")
    return parts


def post(
    unverified_url: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float, may_be_local: bool = False
) -> Answer:
    """Send `body` and return what was answered, whatever it was.

    Raises:
        FetchError: the address is not one that may be asked, or nobody there answered in time.
    """
    parts = parse_target(unverified_url, may_be_local=may_be_local)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    until = time.monotonic() + deadline_s
    addresses = resolve(host, port, may_be_local=may_be_local)
    connection = http.client.HTTPConnection(host, port)
    try:
        connection.sock = _connect(addresses, port, until, host if parts.scheme == "https" else None)
        # A drip of single bytes passes every time-out of a socket; the end of all does not.
        alarm = threading.Timer(_left(until), _hang_up, (connection.sock,))
        alarm.daemon = True
        alarm.start()
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body=body, headers={"User-Agent": "chopmark", **headers})
            answer = connection.getresponse()
            answer.read(MOST_ANSWER_BYTES)
        finally:
            alarm.cancel()
        return Answer(answer.status)
    except (OSError, ValueError, http.client.HTTPException) as exc:
        raise FetchError(f"its host did not answer rightly ({type(exc).__name__})") from exc
    finally:
        connection.close()


def _connect(addresses: list[str], port: int, until: float, tls_name: str | None) -> socket.socket:
    problem: OSError | None = None
    for address in addresses:
        try:
            connected = socket.create_connection((address, port), timeout=_left(until))
            if tls_name is None:
                return connected
            return ssl.create_default_context().wrap_socket(connected, server_hostname=tls_name)
        except OSError as exc:
            problem = exc
    raise problem or OSError("no address")


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise FetchError("its host took too long")
    return left


def _hang_up(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended already
