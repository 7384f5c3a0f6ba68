"""What may be fetched and what may not, with a real server on 127.0.0.1."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest

from provenance.errors import FetchError
from provenance.manifests.fetching import MAX_REDIRECTS, fetch_manifest, is_public


@contextmanager
def serve(answer):
    """Serve with `answer`, which gets the handler."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def say(body, status=200, **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def fetch(url, **options):
    return fetch_manifest(url, may_be_local=True, **{"deadline_s": 5.0, **options})


PRIVATE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::",
    "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
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


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "169.254.169.254", "127.1", "0",
    "[64:ff9b::7f00:1]",
])  # fmt: skip
def test_nothing_inside_is_asked_however_it_is_spelled(host):
    with pytest.raises(FetchError, match=r"private network|no address"):
        fetch_manifest(f"http://{host}/secret", deadline_s=2.0)


@pytest.mark.parametrize("url", [
    "ftp://example.org/x", "file:///etc/passwd", "gopher://x/", "http://", "//x/y", "javascript:alert(1)", "",
    "http://user:word@example.org/", "http://example.org:22/", "https://example.org:8443/", "http://[::1",
    "http://example.org/a b", "http://example.org/\r\nHost: x", "http://exämple.org/", "http://example.org:99999/",
])  # fmt: skip
def test_addresses_that_are_never_asked(url):
    with pytest.raises(FetchError) as caught:
        fetch_manifest(url, deadline_s=2.0)
    assert "word" not in str(caught.value)


def test_a_manifest_is_fetched_with_its_query():
    def answer(handler):
        say(handler.path.encode())(handler)

    with serve(answer) as url:
        assert fetch(f"{url}/store?id=7") == b"/store?id=7"


def test_redirects_are_followed_a_few_times_only():
    def answer(handler):
        number = int(handler.path[1:])
        if number == 0:
            return say(b"there")(handler)
        return say(b"", 302, Location=f"/{number - 1}")(handler)

    with serve(answer) as url:
        assert fetch(f"{url}/{MAX_REDIRECTS}") == b"there"
        with pytest.raises(FetchError, match="leads on more than"):
            fetch(f"{url}/{MAX_REDIRECTS + 1}")


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://user:pw@127.0.0.1/", ""])
def test_redirects_are_checked_like_addresses(location):
    with serve(say(b"", 302, Location=location)) as url, pytest.raises(FetchError):
        fetch(url)


@pytest.mark.parametrize("status", [201, 204, 304, 403, 404, 500])
def test_any_other_answer_is_none(status):
    with serve(say(b"", status)) as url, pytest.raises(FetchError, match=str(status)):
        fetch(url)


def test_answers_are_bounded():
    with serve(say(b"x" * 100_000)) as url, pytest.raises(FetchError, match="at most 1000 bytes"):
        fetch(url, most_bytes=1000)


def test_an_answer_that_breaks_off_is_none():
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"half")

    with serve(answer) as url, pytest.raises(FetchError):
        fetch(url)


@pytest.mark.parametrize("stage", ["headers", "body"])
def test_a_drip_ends(stage):
    def answer(handler):
        if stage == "body":
            handler.send_response(200)
            handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    with serve(answer) as url, pytest.raises(FetchError):
        fetch(url, deadline_s=0.4)
