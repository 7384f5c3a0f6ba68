"""The whole log against itself: every entry, every stored hash, every checkpoint ever signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from provenance.errors import InconsistentLedgerError
from provenance.ledger.growth import Growth, grow
from provenance.ledger.handover import LogKeys
from provenance.ledger.log import Log
from provenance.ledger.tables import LEDGER_CHECKPOINTS, LEDGER_NODES
from provenance.ledger.tiles import TILE_HEIGHT


@dataclass(frozen=True, slots=True)
class LogSummary:
    """What an audit found to hold.

    Attributes:
        origin: which log.
        size: entries rebuilt and hashed, which is all that were there when it began.
        root: the root over them, hexadecimal.
        checkpoints: how many signed checkpoints agree with them.
        signed: how many entries the newest of those commits to; what comes after was not acted on.
    """

    origin: str
    size: int
    root: str
    checkpoints: int
    signed: int


def verify_log(log: Log) -> LogSummary:
    """Rebuild the tree from the entries and compare everything that is stored with it.

    Reads the whole log once, page by page, while others go on appending; takes some 50 s for a million entries.

    Raises:
        InconsistentLedgerError: something stored disagrees, with the rest or with the checkpoint that is remembered
            apart from the database; the message names what.
        VerificationError: a checkpoint by one of this log's keys is not signed by it, or not at a size of its time.
    """
    with log.database.read() as connection:
        head = log.head(connection)
        signed = connection.execute(select(LEDGER_CHECKPOINTS).order_by(LEDGER_CHECKPOINTS.c.size)).all()
        rows = connection.execute(select(LEDGER_NODES)).mappings()
        nodes = {(row["level"], row["index"]): bytes(row["hash"]) for row in rows}
    roots = {}
    keys = log.keys()
    wanted = {row.size for row in signed} | {one.size for one in keys.handovers}
    for tree in grow(Growth(size=0, frontier=()), log.entries(stop=head.size), head.size):
        _compare_nodes(tree, nodes)
        if tree.size in wanted:
            roots[tree.size] = tree.root
    if tree.frontier != head.frontier or nodes:
        raise InconsistentLedgerError(f"the stored tree is not that of the {head.size} entries")
    _verify_signed(keys, signed, roots)
    remembered = log.verify_remembered()
    newest = max((item.size for item in (*signed, remembered) if item is not None), default=0)
    return LogSummary(log.origin, head.size, tree.root.hex(), checkpoints=len(signed), signed=newest)


def _compare_nodes(tree: Growth, nodes: dict[tuple[int, int], bytes]) -> None:
    """Take the subtrees that the last entry completed out of the stored `nodes`."""
    for level, index, root in tree.completed:
        if level % TILE_HEIGHT == 0 and nodes.pop((level // TILE_HEIGHT, index), None) != root:
            raise InconsistentLedgerError(f"hash {index} of tile level {level // TILE_HEIGHT} was changed or removed")


def _verify_signed(keys: LogKeys, signed: Sequence[Row[Any]], roots: Mapping[int, bytes]) -> None:
    for handover in keys.handovers:
        if roots.get(handover.size) != handover.checkpoint.root:
            raise InconsistentLedgerError(f"the log of {handover.size} entries was handed over with another history")
    known = {key.key_id.hex() for key, _, _ in keys.terms()}
    for row in signed:
        if roots.get(row.size) != bytes(row.root):
            raise InconsistentLedgerError(f"the checkpoint of {row.size} entries was signed over another history")
        if row.key_id in known:
            checkpoint = keys.verify_checkpoint(row.note)
            if (checkpoint.size, checkpoint.root) != (row.size, bytes(row.root)):
                raise InconsistentLedgerError(f"the checkpoint stored for {row.size} entries is another one")
