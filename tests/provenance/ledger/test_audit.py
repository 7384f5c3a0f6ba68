"""An audit of the whole log finds anything that was changed underneath it."""

import pytest

from provenance.errors import InconsistentLedgerError, VerificationError
from provenance.ledger.audit import verify_log


def test_a_sound_log(log, append_many):
    assert verify_log(log).size == 0
    append_many(log, 3)
    log.checkpoint()
    append_many(log, 520, first=3)
    summary = verify_log(log)
    assert (summary.size, summary.checkpoints, summary.origin) == (520, 1, "example.com/ledger")
    assert summary.root == log.checkpoint().root.hex()


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ('UPDATE ledger_entries SET body = leaf_hash WHERE "index" = 9', "entry 9 was changed"),
        ("UPDATE ledger_entries SET key = 'x' WHERE \"index\" = 9", "entry 9 was changed"),
        ('DELETE FROM ledger_entries WHERE "index" = 9', "entry 9 is missing"),
        ("DELETE FROM ledger_nodes", "hash 0 of tile level 1"),
        ("INSERT INTO ledger_nodes SELECT 1, 1, hash FROM ledger_nodes", "not that of the 300"),
        ("UPDATE ledger_head SET size = 299", "complete|not that"),
        ("UPDATE ledger_checkpoints SET root = (SELECT hash FROM ledger_nodes)", "signed over another history"),
        ("UPDATE ledger_checkpoints SET size = 12", "signed over another history"),
    ],
)
def test_what_was_changed_is_found(log, append_many, statement, match, tamper):
    append_many(log, 300)
    log.checkpoint()
    tamper(log, statement)
    with pytest.raises(InconsistentLedgerError, match=match):
        verify_log(log)


def test_a_checkpoint_in_the_place_of_another_is_found(sqlite_log, append_many, tamper):
    for size in (3, 5):
        append_many(sqlite_log, size, first=size - 3 if size == 3 else 3)
        sqlite_log.checkpoint()
    tamper(
        sqlite_log,
        "UPDATE ledger_checkpoints SET note = (SELECT note FROM ledger_checkpoints WHERE size = 3) WHERE size = 5",
    )
    with pytest.raises(InconsistentLedgerError, match="stored for 5 entries is another one"):
        verify_log(sqlite_log)


def test_a_forged_signature_is_found(sqlite_log, append_many, tamper):
    append_many(sqlite_log, 3)
    sqlite_log.checkpoint()
    tamper(sqlite_log, "UPDATE ledger_checkpoints SET note = replace(note, '\n3\n', '\n4\n')")
    with pytest.raises(VerificationError):
        verify_log(sqlite_log)
