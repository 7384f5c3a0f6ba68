"""What a person meets: tables that fit, pipes that are plain, one version, help that is complete."""

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

from api import VERSION
from tests.sites import PLAIN

ROOT = Path(__file__).parents[2]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def environment(home):
    own = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "FORCE_COLOR"}}
    return {**own, **PLAIN, "CHOPMARK_HOME": str(home), "PYTHONPATH": str(ROOT), "TERM": "xterm", "PYTHONUTF8": "1"}


def at_a_terminal(home, columns, *arguments):
    """What a terminal of that width is sent, without colours."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    command = [sys.executable, "-m", "chopmark", *arguments]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=environment(home)
    ) as run:
        os.close(theirs)
        sent = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            sent += part
        run.wait(timeout=120)
    os.close(ours)
    return ESCAPES.sub("", sent.decode()).replace("\r\n", "\n")


def in_a_pipe(home, *arguments):
    command = [sys.executable, "-m", "chopmark", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environment(home)
    ).stdout


@pytest.mark.parametrize("columns", [80, 40])
def test_tables_fit_the_terminal_and_ids_are_whole(stock, tmp_path, columns):
    home = tmp_path / "home"
    for arguments, whole in ((("works", "list"), stock.work_id), (("review", "show", stock.held_id), stock.held_id)):
        shown = at_a_terminal(home, columns, *arguments)
        assert [line for line in shown.split("\n") if len(line) > columns and "/" not in line] == [], arguments
        assert whole in shown


def test_a_pipe_gets_plain_lines(stock, tmp_path):
    home = tmp_path / "home"
    shown = in_a_pipe(home, "works", "list")
    assert not set(shown) & set("─│╭╮╰╯\x1b")
    (row,) = [line for line in shown.splitlines() if stock.work_id in line]
    assert re.split(r"\s{2,}", row) == [stock.work_id, "Chelsea; Stéfan", "works", "active"]


def test_there_is_one_version(tmp_path):
    assert in_a_pipe(tmp_path, "--version") == f"chopmark {VERSION}\n"
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text()
