"""Hand the log over to a new key, at the size that it has, while other processes go on appending."""

from provenance.errors import LedgerError, VerificationError
from provenance.ledger.entry import LedgerEntry
from provenance.ledger.handover import sign_handover
from provenance.ledger.log import Log
from provenance.ledger.note import NoteSigner
from provenance.ledger.signed import keep_handover, read_keys, read_latest
from provenance.ledger.tiles import StoredTree

KEY_KIND = "ledger.key"
"""Of the entry that says that another key signs from then on."""


def hand_over(log: Log, new: NoteSigner) -> LedgerEntry:
    """Have another key sign from now on: the old one signs the hand-over, the new one countersigns it.

    The hand-over is an entry, too, the first that the new key stands for. From its commit on no process signs with the
    old key: one that has it looks for the new one beside it, or says that it is not there.

    Args:
        log: with the key that signs now.
        new: of the same origin; kept safely before this is called.

    Raises:
        LedgerError: the new key is of another log, or the one that signs, or another process was faster.
        InconsistentLedgerError: the log is not fit to be signed; nothing was handed over.
    """
    log.checkpoint()
    old = log.signer
    with log.database.write() as connection:
        head = log.lock_head(connection)
        keys = read_keys(connection, old.verifier)
        if keys.current != old.verifier:
            raise LedgerError("another process has handed the ledger over meanwhile: nothing was done")
        log.verify_since(StoredTree(connection, head.size), head, read_latest(connection, keys))
        try:
            handed = sign_handover(head.size, head.root, old=old, new=new)
        except VerificationError as exc:
            raise LedgerError(f"the ledger cannot be handed over: {exc}") from exc
        keep_handover(connection, handed)
        entry = log.of_tenant("").append(
            connection,
            kind=KEY_KIND,
            subject=log.origin,
            body={"old": handed.old.vkey, "new": handed.new.vkey, "size": handed.size},
            key=f"ledger-key:{handed.size}",
        )
    log.sign_with(new)
    log.checkpoint()
    return entry
