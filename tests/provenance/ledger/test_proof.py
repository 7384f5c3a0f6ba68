"""Offline proofs: their exact text, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import VerificationError
from provenance.ledger.proof import Proof, carry, parse_proof, verify_carried, verify_proof


def test_the_text_is_that_of_the_specification(sqlite_log, append_many, signer):
    entries = append_many(sqlite_log, 5)
    proof = sqlite_log.proof(4)
    lines = proof.text.split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 4"]
    assert len(lines[2]) == 44  # the fifth leaf hangs right under the root of a tree of five
    assert lines[3:6] == ["", "example.com/ledger", "5"]
    assert parse_proof(proof.text) == proof
    assert verify_proof(proof, entries[4].leaf, signer.verifier).size == 5


def test_a_lone_entry_needs_no_hash(sqlite_log, append_many, signer):
    (entry,) = append_many(sqlite_log, 1)
    text = sqlite_log.proof(0).text
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 0\n\nexample.com/ledger\n1\n")
    verify_proof(parse_proof(text), entry.leaf, signer.verifier)


def test_extra_data_is_carried_and_means_nothing(sqlite_log, append_many, signer):
    (entry,) = append_many(sqlite_log, 1)
    plain = sqlite_log.proof(0)
    extra = Proof(index=0, hashes=(), checkpoint=plain.checkpoint, extra=b"anything")
    assert extra.text.split("\n")[1] == "extra YW55dGhpbmc="
    assert parse_proof(extra.text) == extra
    verify_proof(extra, entry.leaf, signer.verifier)


def test_a_proof_of_something_else_is_refused(sqlite_log, append_many, signer):
    entries = append_many(sqlite_log, 6)
    proof = sqlite_log.proof(3)
    for other, leaf in (
        (proof, entries[2].leaf),
        (Proof(index=2, hashes=proof.hashes, checkpoint=proof.checkpoint), entries[3].leaf),
        (Proof(index=3, hashes=proof.hashes[:-1], checkpoint=proof.checkpoint), entries[3].leaf),
        (Proof(index=3, hashes=proof.hashes, checkpoint=proof.checkpoint.replace("\n6\n", "\n7\n")), entries[3].leaf),
    ):
        with pytest.raises(VerificationError):
            verify_proof(other, leaf, signer.verifier)


HASH = "A" * 43 + "="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n\nnote",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 00\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex ²\n\nnote",
        f"c2sp.org/tlog-proof@v1\nindex {'1' * 5000}\n\nnote",
        "c2sp.org/tlog-proof@v1\nextra AA==\n\nnote",
        "c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nnote",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH}",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{HASH}\n" * 64 + "\nnote",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n" + "x" * 300_000,
    ],
)
def test_what_is_no_proof_is_refused(text):
    with pytest.raises(VerificationError) as caught:
        parse_proof(text)
    assert caught.value.codes == ("ledger.proof",)


@given(st.text(max_size=200))
def test_any_text_is_refused_with_a_typed_error(text):
    with pytest.raises(VerificationError):
        parse_proof("c2sp.org/tlog-proof@v1\nindex 0\n" + text[:100].replace("\n", "") + "!\n\n" + text)


def test_a_proof_that_carries_its_entry_needs_no_other_file(sqlite_log, append_many, signer, as_before):
    append_many(sqlite_log, 5)
    as_before()
    append_many(sqlite_log, 8, first=5)
    for entry in (sqlite_log.entry(3), sqlite_log.entry(6)):
        text = carry(sqlite_log.proof(entry.index), entry.opening).text
        opening, checkpoint = verify_carried(parse_proof(text), signer.verifier)
        assert (opening, checkpoint.size) == (entry.opening, 8)
    with pytest.raises(VerificationError, match="the entry itself"):
        verify_carried(sqlite_log.proof(3), signer.verifier)
    for other in (sqlite_log.entry(2).opening, sqlite_log.entry(3).opening.replace(b"asset-3", b"asset-4")):
        with pytest.raises(VerificationError):
            verify_carried(carry(sqlite_log.proof(3), other), signer.verifier)


def test_a_proof_with_the_bare_leaf_holds_and_tells_nothing(sqlite_log, append_many, signer):
    append_many(sqlite_log, 5)
    text = carry(sqlite_log.proof(3), sqlite_log.entry(3).leaf).text
    carried, _ = verify_carried(parse_proof(text), signer.verifier)
    assert carried.startswith(b'{"commitment":"')
    assert b"asset" not in carried
