"""Who changes the database behind the log is refused, or noticed before anything is signed."""

import pytest
from sqlalchemy.exc import IntegrityError

from provenance.errors import DatabaseUnavailableError, InconsistentLedgerError
from provenance.ledger.checkpoint import sign_checkpoint


def append(log, key="k", body=None, **fields):
    with log.database.write() as connection:
        return log.append(
            connection, **{"kind": "decision", "subject": "asset", "body": body or {}, "key": key, **fields}
        )


HOSTILE = [
    "UPDATE ledger_entries SET kind = 'x'",
    "DELETE FROM ledger_entries",
    'DELETE FROM ledger_entries WHERE "index" = 299',
    "UPDATE ledger_nodes SET hash = hash",
    "DELETE FROM ledger_nodes",
    "DELETE FROM ledger_head",
    "UPDATE ledger_head SET size = 0",
    "UPDATE ledger_head SET size = size + 1, origin = 'x'",
    "DELETE FROM ledger_checkpoints",
    "UPDATE ledger_checkpoints SET note = ''",
]


def test_nothing_can_be_changed_behind_the_log(log, append_many):
    append_many(log, 300)
    checkpoint = log.checkpoint()
    engine_specific = (
        [
            'INSERT OR REPLACE INTO ledger_entries SELECT * FROM ledger_entries WHERE "index" = 1',
            (
                "INSERT OR REPLACE INTO ledger_entries SELECT 300, kind, subject, key, body, leaf_hash, created_at, salt"
                ' FROM ledger_entries WHERE "index" = 1'
            ),
            "INSERT OR REPLACE INTO ledger_nodes SELECT * FROM ledger_nodes",
            "INSERT OR REPLACE INTO ledger_head SELECT * FROM ledger_head",
            "INSERT OR REPLACE INTO ledger_checkpoints SELECT * FROM ledger_checkpoints",
        ]
        if log.database.is_sqlite
        else [f"TRUNCATE {name}" for name in ("ledger_entries", "ledger_nodes", "ledger_head", "ledger_checkpoints")]
    )
    gap = (
        "INSERT INTO ledger_entries SELECT 301, kind, subject, 'new', body, leaf_hash, created_at, salt"
        ' FROM ledger_entries WHERE "index" = 1'
    )
    for statement in [*HOSTILE, *engine_specific, gap]:
        with pytest.raises(IntegrityError, match="append-only"), log.database.write() as connection:
            connection.exec_driver_sql(statement)
    assert log.size() == 300
    assert log.checkpoint() == checkpoint


def test_reading_cannot_write(log):
    with pytest.raises(DatabaseUnavailableError), log.database.read() as connection:
        log.append(connection, kind="x", subject="s", body={}, key="k")
    assert append(log).index == 0


def test_a_changed_entry_is_not_signed(log, append_many, tamper):
    append_many(log, 10)
    log.checkpoint()
    append_many(log, 20, first=10)
    tamper(log, "UPDATE ledger_entries SET subject = 'forged' WHERE \"index\" = 15")
    with pytest.raises(InconsistentLedgerError, match="entry 15 was changed"):
        log.checkpoint()
    assert log.latest_checkpoint().size == 10


def test_a_rewritten_past_is_not_signed(log, append_many, tamper):
    append_many(log, 10)
    log.checkpoint()
    append_many(log, 20, first=10)
    tamper(
        log,
        'UPDATE ledger_entries SET leaf_hash = (SELECT leaf_hash FROM ledger_entries WHERE "index" = 1)'
        ' WHERE "index" = 3',
    )
    with pytest.raises(InconsistentLedgerError):
        log.checkpoint()


def test_a_removed_entry_is_not_signed(log, append_many, tamper):
    append_many(log, 300)
    tamper(log, 'DELETE FROM ledger_entries WHERE "index" = 7')
    with pytest.raises(InconsistentLedgerError, match="entry 7 is missing"):
        log.checkpoint()
    with pytest.raises(InconsistentLedgerError, match="tile 0 of level 0 has 256 hashes in a tree of 300, found 255"):
        log.inclusion_proof(8)


def test_a_changed_head_neither_signs_nor_grows(log, append_many, tamper):
    append_many(log, 3)
    tamper(log, "UPDATE ledger_head SET size = 2")
    with pytest.raises(InconsistentLedgerError, match="complete subtrees"):
        append(log, "more")
    with pytest.raises(InconsistentLedgerError):
        log.checkpoint()
    tamper(log, 'UPDATE ledger_head SET size = 1, frontier = (SELECT leaf_hash FROM ledger_entries WHERE "index" = 0)')
    with pytest.raises(InconsistentLedgerError, match="head says 1 entries"):
        append(log, "more")


def test_a_tree_that_its_entries_do_not_make_is_not_signed(log, append_many, tamper):
    append_many(log, 256)
    other = '(SELECT leaf_hash FROM ledger_entries WHERE "index" = 0)'
    tamper(log, f"UPDATE ledger_nodes SET hash = {other}", f"UPDATE ledger_head SET frontier = {other}")
    with pytest.raises(InconsistentLedgerError, match="do not make the tree"):
        log.checkpoint()


def test_two_trees_of_one_size_are_never_signed(log, append_many, signer):
    append_many(log, 2)
    log.checkpoint()
    with pytest.raises(InconsistentLedgerError, match="two different trees of 2 entries"):
        log._keep(sign_checkpoint(2, bytes(32), signer))


def test_a_database_set_back_to_an_older_state_is_noticed(log, append_many, tamper):
    append_many(log, 4)
    log.checkpoint()
    tamper(log, "DELETE FROM ledger_checkpoints", "DELETE FROM ledger_entries", "DELETE FROM ledger_head")
    with pytest.raises(InconsistentLedgerError, match="had 4 entries, now it says 0"):
        log.checkpoint()
    append_many(log, 9, first=4)
    with pytest.raises(InconsistentLedgerError, match="does not extend the one of 4"):
        log.checkpoint()
