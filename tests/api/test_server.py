import asyncio
import os
import socket
import subprocess
import sys

import pytest
import uvicorn

from api.server import CONNECTIONS, HEADER_BYTES, BoundedProtocol, build_config, listen


async def answer(_scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Wire(asyncio.Transport):
    """Keeps what is written, and whether it was closed."""

    def __init__(self, **extra):
        super().__init__(extra)
        self.written, self.closed = b"", asyncio.Event()

    def write(self, data):
        self.written += data

    def close(self):
        self.closed.set()

    def pause_reading(self):
        """Nothing comes by itself."""

    def resume_reading(self):
        """Nor does it here."""

    def is_closing(self):
        return self.closed.is_set()


def talk(conversation, **extra):
    async def go():
        config = uvicorn.Config(answer, http=BoundedProtocol, lifespan="off", log_config=None)
        config.load()
        state = uvicorn.Server(config).server_state
        protocol, wire = BoundedProtocol(config=config, server_state=state, app_state={}), Wire(**extra)
        protocol.header_s = 0.1
        protocol.connection_made(wire)
        await conversation(protocol, wire)
        protocol.connection_lost(None)
        return protocol

    return asyncio.run(go())


def test_a_header_that_drips_ends_the_connection():
    async def drip(protocol, wire):
        for letter in b"GET / HTTP/1.1\r\nX: " + b"a" * 1000:
            protocol.data_received(bytes([letter]))
            await asyncio.sleep(0.01)
            if wire.closed.is_set():
                return
        raise AssertionError("it goes on for ever")

    assert talk(drip)._header_task is None


def test_nothing_at_all_ends_it_too():
    async def wait(_, wire):
        await asyncio.wait_for(wire.closed.wait(), 5)

    talk(wait)


def test_the_next_request_on_a_connection_has_as_little_time():
    async def twice(protocol, wire):
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.05)
        assert b"204" in wire.written
        assert protocol._header_task is None
        protocol.data_received(b"GET / HT")
        await asyncio.wait_for(wire.closed.wait(), 5)

    talk(twice)


def test_a_request_whose_header_is_whole_is_not_hurried():
    async def slowly(protocol, wire):
        protocol.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
        for _ in range(4):
            await asyncio.sleep(0.05)
            protocol.data_received(b"x")
        assert not wire.closed.is_set()

    talk(slowly)


def test_the_end_of_an_answer_does_not_wait_for_an_acknowledgement_of_its_start():
    """Else every answer takes 40 ms longer: a socket of `listen` does not say that it is one of TCP."""
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            talk(lambda _protocol, _wire: asyncio.sleep(0), socket=accepted)
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_everything_has_a_bound():
    config = build_config("127.0.0.1", 8600)
    assert config.timeout_graceful_shutdown == 10
    assert (config.limit_concurrency, config.h11_max_incomplete_event_size) == (CONNECTIONS, HEADER_BYTES)
    assert (config.http, config.ws, config.server_header) == (BoundedProtocol, "none", False)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"CHOPMARK_HOME": ""}, "CHOPMARK_HOME"),
        ({"CHOPMARK_MAX_BYTES": "many"}, "max_bytes"),
        ({"CHOPMARK_DATABASE_URL": "mysql://host/name"}, "sqlite or postgresql"),
    ],
)
def test_a_wrong_setting_ends_in_one_line(tmp_path, settings, said):
    environment = {**os.environ, "CHOPMARK_HOME": str(tmp_path / "home"), **settings}
    done = subprocess.run(
        [sys.executable, "-m", "api.server", "--port", "0"],
        env=environment, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
