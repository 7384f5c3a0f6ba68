import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError

from provenance.storage.database import utc_now
from provenance.works.tables import BANKS, CODE_REMOVALS, CODES, WORK_REFERENCES, WORKS
from tests.provenance.works.samples import add


def test_the_migrated_tables_are_those_that_the_code_declares(database):
    inspector = inspect(database.engine)
    for table in (BANKS, WORKS, WORK_REFERENCES, CODES, CODE_REMOVALS):
        assert {column["name"] for column in inspector.get_columns(table.name)} == set(table.c.keys())


def test_an_owners_codes_are_found_through_an_index(database):
    names = {index["name"]: index["column_names"] for index in inspect(database.engine).get_indexes("codes")}
    assert names["ix_codes_owner"] == ["collection", "owner_id", "alg"]


def test_a_code_is_withdrawn_once_and_only_if_it_exists(database):
    (number,) = add(database, [bytes(32)])

    def withdraw(sequence):
        with database.write() as connection:
            connection.execute(CODE_REMOVALS.insert().values(code_sequence=sequence, created_at=utc_now()))

    withdraw(number)
    for wrong in (number, number + 1):
        with pytest.raises(IntegrityError):
            withdraw(wrong)


def test_a_work_needs_its_bank(database):
    def write():
        with database.write() as connection:
            connection.execute(
                WORKS.insert().values(
                    id="w",
                    title="t",
                    owner="o",
                    bank="none",
                    status="active",
                    claim={},
                    picture_sha256="0" * 64,
                    ledger_index=0,
                    created_at=utc_now(),
                )
            )

    with pytest.raises(IntegrityError):
        write()
