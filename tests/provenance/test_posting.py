"""Documents go to addresses outside alone, once, and no answer can keep us waiting."""

import socket
import threading

import pytest

from provenance.errors import FetchError
from provenance.posting import parse_target, post
from tests.policies.webhooks.receiver import receiving


def test_a_document_arrives_with_its_headers():
    with receiving() as receiver:
        receiver.answers = [201, 302]
        answer = post(receiver.url, b"{}", {"X-One": "1"}, deadline_s=5, may_be_local=True)
        assert (answer.status, answer.is_success) == (201, True)
        assert receiver.heard[0][1]["X-One"] == "1"
        assert not post(receiver.url, b"{}", {}, deadline_s=5, may_be_local=True).is_success
        assert len(receiver.heard) == 2


def test_a_drip_does_not_keep_us():
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip():
            connection, _ = server.accept()
            with connection:
                while not ended.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(FetchError):
            post(url, b"", {}, deadline_s=0.3, may_be_local=True)
        ended.set()
        thread.join()


def test_what_is_no_address():
    assert parse_target("https://example.com:8443/x").port == 8443
    for url in ("http://example.com", "https://", "https://example.com:99999/", "https://a@b/"):
        with pytest.raises(FetchError):
            parse_target(url)
