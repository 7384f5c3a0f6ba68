"""Tree arithmetic against RFC 6962's own definitions, known answers, and every small tree by brute force."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import InconsistentLedgerError, LedgerError, VerificationError
from provenance.ledger.merkle import (
    EMPTY_ROOT,
    build_batch_proof,
    build_consistency_proof,
    build_inclusion_proof,
    build_root,
    extend_frontier,
    fold_frontier,
    hash_children,
    hash_leaf,
    verify_batch,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and the roots of their trees in Certificate Transparency's own test data.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class Leaves:
    """A tree held as its leaf hashes, hashed anew at each question."""

    def __init__(self, hashes):
        self.hashes = hashes

    def node(self, level, index):
        return mth(self.hashes[index << level : (index + 1) << level])


def mth(hashes):
    """Merkle Tree Hash as RFC 6962 section 2.1 words it, over leaf hashes."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def path(m, hashes):
    """PATH(m, D[n]) as RFC 6962 section 2.1.1 words it."""
    if len(hashes) <= 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m < k:
        return [*path(m, hashes[:k]), mth(hashes[k:])]
    return [*path(m - k, hashes[k:]), mth(hashes[:k])]


def subproof(m, hashes, known):
    """SUBPROOF(m, D[n], b) as RFC 6962 section 2.1.2 words it."""
    if m == len(hashes):
        return [] if known else [mth(hashes)]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m <= k:
        return [*subproof(m, hashes[:k], known), mth(hashes[k:])]
    return [*subproof(m - k, hashes[k:], False), mth(hashes[:k])]


HASHES = [hash_leaf(str(number).encode()) for number in range(600)]


def test_roots_are_those_of_certificate_transparency():
    hashes = [hash_leaf(leaf) for leaf in CT_LEAVES]
    for size, expected in enumerate(CT_ROOTS):
        assert build_root(Leaves(hashes), 0, size).hex() == expected


@pytest.mark.parametrize("size", range(71))
def test_every_proof_of_every_small_tree(size):
    hashes = HASHES[:size]
    nodes, root = Leaves(hashes), mth(hashes)
    assert build_root(nodes, 0, size) == root
    for index in range(size):
        proof = build_inclusion_proof(nodes, index, size)
        assert list(proof) == path(index, hashes)
        verify_inclusion(hashes[index], index=index, size=size, proof=proof, root=root)
        refuses_inclusion(HASHES[599], index=index, size=size, proof=proof, root=root)
        refuses_inclusion(hashes[index], index=index, size=size, proof=proof[:-1], root=root, unless=not proof)
        refuses_inclusion(hashes[index], index=index, size=size, proof=(*proof, root), root=root)
        refuses_inclusion(hashes[index], index=(index + 1) % size, size=size, proof=proof, root=root, unless=size == 1)
    for old in range(size + 1):
        proof = build_consistency_proof(nodes, old, size)
        old_root = mth(hashes[:old])
        assert list(proof) == (subproof(old, hashes, True) if old else [])
        verify_consistency(old_size=old, old_root=old_root, size=size, root=root, proof=proof)
        for wrong in ({"old_root": HASHES[599]}, {"proof": (*proof, root)}):
            claim = {"old_size": old, "old_root": old_root, "size": size, "root": root, "proof": proof, **wrong}
            with pytest.raises(InconsistentLedgerError):
                verify_consistency(**claim)
        if 0 < old < size:
            for wrong in ({"root": HASHES[599]}, {"proof": proof[:-1]}, {"old_size": old - 1}):
                claim = {"old_size": old, "old_root": old_root, "size": size, "root": root, "proof": proof, **wrong}
                if claim["old_size"] == 0:
                    continue
                with pytest.raises(InconsistentLedgerError):
                    verify_consistency(**claim)


def refuses_inclusion(leaf, *, unless=False, **claim):
    if not unless:
        with pytest.raises(VerificationError) as caught:
            verify_inclusion(leaf, **claim)
        assert caught.value.codes == ("ledger.inclusion",)


def test_the_frontier_grows_to_the_same_roots():
    frontier, completed = (), {}
    for size in range(600):
        assert fold_frontier(frontier) == build_root(Leaves(HASHES), 0, size)
        frontier, done = extend_frontier(frontier, size, HASHES[size])
        completed |= {(level, index): root for level, index, root in done}
    assert completed == {
        (level, index): mth(HASHES[index << level : (index + 1) << level])
        for level in range(1, 10)
        for index in range(600 >> level)
    }
    with pytest.raises(InconsistentLedgerError, match="complete subtrees"):
        extend_frontier(frontier[1:], 600, HASHES[0])


def test_the_empty_tree():
    assert fold_frontier(()) == EMPTY_ROOT == build_root(Leaves([]), 0, 0)
    assert build_batch_proof(Leaves([]), [], 0) == ()
    verify_batch({}, size=0, proof=(), root=EMPTY_ROOT)


@given(st.sets(st.integers(0, 199)), st.integers(1, 200), st.data())
@settings(max_examples=150, deadline=None)
def test_one_proof_for_many_leaves(chosen, size, data):
    indices = sorted(index for index in chosen if index < size)
    nodes = Leaves(HASHES[:size])
    root = mth(HASHES[:size])
    proof = build_batch_proof(nodes, indices, size)
    leaves = {index: HASHES[index] for index in indices}
    verify_batch(leaves, size=size, proof=proof, root=root)
    if len(indices) == size:
        assert proof == ()
    if not indices:
        return
    victim = data.draw(st.sampled_from(indices))
    changed = {**leaves, victim: HASHES[500]}
    dropped = {index: leaf for index, leaf in leaves.items() if index != victim}
    for claim in (changed, dropped, {**dropped, size: leaves[victim]}):
        with pytest.raises(VerificationError):
            verify_batch(claim, size=size, proof=proof, root=root)
    for wrong in ((*proof, root), proof[:-1] if proof else (root,)):
        with pytest.raises(VerificationError):
            verify_batch(leaves, size=size, proof=wrong, root=root)


@given(st.integers(2, 600), st.data())
@settings(max_examples=60, deadline=None)
def test_larger_trees(size, data):
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    nodes, root = Leaves(HASHES[:size]), mth(HASHES[:size])
    proof = build_inclusion_proof(nodes, index, size)
    verify_inclusion(HASHES[index], index=index, size=size, proof=proof, root=root)
    if proof:
        broken = list(proof)
        broken[data.draw(st.integers(0, len(broken) - 1))] = hash_children(root, root)
        refuses_inclusion(HASHES[index], index=index, size=size, proof=broken, root=root)
    proof = build_consistency_proof(nodes, old, size)
    verify_consistency(old_size=old, old_root=mth(HASHES[:old]), size=size, root=root, proof=proof)


def test_proofs_of_what_is_not_there_are_refused():
    nodes = Leaves(HASHES[:5])
    for index in (-1, 5):
        with pytest.raises(LedgerError, match="has no leaf"):
            build_inclusion_proof(nodes, index, 5)
        with pytest.raises(VerificationError, match="has no leaf"):
            verify_inclusion(HASHES[0], index=index, size=5, proof=(), root=HASHES[0])
    with pytest.raises(LedgerError, match="does not extend"):
        build_consistency_proof(nodes, 6, 5)
    with pytest.raises(InconsistentLedgerError):
        verify_consistency(old_size=6, old_root=HASHES[0], size=5, root=HASHES[0], proof=(HASHES[0],))
    for indices in ([1, 1], [3, 2], [5], [-1]):
        with pytest.raises(LedgerError, match="strictly increasing"):
            build_batch_proof(nodes, indices, 5)
