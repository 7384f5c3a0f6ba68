"""Addresses that may be asked when a stranger names them: public ones alone, however they are wrapped or spelled.

A name is resolved once, every address that it has must be public, and the connection goes to one that was checked: so
no second answer of the resolver leads elsewhere.
"""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from provenance.errors import FetchError

# Public by their number, and yet a cloud's own: Azure's wire server
_OWN_OF_CLOUDS: Final = frozenset({IPv4Address("168.63.129.16")})
# RFC 6052 s2.1: IPv6 addresses that lead to an IPv4 address
_NAT64: Final = IPv6Network("64:ff9b::/96")
# RFC 4291 s2.5.5.1: IPv4-compatible
_COMPATIBLE: Final = IPv6Network("::/96")
# RFC 2544, RFC 6890 and the like are known to `is_global`; these not, or only since some version of Python
_OWN: Final = (
    IPv4Network("100.64.0.0/10"),  # RFC 6598
    IPv4Network("192.0.0.0/24"),  # RFC 6890: of protocols, none of which is asked here
    IPv6Network("64:ff9b:1::/48"),  # RFC 8215: for translation within a network, which chooses where IPv4 stands in it
    IPv6Network("fec0::/10"),  # RFC 3879: private ones of old
    IPv6Network("3fff::/20"),  # RFC 9637: of documentation
)

Address = IPv4Address | IPv6Address


def is_public(address: Address) -> bool:
    """Say whether an address belongs to the public network, whatever it is wrapped in."""
    inner = _unwrap(address)
    if inner is not None:
        return is_public(inner)
    if address in _OWN_OF_CLOUDS or any(address in network for network in _OWN):
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
    if address in _COMPATIBLE or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


def resolve(host: str, port: int, *, may_be_local: bool = False) -> list[str]:
    """Return the addresses of `host`, all of them checked.

    Args:
        host: name or address, as a stranger spelled it.
        port: that will be connected to.
        may_be_local: take addresses of this machine too; for tests only.

    Raises:
        FetchError: it has none, or one that is not public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise FetchError("its host has no address") from exc
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not may_be_local and not all(is_public(ip_address(one.partition("%")[0])) for one in addresses):
        raise FetchError("its host is inside a private network")
    return addresses
