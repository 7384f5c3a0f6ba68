"""Merkle tree arithmetic of RFC 6962 and RFC 9162: roots, inclusion and consistency proofs, proofs of many leaves.

Everything is pure. A tree is anything that answers with the root of a complete subtree; a proof of a tree of n leaves
asks for O(log n) of them.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Final, Protocol

from provenance.errors import InconsistentLedgerError, LedgerError, VerificationError

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


def build_frontier(nodes: Nodes, size: int) -> tuple[bytes, ...]:
    """Return the roots of the complete subtrees, largest first, that a tree of `size` leaves consists of."""
    levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
    return tuple(nodes.node(level, (size >> level) - 1) for level in levels)


def build_root(nodes: Nodes, start: int, stop: int) -> bytes:
    """Return the root over leaves `start` to `stop` (RFC 6962 s2.1), where the range is a subtree of the tree.

    Reads one node for each complete subtree in it, so O(log n).
    """
    width = stop - start
    if width == 0:
        return EMPTY_ROOT
    level = width.bit_length() - 1
    if width == 1 << level:
        return nodes.node(level, start >> level)
    split = start + split_width(width)
    return hash_children(build_root(nodes, start, split), build_root(nodes, split, stop))


def split_width(width: int) -> int:
    """Return the largest power of two smaller than `width`, which is at least 2 (RFC 6962 s2.1)."""
    return 1 << ((width - 1).bit_length() - 1)


def build_inclusion_proof(nodes: Nodes, index: int, size: int) -> tuple[bytes, ...]:
    """Build the audit path of leaf `index` in the tree of `size` leaves, sibling first (RFC 6962 s2.1.1).

    Raises:
        LedgerError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise LedgerError(f"a tree of {size} leaves has no leaf {index}")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        split = start + split_width(stop - start)
        if index < split:
            path.append(build_root(nodes, split, stop))
            stop = split
        else:
            path.append(build_root(nodes, start, split))
            start = split
    return tuple(reversed(path))


def verify_inclusion(leaf_hash: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that leaf `index` of the tree with `size` leaves and `root` is `leaf_hash` (RFC 9162 s2.1.3.2).

    Raises:
        VerificationError: it is not, or the proof does not show it.
    """
    if not 0 <= index < size:
        raise VerificationError(f"a tree of {size} leaves has no leaf {index}", codes=("ledger.inclusion",))
    node, last, computed = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise VerificationError("the inclusion proof is too long", codes=("ledger.inclusion",))
        if node & 1 or node == last:
            computed = hash_children(sibling, computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = hash_children(computed, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise VerificationError("the inclusion proof is too short", codes=("ledger.inclusion",))
    if computed != root:
        raise VerificationError(f"leaf {index} is not in the tree that was signed", codes=("ledger.inclusion",))


def build_consistency_proof(nodes: Nodes, old_size: int, size: int) -> tuple[bytes, ...]:
    """Build the proof that the tree of `size` leaves extends the tree of `old_size` (RFC 6962 s2.1.2).

    Raises:
        LedgerError: `old_size` is larger.
    """
    if not 0 <= old_size <= size:
        raise LedgerError(f"a tree of {size} leaves does not extend one of {old_size}")
    if old_size in {0, size}:
        return ()
    proof: list[bytes] = []
    start, stop = 0, size
    while old_size != stop:
        split = start + split_width(stop - start)
        if old_size <= split:
            proof.append(build_root(nodes, split, stop))
            stop = split
        else:
            proof.append(build_root(nodes, start, split))
            start = split
    # The old tree itself, when it is one complete subtree from the left edge, is known to who checks.
    if start:
        proof.append(build_root(nodes, start, stop))
    return tuple(reversed(proof))


def verify_consistency(*, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree with `size` leaves and `root` extends the one with `old_size` and `old_root`.

    Source: RFC 9162 s2.1.4.2.

    Raises:
        InconsistentLedgerError: it does not, or the proof does not show it.
    """
    failure = InconsistentLedgerError(f"the tree of {size} leaves does not extend the one of {old_size} seen before")
    if old_size in {0, size}:
        if proof or (old_size == size and old_root != root) or (old_size == 0 and old_root != EMPTY_ROOT):
            raise failure
        return
    hashes = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not 0 < old_size < size or not proof:
        raise failure
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_computed = computed = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise failure
        if node & 1 or node == last:
            old_computed = hash_children(sibling, old_computed)
            computed = hash_children(sibling, computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = hash_children(computed, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or old_computed != old_root or computed != root:
        raise failure


def build_batch_proof(nodes: Nodes, indices: Sequence[int], size: int) -> tuple[bytes, ...]:
    """Build one proof for many leaves of the tree of `size`: the roots of the largest subtrees that hold none of them.

    Args:
        nodes: the tree.
        indices: strictly increasing.
        size: leaves in the tree.

    Returns:
        Subtree roots from left to right; none at all when `indices` is every leaf.

    Raises:
        LedgerError: the indices are not increasing or not in the tree.
    """
    if any(left >= right for left, right in pairwise(indices)) or (
        indices and not 0 <= indices[0] <= indices[-1] < size
    ):
        raise LedgerError(f"indices must be strictly increasing and below {size}")
    proof: list[bytes] = []

    def visit(start: int, stop: int) -> None:
        first = bisect_left(indices, start)
        if first == len(indices) or indices[first] >= stop:
            proof.append(build_root(nodes, start, stop))
        elif stop - start > 1:
            split = start + split_width(stop - start)
            visit(start, split)
            visit(split, stop)

    if size:
        visit(0, size)
    return tuple(proof)


def verify_batch(leaves: Mapping[int, bytes], *, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that each of `leaves`, index to leaf hash, is in the tree with `size` leaves and `root`.

    Raises:
        VerificationError: one is not, or the proof does not show it.
    """
    indices = sorted(leaves)
    if indices and not 0 <= indices[0] <= indices[-1] < size:
        raise VerificationError(f"a tree of {size} leaves has no leaf {indices[-1]}", codes=("ledger.inclusion",))
    rest = iter(proof)

    def visit(start: int, stop: int) -> bytes:
        first = bisect_left(indices, start)
        if first == len(indices) or indices[first] >= stop:
            known = next(rest, None)
            if known is None:
                raise VerificationError("the batch proof is too short", codes=("ledger.inclusion",))
            return known
        if stop - start == 1:
            return leaves[start]
        split = start + split_width(stop - start)
        return hash_children(visit(start, split), visit(split, stop))

    computed = visit(0, size) if size else EMPTY_ROOT
    if next(rest, None) is not None:
        raise VerificationError("the batch proof is too long", codes=("ledger.inclusion",))
    if computed != root:
        raise VerificationError("the entries are not all in the tree that was signed", codes=("ledger.inclusion",))
