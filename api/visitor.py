"""Who asks without an account, by address, and how often each may.

An address is the peer's, or what a proxy that is trusted says of it. Of IPv6 a network of 64 bits is one visitor, for a
household has that many. Each process bounds by itself, and all of them together by what they share
(`api.allowance`): the limit is the site's, however many processes serve it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from math import ceil
from typing import Final, NoReturn

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from api.allowance import Allowance
from api.refusals import TooManyRequestsError
from provenance.errors import ConfigurationError

MOST_VISITORS: Final = 100_000
"""Remembered at once; who has not come for the longest time is forgotten first, and is as new then."""

Network = IPv4Network | IPv6Network


class Visitors:
    """Lets each visitor ask so often: a bucket of one minute's worth that fills up steadily.

    Args:
        per_minute: 0 for as often as they like.
        trusted: addresses and networks of proxies.
        shared: counts for all processes of the site; without it this one counts alone.

    Raises:
        ConfigurationError: one of `trusted` is no address and no network.
    """

    def __init__(self, per_minute: int, trusted: Sequence[str] = (), shared: Allowance | None = None) -> None:
        self._per_minute = per_minute
        self._shared = shared
        self._trusted = _parse_networks(trusted)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, request: HTTPConnection) -> str:
        """Return the address of who asks, as far as it is believed."""
        return find_address(request, self._trusted)

    async def admit(self, request: HTTPConnection) -> None:
        """Count one request.

        Raises:
            TooManyRequestsError: its address has asked too often.
        """
        if self._needs_more(visitor := self.find(request)):
            await run_in_threadpool(self._take, visitor)

    def admit_blocking(self, request: HTTPConnection) -> None:
        """Count one request, as `admit` does, beside the event loop."""
        if self._needs_more(visitor := self.find(request)):
            self._take(visitor)

    def _needs_more(self, visitor: str) -> bool:
        """Count in this process; say whether the others have to be asked, too."""
        if not self._per_minute:
            return False
        self.count(visitor, time.monotonic())
        if self._shared is None:
            return False
        wait_s = self._shared.spend(visitor)
        if wait_s:
            self._refuse(wait_s)
        return wait_s is None

    def _take(self, visitor: str) -> None:
        assert self._shared is not None
        if wait_s := self._shared.take(visitor):
            self._refuse(wait_s)

    def _refuse(self, wait_s: float) -> NoReturn:
        raise TooManyRequestsError(
            f"expected at most {self._per_minute} requests a minute from one address, got more",
            retry_after_s=max(1, ceil(wait_s)),
        )

    def count(self, visitor: str, now_s: float) -> None:
        """Count one request of `visitor`, as `admit` does."""
        rate = self._per_minute / 60
        with self._lock:
            left, then_s = self._left.pop(visitor, (float(self._per_minute), now_s))
            left = min(float(self._per_minute), left + (now_s - then_s) * rate)
            is_admitted = left >= 1
            self._left[visitor] = (left - 1 if is_admitted else left, now_s)
            if len(self._left) > MOST_VISITORS:
                self._left.popitem(last=False)
        if not is_admitted:
            self._refuse((1 - left) / rate)


def find_address(request: HTTPConnection, trusted: Sequence[Network]) -> str:
    """Return the address of who asks: the last one in X-Forwarded-For that no trusted proxy has, or the peer's."""
    peer = "" if request.client is None else request.client.host
    told = [one.strip() for line in request.headers.getlist("x-forwarded-for") for one in line.split(",")]
    address = _parse_address(peer)
    while address is not None and told and any(address in network for network in trusted):
        before = _parse_address(told.pop())
        if before is None:
            break
        address = before
    if address is None:
        return peer
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)


def is_among(address: str, named: Sequence[str]) -> bool:
    """Return whether an address is one of those, or in one of the networks, that are named."""
    parsed = _parse_address(address)
    return parsed is not None and any(parsed in network for network in _parse_networks(named))


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _parse_networks(names: Sequence[str]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(name, strict=False) for name in names)
    except ValueError as exc:
        raise ConfigurationError(
            "http.trusted_proxies and http.metrics_for: expected addresses or networks, such as 127.0.0.1 or "
            "10.0.0.0/8, got something else"
        ) from exc
