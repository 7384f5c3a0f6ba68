import multiprocessing
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from provenance.errors import WorksError
from provenance.storage.database import Database
from provenance.works.codes import remove_codes
from provenance.works.index import MatchIndex
from tests.provenance.works.samples import add, families, near, within


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def open_index(database, folder, **changes):
    options = {"collection": "works", "alg": "pdq", "bits": 256, "radius_bits": 31, **changes}
    return MatchIndex(database, Path(folder) / "index", **options)


def found(index, query, radius=31):
    return dict(index.search(bytes(query), radius))


def expected(numbers, codes, query, radius=31, removed=()):
    rows = within(codes, query, radius)
    return {numbers[row]: distance for row, distance in rows.items() if numbers[row] not in removed}


def withdraw(database, owner_id):
    with database.write() as connection:
        remove_codes(connection, "works", owner_id=owner_id)


def test_an_added_code_matches_at_once_and_a_withdrawn_one_no_more(database, tmp_path, rng):
    index, other = open_index(database, tmp_path), open_index(database, tmp_path)
    code = rng.integers(0, 256, 32, np.uint8)
    assert found(index, code) == found(other, code) == {}
    (number,) = add(database, [code])
    query = near(rng, code, 31)
    assert found(index, query) == found(other, query) == {number: 31}
    assert found(index, near(rng, code, 32)) == {}
    withdraw(database, "w")
    assert found(index, query) == found(other, query) == {}
    index.close()
    other.close()


def test_every_life_of_an_index_answers_as_a_flat_search_does(database, tmp_path, rng):
    codes = np.concatenate([families(rng, 900), rng.integers(0, 256, (300, 32), np.uint8)])
    queries = [near(rng, codes[row], int(rng.integers(0, 30))) for row in rng.choice(len(codes), 12, replace=False)]
    numbers, removed = [], set()
    index = open_index(database, tmp_path)

    def check():
        known = codes[: len(numbers)]
        for query in queries:
            for radius in (12, 31, 40):
                assert found(index, query, radius) == expected(numbers, known, query, radius, removed)
        assert index.size() == len(numbers) - len(removed)

    numbers += add(database, codes[:500], owner_id="a")
    check()
    assert index.fold()
    check()
    numbers += add(database, codes[500:800], owner_id="b")
    check()
    removed.update(numbers[:500])
    withdraw(database, "a")
    check()
    assert index.fold()
    check()
    numbers += add(database, codes[800:], owner_id="c")
    index.close()
    check()
    index = open_index(database, tmp_path)
    check()
    removed.update(numbers[500:800])
    withdraw(database, "b")
    check()
    index.close()
    shutil.rmtree(tmp_path / "index")
    check()
    index.close()


def test_results_come_nearest_first(sqlite_database, tmp_path, rng):
    centre = rng.integers(0, 256, 32, np.uint8)
    add(sqlite_database, [near(rng, centre, distance) for distance in (9, 3, 27, 0, 14)])
    index = open_index(sqlite_database, tmp_path)
    assert index.search(bytes(centre), 31).distances_bits.tolist() == [0, 3, 9, 14, 27]
    index.close()


def test_several_codes_are_searched_for_as_each_alone(sqlite_database, tmp_path, rng):
    codes = families(rng, 300)
    add(sqlite_database, codes)
    index = open_index(sqlite_database, tmp_path)
    queries = [bytes(near(rng, codes[row], 12)) for row in (3, 77, 299)]
    together = index.search_each(iter(queries), 31)
    assert [list(hits) for hits in together] == [list(index.search(query, 31)) for query in queries]
    assert index.search_each([], 31) == []
    with pytest.raises(WorksError, match="got 64"):
        index.search_each([queries[0], bytes(8)], 31)
    index.close()


def test_collections_do_not_see_each_other(sqlite_database, tmp_path, rng):
    code = rng.integers(0, 256, 32, np.uint8)
    (number,) = add(sqlite_database, [code], collection="releases")
    works = open_index(sqlite_database, tmp_path / "a")
    releases = open_index(sqlite_database, tmp_path / "b", collection="releases")
    assert found(works, code) == {}
    assert found(releases, code) == {number: 0}
    works.close()
    releases.close()


def test_codes_of_any_whole_bytes_are_indexed(sqlite_database, tmp_path, rng):
    for size_bytes in (8, 20):  # a word, and two and a half: a loop is compiled for each number of words
        codes = families(rng, 200, size_bytes=size_bytes, reach=8)
        alg = f"alg{size_bytes}"
        numbers = add(sqlite_database, codes, alg=alg)
        index = open_index(sqlite_database, tmp_path / alg, alg=alg, bits=size_bytes * 8, radius_bits=10)
        query = near(rng, codes[3], 4)
        assert found(index, query, 10) == expected(numbers, codes, query, 10)
        index.fold()
        assert found(index, query, 10) == expected(numbers, codes, query, 10)
        index.close()


@pytest.mark.parametrize("bits", [0, 12, -8])
def test_an_index_of_half_bytes_is_refused(sqlite_database, tmp_path, bits):
    with pytest.raises(WorksError, match="whole bytes"):
        open_index(sqlite_database, tmp_path, bits=bits)


def test_a_query_of_another_length_is_refused(sqlite_database, tmp_path):
    with pytest.raises(WorksError, match="expected a pdq code of 256 bits, got 64"):
        open_index(sqlite_database, tmp_path).search(bytes(8), 31)


def test_a_full_delta_is_folded_in_the_background(sqlite_database, tmp_path, rng):
    codes = families(rng, 700)
    index = open_index(sqlite_database, tmp_path, fold_at=500)
    numbers = list(add(sqlite_database, codes[:400]))
    found(index, codes[0])
    assert not (tmp_path / "index" / "current").exists()
    numbers += add(sqlite_database, codes[400:])
    assert found(index, codes[0]) == expected(numbers, codes, codes[0])
    index.wait()
    assert (tmp_path / "index" / "current").exists()
    assert found(index, codes[0]) == expected(numbers, codes, codes[0])
    index.close()


def test_queries_go_on_and_miss_nothing_while_segments_are_swapped(sqlite_database, tmp_path, rng):
    codes = families(rng, 3_000)
    index = open_index(sqlite_database, tmp_path, fold_at=10**9)
    numbers = list(add(sqlite_database, codes[:1_000], owner_id="first"))
    queries = [near(rng, codes[row], 9) for row in range(0, 1_000, 40)]
    at_least = [expected(numbers, codes[:1_000], query) for query in queries]
    wrong, asked, stop = [], [0, 0], threading.Event()

    def ask(worker):
        while not stop.is_set():
            for query, least in zip(queries, at_least, strict=True):
                if not least.items() <= found(index, query).items():
                    wrong.append(query)
                asked[worker] += 1

    threads = [threading.Thread(target=ask, args=(worker,)) for worker in range(2)]
    for thread in threads:
        thread.start()
    for first in range(1_000, 3_000, 250):
        numbers += add(sqlite_database, codes[first : first + 250], owner_id="later")
        assert index.fold()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert min(asked) > 0
    for query in queries:
        assert found(index, query) == expected(numbers, codes, query)
    index.close()


@pytest.mark.parametrize("name", ["limbs.bin", "entries.bin", "manifest.json", "current"])
def test_damaged_files_are_replaced_from_the_database(sqlite_database, tmp_path, rng, name):
    codes = families(rng, 600)
    numbers = add(sqlite_database, codes)
    index = open_index(sqlite_database, tmp_path)
    index.fold()
    index.close()
    (path,) = (tmp_path / "index").rglob(name)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3] + b"\0\1\2" + content[len(content) // 3 + 3 :])
    index = open_index(sqlite_database, tmp_path, fold_at=500)
    assert found(index, codes[5]) == expected(numbers, codes, codes[5])
    index.close()
    again = open_index(sqlite_database, tmp_path)
    assert again.size() == 600
    assert again._view.count == 0, "the replaced segment should hold everything"
    assert found(again, codes[5]) == expected(numbers, codes, codes[5])
    again.close()


def test_a_segment_of_another_database_is_not_believed(sqlite_url, tmp_path, rng):
    database = Database(sqlite_url)
    shutil.copyfile(sqlite_url.removeprefix("sqlite:///"), tmp_path / "other.db")
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    codes = families(rng, 100)
    add(database, codes)
    index = open_index(database, tmp_path)
    index.fold()
    index.close()
    foreign = open_index(other, tmp_path)
    assert foreign.size() == 0
    foreign.close()
    numbers = add(other, codes[::-1])
    foreign = open_index(other, tmp_path)
    assert found(foreign, codes[0]) == expected(numbers, codes[::-1], codes[0])
    foreign.close()
    database.close()
    other.close()


def test_a_segment_of_other_codes_is_not_believed(sqlite_database, tmp_path, rng):
    add(sqlite_database, families(rng, 50))
    index = open_index(sqlite_database, tmp_path)
    index.fold()
    index.close()
    other = open_index(sqlite_database, tmp_path, collection="releases")
    assert other.size() == 0
    other.close()


def test_a_database_set_back_while_open_is_read_anew(sqlite_database, tmp_path, rng):
    codes = rng.integers(0, 256, (3, 32), np.uint8)
    add(sqlite_database, codes)
    index = open_index(sqlite_database, tmp_path)
    assert index.size() == 3
    with sqlite_database.write() as connection:
        connection.exec_driver_sql("DELETE FROM codes WHERE sequence > 1")
    assert index.size() == 1
    index.close()


def test_when_everything_is_withdrawn_nothing_is_left(sqlite_database, tmp_path, rng):
    codes = families(rng, 60)
    add(sqlite_database, codes)
    index = open_index(sqlite_database, tmp_path)
    index.fold()
    withdraw(sqlite_database, "w")
    index.fold()
    assert index.size() == 0
    assert {path.name for path in (tmp_path / "index").iterdir()} == {"lock"}
    (number,) = add(sqlite_database, codes[:1])
    assert found(index, codes[0]) == {number: 0}
    index.close()


def test_a_disk_that_cannot_be_written_leaves_the_index_answering(sqlite_database, tmp_path, rng):
    codes = families(rng, 300)
    numbers = add(sqlite_database, codes)
    (tmp_path / "index").write_text("a file where a folder should be")
    index = open_index(sqlite_database, tmp_path, fold_at=100)
    for _ in range(3):
        assert found(index, codes[0]) == expected(numbers, codes, codes[0])
        index.wait()
    index.close()


def _other_process(url, folder, orders, answers):
    database = Database(url)
    index = open_index(database, folder)
    for order, argument in iter(orders.get, None):
        if order == "add":
            answers.put(list(add(database, argument, owner_id="child")))
        elif order == "find":
            answers.put(found(index, argument))
        elif order == "fold":
            answers.put(index.fold())
        elif order == "segment":
            answers.put(index._view.segment.folder.name)
    index.close()
    database.close()


def test_two_processes_see_each_others_codes_and_share_segments(sqlite_url, tmp_path, rng):
    context = multiprocessing.get_context("spawn")
    orders, answers = context.Queue(), context.Queue()
    child = context.Process(target=_other_process, args=(sqlite_url, tmp_path, orders, answers))
    child.start()

    def ask(*order):
        orders.put(order)
        return answers.get(timeout=60)

    codes = families(rng, 400)
    database = Database(sqlite_url)
    index = open_index(database, tmp_path)
    numbers = list(add(database, codes[:100]))
    assert ask("find", codes[0]) == found(index, codes[0]) == expected(numbers, codes[:100], codes[0])
    numbers += ask("add", codes[100:200])
    assert found(index, codes[150]) == expected(numbers, codes[:200], codes[150])
    assert ask("fold", None)
    assert index.fold()  # takes the other's segment over instead of building its own
    assert index._view.segment.folder.name == ask("segment", None)
    numbers += add(database, codes[200:])
    assert index.fold()
    withdraw(database, "child")
    removed = set(numbers[100:200])
    for query in (codes[0], codes[150], codes[350]):
        assert ask("find", query) == found(index, query) == expected(numbers, codes, query, removed=removed)
    orders.put(None)
    child.join(30)
    assert child.exitcode == 0
    index.close()
    database.close()
