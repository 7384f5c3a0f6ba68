"""Which files of a folder are whole, when they are taken up, and that none stops the others."""

import os
import threading

import pytest

from api.console import FileAccessError
from api.releasing import Ended
from api.watching import MOST_AT_ONCE, RETRY_S, SETTLE_S, Watch, is_closed, watch_folder
from provenance.errors import DatabaseUnavailableError


@pytest.fixture
def watch(tmp_path):
    return Watch(tmp_path)


def test_a_file_is_ready_when_it_has_not_changed_for_a_while(watch, tmp_path):
    (tmp_path / "a.png").write_bytes(b"1")
    assert watch.find_ready(0.0) == []
    (tmp_path / "a.png").write_bytes(b"12")
    assert watch.find_ready(SETTLE_S) == [], "it changed since"
    assert watch.find_ready(2 * SETTLE_S) == ["a.png"]
    watch.settle("a.png")
    assert watch.find_ready(9 * SETTLE_S) == []
    (tmp_path / "a.png").write_bytes(b"123")
    watch.find_ready(10 * SETTLE_S)
    assert watch.find_ready(11 * SETTLE_S) == ["a.png"], "another file of that name"


def test_what_somebody_still_writes_is_left_alone(watch, tmp_path):
    with (tmp_path / "a.png").open("wb") as file:
        file.write(b"1")
        file.flush()
        watch.find_ready(0.0)
        assert not is_closed(tmp_path / "a.png")
        assert watch.find_ready(SETTLE_S) == []
    assert watch.find_ready(SETTLE_S) == ["a.png"]
    assert is_closed(tmp_path / "gone.png")


def test_hidden_and_unfinished_names_folders_and_pipes_are_passed_over(watch, tmp_path):
    for name in (".a.png", "b.png.part", "c.PNG.TMP", "d.crdownload"):
        (tmp_path / name).write_bytes(b"1")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    watch.find_ready(0.0)
    assert watch.find_ready(SETTLE_S) == []


def test_what_is_gone_is_forgotten_and_no_more_than_a_handful_is_taken_at_once(watch, tmp_path):
    for number in range(MOST_AT_ONCE + 3):
        (tmp_path / f"{number:03}.png").write_bytes(b"1")
        os.utime(tmp_path / f"{number:03}.png", ns=(0, 1000 - number))
    watch.find_ready(0.0)
    ready = watch.find_ready(SETTLE_S)
    assert len(ready) == MOST_AT_ONCE
    assert ready[0] == f"{MOST_AT_ONCE + 2:03}.png", "the oldest first"
    for name in ready:
        watch.settle(name)
        (tmp_path / name).unlink()
    assert len(watch.find_ready(SETTLE_S)) == 3
    assert (len(watch._seen), len(watch._done)) == (3, 0)


def test_what_may_pass_is_tried_again(watch, tmp_path):
    (tmp_path / "a.png").write_bytes(b"1")
    watch.find_ready(0.0)
    watch.settle("a.png", retry_at=RETRY_S)
    assert watch.find_ready(RETRY_S - 1) == []
    assert watch.find_ready(RETRY_S) == ["a.png"]


def test_a_folder_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(FileAccessError, match="no such file"):
        Watch(tmp_path / "gone").find_ready(0.0)


def test_no_error_and_no_defect_stops_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr("api.watching.SETTLE_S", 0.0)
    monkeypatch.setattr("api.watching.LOOK_S", 0.01)
    errors = {
        "a": ZeroDivisionError("of a stranger"),
        "b": OSError(5, "input/output error"),
        "c": DatabaseUnavailableError("held"),
    }
    for name in (*errors, "d"):
        (tmp_path / name).write_bytes(b"1")
    stopped, told = threading.Event(), []

    def end(path):
        name = path[-1]
        if isinstance(errors.get(name), DatabaseUnavailableError):
            return Ended(path, error=errors[name])
        if name in errors:
            raise errors[name]
        return Ended(path, error=FileAccessError("no result either"))

    def tell(ended):
        told.append(ended)
        if len(told) == 4:
            stopped.set()

    assert watch_folder(tmp_path, end, tell, stopped) == {"error": 4}
    assert {ended.name[-1] for ended in told} == {*errors, "d"}
    assert "ZeroDivisionError" in str(next(ended for ended in told if ended.name.endswith("a")).error)
    assert "stranger" not in "".join(str(ended.error) for ended in told)
