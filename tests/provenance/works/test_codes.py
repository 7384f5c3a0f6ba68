import threading

import numpy as np
import pytest

from provenance.errors import WorksError
from provenance.storage.database import Database
from provenance.works.codes import (
    ChangeWatch,
    Code,
    Marks,
    append_codes,
    find_codes,
    find_owner_codes,
    read_codes,
    read_marks,
    read_removals,
    remove_codes,
)
from tests.provenance.works.samples import add


def read_all(database, *, after=0, upto=10**9, collection="works", alg="pdq"):
    with database.read() as connection:
        chunks = list(read_codes(connection, collection, alg=alg, size_bytes=32, after=after, upto=upto))
    return {
        number: bytes(code) for numbers, codes in chunks for number, code in zip(numbers.tolist(), codes, strict=True)
    }


def test_codes_are_read_on_from_where_a_reader_stopped(database):
    codes = np.random.default_rng(0).integers(0, 256, (7, 32), np.uint8)
    first = add(database, codes[:3])
    with database.read() as connection:
        marks = read_marks(connection)
    assert marks == Marks(first[-1], 0)
    second = add(database, codes[3:])
    assert read_all(database, after=marks.code) == {n: bytes(c) for n, c in zip(second, codes[3:], strict=True)}
    assert read_all(database, upto=marks.code) == {n: bytes(c) for n, c in zip(first, codes[:3], strict=True)}


def test_collections_and_algs_are_kept_apart(database):
    codes = np.random.default_rng(0).integers(0, 256, (3, 32), np.uint8)
    add(database, codes[:1])
    add(database, codes[1:2], collection="releases")
    add(database, codes[2:], alg="other")
    assert list(read_all(database).values()) == [bytes(codes[0])]
    assert list(read_all(database, collection="releases").values()) == [bytes(codes[1])]
    assert list(read_all(database, alg="other").values()) == [bytes(codes[2])]


def test_removing_withdraws_every_code_of_one_owner_once(database):
    codes = np.random.default_rng(0).integers(0, 256, (5, 32), np.uint8)
    mine = add(database, codes[:3], owner_id="mine")
    add(database, codes[3:], owner_id="other")
    with database.write() as connection:
        assert remove_codes(connection, "works", owner_id="mine") == 3
        assert remove_codes(connection, "works", owner_id="mine") == 0
        assert remove_codes(connection, "releases", owner_id="other") == 0
    with database.read() as connection:
        removals = read_removals(connection, "works", alg="pdq", after=0, upto=10**9)
        assert set(removals) == set(mine)
        assert read_marks(connection).removal == max(removals.values())
        owners = {
            code.owner_id for code in find_owner_codes(connection, "works", owner_ids=["mine", "other"], alg="pdq")
        }
    assert owners == {"other"}


def test_codes_are_found_by_sequence_number_however_many(sqlite_database):
    codes = np.random.default_rng(0).integers(0, 256, (25_000, 32), np.uint8)
    numbers = add(sqlite_database, codes)
    with sqlite_database.read() as connection:
        found = find_codes(connection, numbers)
    assert len(found) == 25_000
    assert found[numbers[17]].value == bytes(codes[17])


def test_a_stored_code_of_another_length_is_an_error(sqlite_database):
    with sqlite_database.write() as connection:
        append_codes(connection, "works", owner_id="w", codes=[Code("pdq", "plain", b"short")])
    with pytest.raises(WorksError, match="expected pdq codes of 32 bytes"):
        read_all(sqlite_database)


def test_sequence_numbers_are_never_used_again(database):
    add(database, np.zeros((2, 32), np.uint8))
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM codes")
    assert min(add(database, np.zeros((1, 32), np.uint8))) == 1  # as `samples.add` counts: from the empty table's mark
    assert min(read_all(database)) == 3


@pytest.mark.postgres
def test_a_slow_transaction_is_not_overtaken_on_postgres(emptied_postgres_url):
    database, other = Database(emptied_postgres_url), Database(emptied_postgres_url)
    value = np.zeros((1, 32), np.uint8)
    order = []
    with database.write() as connection:
        append_codes(connection, "works", owner_id="slow", codes=[Code("pdq", "plain", bytes(value[0]))])

        def overtake():
            add(other, value, owner_id="fast")
            order.append("fast")

        thread = threading.Thread(target=overtake)
        thread.start()
        thread.join(timeout=0.3)
        with other.read() as reading:
            assert read_marks(reading) == Marks()
        order.append("slow")
    thread.join()
    with database.read() as connection:
        owners = [find_codes(connection, [number])[number].owner_id for number in sorted(read_all(database))]
    assert order == ["slow", "fast"]
    assert owners == ["slow", "fast"]
    database.close()
    other.close()


def test_watch_tells_what_others_commit_and_nothing_else(sqlite_url):
    database, other = Database(sqlite_url), Database(sqlite_url)
    watch = ChangeWatch(database)
    assert watch.has_changed()
    assert not watch.has_changed()
    for writer in (database, other):
        add(writer, np.zeros((1, 32), np.uint8))
        assert watch.has_changed()
        assert not watch.has_changed()
    with database.read() as connection:
        read_marks(connection)
    assert not watch.has_changed()
    watch.forget()
    assert watch.has_changed()
    watch.close()
    database.close()
    other.close()


def test_watch_of_a_database_in_memory_always_says_yes():
    watch = ChangeWatch(Database("sqlite://"))
    assert watch.has_changed()
    assert watch.has_changed()
    watch.close()
