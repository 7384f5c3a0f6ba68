"""Nothing reaches out by itself: who may use a network is listed here, with the command that asks for it."""

import ast
import socket

import pytest
from pytest_socket import SocketConnectBlockedError

from tests.architecture.checkout import ROOT, modules

NETWORKED = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "huggingface_hub",
    "requests",
    "smtplib",
    "socket",
    "urllib.request",
    "urllib3",
}

ALLOWED = {
    # module: who asks for it
    "api/access/provider.py": "whoever signs in by the provider that the setting access.oidc.issuer names",
    "api/server.py": "chopmark serve, which listens and connects to nobody",
    "generation/gateways/caller.py": "chopmark gateway, at the services that the setting gateway_options names",
    "generation/pull.py": "chopmark models pull diffusers",
    "api/helper.py": "nobody: a pair of sockets between a process and those that help it, which have no address",
    "provenance/pinned.py": "whoever fetches or posts: the one connection of both",
    "provenance/child.py": "nobody: a pair of sockets between a process and its child, which have no address",
    "api/answers.py": "whoever makes a client of the HTTP API",
    "api/client.py": "whoever makes a client of the HTTP API",
    "provenance/addresses.py": "whoever fetches: names are resolved and checked",
    "provenance/fetching.py": "chopmark verify --fetch, and verification over HTTP where the setting http.fetch allows it",
}


def imports_of(path):
    """Yield each module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_networked(name):
    return any(name == known or name.startswith(f"{known}.") for known in NETWORKED)


def test_only_these_modules_can_use_a_network():
    found = {str(path) for path in modules() if any(is_networked(name) for name in imports_of(path))}
    assert found == ALLOWED.keys()


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_the_suite_itself_has_no_network():
    with socket.socket() as outside, pytest.raises(SocketConnectBlockedError):
        outside.connect(("192.0.2.1", 80))
