import subprocess
import sys
import threading

import pytest

from api.console import FileAccessError
from api.turns import TURNS_FILE, taking_turns
from provenance.asset import sha256_hex
from provenance.errors import AssetInUseError

ONE, OTHER = sha256_hex(b"one"), sha256_hex(b"other")
HOLDS = """
import sys
from pathlib import Path
from api.turns import taking_turns
with taking_turns(Path(sys.argv[1]), sys.argv[2]):
    print("taken", flush=True)
    sys.stdin.read()
"""


def waits(home, digest):
    """Whether somebody who wants that turn has to wait."""
    taken = threading.Event()

    def take():
        with taking_turns(home, digest):
            taken.set()

    threading.Thread(target=take, daemon=True).start()
    return not taken.wait(0.3)


def test_threads_wait_for_the_same_bytes_only(tmp_path):
    with taking_turns(tmp_path, ONE):
        assert waits(tmp_path, ONE)
        assert not waits(tmp_path, OTHER)
    assert not waits(tmp_path, ONE)


def test_processes_wait_and_one_that_was_killed_holds_nothing(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path), ONE], stdin=-1, stdout=-1) as process:
        assert process.stdout.readline() == b"taken\n"
        assert waits(tmp_path, ONE)
        process.kill()
    assert not waits(tmp_path, ONE)


def test_nobody_waits_for_ever(tmp_path):
    with taking_turns(tmp_path, ONE):
        with pytest.raises(AssetInUseError, match="end what hangs"), taking_turns(tmp_path, ONE, wait_s=0.05):
            pass
        with taking_turns(tmp_path, OTHER, wait_s=0):
            pass
    with taking_turns(tmp_path, ONE, wait_s=0):
        pass


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    (tmp_path / TURNS_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileAccessError, match=TURNS_FILE), taking_turns(tmp_path, ONE):
        pass
    assert not (tmp_path / "elsewhere").exists()
