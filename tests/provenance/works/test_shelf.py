import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from provenance.works.segment import Origin, SegmentDamagedError, build_limbs
from provenance.works.shelf import Shelf


def put(shelf, count=100, *, last_code=None):
    codes = np.random.default_rng(count).integers(0, 256, (count, 32), np.uint8)
    origin = Origin("works", "pdq", 256, last_code or count, 0, 1, "00")
    with shelf.building() as is_ours:
        assert is_ours
        return shelf.put(limbs=build_limbs(codes), sequences=np.arange(1, count + 1), origin=origin, radius_bits=31)


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_the_newest_segment_counts_and_the_others_go(tmp_path):
    shelf = Shelf(tmp_path / "pdq")
    assert shelf.open_current() is None
    first = put(shelf, 100)
    second = put(shelf, 200)
    assert shelf.open_current().folder == second.folder
    assert names(shelf.folder) == {"current", "lock", second.folder.name}
    assert len(first.search(tuple(first.rows()[0][0]), 0)[0]) == 1  # still mapped, though deleted


def test_one_builder_at_a_time(tmp_path):
    shelf = Shelf(tmp_path)
    with shelf.building() as first, Shelf(tmp_path).building() as second:
        assert (first, second) == (True, False)
    with shelf.building() as again:
        assert again


def test_leftovers_are_swept_by_the_next_builder(tmp_path):
    shelf = Shelf(tmp_path)
    put(shelf)
    (tmp_path / "building-segment-1-0-00000000").mkdir()
    (tmp_path / "building-segment-1-0-00000000" / "limbs.bin").write_bytes(b"half")
    (tmp_path / "segment-1-0-00000000").mkdir()
    (tmp_path / "current.new").write_text("half")
    kept = put(shelf, 150)
    assert names(tmp_path) == {"current", "lock", kept.folder.name}


@pytest.mark.parametrize("text", ["", "nonsense", "../segment-1-0-00000000", "segment-1-0-00000000/..", "segment-1"])
def test_a_damaged_pointer_is_as_none(tmp_path, text):
    shelf = Shelf(tmp_path)
    put(shelf)
    (tmp_path / "current").write_text(text)
    assert shelf.open_current() is None
    (tmp_path / "current").write_bytes(b"\xff\xfe\x00")
    assert shelf.open_current() is None


def test_a_missing_segment_is_damage_but_a_replaced_one_is_not(tmp_path, monkeypatch):
    shelf = Shelf(tmp_path)
    put(shelf)
    replaced = put(shelf, 200)
    told = iter(["segment-100-0-00000000", replaced.folder.name, replaced.folder.name])
    monkeypatch.setattr(shelf, "current_name", lambda: next(told))  # as if read just before it was replaced
    assert shelf.open_current().folder == replaced.folder
    monkeypatch.undo()
    (tmp_path / "current").write_text("segment-100-0-00000000")
    with pytest.raises(SegmentDamagedError):
        shelf.open_current()


def test_clear_leaves_nothing(tmp_path):
    shelf = Shelf(tmp_path)
    put(shelf)
    with shelf.building():
        shelf.clear()
    assert shelf.open_current() is None
    assert names(tmp_path) == {"lock"}


def test_a_kill_while_building_leaves_the_old_segment(tmp_path):
    shelf = Shelf(tmp_path)
    old = put(shelf, 500)
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from tests.provenance.works.test_shelf import put
        from provenance.works.shelf import Shelf
        shelf = Shelf(Path(sys.argv[1]))
        put(shelf, 50, last_code=50)
        print("ready", flush=True)
        for number in range(1000):
            put(shelf, 20_000 + number, last_code=1000 + number)
    """)
    for delay_s in (0.0, 0.03, 0.08):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=os.getcwd()
        )
        assert process.stdout.readline() == b"ready\n"
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        survivor = shelf.open_current()
        assert len(survivor) in {50, *range(20_000, 21_000)}
        assert (survivor.search(tuple(survivor.rows()[0][7]), 0)[1] == 0).all()
    assert not old.folder.exists()
    kept = put(shelf, 60)
    assert names(tmp_path) == {"current", "lock", kept.folder.name}
