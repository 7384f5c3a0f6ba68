"""Uploads that stall or ask for much held the server: a real one, asked by clients that behave badly."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import httpx
import pytest

from api.edge import SECURITY_HEADERS
from tests import image_bytes as make
from tests.architecture.checkout import ROOT

BOUNDS = {"IDLE_S": "0.6", "UPLOAD_S": "20", "WAIT_S": "60", "UPLOADS": "16", "FILES": "2"}


class Server:
    """One that runs, and what it wrote."""

    def __init__(self, home, **bounds):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = home.parent / "server.log"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CHOPMARK_")},
            "CHOPMARK_HOME": str(home), "CHOPMARK_DETECTORS": "incoming_marks", "CHOPMARK_READ_WATERMARKS": "tile2", "CHOPMARK_MAX_BYTES": "8000000",
            "OMP_NUM_THREADS": "1", **{f"CHOPMARK_HTTP__{name}": value for name, value in {**BOUNDS, **bounds}.items()},
        }  # fmt: skip
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api.server", "--port", str(self.port)],
                cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.url = f"http://127.0.0.1:{self.port}"
        ends_at = time.monotonic() + 90
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/healthz", timeout=60).status_code == 200:
                    return
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < ends_at
            time.sleep(0.1)

    def said(self):
        return self.log.read_text("utf-8", "replace")

    def most_mib(self):
        """The most memory that it has held so far."""
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text("ascii"))[1]) // 1024

    def begin(self, length, sent=b""):
        """Begin an upload and return its connection."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        line.sendall(f"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        with contextlib.suppress(ConnectionError):
            line.sendall(sent)
        return line

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server") / "home")
    yield server
    server.end()
    assert "Traceback" not in server.said()


def answer_of(line):
    """Return the status and the problem that a connection is answered with."""
    with line, line.makefile("rb") as answer:
        status = int(answer.readline().split()[1])
        headers = dict(field.decode().strip().lower().split(": ", 1) for field in iter(answer.readline, b"\r\n"))
        return status, json.loads(answer.read(int(headers["content-length"])))["title"]


def large_png():
    """65 KB that are 4096 x 4096 pixels."""
    rows = zlib.compress(bytes(4096 * (4096 * 3 + 1)), 9)
    return make.png(width=4096, height=4096, idat=rows)


def test_stalled_uploads_are_ended_and_hold_no_memory(server):
    before = server.most_mib()
    lines = [server.begin(7_000_000, bytes(6_000_000)) for _ in range(12)]
    assert {answer_of(line) for line in lines} == {(408, "upload.stalled")}
    assert server.most_mib() - before < 60
    assert httpx.get(f"{server.url}/healthz").json()["status"] == "ok"


def test_pictures_that_are_small_as_files_come_one_after_another(server):
    data, statuses = large_png(), []
    assert len(data) < 70_000

    def post():
        statuses.append(httpx.post(f"{server.url}/v1/verify", content=data, timeout=120).status_code)

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 6
    assert server.most_mib() < 1500


def test_what_finds_no_room_is_told_to_come_back(tmp_path):
    server = Server(tmp_path / "home", WAIT_S="0.2", UPLOADS="2", IDLE_S="10")
    try:
        lines = [server.begin(1000, b"x") for _ in range(2)]
        time.sleep(0.3)
        answer = httpx.post(f"{server.url}/v1/verify", content=b"x")
        assert (answer.status_code, answer.json()["title"], answer.headers["Retry-After"]) == (503, "busy", "5")
        for line in lines:
            line.close()
        ends_at = time.monotonic() + 20
        while httpx.post(f"{server.url}/v1/verify", content=b"x").status_code != 415:
            assert time.monotonic() < ends_at
    finally:
        server.end()
    assert "Traceback" not in server.said()
    assert "client gone" in server.said()


def test_a_body_of_any_declared_length_is_bounded(server):
    assert answer_of(server.begin(80_000_000, bytes(9_000_000))) == (413, "asset.too_large")


def test_the_sum_of_statuses(server):
    for content, status in (
        (b"", 415), (b"words", 415), (make.valid("image/png")[:40], 422), (make.valid("image/png"), 200),
        (make.valid("image/heic"), 200),
    ):  # fmt: skip
        answer = httpx.post(f"{server.url}/v1/verify", content=content, timeout=60)
        assert answer.status_code == status
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert httpx.get(f"{server.url}/healthz").json()["decoder_deaths"] == 0
