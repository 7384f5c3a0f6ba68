"""What may be fetched and what may not, with a real server on 127.0.0.1."""

import gzip
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from provenance.addresses import resolve
from provenance.errors import FetchError
from provenance.fetching import MAX_REDIRECTS
from provenance.fetching import fetch as fetch_blob


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
    return fetch_blob(url, may_be_local=True, **{"deadline_s": 5.0, "most_bytes": 1 << 20, **options}).read()


@pytest.mark.parametrize("url", [
    "ftp://example.org/x", "file:///etc/passwd", "gopher://x/", "http://", "//x/y", "javascript:alert(1)", "",
    "http://user:word@example.org/", "http://example.org:22/", "https://example.org:8443/", "http://[::1",
    "http://example.org/a b", "http://example.org/\r\nHost: x", "http://exämple.org/", "http://example.org:99999/",
])  # fmt: skip
def test_addresses_that_are_never_asked(url):
    with pytest.raises(FetchError) as caught:
        fetch_blob(url, most_bytes=100, deadline_s=2.0)
    assert "word" not in str(caught.value)


def test_a_file_is_fetched_with_its_query():
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


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://user:pw@127.0.0.1/", "", "http://[::1"]
)
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


def test_a_packed_answer_is_not_unpacked():
    bomb = gzip.compress(bytes(10_000_000))
    with serve(say(bomb, **{"Content-Encoding": "gzip"})) as url, pytest.raises(FetchError, match="packed"):
        fetch(url)


def test_a_long_answer_lies_outside_of_memory():
    with serve(say(b"x" * (9 << 20))) as url:
        found = fetch_blob(url, may_be_local=True, most_bytes=10 << 20)
    assert (found.size_bytes, found.is_small) == (9 << 20, False)


def test_a_redirect_into_our_own_network_is_not_followed(monkeypatch):
    """The first host is taken for a public one, which the second is not."""
    inside = []

    def lead(handler):
        say(b"", 302, Location=f"{secret.replace('127.0.0.1', 'localhost')}/secret")(handler)

    def find(host, _, *, may_be_local):
        return ["127.0.0.1"] if host == "public.example" else resolve(host, 80)

    monkeypatch.setattr("provenance.pinned.resolve", find)
    with (
        serve(lambda handler: inside.append(handler.path)) as secret,
        serve(lead) as url,
        pytest.raises(FetchError, match="private network"),
    ):
        fetch_blob(f"http://public.example:{url.rpartition(':')[2]}/", most_bytes=100, may_be_local=True)
    assert inside == []
