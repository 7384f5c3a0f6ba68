"""Fetch a file from an address that a stranger names, only when somebody asks for it.

The address must not lead into our own network: see `provenance.addresses`. Redirects are checked alike, answers are
bounded in size and time and spooled, never unpacked, no proxy or cookie is used, and the address is never repeated in a
message, since it may hold a token.
"""

import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from provenance.addresses import resolve
from provenance.errors import AssetTooLargeError, FetchError
from provenance.storage.blob import Blob, Spool

DEADLINE_S: Final = 15.0
MAX_REDIRECTS: Final = 3

_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        accept: media type.
        most_bytes: of the answer.
        until: when all of it has come, by the monotonic clock.
    """

    accept: str
    most_bytes: int
    until: float


def fetch(
    unverified_url: str,
    *,
    most_bytes: int,
    accept: str = "*/*",
    deadline_s: float = DEADLINE_S,
    may_be_local: bool = False,
) -> Blob:
    """Return what lies at `unverified_url`.

    Args:
        unverified_url: as a stranger wrote it.
        most_bytes: of the answer.
        accept: media type that is asked for; what comes is whatever it is.
        deadline_s: for everything but the resolver.
        may_be_local: take addresses and ports of this machine too; for tests only.

    Raises:
        FetchError: the address is not one that may be asked, or nobody there answered with a file.
    """
    until = time.monotonic() + deadline_s
    url = unverified_url
    for _ in range(MAX_REDIRECTS + 1):
        parts = _parse(url, may_be_local=may_be_local)
        wanted = Wanted(accept, most_bytes, until)
        body, location = _ask(parts, wanted, may_be_local=may_be_local)
        if body is not None:
            return body
        following = urljoin(url, location)
        if parts.scheme == "https" and urlsplit(following).scheme != "https":
            raise FetchError("it leads from https to an address without encryption")
        url = following
    raise FetchError(f"it leads on more than {MAX_REDIRECTS} times")


def _parse(unverified_url: str, *, may_be_local: bool) -> SplitResult:
    if not (unverified_url.isascii() and unverified_url.isprintable()) or " " in unverified_url:
        raise FetchError("its address holds characters that none may hold")
    try:
        parts = urlsplit(unverified_url)
        host, port, has_user = parts.hostname, parts.port, parts.username is not None
    except ValueError as exc:
        raise FetchError("its address is not a URL") from exc
    if parts.scheme not in _PORTS or not host:
        raise FetchError("expected an address of http or https")
    if has_user:
        raise FetchError("its address holds a user name")
    if not may_be_local and port not in {None, _PORTS[parts.scheme]}:
        raise FetchError(f"expected the usual port of {parts.scheme}, got {port}")
    return parts


def _ask(parts: SplitResult, wanted: Wanted, *, may_be_local: bool) -> tuple[Blob | None, str]:
    """Return the body, or None and where it leads on to."""
    host, port, until = parts.hostname or "", parts.port or _PORTS[parts.scheme], wanted.until
    addresses = resolve(host, port, may_be_local=may_be_local)
    connection = http.client.HTTPConnection(host, port)
    try:
        connection.sock = _connect(addresses, port, until, host if parts.scheme == "https" else None)
        # A drip of single bytes passes every time-out of a socket; the end of all does not.
        alarm = threading.Timer(_left(until), _hang_up, (connection.sock,))
        alarm.daemon = True
        alarm.start()
        try:
            return _exchange(connection, parts, wanted)
        finally:
            alarm.cancel()
    except (OSError, ValueError, http.client.HTTPException) as exc:
        raise FetchError(f"its host did not answer rightly ({type(exc).__name__})") from exc
    finally:
        connection.close()


def _connect(addresses: list[str], port: int, until: float, tls_name: str | None) -> socket.socket:
    """Connect to the first address that answers."""
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


def _exchange(connection: http.client.HTTPConnection, parts: SplitResult, wanted: Wanted) -> tuple[Blob | None, str]:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept": wanted.accept, "Accept-Encoding": "identity", "User-Agent": "chopmark"}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    if answer.status in _REDIRECTS:
        location = answer.getheader("Location")
        if not location:
            raise FetchError("it leads on to nowhere")
        return None, location
    if answer.status != http.HTTPStatus.OK:
        raise FetchError(f"its host answered with {answer.status}")
    if answer.getheader("Content-Encoding", "identity").strip().lower() != "identity":
        raise FetchError("its host packed the answer, which was not asked for")
    return _take(answer, wanted), ""


def _take(answer: http.client.HTTPResponse, wanted: Wanted) -> Blob:
    with Spool(most_bytes=wanted.most_bytes) as spool:
        try:
            while chunk := answer.read(_CHUNK):
                _left(wanted.until)
                spool.write(chunk)
        except AssetTooLargeError as exc:
            raise FetchError(f"expected at most {wanted.most_bytes} bytes, got more") from exc
        _left(wanted.until)
        if answer.length:
            raise FetchError("its host's answer broke off")
        return spool.finish()


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
