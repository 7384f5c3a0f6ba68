"""The remembered checkpoint: kept, never set back, and missed when it is gone."""

import pytest

from provenance.errors import InconsistentLedgerError
from provenance.ledger.checkpoint import sign_checkpoint
from provenance.ledger.memory import Memory
from provenance.ledger.note import load_signer


@pytest.fixture
def signer(tmp_path):
    return load_signer(tmp_path / "ledger.key", "test/ledger")


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path / "last-checkpoint.txt", "test/ledger", is_complete=True)


def at(size, signer):
    return sign_checkpoint(size, bytes([size]) * 32, signer)


def test_the_newest_is_remembered(memory, signer):
    assert memory.load() is None
    for size in (3, 5, 4):
        memory.keep(at(size, signer))
    assert memory.load() == at(5, signer)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"other/ledger\n5\nAAAA\n", b"test/ledger\n"])
def test_what_is_no_checkpoint_of_this_log_is_said(memory, tmp_path, content):
    (tmp_path / "last-checkpoint.txt").write_bytes(content)
    with pytest.raises(InconsistentLedgerError, match="restore it from a backup"):
        memory.load()


def test_a_memory_that_was_lost_or_set_back_is_noticed(memory, signer, tmp_path):
    memory.verify_complete(None)
    with pytest.raises(InconsistentLedgerError, match="is missing"):
        memory.verify_complete(at(5, signer))
    memory.keep(at(3, signer))
    with pytest.raises(InconsistentLedgerError, match="has 3, so it was set back"):
        memory.verify_complete(at(5, signer))
    memory.keep(at(5, signer))
    memory.verify_complete(at(5, signer))
    shared = Memory(tmp_path / "none.txt", "test/ledger")
    shared.verify_complete(at(5, signer))
