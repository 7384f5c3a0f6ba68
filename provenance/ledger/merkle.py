"""Merkle tree arithmetic of RFC 6962 and RFC 9162: roots, inclusion and consistency proofs, proofs of many leaves.

Everything is pure. A tree is anything that answers with the root of a complete subtree; a proof of a tree of n leaves
asks for O(log n) of them.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Protocol

from provenance.errors import InconsistentLedgerError

HASH_BYTES: Final = 32

# RFC 6962 s2.1: the root of the empty tree is the hash of the empty string.
EMPTY_ROOT: Final = sha256(b"").digest()


def hash_leaf(data: bytes) -> bytes:
    """Hash an entry's bytes as a leaf (RFC 6962 s2.1)."""
    return sha256(b"\x00" + data).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Hash two subtree roots as their parent (RFC 6962 s2.1)."""
    return sha256(b"\x01" + left + right).digest()


class Nodes(Protocol):
    """Complete subtrees of a tree."""

    def node(self, level: int, index: int) -> bytes:
        """Return the root of the complete subtree over leaves ``index << level`` to ``(index + 1) << level``."""
        ...


def extend_frontier(
    frontier: Sequence[bytes], size: int, leaf_hash: bytes
) -> tuple[tuple[bytes, ...], tuple[tuple[int, int, bytes], ...]]:
    """Add leaf number `size` to the complete subtrees `frontier`, largest first, of the tree of `size` leaves.

    Returns:
        The new frontier, and each subtree that this leaf completed as (level, index, root), level 1 and up.

    Raises:
        InconsistentLedgerError: a tree of `size` leaves does not have this many complete subtrees.
    """
    if len(frontier) != size.bit_count():
        raise InconsistentLedgerError(
            f"a tree of {size} leaves has {size.bit_count()} complete subtrees, the frontier has {len(frontier)}"
        )
    peaks, root, level, completed = list(frontier), leaf_hash, 0, []
    while size >> level & 1:
        root = hash_children(peaks.pop(), root)
        level += 1
        completed.append((level, size >> level, root))
    return (*peaks, root), tuple(completed)


def fold_frontier(frontier: Sequence[bytes]) -> bytes:
    """Return the root of the tree whose complete subtrees, largest first, are `frontier`."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for peak in reversed(frontier[:-1]):
        root = hash_children(peak, root)
    return root
