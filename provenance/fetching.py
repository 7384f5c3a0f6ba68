"""Fetch a file from an address that a stranger names, only when somebody asks for it.

The address must not lead into our own network: see `provenance.pinned`. Redirects are checked alike; answers are
bounded in size and time and spooled, never unpacked.
"""

import http.client
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from provenance.errors import AssetTooLargeError, FetchError
from provenance.pinned import connect, left, name_path, parse_address
from provenance.storage.blob import Blob, Spool

DEADLINE_S: Final = 15.0
MAX_REDIRECTS: Final = 3

_PORTS: Final = {"http": frozenset({80}), "https": frozenset({443})}
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
        parts = parse_address(url, _PORTS, any_port=may_be_local)
        wanted = Wanted(accept, most_bytes, until)
        body, location = _ask(parts, wanted, may_be_local=may_be_local)
        if body is not None:
            return body
        url = _follow(url, location)
    raise FetchError(f"it leads on more than {MAX_REDIRECTS} times")


def _follow(url: str, unverified_location: str) -> str:
    try:
        following = urljoin(url, unverified_location)
        is_encrypted = urlsplit(following).scheme == "https"
    except ValueError as exc:
        raise FetchError("it leads on to what is not a URL") from exc
    if urlsplit(url).scheme == "https" and not is_encrypted:
        raise FetchError("it leads from https to an address without encryption")
    return following


def _ask(parts: SplitResult, wanted: Wanted, *, may_be_local: bool) -> tuple[Blob | None, str]:
    """Return the body, or None and where it leads on to."""
    with connect(parts, until=wanted.until, may_be_local=may_be_local) as connection:
        return _exchange(connection, parts, wanted)


def _exchange(connection: http.client.HTTPConnection, parts: SplitResult, wanted: Wanted) -> tuple[Blob | None, str]:
    headers = {"Accept": wanted.accept, "Accept-Encoding": "identity", "User-Agent": "chopmark"}
    connection.request("GET", name_path(parts), headers=headers)
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
                left(wanted.until)
                spool.write(chunk)
        except AssetTooLargeError as exc:
            raise FetchError(f"expected at most {wanted.most_bytes} bytes, got more") from exc
        left(wanted.until)
        if answer.length:
            raise FetchError("its host's answer broke off")
        return spool.finish()
