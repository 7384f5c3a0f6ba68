"""What fetches and what posts go out alike: to addresses that were checked, whoever resolves them, and not for ever."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provenance.errors import FetchError
from provenance.fetching import fetch
from provenance.posting import post
from tests.provenance.test_fetching import say, serve


def fetching(url, *, deadline_s=2.0, may_be_local=False):
    return fetch(url, most_bytes=1000, deadline_s=deadline_s, may_be_local=may_be_local).read()


def posting(url, *, deadline_s=2.0, may_be_local=False):
    return post(url, b"{}", {}, deadline_s=deadline_s, may_be_local=may_be_local).status


USERS = pytest.mark.parametrize("ask", [fetching, posting])


@USERS
@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:a00:1]", "0x7f.1", "2130706433",
    "169.254.169.254", "10.0.0.1", "127.1", "0", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]",
])  # fmt: skip
def test_nothing_inside_is_asked_however_it_is_spelled(ask, host):
    with pytest.raises(FetchError, match=r"private network|no address"):
        ask(f"https://{host}/secret")


@USERS
@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.1.2.3", "::ffff:192.168.0.1", "::1", "fd00:ec2::254", "100.100.100.200"]
)
def test_a_resolver_that_changes_its_mind_leads_nowhere_else(ask, inside, monkeypatch):
    """The first answer is public, every later one is inside: what was checked is what is connected to, by its number."""
    asked, connected = [], []

    def rebind(host, port, **_):
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else inside
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def refuse(address, **_):
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(FetchError, match="ConnectionRefusedError"):
        ask("https://rebinding.example/x")
    assert (asked, connected) == (["rebinding.example"], ["93.184.216.34"])
    with pytest.raises(FetchError, match="private network"):
        ask("https://rebinding.example/x")
    assert len(connected) == 1


@USERS
def test_one_address_inside_among_public_ones_is_enough(ask, monkeypatch):
    found = [(socket.AF_INET, 1, 6, "", (one, 443)) for one in ("93.184.216.34", "::ffff:10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    with pytest.raises(FetchError, match="private network"):
        ask("https://mixed.example/")


@USERS
def test_an_address_that_does_not_answer_gives_way_to_the_next_that_was_checked(ask, monkeypatch):
    """Nobody listens on the first: the second address is asked, and the name itself never."""
    with serve(say(b"there")) as url:
        port = int(url.rpartition(":")[2])
        monkeypatch.setattr("provenance.pinned.resolve", lambda *_, **__: ["::1", "127.0.0.1"])
        if ask is fetching:
            assert ask(f"http://two.example:{port}/", may_be_local=True) == b"there"
        else:
            assert ask(f"http://two.example:{port}/", may_be_local=True) == 501  # that server knows no POST


@USERS
def test_the_certificate_is_held_to_the_name_and_not_to_the_address(ask, tmp_path, monkeypatch):
    with serving_tls("right.example", tmp_path) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        monkeypatch.setattr("provenance.pinned.resolve", lambda *_, **__: ["127.0.0.1"])
        assert ask(f"https://right.example:{port}/", may_be_local=True) in {b"there", 200}
        with pytest.raises(FetchError, match="SSLCertVerificationError"):
            ask(f"https://wrong.example:{port}/", may_be_local=True)


@USERS
def test_a_handshake_that_drips_ends(ask):
    """Each byte passes the time-out of a socket; all of them together pass nothing."""
    with dripping(b"\x16\x03\x03\x3f\xff" + bytes(200)) as port, pytest.raises(FetchError):
        ask(f"https://127.0.0.1:{port}/", deadline_s=0.3, may_be_local=True)


@contextmanager
def dripping(data):
    ended = threading.Event()

    def drip():
        connection, _ = server.accept()
        with connection:
            for number in range(len(data)):
                if ended.wait(0.05):
                    return
                try:
                    connection.sendall(data[number : number + 1])
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join()


@contextmanager
def serving_tls(name, folder):
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))])
    certificate = (
        x509.CertificateBuilder().subject_name(whose).issuer_name(whose).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(1))
        .add_extension(names, critical=False).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    ended = threading.Event()

    def answer():
        server.settimeout(0.05)
        while not ended.is_set():
            try:
                connection, _ = server.accept()
                connection.settimeout(2)
                with context.wrap_socket(connection, server_side=True) as encrypted:
                    encrypted.recv(4096)
                    encrypted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthere")
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join()
