"""Three ends of a call are told apart, since one costs money; and no answer can do more than be read."""

import time
from contextlib import suppress

import pytest

from generation.gateways.base import ProviderBusyError, ProviderError, ProviderUnsureError
from generation.gateways.caller import Caller, dig
from provenance.errors import ConfigurationError
from tests.generation.gateways.provider import hang_up


@pytest.fixture
def caller(provider):
    calling = Caller(provider.url, {"authorization": "Bearer a-secret"})
    yield calling
    calling.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nothing",
        "http://example.com",
        "ftp://127.0.0.1",
        "https://user:word@example.com",
        "https://",
    ],
)
def test_a_service_is_reached_under_tls_or_on_this_machine(url):
    with pytest.raises(ConfigurationError, match="base_url"):
        Caller(url)


def test_an_answer_is_dug_through_whatever_its_shape(provider, caller):
    provider.say({"a": [{"b": "c"}], "n": 5, "t": True})
    answer = caller.call("GET", "/x")
    assert answer.text("a", 0, "b") == "c"
    assert answer.text("n") == "5"
    assert [answer.text("t"), answer.text("a"), answer.text("a", 7, "b"), answer.text("a", "b")] == [""] * 4
    assert dig([1], -1) == 1
    assert dig("text", 0) is None


def test_what_cannot_be_reached_was_not_called():
    calling = Caller("http://127.0.0.1:9")
    with pytest.raises(ProviderBusyError, match="cannot be reached"):
        calling.call("POST", "/x", is_paid=True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>oops</html>", 200),
        (b"", 200),
        (b"[1]", 200),
        ({"ok": 1}, 500),
        ({"ok": 1}, 502),
        ({"ok": 1}, 504),
        (b"upstream reset", 503),
        (b"", 302),
        (hang_up, 200),
        (b"[" * 100_000, 200),
    ],
)
def test_a_paid_call_without_a_clear_answer_leaves_it_unsure(provider, caller, body, status):
    provider.say(body, status, location="http://127.0.0.1:1/elsewhere")
    with pytest.raises(ProviderUnsureError):
        caller.call("POST", "/x", json_body={"prompt": "p"}, is_paid=True)
    assert len(provider.asked) == 1, "nothing is followed, and nothing repeated"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 429, ProviderBusyError),
        ({}, 503, ProviderBusyError),
        ({}, 502, ProviderBusyError),
        (hang_up, 200, ProviderBusyError),
        (b"<html>", 200, ProviderError),
        ({}, 307, ProviderError),
    ],
)
def test_a_free_call_may_be_made_again_where_that_helps(provider, caller, body, status, error):
    provider.say(body, status, retry_after="7")
    with pytest.raises(error) as caught:
        caller.call("GET", "/x")
    assert type(caught.value) is error
    if status in {429, 503}:
        assert caught.value.wait_s == 7


def test_no_message_holds_the_secret_or_the_prompt(provider, caller):
    provider.say(hang_up)
    with pytest.raises(ProviderUnsureError) as caught:
        caller.call("POST", "/x", json_body={"prompt": "a private prompt"}, is_paid=True)
    told = f"{caught.value} {caught.value.__cause__}"
    assert "a-secret" not in told
    assert "private" not in told


def test_an_answer_is_bounded_and_never_unpacked(provider, caller, monkeypatch):
    monkeypatch.setattr("generation.gateways.caller.ANSWER_LIMIT_BYTES", 100)
    provider.say({"long": "x" * 200})
    with pytest.raises(ProviderError, match="at most 100 bytes"):
        caller.call("GET", "/x")
    provider.say({"ok": 1}, content_encoding="br")
    with pytest.raises(ProviderError, match="packed"):
        caller.call("GET", "/x")


def test_a_file_of_the_services_is_read_in_bounds(provider, caller):
    with caller.open("/files/1", 100) as chunks:
        assert b"ftyp" in b"".join(chunks)
    with pytest.raises(ProviderError, match="at most 3 bytes"), caller.open("/files/1", 3) as chunks:
        b"".join(chunks)
    provider.say(b"", 404)
    with pytest.raises(ProviderError, match="404"), caller.open("/gone", 100):
        pass


def drip(handler):
    """Answer, and send the body a byte at a time, each well before a read gives up."""
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):
        for _ in range(200):
            handler.wfile.write(b" ")
            time.sleep(0.02)


def drip_headers(handler):
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
    with suppress(OSError):
        for number in range(200):
            handler.wfile.write(b"x-%d: 1\r\n" % number)
            time.sleep(0.02)


@pytest.mark.parametrize("answer", [drip, drip_headers])
def test_a_call_ends_whatever_drips_from_the_service(provider, caller, monkeypatch, answer):
    monkeypatch.setattr("generation.gateways.caller.CALL_S", 0.2)
    provider.say(answer)
    with pytest.raises(ProviderUnsureError):
        caller.call("POST", "/x", json_body={}, is_paid=True)


def test_a_file_that_was_cut_by_the_clock_is_not_whole(provider, caller, monkeypatch):
    monkeypatch.setattr("generation.gateways.caller.FILE_S", 0.2)
    provider.say(drip)
    with pytest.raises(ProviderBusyError, match="broke off"), caller.open("/drips", 1000) as chunks:
        b"".join(chunks)


def test_an_answer_that_stalls_ends(provider, monkeypatch):
    import httpx

    monkeypatch.setattr("generation.gateways.caller.TIMEOUT", httpx.Timeout(0.2))

    def stall(handler):
        handler.send_response(200)
        handler.end_headers()
        time.sleep(1)

    provider.say(stall)
    with pytest.raises(ProviderUnsureError, match="Timeout"):
        Caller(provider.url).call("POST", "/x", is_paid=True)


def lie_about_length(handler):
    """Promise a thousand bytes, and send ten."""
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b"0123456789")
    handler.close_connection = True


def stream_for_ever(handler):
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):
        while True:
            handler.wfile.write(b"\0" * 65_536)


def test_a_file_is_not_looked_for_where_the_service_sends_on(provider, caller):
    for place in ("http://10.0.0.1/clip.mp4", "http://169.254.169.254/latest/meta-data/", f"{provider.url}/files/1"):
        provider.say(b"", 302, location=place)
        with pytest.raises(ProviderError, match="302"), caller.open("/made", 100):
            pass
    assert [path for _, path, *_ in provider.asked] == ["/made"] * 3


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [(lie_about_length, ProviderBusyError, "broke off"), (stream_for_ever, ProviderError, "at most 100000 bytes")],
)
def test_a_file_that_lies_about_its_length_or_never_ends_is_not_kept(provider, caller, answer, error, said):
    provider.say(answer)
    with pytest.raises(error, match=said), caller.open("/made", 100_000) as chunks:
        b"".join(chunks)
