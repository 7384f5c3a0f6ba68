import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import WorksError
from provenance.works.banks import _NAME, DEFAULT_BANK, find_bank, load_banks
from provenance.works.record import Action


def entries(works):
    return [(entry.kind, entry.fields()) for entry in works._log.entries()]


def test_defining_a_bank_again_makes_an_entry_only_when_it_changes(works):
    first = works.define_bank("b", action="hold", thresholds={"pdq": 20})
    assert works.define_bank("b", action="hold", thresholds={"pdq": 20}) == first
    second = works.define_bank("b", action="block", thresholds={"pdq": 20})
    assert (first.revision, second.revision) == (1, 2)
    assert works.banks() == (second,)
    assert [fields["revision"] for _, fields in entries(works)] == [1, 2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "a bank's name is"),
        ({"name": "a" * 65}, "a bank's name is"),
        ({"name": "x'; DROP TABLE banks; --"}, "a bank's name is"),
        ({"action": "explode"}, "expected one of the actions block, hold, attribute, allow, got 'explode'"),
        ({"thresholds": {"md5": 3}}, "a threshold is for one of copy, pdq, got 'md5'"),
        ({"thresholds": {"pdq": 65}}, "the threshold of pdq is 0 to 64 bits, got 65"),
        ({"thresholds": {"pdq": -1}}, "the threshold of pdq"),
        ({"thresholds": {"pdq": True}}, "the threshold of pdq"),
        ({"thresholds": {"pdq": 3.5}}, "the threshold of pdq"),
        ({"description": "x" * 501}, "description"),
        ({"description": "a\x00b"}, "description"),
    ],
)
def test_a_bank_that_makes_no_sense_is_refused(sqlite_works, changes, message):
    with pytest.raises(WorksError, match=message):
        sqlite_works.define_bank(**{"name": "b", "action": "hold", **changes})
    assert sqlite_works.banks() == ()


def test_banks_are_listed_by_name_and_found(works, database):
    second = works.define_bank("second", action="hold", description="for people")
    first = works.define_bank("first", action="allow", thresholds={"pdq": 0})
    with database.read() as connection:
        assert load_banks(connection) == (first, second)
        assert find_bank(connection, "second") == second
        assert find_bank(connection, "third") is None
    assert (first.thresholds, second.description, second.revision) == ({"pdq": 0}, "for people", 1)


def test_the_bank_that_makes_itself_blocks_within_the_fingerprints_own_distance():
    assert (DEFAULT_BANK.name, DEFAULT_BANK.action, DEFAULT_BANK.thresholds) == ("works", Action.BLOCK, {})


def test_what_a_bank_is_called_and_for_stays_out_of_reach_of_the_ledgers_readers(works):
    works.define_bank("b", action="hold", thresholds={"pdq": 9}, description="Secret")
    ((kind, fields),) = entries(works)
    assert kind == "bank.defined"
    assert fields == {"bank": "b", "action": "hold", "thresholds": {"pdq": 9}, "revision": 1}


@given(st.text(max_size=40))
def test_any_bank_name_is_taken_or_refused_by_the_rule(name):
    is_allowed = 0 < len(name) <= 64 and all(char.isascii() and (char.isalnum() or char in "_-") for char in name)
    assert bool(_NAME.fullmatch(name)) == is_allowed
