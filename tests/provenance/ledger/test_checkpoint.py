"""Checkpoints: their exact text, and what is none."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.errors import InconsistentLedgerError, VerificationError
from provenance.ledger.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint, verify_extension
from provenance.ledger.encoding import build_base64
from provenance.ledger.note import build_signer, sign_note

SIGNER = build_signer("example.com/behind-the-sofa", Ed25519PrivateKey.from_private_bytes(b"k" * 32))
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_the_text_is_that_of_the_specification():
    # The example of c2sp.org/tlog-checkpoint, under a key of ours.
    root = bytes.fromhex("0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62")
    checkpoint = sign_checkpoint(20852163, root, SIGNER)
    assert checkpoint.note.startswith(
        f"example.com/behind-the-sofa\n20852163\n{ROOT}\n\n— example.com/behind-the-sofa "
    )
    assert verify_checkpoint(checkpoint.note, SIGNER.verifier) == checkpoint


def test_extension_lines_are_passed_over():
    note = sign_note(f"{SIGNER.name}\n7\n{ROOT}\nmore\n", SIGNER)
    assert verify_checkpoint(note, SIGNER.verifier).size == 7


@pytest.mark.parametrize(
    "text",
    [
        f"{SIGNER.name}\n7\n",
        f"other\n7\n{ROOT}\n",
        f"{SIGNER.name}\n07\n{ROOT}\n",
        f"{SIGNER.name}\n-7\n{ROOT}\n",
        f"{SIGNER.name}\n٧\n{ROOT}\n",
        f"{SIGNER.name}\n\n{ROOT}\n",
        f"{SIGNER.name}\n{2**63}\n{ROOT}\n",
        f"{SIGNER.name}\n{'9' * 5000}\n{ROOT}\n",
        f"{SIGNER.name}\n7\n{ROOT[:-1]}\n",
        f"{SIGNER.name}\n7\n{build_base64(b'short')}\n",
        f"{SIGNER.name}\n7\n{ROOT}\n\nmore\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(VerificationError) as caught:
        verify_checkpoint(sign_note(text, SIGNER), SIGNER.verifier)
    assert caught.value.codes == ("ledger.checkpoint",)


def test_extension_of_another_log_or_of_a_larger_one():
    old = Checkpoint("a", 3, b"r" * 32, "")
    with pytest.raises(VerificationError, match="different logs"):
        verify_extension(old, Checkpoint("b", 4, b"r" * 32, ""), ())
    with pytest.raises(InconsistentLedgerError, match="had 3 entries, now it says 2"):
        verify_extension(old, Checkpoint("a", 2, b"r" * 32, ""), ())
    with pytest.raises(InconsistentLedgerError):
        verify_extension(old, Checkpoint("a", 3, b"s" * 32, ""), ())
    verify_extension(old, old, ())
