"""`chopmark serve` from outside: one command is a server, a worker and the first admin's link; SIGTERM ends all of it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing

import pytest

from api.cli import main
from policies.fleet import find_workers
from provenance.storage.database import Database
from tests.architecture.checkout import ROOT
from tests.sites import DETECTORS, LIGHT_PACKS


@pytest.fixture
def environment(tmp_path):
    return {
        **os.environ,
        "CHOPMARK_HOME": str(tmp_path / "home"),
        "CHOPMARK_DETECTORS": ",".join(DETECTORS[:3]),
        "CHOPMARK_PACKS": "light",
        "CHOPMARK_PACK_FOLDERS": str(LIGHT_PACKS),
        "CHOPMARK_BACKEND": "sketch",
    }


def await_line(lines, pattern, wait_s=120):
    for _ in range(int(wait_s / 0.05)):
        for line in tuple(lines):
            if found := re.search(pattern, line):
                return found
        time.sleep(0.05)
    raise AssertionError(lines)


def test_one_command_serves_walks_and_prints_the_first_link_and_a_killed_worker_is_replaced(environment, tmp_path):
    command = [sys.executable, "-m", "chopmark", "serve", "--port", "0"]
    running = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(iter(running.stderr.readline, "")))
    reader.start()
    origin = await_line(lines, r"chopmark is at (http://127.0.0.1:\d+),").group(1)
    assert await_line(lines, r"first admin, once:\s+(\S+)").group(1).startswith(f"{origin}/sign-in/")
    worker = int(await_line(lines, r"worker \S+ walks 2 assets at a time; process (\d+)").group(1))
    with urllib.request.urlopen(f"{origin}/healthz", timeout=30) as answer:
        assert answer.status == 200
    os.kill(worker, signal.SIGKILL)
    await_line(lines, r"a worker ended with -9; another starts in 1 s")
    lines[:] = [line for line in lines if "process" not in line]
    again = int(await_line(lines, r"worker \S+ walks 2 assets at a time; process (\d+)").group(1))
    assert again != worker
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0, lines
    reader.join()
    running.stderr.close()
    await_line(lines, "the server has stopped")
    with closing(Database(f"sqlite:///{tmp_path}/home/chopmark.db")) as database, database.read() as connection:
        assert find_workers(connection) == ()


def test_an_address_that_is_taken_is_told_before_anything_starts(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "home"))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit) as ended:
        main(["serve", "--port", str(taken.getsockname()[1])])
    assert ended.value.code == 2
    assert "cannot listen on 127.0.0.1" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()
