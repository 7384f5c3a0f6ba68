"""`.tlog-proof`: one file that proves one entry, offline, with nothing but the log's public key.

Source: c2sp.org/tlog-proof@v1.
"""

from dataclasses import dataclass, replace
from typing import Final

from provenance.errors import VerificationError
from provenance.ledger.checkpoint import Checkpoint
from provenance.ledger.encoding import build_base64, parse_base64
from provenance.ledger.entry import find_leaf
from provenance.ledger.handover import LogKeys, verify_timely
from provenance.ledger.merkle import HASH_BYTES, hash_leaf, verify_inclusion
from provenance.ledger.note import MAX_NOTE_BYTES, NoteVerifier

HEADER: Final = "c2sp.org/tlog-proof@v1"
SUFFIX: Final = ".tlog-proof"
# A tree of 2**63 leaves is the largest that tlog-tiles can name.
_MAX_HASHES: Final = 63


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry stands at `index` of the log that signed `checkpoint`; to be verified.

    Attributes:
        index: from 0.
        hashes: the audit path, the leaf's sibling first.
        checkpoint: the signed note.
        extra: not authenticated, of no meaning here.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    @property
    def text(self) -> str:
        """The content of the `.tlog-proof` file."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {build_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [build_base64(item) for item in self.hashes]
        return "\n".join(lines) + "\n\n" + self.checkpoint


def parse_proof(unverified_text: str) -> Proof:
    """Parse a `.tlog-proof` file.

    Raises:
        VerificationError: it is none.
    """
    if len(unverified_text) > MAX_NOTE_BYTES:
        raise _malformed("a few kilobytes at most")
    head, separator, note = unverified_text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != HEADER or not separator:
        raise _malformed(f"{HEADER} first and a checkpoint after an empty line")
    extra = b""
    if lines[1:] and lines[1].startswith("extra "):
        extra = _decode(lines.pop(1).removeprefix("extra "))
    word, _, digits = lines[1].partition(" ") if lines[1:] else ("", "", "")
    if word != "index" or not (digits.isascii() and digits.isdecimal()) or str(int(digits[:20])) != digits:
        raise _malformed("a line with the index")
    hashes = tuple(_decode(line) for line in lines[2:])
    if len(hashes) > _MAX_HASHES or any(len(item) != HASH_BYTES for item in hashes):
        raise _malformed(f"at most {_MAX_HASHES} hashes of {HASH_BYTES} bytes")
    return Proof(index=int(digits), hashes=hashes, checkpoint=note, extra=extra)


def carry(proof: Proof, opening: bytes) -> Proof:
    """Return the proof with what opens its entry, or its bare leaf, as extra data, so that one file is all it takes."""
    return replace(proof, extra=opening)


def verify_carried(unverified_proof: Proof, keys: NoteVerifier | LogKeys) -> tuple[bytes, Checkpoint]:
    """Check a proof that carries its own entry; return what it carries, which by then is proved, and the checkpoint.

    It is what opens the entry, or the bare leaf, which shows nothing of it.

    Raises:
        VerificationError: it carries none, or what it carries is not the entry that the log signed.
    """
    if not unverified_proof.extra:
        raise _malformed("the entry itself on a line extra")
    leaf = find_leaf(unverified_proof.extra)
    return unverified_proof.extra, verify_proof(unverified_proof, leaf, keys)


def verify_proof(unverified_proof: Proof, leaf: bytes, keys: NoteVerifier | LogKeys) -> Checkpoint:
    """Check that `leaf` is the entry that the proof speaks of, and that the log signed a tree that holds it.

    Raises:
        VerificationError: the checkpoint is not this log's, or the leaf is not in it at this index.
    """
    checkpoint = verify_timely(unverified_proof.checkpoint, keys)
    verify_inclusion(
        hash_leaf(leaf),
        index=unverified_proof.index,
        size=checkpoint.size,
        proof=unverified_proof.hashes,
        root=checkpoint.root,
    )
    return checkpoint


def _decode(encoded: str) -> bytes:
    return parse_base64(encoded, "a line of the tlog-proof", "ledger.proof")


def _malformed(expected: str) -> VerificationError:
    return VerificationError(f"not a tlog-proof: expected {expected}", codes=("ledger.proof",))
