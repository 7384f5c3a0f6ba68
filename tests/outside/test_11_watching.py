"""`release --watch` as an operator uses it: a process of its own beside a generator that writes files."""

import json
import os
import signal
import subprocess
import sys
import time

from tests.architecture.checkout import ROOT
from tests.outside.asking import ask
from tests.sites import DETECTORS, LIGHT_PACKS, encode, photograph

LIGHT = {
    "CHOPMARK_DETECTORS": ",".join(DETECTORS[:3]),
    "CHOPMARK_PACKS": "light",
    "CHOPMARK_PACK_FOLDERS": str(LIGHT_PACKS),
}

_CODE = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from api.cli import main; main()"


def start(tmp_path, *more):
    environment = {**os.environ, **LIGHT, "CHOPMARK_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", _CODE, "release", "--watch", "in", "-o", "out/", "--json", *more]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while line := process.stderr.readline():
        if "watching" in line:
            return process
    raise AssertionError(process.stdout.read())


def next_result(process):
    return json.loads(process.stdout.readline())


def stop(process, number=signal.SIGINT):
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    return out, err


def test_a_folder_is_released_as_it_fills_and_again_nothing_twice(tmp_path):
    inbox = tmp_path / "in"
    inbox.mkdir()
    first, second = (encode(photograph(name, side=256), "PNG") for name in ("coffee.png", "chelsea.png"))
    (inbox / "first.png").write_bytes(first)
    process = start(tmp_path)
    result = next_result(process)
    assert (result["outcome"], result["written"]) == ("released", "out/first.png")
    (inbox / "bad.png").write_bytes(b"no picture at all")
    assert next_result(process)["outcome"] == "error"
    with (inbox / "second.png").open("wb") as slow:  # a generator that takes its time over one file
        slow.write(second[:1000])
        slow.flush()
        time.sleep(2)
        slow.write(second[1000:])
    released = next_result(process)
    assert (released["outcome"], released["written"]) == ("released", "out/second.png"), "half a file was taken"
    out, err = stop(process)
    assert (out, "1 error, 2 release" in err) == ("", True)

    (inbox / "bad.png").unlink()
    process = start(tmp_path)
    again = [next_result(process) for _ in range(2)]
    assert {one["asset_id"] for one in again} == {result["asset_id"], released["asset_id"]}
    assert all(one["repeated"] for one in again)
    stop(process, signal.SIGTERM)


def test_it_refuses_to_watch_where_it_writes(tmp_path):
    inbox = tmp_path / "in"
    inbox.mkdir()
    for arguments in ([inbox, "-o", f"{inbox}/"], [tmp_path / "nowhere"], [inbox, "a.png"]):
        told = ask(tmp_path / "home", "release", "--watch", *arguments)
        assert told.code == 2, arguments
        assert "[usage]" in told.err
    assert not (tmp_path / "home").exists()
