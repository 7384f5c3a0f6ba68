"""One at work on an asset, whoever dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from provenance.errors import AssetInUseError
from provenance.storage.lease import TERM_MS, Leases
from provenance.storage.tables import LEASES

ROOT = Path(__file__).parents[3]


@pytest.fixture
def mine(database, tmp_path):
    leases = Leases(database, tmp_path / "at-work")
    yield leases
    leases.close()


@pytest.fixture
def theirs(database, tmp_path):
    leases = Leases(database, tmp_path / "at-work")
    yield leases
    leases.close()


def owners(database):
    with database.read() as connection:
        return dict(connection.execute(select(LEASES.c.asset_id, LEASES.c.owner)).all())


def test_a_lease_is_held_by_one_and_given_back(database, mine, theirs):
    with mine.hold("a"):
        assert owners(database) == {"a": mine.owner}
        with pytest.raises(AssetInUseError, match="another process"), theirs.hold("a", wait=False):
            pass
        with theirs.hold("b", wait=False):
            assert owners(database) == {"a": mine.owner, "b": theirs.owner}
        assert mine.look() == (frozenset(), {"a"})
        assert theirs.look() == (frozenset(), {"a"})
    assert owners(database) == {}
    with theirs.hold("a", wait=False):
        pass


def test_threads_of_one_process_wait_for_each_other(mine):
    order = []

    def work(name):
        with mine.hold("a"):
            order.append(name)
            time.sleep(0.01)
            order.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order[::2] == order[1::2]
    with mine.hold("a"), pytest.raises(AssetInUseError, match="another thread"), mine.hold("a", wait=False):
        pass


def test_who_waits_gets_it_next(mine, theirs):
    got = threading.Event()

    def wait():
        with theirs.hold("a"):
            got.set()

    with mine.hold("a"):
        thread = threading.Thread(target=wait)
        thread.start()
        assert not got.wait(0.3)
    thread.join()
    assert got.is_set()


def test_a_new_asset_is_its_makers_from_the_transaction_on(database, mine, theirs):
    with database.write() as connection:
        mine.claim(connection, "a")
    assert theirs.look() == (frozenset(), {"a"})
    assert mine.look() == ({"a"}, frozenset()), "nobody has begun to walk it"
    with pytest.raises(AssetInUseError), theirs.hold("a", wait=False):
        pass
    with mine.hold("a"):
        pass
    assert owners(database) == {}


def test_a_lease_that_ended_is_taken_over_by_one(database, mine, theirs):
    with database.write() as connection:
        connection.execute(insert(LEASES).values(asset_id="a", owner="another-host", expires_at_ms=1))
    assert mine.look() == ({"a"}, frozenset())
    with mine.hold("a", wait=False):
        assert owners(database) == {"a": mine.owner}
        with pytest.raises(AssetInUseError), theirs.hold("a", wait=False):
            pass


def test_the_lease_of_another_host_stands_until_it_ends(database, mine):
    with database.write() as connection:
        ends = int(time.time() * 1000) + TERM_MS
        connection.execute(insert(LEASES).values(asset_id="a", owner="another-host", expires_at_ms=ends))
    assert mine.look() == (frozenset(), {"a"})
    with pytest.raises(AssetInUseError), mine.hold("a", wait=False):
        pass


def test_a_lease_is_moved_on_while_its_owner_works(database, tmp_path, monkeypatch):
    monkeypatch.setattr("provenance.storage.lease._BEAT_S", 0.02)
    leases = Leases(database, tmp_path / "at-work")
    with leases.hold("a"):
        with database.write() as connection:
            connection.execute(update(LEASES).values(expires_at_ms=1))
        for _ in range(500):
            with database.read() as connection:
                if connection.execute(select(LEASES.c.expires_at_ms)).scalar_one() > 1:
                    break
            time.sleep(0.02)
        else:
            pytest.fail("the lease was not moved on")
    leases.close()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
def test_a_killed_owner_is_known_to_be_gone_and_a_sleeping_one_is_not(sqlite_database, tmp_path, end):
    code = """
import os, sys, time
from pathlib import Path
from provenance.storage.database import Database
from provenance.storage.lease import Leases
with Leases(Database(sys.argv[1]), Path(sys.argv[2])).hold("a"):
    print("held", flush=True)
    time.sleep(600)
"""
    arguments = [sys.executable, "-c", code, sqlite_database.url, str(tmp_path / "at-work")]
    leases = Leases(sqlite_database, tmp_path / "at-work")
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "held\n"
        assert leases.look() == (frozenset(), {"a"})
        os.kill(child.pid, end)
        if end == signal.SIGKILL:
            child.wait()
            assert leases.look() == ({"a"}, frozenset())
            assert not list((tmp_path / "at-work").iterdir())
            with leases.hold("a", wait=False):
                assert owners(sqlite_database) == {"a": leases.owner}
        else:
            assert leases.look() == (frozenset(), {"a"})
        child.kill()
    leases.close()


def test_closing_gives_everything_back(database, tmp_path):
    leases = Leases(database, tmp_path / "at-work")
    with database.write() as connection:
        leases.claim(connection, "a")
    assert len(list((tmp_path / "at-work").iterdir())) == 1
    leases.close()
    assert owners(database) == {}
    assert not list((tmp_path / "at-work").iterdir())
    Leases(database).close()


def test_a_claimed_asset_is_handed_over_to_whoever_takes_it(database, mine, theirs):
    with database.write() as connection:
        mine.claim(connection, "asset")
    with pytest.raises(AssetInUseError), theirs.hold("asset", wait=False):
        pass
    with mine.handing_over("asset") as give_back, database.write() as connection:
        give_back(connection)
    with theirs.hold("asset", wait=False), pytest.raises(AssetInUseError), mine.hold("asset", wait=False):
        pass


def test_a_lease_says_whether_it_was_held_without_a_break_since_the_asset_was_taken_in(database, mine):
    with database.write() as connection:
        mine.claim(connection, "asset")
        mine.claim(connection, "other")
    with mine.handing_over("other") as give_back, database.write() as connection:
        give_back(connection)
    with mine.hold("asset") as is_new:
        assert is_new
    for name in ("asset", "other", "never seen"):
        with mine.hold(name) as is_new:
            assert not is_new


def test_what_is_held_here_is_not_handed_over(database, mine, theirs):
    with mine.hold("a"):
        with mine.handing_over("a") as give_back, database.write() as connection:
            give_back(connection)
        assert owners(database) == {"a": mine.owner}
        with pytest.raises(AssetInUseError), theirs.hold("a", wait=False):
            pass
    assert owners(database) == {}
    with database.write() as connection:
        mine.claim(connection, "b")
    with mine.handing_over("b") as give_back, database.write() as connection:
        give_back(connection)
    assert owners(database) == {}


def test_nobody_here_begins_with_what_is_about_to_be_handed_over(database, mine, theirs):
    """A thread that takes the lease while it goes would be at work beside whoever takes it next."""
    with database.write() as connection:
        mine.claim(connection, "asset")
    with mine.handing_over("asset") as give_back:
        with pytest.raises(AssetInUseError), mine.hold("asset", wait=False):
            pass
        with database.write() as connection:
            give_back(connection)
        with pytest.raises(AssetInUseError), mine.hold("asset", wait=False):
            pass
    with mine.hold("asset", wait=False) as is_new:
        assert not is_new
        assert owners(database) == {"asset": mine.owner}
        with pytest.raises(AssetInUseError), theirs.hold("asset", wait=False):
            pass


def test_a_hand_over_that_fails_leaves_the_lease(database, mine):
    with database.write() as connection:
        mine.claim(connection, "asset")

    def fail():
        with mine.handing_over("asset") as give_back, database.write() as connection:
            give_back(connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert owners(database) == {"asset": mine.owner}
    with mine.hold("asset", wait=False) as is_new:
        assert not is_new
