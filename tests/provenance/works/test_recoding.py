"""Works whose codes other weights made, through the registry as it is used."""

import pytest
from sqlalchemy import update

from policies.audit.concordance import compare_records
from provenance.fingerprints.copy import Copy
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.works.recoding import Uncoded
from provenance.works.registry import Works
from provenance.works.tables import CODES
from tests.provenance.works.test_likeness import cornered, taken
from tests.sites import photograph

OLD = "copy-00000000"


def part():
    return taken(cornered(photograph("coffee.png"), 0.5))


def as_of_other_weights(database):
    """Let the codes of `copy` be those of another version: its name, and bits that say nothing here."""
    with database.write() as connection:
        connection.execute(update(CODES).where(CODES.c.alg == Copy.kept_as).values(alg=OLD, value=b"\x55" * 64))


@pytest.fixture
def coded(sqlite_works):
    return sqlite_works.register(taken(photograph("coffee.png")), title="Coffee", owner="somebody")


@pytest.fixture
def old(sqlite_works, sqlite_database, tmp_path, monkeypatch):
    """A registry with one work that another version of the weights has coded, as its ledger says."""
    monkeypatch.setattr(Copy, "kept_as", OLD)
    log = Log(sqlite_database, load_signer(tmp_path / "keys" / "ledger.key", origin="example.com/ledger"))
    before = Works(sqlite_database, tmp_path / "before", log)
    work = before.register(taken(photograph("coffee.png")), title="Coffee", owner="somebody")
    before.close()
    monkeypatch.undo()
    return work


def test_codes_are_kept_under_the_name_of_their_weights(sqlite_works, sqlite_database, coded):
    with sqlite_database.read() as connection:
        algs = set(connection.exec_driver_sql("SELECT alg FROM codes").scalars())
    assert algs == {"pdq", "phash", Copy.kept_as}
    assert sqlite_works.count_uncoded() == Uncoded(0, 0)
    (match,) = sqlite_works.match(part()).matches
    assert match.alg == "copy"


def test_a_work_of_other_weights_is_found_once_it_is_coded_again(sqlite_works, sqlite_database, old):
    assert sqlite_works.match(part()).matches == ()
    assert sqlite_works.count_uncoded() == Uncoded(1, 0)
    assert list(sqlite_works.recode()) == [old.id]
    assert [match.work_id for match in sqlite_works.match(part()).matches] == [old.id]
    assert list(sqlite_works.recode()) == []
    assert [one for one in compare_records(sqlite_database) if one.subject == old.id] == []


def test_another_process_may_be_quicker(sqlite_works, old):
    first, second = sqlite_works.recode(), sqlite_works.recode()
    assert next(first) == old.id
    assert list(second) == []


def test_what_is_stopped_goes_on_later(sqlite_works, old):
    assert list(sqlite_works.recode(is_stopped=lambda: True)) == []
    assert sqlite_works.count_uncoded().waiting == 1
    assert list(sqlite_works.recode()) == [old.id]


def test_a_withdrawn_work_is_not_coded_and_one_without_a_picture_is_counted(sqlite_works, sqlite_database, old):
    with sqlite_database.write() as connection:
        connection.exec_driver_sql("DELETE FROM work_references")
    assert sqlite_works.count_uncoded() == Uncoded(0, 1)
    assert list(sqlite_works.recode()) == []
    sqlite_works.withdraw(old.id, "settled")
    assert sqlite_works.count_uncoded() == Uncoded(0, 0)


def test_the_audit_finds_codes_that_the_ledger_does_not_know(sqlite_works, sqlite_database, coded):
    as_of_other_weights(sqlite_database)
    (found,) = [one for one in compare_records(sqlite_database) if one.subject == coded.id]
    assert "another fingerprint" in found.text
