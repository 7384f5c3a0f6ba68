"""Checkpoints: what the log signs to commit itself to everything that it holds.

Source: c2sp.org/tlog-checkpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provenance.errors import InconsistentLedgerError, VerificationError
from provenance.ledger.encoding import build_base64, parse_base64
from provenance.ledger.merkle import HASH_BYTES, verify_consistency
from provenance.ledger.note import NoteSigner, NoteVerifier, sign_note, verify_note

# C2SP tlog-tiles: levels go to 63, so a size fits in 63 bits.
_MAX_SIZE: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log at one size.

    Attributes:
        origin: which log.
        size: how many entries.
        root: RFC 6962 root over them, 32 bytes.
        note: the signed note that says so.
    """

    origin: str
    size: int
    root: bytes
    note: str


def sign_checkpoint(size: int, root: bytes, signer: NoteSigner) -> Checkpoint:
    """Sign the tree; whoever calls has checked that it extends all that was signed before."""
    text = f"{signer.name}\n{size}\n{build_base64(root)}\n"
    return Checkpoint(origin=signer.name, size=size, root=root, note=sign_note(text, signer))


def verify_checkpoint(unverified_note: str, verifier: NoteVerifier) -> Checkpoint:
    """Check a checkpoint's signature and form.

    Raises:
        VerificationError: it is not a checkpoint of this verifier's log, or is not signed by it.
    """
    return parse_checkpoint(verify_note(unverified_note, verifier).text, verifier.name, unverified_note)


def parse_checkpoint(text: str, origin: str, note: str) -> Checkpoint:
    """Parse the text of a note as a checkpoint of the log `origin`.

    Raises:
        VerificationError: it is none.
    """
    lines = text.split("\n")
    if len(lines) < 4 or any(not line for line in lines[:-1]):
        raise _malformed("three non-empty lines at least")
    if lines[0] != origin:
        raise _malformed(f"origin {origin}, got {lines[0]}")
    digits = lines[1]
    if not (digits.isascii() and digits.isdecimal()) or str(int(digits[:20])) != digits or int(digits) > _MAX_SIZE:
        raise _malformed("a decimal size on the second line")
    root = parse_base64(lines[2], "the root of the checkpoint", "ledger.checkpoint")
    if len(root) != HASH_BYTES:
        raise _malformed(f"a root of {HASH_BYTES} bytes")
    return Checkpoint(origin=lines[0], size=int(digits), root=root, note=note)


def verify_extension(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """Check that `new` holds everything that `old` held, in the same places.

    Raises:
        VerificationError: they are of different logs.
        InconsistentLedgerError: the log that signed both has two histories, or the proof does not show one.
    """
    if old.origin != new.origin:
        raise VerificationError(f"checkpoints of different logs: {old.origin} and {new.origin}")
    if old.size > new.size:
        raise InconsistentLedgerError(f"the log {new.origin} had {old.size} entries, now it says {new.size}")
    verify_consistency(old_size=old.size, old_root=old.root, size=new.size, root=new.root, proof=proof)


def _malformed(expected: str) -> VerificationError:
    return VerificationError(f"not a checkpoint of this log: expected {expected}", codes=("ledger.checkpoint",))
