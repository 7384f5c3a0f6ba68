import pytest

from provenance.errors import WorksError
from provenance.works.catalogue import find_same_picture, find_work, read_works


def test_works_are_looked_up_by_id_bank_and_picture(sqlite_works, sqlite_database, photo):
    sqlite_works.define_bank("licensed", action="allow")
    first = sqlite_works.register(photo("coffee.png"), title="Coffee", owner="a")
    second = sqlite_works.register(photo("coffee.png"), title="Coffee", owner="b", bank="licensed")
    sqlite_works.register(photo("chelsea.png"), title="Chelsea", owner="a")
    assert {work.title for work in read_works(sqlite_database)} == {"Coffee", "Chelsea"}
    assert list(read_works(sqlite_database, "licensed")) == [second]
    with sqlite_database.read() as connection:
        assert find_work(connection, first.id) == first
        assert find_same_picture(connection, photo("coffee.png")) == (first, second)
        assert find_same_picture(connection, photo("rocket.jpg")) == ()
        with pytest.raises(WorksError, match="no work has the id 'nobody'"):
            find_work(connection, "nobody")


def test_a_withdrawn_work_is_found_by_its_id_alone(sqlite_works, sqlite_database, photo):
    work = sqlite_works.register(photo("coffee.png"), title="Coffee", owner="a")
    sqlite_works.withdraw(work.id, "settled")
    with sqlite_database.read() as connection:
        assert find_work(connection, work.id).withdrawn_reason == "settled"
        assert find_same_picture(connection, photo("coffee.png")) == ()
