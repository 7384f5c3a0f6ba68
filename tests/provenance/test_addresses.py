"""Which addresses may be asked when a stranger names them."""

import socket
from ipaddress import ip_address

import pytest

from provenance.addresses import is_public, resolve
from provenance.errors import FetchError

PRIVATE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::",
    "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "192.0.0.8", "fec0::1", "3fff::1", "64:ff9b:1::808:808", "64:ff9b:1:a00:1:100:808:808",
    "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a9fe:a9fe", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are(address):
    assert is_public(ip_address(address))


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    found = [(socket.AF_INET, 1, 6, "", (one, 80)) for one in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(FetchError, match="private network"):
        resolve("mixed.example", 80)
    assert resolve("mixed.example", 80, may_be_local=True) == ["93.184.216.34", "10.0.0.1"]


def test_a_name_without_an_address_is_told():
    with pytest.raises(FetchError, match="no address"):
        resolve("no-such-host.invalid", 80)
