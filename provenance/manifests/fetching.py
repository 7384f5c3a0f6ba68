"""Fetch a manifest that a file says is kept elsewhere, only when somebody asks for it.

The address was written by a stranger, so it must not lead into our own network: the name is resolved once, every
address that it has must be a public one, and the connection goes to an address that was checked. Redirects are checked
alike, answers are bounded in size and time, no proxy or cookie is used, and the address is never repeated in a message,
since it may hold a token.
"""

import http.client
import socket
import ssl
import threading
import time
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from provenance.errors import FetchError

DEADLINE_S: Final = 15.0
MAX_BYTES: Final = 32 * 1024 * 1024
MAX_REDIRECTS: Final = 3

_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 64 * 1024

# Public by their number, and yet a cloud's own: Azure's wire server
_OWN_OF_CLOUDS: Final = frozenset({IPv4Address("168.63.129.16")})
# RFC 6052 s2.1 and RFC 8215: IPv6 addresses that lead to an IPv4 address
_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
# RFC 4291 s2.5.5.1: IPv4-compatible
_COMPATIBLE: Final = IPv6Network("::/96")
# RFC 2544, RFC 6890 and the like are known to `is_global`; this one only since Python 3.13
_SHARED: Final = IPv4Network("100.64.0.0/10")

Address = IPv4Address | IPv6Address


def fetch_manifest(
    unverified_url: str, *, deadline_s: float = DEADLINE_S, most_bytes: int = MAX_BYTES, may_be_local: bool = False
) -> bytes:
    """Return what lies at `unverified_url`.

    Args:
        unverified_url: as written in the file.
        deadline_s: for everything but the resolver.
        most_bytes: of the answer.
        may_be_local: take addresses and ports of this machine too; for tests only.

    Raises:
        FetchError: the address is not one that may be asked, or nobody there answered with a manifest.
    """
    until = time.monotonic() + deadline_s
    url = unverified_url
    for _ in range(MAX_REDIRECTS + 1):
        parts = _parse(url, may_be_local=may_be_local)
        body, location = _ask(parts, until, most_bytes, may_be_local=may_be_local)
        if location is None:
            return body
        following = urljoin(url, location)
        if parts.scheme == "https" and urlsplit(following).scheme != "https":
            raise FetchError("it leads from https to an address without encryption")
        url = following
    raise FetchError(f"it leads on more than {MAX_REDIRECTS} times")


def is_public(address: Address) -> bool:
    """Say whether an address belongs to the public network, whatever it is wrapped in."""
    inner = _unwrap(address)
    if inner is not None:
        return is_public(inner)
    if address in _OWN_OF_CLOUDS or (isinstance(address, IPv4Address) and address in _SHARED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _unwrap(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to, if it is one of those."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


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


def _resolve(host: str, port: int, *, may_be_local: bool) -> list[str]:
    """Return the addresses of `host`, all of them checked."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise FetchError("its host has no address") from exc
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not may_be_local and not all(is_public(ip_address(one.partition("%")[0])) for one in addresses):
        raise FetchError("its host is inside a private network")
    return addresses


def _ask(parts: SplitResult, until: float, most_bytes: int, *, may_be_local: bool) -> tuple[bytes, str | None]:
    """Return the body, or b"" and where it leads on to."""
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    addresses = _resolve(host, port, may_be_local=may_be_local)
    connection = http.client.HTTPConnection(host, port)
    try:
        connection.sock = _connect(addresses, port, until, host if parts.scheme == "https" else None)
        # A drip of single bytes passes every time-out of a socket; the end of all does not.
        alarm = threading.Timer(_left(until), _hang_up, (connection.sock,))
        alarm.daemon = True
        alarm.start()
        try:
            return _exchange(connection, parts, until, most_bytes)
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


def _exchange(
    connection: http.client.HTTPConnection, parts: SplitResult, until: float, most_bytes: int
) -> tuple[bytes, str | None]:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept": "application/c2pa", "Accept-Encoding": "identity", "User-Agent": "chopmark"}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    if answer.status in _REDIRECTS:
        location = answer.getheader("Location")
        if not location:
            raise FetchError("it leads on to nowhere")
        return b"", location
    if answer.status != http.HTTPStatus.OK:
        raise FetchError(f"its host answered with {answer.status}")
    parts_read: list[bytes] = []
    size = 0
    while chunk := answer.read(_CHUNK):
        size += len(chunk)
        if size > most_bytes:
            raise FetchError(f"expected at most {most_bytes} bytes, got more")
        _left(until)
        parts_read.append(chunk)
    _left(until)
    if answer.length:
        raise FetchError("its host's answer broke off")
    return b"".join(parts_read), None


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
