"""Ids of workers: stable, one process each, missed when silent."""

import os
import signal
import time
from contextlib import closing
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from policies.fleet import Membership, find_place, find_workers, is_unlocked, reaping
from provenance.errors import WorkerIdTakenError
from provenance.storage.database import Database
from provenance.storage.lease import Leases
from provenance.storage.line_tables import WORKERS


def member(database, folder, silent_s=60.0, name="host"):
    return Membership(database, folder, name=name, silent_s=silent_s, slots=2, version="1")


def known(database):
    with database.read() as connection:
        return {worker.id: worker for worker in find_workers(connection)}


class Line:
    """Notes whose work goes back into the queue."""

    def __init__(self):
        self.recovered = []

    def recover(self, workers):
        self.recovered += workers
        return len(workers)


def parts(database, tmp_path):
    return SimpleNamespace(database=database, leases=Leases(database, tmp_path / "leases"))


def fall_silent(database, worker, by_s):
    with database.write() as connection:
        values = {"beats_at_ms": WORKERS.c.beats_at_ms - int(by_s * 1000)}
        connection.execute(update(WORKERS).where(WORKERS.c.id == worker).values(values))


def test_each_process_takes_the_first_free_number_and_has_it_again_when_it_starts_again(database, tmp_path):
    first, second = member(database, tmp_path), member(database, tmp_path)
    assert [first.join(), second.join()] == ["host-0", "host-1"]
    assert set(known(database)) == {"host-0", "host-1"}
    first.leave()
    assert set(known(database)) == {"host-1"}
    assert member(database, tmp_path).join() == "host-0"


def test_a_second_process_with_the_same_id_is_refused(database, tmp_path):
    first = member(database, tmp_path)
    first.join(3)
    with pytest.raises(WorkerIdTakenError, match="another process on this machine works as host-3"):
        member(database, tmp_path).join(3)
    assert first.beat()


def test_the_same_name_on_another_machine_is_refused_while_it_is_heard_of(database, tmp_path):
    there = member(database, tmp_path / "there")
    there.join()
    here = member(database, tmp_path / "here")
    with pytest.raises(WorkerIdTakenError, match="on another machine works as host-0.*CHOPMARK_LINE__WORKER"):
        here.join()
    fall_silent(database, "host-0", 61)
    assert here.join() == "host-0"
    assert not there.beat(), "who was silent for too long ends"
    there.leave()
    assert here.beat()


def test_a_process_that_was_killed_leaves_its_id_to_the_next_at_once(sqlite_url, tmp_path):
    child = os.fork()
    if child == 0:
        with closing(Database(sqlite_url)) as database:
            member(database, tmp_path).join(0)
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    with closing(Database(sqlite_url)) as database:
        assert known(database)["host-0"].process == child
        assert is_unlocked(tmp_path, "host-0")
        assert member(database, tmp_path).join(0) == "host-0"
        assert known(database)["host-0"].process == os.getpid()


def test_what_silent_workers_had_goes_back_into_the_queue_once(database, tmp_path):
    mine, theirs, line = member(database, tmp_path / "here"), member(database, tmp_path / "there", name="other"), Line()
    here = parts(database, tmp_path)
    mine.join()
    theirs.join()
    assert mine.reap(here, line) == ()
    fall_silent(database, "other-0", 61)
    assert mine.reap(here, line) == ("other-0",)
    assert mine.reap(here, line) == ()
    assert line.recovered == ["other-0"]
    assert not theirs.beat()


def test_a_neighbour_that_was_killed_is_missed_before_it_is_silent(database, tmp_path):
    mine, neighbour, line = member(database, tmp_path), member(database, tmp_path), Line()
    mine.join()
    neighbour.join()
    os.close(neighbour._lock)  # as the kernel does
    assert mine.reap(parts(database, tmp_path), line) == ("host-1",)


@pytest.mark.postgres
def test_one_process_reaps_at_a_time(emptied_postgres_url):
    with closing(Database(emptied_postgres_url)) as one, closing(Database(emptied_postgres_url)) as other:
        with reaping(one) as first, reaping(other) as second:
            assert first is not None
            assert second is None
        with reaping(other) as again:
            assert again is not None


def test_a_copy_of_a_folder_is_another_place(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    place = find_place(tmp_path / "a")
    assert find_place(tmp_path / "a") == place
    (tmp_path / "b" / ".place").write_text((tmp_path / "a" / ".place").read_text())
    assert find_place(tmp_path / "b") != place


def test_a_worker_says_how_long_it_was_not_heard_of(database, tmp_path):
    mine = member(database, tmp_path)
    mine.join()
    fall_silent(database, "host-0", 5)
    assert known(database)["host-0"].silent_s >= 5
    time.sleep(0.01)
    assert mine.beat()
    assert known(database)["host-0"].silent_s < 5
