"""The tree as the entries themselves make it, whatever hashes are stored."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provenance.errors import InconsistentLedgerError
from provenance.ledger.entry import LedgerEntry
from provenance.ledger.merkle import extend_frontier, fold_frontier, hash_leaf


@dataclass(frozen=True, slots=True)
class Growth:
    """The tree after one more entry.

    Attributes:
        size: entries so far.
        frontier: roots of the complete subtrees, largest first.
        completed: subtrees that the last entry completed, as (level, index, root).
    """

    size: int
    frontier: tuple[bytes, ...]
    completed: tuple[tuple[int, int, bytes], ...] = ()

    @property
    def root(self) -> bytes:
        """The root over the entries so far."""
        return fold_frontier(self.frontier)


def grow(start: Growth, entries: Iterable[LedgerEntry], stop: int) -> Iterator[Growth]:
    """Yield `start`, then the tree after each of `entries`, which are those from ``start.size`` to `stop`.

    Raises:
        InconsistentLedgerError: an entry is missing or does not hash to its leaf.
    """
    tree = start
    yield tree
    for entry in entries:
        if entry.index != tree.size:
            break
        leaf_hash = hash_leaf(entry.leaf)
        if leaf_hash != entry.leaf_hash:
            raise InconsistentLedgerError(f"ledger entry {entry.index} was changed after it was appended")
        frontier, completed = extend_frontier(tree.frontier, tree.size, leaf_hash)
        tree = Growth(size=tree.size + 1, frontier=frontier, completed=completed)
        yield tree
    if tree.size != stop:
        raise InconsistentLedgerError(f"ledger entry {tree.size} is missing")
