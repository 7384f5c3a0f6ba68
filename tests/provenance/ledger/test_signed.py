"""What was signed is read back by the keys of the log, and none of another."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.errors import InconsistentLedgerError
from provenance.ledger.checkpoint import sign_checkpoint
from provenance.ledger.note import build_signer
from provenance.ledger.rotation import hand_over
from provenance.ledger.signed import find_current_vkey, keep_checkpoint, read_keys, read_latest


def test_the_newest_of_all_keys_counts_and_the_key_that_signs_now_is_found(log, signer, append_many):
    new = build_signer(signer.name, Ed25519PrivateKey.generate())
    append_many(log, 2)
    with log.database.read() as connection:
        assert find_current_vkey(connection) == ""
    hand_over(log, new)
    with log.database.read() as connection:
        keys = read_keys(connection, signer.verifier)
        assert (find_current_vkey(connection), keys.current) == (new.vkey, new.verifier)
        assert read_latest(connection, keys).size == 3
    stranger = build_signer(signer.name, Ed25519PrivateKey.generate())
    with log.database.read() as connection, pytest.raises(InconsistentLedgerError, match="which you trust"):
        read_keys(connection, stranger.verifier)


def test_two_trees_of_one_size_are_not_signed(log, signer):
    with log.database.write() as connection:
        keep_checkpoint(connection, sign_checkpoint(5, bytes(32), signer), signer.verifier)
        keep_checkpoint(connection, sign_checkpoint(5, bytes(32), signer), signer.verifier)
        with pytest.raises(InconsistentLedgerError, match="two different trees of 5"):
            keep_checkpoint(connection, sign_checkpoint(5, bytes([1]) * 32, signer), signer.verifier)
