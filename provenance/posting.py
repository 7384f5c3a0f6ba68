"""Send a small document to an address that somebody named, such as a webhook's, and read little of the answer.

The address must not lead into our own network: see `provenance.pinned`. Nothing is followed elsewhere.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult

from provenance.pinned import connect, name_path, parse_address

MOST_ANSWER_BYTES: Final = 64 * 1024
"""Of an answer; it is read and dropped, so that the connection ends well."""

_PORTS: Final = {"https": frozenset({443, 8443})}


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
    ports = {**_PORTS, "http": _PORTS["https"]} if may_be_local else _PORTS
    return parse_address(unverified_url, ports, any_port=may_be_local)


def post(
    unverified_url: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float, may_be_local: bool = False
) -> Answer:
    """Send `body` and return what was answered, whatever it was.

    Raises:
        FetchError: the address is not one that may be asked, or nobody there answered in time.
    """
    parts = parse_target(unverified_url, may_be_local=may_be_local)
    until = time.monotonic() + deadline_s
    with connect(parts, until=until, may_be_local=may_be_local) as connection:
        connection.request("POST", name_path(parts), body=body, headers={"User-Agent": "chopmark", **headers})
        answer = connection.getresponse()
        answer.read(MOST_ANSWER_BYTES)
        return Answer(answer.status)
