import asyncio

import pytest
from starlette.requests import HTTPConnection

from api import visitor
from api.allowance import Allowance
from api.refusals import TooManyRequestsError
from api.visitor import Visitors, find_address
from provenance.errors import ConfigurationError


def connection(peer, *forwarded):
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    return HTTPConnection({"type": "http", "headers": headers, "client": (peer, 1)})


def test_each_address_may_ask_so_often_and_again_later():
    visitors = Visitors(60)
    for _ in range(60):
        visitors.count("a", 0.0)
    with pytest.raises(TooManyRequestsError) as caught:
        visitors.count("a", 0.0)
    assert caught.value.retry_after_s == 1
    visitors.count("b", 0.0)
    visitors.count("a", 1.0)
    with pytest.raises(TooManyRequestsError):
        visitors.count("a", 1.0)


def test_a_slow_rate_says_when():
    visitors = Visitors(1)
    visitors.count("a", 0.0)
    with pytest.raises(TooManyRequestsError) as caught:
        visitors.count("a", 30.0)
    assert caught.value.retry_after_s == 30


def test_without_a_bound_all_are_admitted():
    for _ in range(1000):
        Visitors(0).admit_blocking(connection("1.2.3.4"))


def admit(visitors, peer):
    asyncio.run(visitors.admit(connection(peer)))


@pytest.mark.parametrize("ask", [admit, lambda visitors, peer: visitors.admit_blocking(connection(peer))])
def test_all_processes_of_a_site_share_one_limit(sqlite_database, ask):
    everywhere = [Visitors(3, (), Allowance(sqlite_database, 3, lambda one: one.encode())) for _ in range(4)]
    for visitors in everywhere[:3]:
        ask(visitors, "1.2.3.4")
    for visitors in (everywhere[3], everywhere[3], everywhere[0]):
        with pytest.raises(TooManyRequestsError) as caught:
            ask(visitors, "1.2.3.4")
        assert 1 <= caught.value.retry_after_s <= 20
    ask(everywhere[3], "1.2.3.5")


def test_only_so_many_are_remembered(monkeypatch):
    monkeypatch.setattr(visitor, "MOST_VISITORS", 2)
    visitors = Visitors(1)
    for name in "abc":
        visitors.count(name, 0.0)
    visitors.count("a", 0.0)  # forgotten
    with pytest.raises(TooManyRequestsError):
        visitors.count("c", 0.0)


@pytest.mark.parametrize(("peer", "forwarded", "trusted", "expected"), [
    ("9.9.9.9", ["1.1.1.1"], [], "9.9.9.9"),
    ("10.0.0.1", ["6.6.6.6, 1.1.1.1"], ["10.0.0.0/8"], "1.1.1.1"),
    ("10.0.0.1", ["6.6.6.6", "1.1.1.1, 10.0.0.2"], ["10.0.0.0/8"], "1.1.1.1"),
    ("10.0.0.1", ["1.1.1.1, nonsense"], ["10.0.0.0/8"], "10.0.0.1"),
    ("10.0.0.1", [], ["10.0.0.0/8"], "10.0.0.1"),
    ("::ffff:10.0.0.1", ["1.1.1.1"], ["10.0.0.0/8"], "1.1.1.1"),
    ("2001:db8:1:2:3:4:5:6", [], [], "2001:db8:1:2::/64"),
    ("testclient", ["1.1.1.1"], ["0.0.0.0/0"], "testclient"),
])  # fmt: skip
def test_an_address_is_the_peers_or_what_a_trusted_proxy_says(peer, forwarded, trusted, expected):
    assert find_address(connection(peer, *forwarded), visitor._parse_networks(trusted)) == expected


def test_a_wrong_proxy_is_told_at_start():
    with pytest.raises(ConfigurationError, match="trusted_proxies"):
        Visitors(1, ["nonsense"])
