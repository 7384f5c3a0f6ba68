"""The ledger's tables as the engines hold them."""

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from provenance.ledger.tables import LEDGER_CHECKPOINTS, LEDGER_ENTRIES, LEDGER_HANDOVERS, LEDGER_HEAD, LEDGER_NODES
from provenance.storage.tables import METADATA

ROW = {"kind": "k", "subject": "s", "body": b"{}", "leaf_hash": bytes(32), "created_at": "t"}


def test_all_are_registered_for_migration():
    tables = {LEDGER_CHECKPOINTS, LEDGER_ENTRIES, LEDGER_HANDOVERS, LEDGER_HEAD, LEDGER_NODES}
    assert tables <= set(METADATA.tables.values())
    assert {table.name for table in tables} == {name for name in METADATA.tables if name.startswith("ledger_")}


def test_an_index_beyond_32_bits_fits(database):
    with database.write() as connection:
        connection.execute(insert(LEDGER_NODES).values(level=1, index=2**40, hash=bytes(32)))
        connection.execute(insert(LEDGER_HEAD).values(id=1, origin="o", size=2**40, frontier=bytes(32)))
    with database.read() as connection:
        assert connection.execute(LEDGER_NODES.select()).one()._mapping["index"] == 2**40


def test_the_index_is_the_row_id_on_sqlite(sqlite_database):
    with sqlite_database.write() as connection:
        connection.execute(insert(LEDGER_ENTRIES).values(index=0, key="a", **ROW))
        assert connection.execute(text('SELECT rowid, "index" FROM ledger_entries')).one() == (0, 0)


@pytest.mark.parametrize("first", [-1, 1, 7])
def test_entries_begin_at_nought(database, first):
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(LEDGER_ENTRIES).values(index=first, key="a", **ROW))


def test_there_is_one_head(database):
    with database.write() as connection:
        connection.execute(insert(LEDGER_HEAD).values(id=1, origin="o", size=0, frontier=b""))
    for other in (1, 2):
        with pytest.raises(IntegrityError), database.write() as connection:
            connection.execute(insert(LEDGER_HEAD).values(id=other, origin="o", size=0, frontier=b""))


def test_a_key_stands_once(database):
    with database.write() as connection:
        connection.execute(insert(LEDGER_ENTRIES).values(index=0, key="a", **ROW))
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(LEDGER_ENTRIES).values(index=1, key="a", **ROW))
