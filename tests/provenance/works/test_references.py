"""References and their details, kept and forgotten."""

import numpy as np

from provenance.media.picture.overlap import Detailed, find_overlap
from provenance.works import references
from provenance.works.references import References
from tests.provenance.works.test_likeness import cornered, taken
from tests.sites import photograph


def test_details_are_those_of_the_reference_and_found_once(sqlite_works, sqlite_database):
    work = sqlite_works.register(taken(photograph("coffee.png")), title="Coffee", owner="somebody")
    kept = References(sqlite_database)
    part = Detailed(taken(cornered(photograph("coffee.png"), 0.5)).frame)
    fresh = find_overlap(part, Detailed(kept.load(work.id).frame))
    with sqlite_database.read() as connection:
        whole = kept.details(connection, work.id)
        assert kept.details(connection, work.id) is whole
        assert kept.details(connection, "nobody") is None
    assert abs(find_overlap(part, whole).shared - fresh.shared) <= 0.1 * fresh.shared
    assert np.allclose(find_overlap(part, whole).in_whole, fresh.in_whole, atol=0.05)


def test_those_asked_about_last_are_kept(sqlite_works, sqlite_database, monkeypatch):
    monkeypatch.setattr(references, "MOST_KEPT", 1)
    first, second = (
        sqlite_works.register(taken(photograph(name)), title=name, owner="somebody").id
        for name in ("coffee.png", "chelsea.png")
    )
    kept = References(sqlite_database)
    with sqlite_database.read() as connection:
        whole = kept.details(connection, first)
        kept.details(connection, second)
        assert kept.details(connection, first) is not whole


def test_a_damaged_reference_is_none(sqlite_works, sqlite_database):
    work = sqlite_works.register(taken(photograph("coffee.png")), title="Coffee", owner="somebody")
    with sqlite_database.write() as connection:
        connection.exec_driver_sql("UPDATE work_references SET media = x'00'")
    assert References(sqlite_database).load(work.id) is None
