"""Call a service over HTTP: bounded in time and size, never redirected, and no secret in any message.

Three ends are told apart, since one of them costs money: the call was not made (try again), it was made and refused
(do not), or nobody knows whether the service took it (`ProviderUnsureError`: nothing is paid twice).
"""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx

from generation.gateways.base import ProviderBusyError, ProviderError, ProviderUnsureError
from provenance.errors import ConfigurationError
from provenance.text import show

ANSWER_LIMIT_BYTES: Final = 64 << 20
"""Of an answer: pictures come within it, spelled in base64."""

# Pictures come with the answer of some services, after a minute or two.
TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0, read=180.0)
CALL_S: Final = 240.0
"""For one call, whatever drips from the service."""
FILE_S: Final = 600.0
"""For one file of a service."""
# Of a connection's making, as httpcore names it: what it returns has the socket.
_REACHED: Final = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})
_WORDS_LIMIT: Final = 300
_BUSY: Final = frozenset({429, 503})
# What a proxy says when it does not know how the service behind it fared.
_UNSURE: Final = frozenset({408, 500, 502, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered.

    Attributes:
        status: of HTTP.
        body: the JSON object.
        wait_s: how long it asks to be left alone, or 0.
    """

    status: int
    body: Mapping[str, Any]
    wait_s: float = 0

    def dig(self, *path: str | int) -> Any:  # noqa: ANN401 - a stranger's JSON
        """Return what lies at a path, or None where the answer is shaped otherwise."""
        return dig(self.body, *path)

    def text(self, *path: str | int) -> str:
        """Return the text or number at a path, as text; "" where there is none."""
        found = self.dig(*path)
        return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""

    def words(self, *path: str | int) -> str:
        """Return what the service says to people at a path, cleaned and cut."""
        return show(self.text(*path))[:_WORDS_LIMIT]


def dig(found: Any, *path: str | int) -> Any:  # noqa: ANN401 - a stranger's JSON
    """Return what lies at a path of a JSON value, or None where it is shaped otherwise."""
    for step in path:
        if isinstance(step, str) and isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(step, int) and isinstance(found, list) and -len(found) <= step < len(found):
            found = found[step]
        else:
            return None
    return found


class Caller:
    """Calls one service.

    Args:
        base_url: where it is; https, or http to this machine.
        headers: of every call, with what opens the service.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        try:
            url = httpx.URL(base_url)
        except (httpx.InvalidURL, TypeError) as exc:
            raise ConfigurationError("a gateway's base_url is no URL") from exc
        is_here = url.host in {"localhost", "127.0.0.1", "::1"}
        if not url.host or url.userinfo or not (url.scheme == "https" or (url.scheme == "http" and is_here)):
            raise ConfigurationError("a gateway's base_url has to be https://host, or http:// on this machine")
        self._client = httpx.Client(
            base_url=url,
            headers={"accept-encoding": "identity", **(headers or {})},
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            # A connection for each call, so that its socket is known to who hangs up.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    @property
    def host(self) -> str:
        """The host, with its port where that is unusual, as the header Host has it."""
        return self._client.base_url.netloc.decode("ascii")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        json_body: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        is_paid: bool = False,
    ) -> Answer:
        """Make one call and return its answer, whatever status it has from 200 to 499.

        Args:
            method: of HTTP.
            path: below the service's address.
            json_body: sent as JSON.
            content: sent as it is.
            params: of the query.
            headers: further ones.
            is_paid: the service may charge for it, so an end in between leaves it unsure.

        Raises:
            ProviderBusyError: it was not made, or, unless `is_paid`, may be made again.
            ProviderUnsureError: it `is_paid`, and nobody knows whether the service took it.
            ProviderError: the answer is no JSON object, or leads elsewhere.
        """
        sent = json.dumps(json_body, ensure_ascii=False).encode() if json_body is not None else content
        own = {"content-type": "application/json"} if json_body is not None else {}
        try:
            with (
                _ending(CALL_S) as extensions,
                self._client.stream(
                    method,
                    path,
                    content=sent,
                    params=params,
                    headers={**own, **(headers or {})},
                    extensions=extensions,
                ) as got,
            ):
                body = self._read(got, ANSWER_LIMIT_BYTES, is_paid=is_paid)
                return self._parse(got, body, is_paid=is_paid)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            raise ProviderBusyError("the service cannot be reached") from exc
        except httpx.HTTPError as exc:
            raise _stopped(f"the service did not answer rightly ({type(exc).__name__})", is_paid=is_paid) from exc

    @contextmanager
    def open(self, path: str, most_bytes: int) -> Iterator[Iterator[bytes]]:
        """Read a file of the service's own, chunk by chunk.

        Raises:
            ProviderError: there is none, it breaks off, or it is larger than `most_bytes`.
        """
        try:
            with _ending(FILE_S) as extensions, self._client.stream("GET", path, extensions=extensions) as got:
                if got.status_code != httpx.codes.OK:
                    again = got.status_code in _BUSY | _UNSURE
                    raise (ProviderBusyError if again else ProviderError)(
                        f"the service answered with {got.status_code}"
                    )
                yield _bounded(got, most_bytes)
        except httpx.HTTPError as exc:
            raise ProviderBusyError(f"the file broke off ({type(exc).__name__})") from exc

    def _read(self, got: httpx.Response, most_bytes: int, *, is_paid: bool) -> bytes:
        try:
            return b"".join(_bounded(got, most_bytes))
        except ProviderError as exc:
            raise _refused(str(exc), is_paid=is_paid) from exc

    def _parse(self, got: httpx.Response, body: bytes, *, is_paid: bool) -> Answer:
        status, wait_s = got.status_code, _read_wait(got.headers.get("retry-after", ""))
        try:
            parsed = json.loads(body)
        except (ValueError, RecursionError):
            parsed = None
        # 503 without a word of the service's own comes from a proxy, some of which say it after they passed a call on.
        if status == httpx.codes.TOO_MANY_REQUESTS or (status in _BUSY and (isinstance(parsed, dict) or not is_paid)):
            raise ProviderBusyError("the service asks to be left alone for now", wait_s)
        if status in _BUSY | _UNSURE:
            raise _stopped(f"the service answered with {status}", is_paid=is_paid)
        if not (200 <= status < 300 or 400 <= status < 500):
            raise _refused(f"the service answered with {status}, and nothing is followed", is_paid=is_paid)
        if not isinstance(parsed, dict):
            kind = show(got.headers.get("content-type", "no type"))[:60] if body else "nothing"
            raise _refused(f"expected a JSON object from the service, got {kind}", is_paid=is_paid)
        return Answer(status, parsed, wait_s)


@contextmanager
def _ending(seconds: float) -> Iterator[dict[str, Any]]:
    """Hang up when the time is over, since a drip of single bytes passes every time-out of a read.

    Yields:
        The extensions of the one request whose time it is.

    Raises:
        httpx.ReadTimeout: it is over; what was read until then may look whole.
    """
    reached: list[socket.socket] = []
    until = time.monotonic() + seconds

    def remember(event: str, info: Mapping[str, Any]) -> None:
        if event in _REACHED:
            reached.append(info["return_value"].get_extra_info("socket"))

    def hang_up() -> None:
        for one in reached:
            with suppress(OSError):  # the end of an encrypted one is that of what it runs over
                socket.socket.shutdown(one, socket.SHUT_RDWR)

    alarm = threading.Timer(seconds, hang_up)
    alarm.daemon = True
    alarm.start()
    try:
        yield {"trace": remember}
    finally:
        alarm.cancel()
        if time.monotonic() >= until:
            raise httpx.ReadTimeout("the time is over")


def _stopped(message: str, *, is_paid: bool) -> ProviderError:
    """Return the error of a call that may be made again unless it is paid for."""
    return ProviderUnsureError(message) if is_paid else ProviderBusyError(message)


def _refused(message: str, *, is_paid: bool) -> ProviderError:
    """Return the error of a call that will fail again, though it may have been paid for."""
    return ProviderUnsureError(message) if is_paid else ProviderError(message)


def _bounded(got: httpx.Response, most_bytes: int) -> Iterator[bytes]:
    """Yield an answer's bytes as they were sent: what is packed, and so may be a bomb, is not taken."""
    if got.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise ProviderError("the service packed its answer in a way that was not asked for")
    size = 0
    for chunk in got.iter_raw():
        size += len(chunk)
        if size > most_bytes:
            raise ProviderError(f"expected at most {most_bytes} bytes from the service, got more")
        yield chunk


def _read_wait(value: str) -> float:
    return float(min(int(value), 3600)) if value.isascii() and value.isdecimal() and len(value) < 6 else 0.0
