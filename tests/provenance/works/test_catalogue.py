import pytest

from provenance.errors import WorksError
from provenance.tenant import MAIN
from provenance.works.catalogue import WorkQuery, find_same, find_work, list_works, read_works
from provenance.works.intake import hash_original
from provenance.works.record import WorkStatus


def test_works_are_looked_up_by_id_bank_and_picture(sqlite_works, sqlite_database, photo):
    sqlite_works.define_bank("licensed", action="allow")
    first = sqlite_works.register(photo("coffee.png"), title="Coffee", owner="a")
    second = sqlite_works.register(photo("coffee.png"), title="Coffee", owner="b", bank="licensed")
    sqlite_works.register(photo("chelsea.png"), title="Chelsea", owner="a")
    assert {work.title for work in read_works(sqlite_database)} == {"Coffee", "Chelsea"}
    assert list(read_works(sqlite_database, "licensed")) == [second]
    with sqlite_database.read() as connection:
        assert find_work(connection, first.id) == first
        assert find_same(connection, hash_original(photo("coffee.png"))) == (first, second)
        assert find_same(connection, hash_original(photo("rocket.jpg"))) == ()
        with pytest.raises(WorksError, match="no work has the id 'nobody'"):
            find_work(connection, "nobody")


def test_a_withdrawn_work_is_found_by_its_id_alone(sqlite_works, sqlite_database, photo):
    work = sqlite_works.register(photo("coffee.png"), title="Coffee", owner="a")
    sqlite_works.withdraw(work.id, "settled")
    with sqlite_database.read() as connection:
        assert find_work(connection, work.id).withdrawn_reason == "settled"
        assert find_same(connection, hash_original(photo("coffee.png"))) == ()


def test_works_are_searched_by_part_of_what_people_call_them(works, database, photo):
    works.define_bank("licensed", action="allow")
    coffee = works.register(photo("coffee.png"), title="Coffee 100 %", owner="a", work_id="b")
    cat = works.register(photo("chelsea.png"), title="Chelsea", owner="Coffee_house", bank="licensed", work_id="a")
    works.withdraw("a", "sold")

    def find(limit=10, **query):
        return [work.id for work in list_works(database, WorkQuery(**query), tenant=MAIN, limit=limit)]

    assert find() == find(text="COFFEE") == [cat.id, coffee.id]
    assert find(text="0 %") == find(status=WorkStatus.ACTIVE) == find(after="a") == ["b"]
    assert find(text="e_h") == find(bank="licensed") == find(limit=1) == ["a"]
    assert find(text="_%") == find(bank="no") == []
    assert list_works(database, WorkQuery(), tenant="blue", limit=10) == ()
