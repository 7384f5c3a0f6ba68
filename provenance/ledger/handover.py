"""The log's key, and the keys before it: who may sign which sizes, and how one key hands the log over to the next.

A hand-over is a checkpoint of the log with two more lines, which name the key that hands over and the key that takes
over. Both sign it: the old one says whom it trusts with the log, the new one that it goes on from this very tree. From
that size on the new key alone signs; what the old one signed up to there stays good. Whoever trusts one key of the
history so learns of every other, offline.

Trusts nothing of a history but signatures. Limits: an old key that was stolen can hand the log over to a thief for
whoever has not seen the true hand-over: keep the newest checkpoint that you saw, and take keys and history from where
you trust.

Source: c2sp.org/tlog-checkpoint, whose extension lines these are.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, TypeGuard

from provenance.errors import VerificationError
from provenance.ledger.checkpoint import Checkpoint, parse_checkpoint, verify_extension
from provenance.ledger.encoding import build_base64, parse_base64
from provenance.ledger.note import (
    MAX_NOTE_BYTES,
    UNSIGNED,
    NoteSigner,
    NoteVerifier,
    parse_vkey,
    sign_note,
    verify_note,
)

KEYS_FILE: Final = "ledger-keys.json"
"""What exports, mirrors and the HTTP API call the history of keys."""
HISTORY_FORMAT: Final = "chopmark.ledger-keys/1"

MOST_HANDOVERS: Final = 1_000

_RENEWED: Final = (
    "where the log's key was renewed since, take the key of that time, or the log's key history: chopmark keys history "
    "--json > FILE, audit verify --keys FILE"
)
_FROM: Final = "chopmark-key-from "
_TO: Final = "chopmark-key-to "


@dataclass(frozen=True, slots=True)
class Handover:
    """One key handing the log over to the next.

    Attributes:
        checkpoint: of the tree that is handed over, with the note that both signed.
        old, new: the keys; up to that size the old one signs, from it on the new one.
    """

    checkpoint: Checkpoint
    old: NoteVerifier
    new: NoteVerifier

    @property
    def size(self) -> int:
        """How many entries there were."""
        return self.checkpoint.size


def sign_handover(size: int, root: bytes, *, old: NoteSigner, new: NoteSigner) -> Handover:
    """Hand the log over to another key; whoever calls has checked that the tree extends all that was signed before.

    Raises:
        VerificationError: the keys are one, or are of different logs.
    """
    text = f"{old.name}\n{size}\n{build_base64(root)}\n{_FROM}{old.vkey}\n{_TO}{new.vkey}\n"
    return verify_handover(sign_note(text, old, new))


@lru_cache(maxsize=256)
def verify_handover(unverified_note: str) -> Handover:
    """Check that a note is a hand-over, signed by both of the keys that it names.

    Raises:
        VerificationError: it is not.
    """
    text = unverified_note.rpartition("\n\n")[0] + "\n"
    lines = text.split("\n")
    if len(unverified_note) > MAX_NOTE_BYTES or len(lines) != 6 or lines[5]:
        raise _refuse("a checkpoint with two more lines")
    if not lines[3].startswith(_FROM) or not lines[4].startswith(_TO):
        raise _refuse("the key that hands over and the one that takes over")
    old, new = parse_vkey(lines[3].removeprefix(_FROM)), parse_vkey(lines[4].removeprefix(_TO))
    if old.name != lines[0] or new.name != lines[0] or old.public_key == new.public_key:
        raise _refuse(f"two keys of the log {lines[0][:80]}")
    for key in (old, new):
        verify_note(unverified_note, key)
    return Handover(parse_checkpoint(text, old.name, unverified_note), old, new)


@dataclass(frozen=True, slots=True)
class LogKeys:
    """Every key of a log that a reader may believe, because the one that they trust leads to it.

    Attributes:
        trusted: the key that the reader has from a source of their own.
        handovers: in order; none where the log has had one key.
    """

    trusted: NoteVerifier
    handovers: tuple[Handover, ...] = ()

    @classmethod
    def build(cls, trusted: NoteVerifier, unverified_notes: Sequence[str] = ()) -> "LogKeys":
        """Check a history of keys.

        Raises:
            VerificationError: a hand-over is forged, they do not follow each other, or the trusted key is none of them.
        """
        if len(unverified_notes) > MOST_HANDOVERS:
            raise _refuse(f"at most {MOST_HANDOVERS} hand-overs")
        handovers = tuple(verify_handover(note) for note in unverified_notes)
        for earlier, later in pairwise(handovers):
            if earlier.new != later.old or later.size <= earlier.size:
                raise _refuse("hand-overs that follow each other, each by the key that took over before")
        if handovers and trusted not in (handovers[0].old, *(one.new for one in handovers)):
            raise _refuse(f"a history that the key {trusted.key_id.hex()} of {trusted.name}, which you trust, is in")
        return cls(trusted, handovers)

    @property
    def name(self) -> str:
        """The log's origin."""
        return self.trusted.name

    @property
    def current(self) -> NoteVerifier:
        """The key that signs now, as far as this history goes."""
        return self.handovers[-1].new if self.handovers else self.trusted

    def terms(self) -> tuple[tuple[NoteVerifier, int, int | None], ...]:
        """Return each key with the sizes that it may sign: from, and up to; None for the one that signs now."""
        if not self.handovers:
            return ((self.trusted, 0, None),)
        first, *later = [one.size for one in self.handovers]
        firsts = (0, first, *later)
        keys = (self.handovers[0].old, *(one.new for one in self.handovers))
        return tuple(zip(keys, firsts, (first, *later, None), strict=True))

    def find_signer(self, unverified_note: str) -> NoteVerifier:
        """Return the key of the log that signed a note, whatever its text; of several the newest.

        Raises:
            VerificationError: none did, or a signature does not match.
        """
        try:
            signed = verify_note(unverified_note, *(key for key, _, _ in self.terms())).keys
        except VerificationError as exc:
            hint = f"; {_RENEWED}" if UNSIGNED in exc.codes else ""
            raise VerificationError(f"{exc}{hint}", codes=exc.codes) from exc
        return next(key for key, _, _ in reversed(self.terms()) if key in signed)

    def verify_checkpoint(self, unverified_note: str) -> Checkpoint:
        """Check a checkpoint's form, and that a key signed it which signed trees of this size.

        Raises:
            VerificationError: it is no checkpoint of this log, or none of its keys signed it, or one out of its time.
        """
        note = verify_note(unverified_note, *(key for key, _, _ in self.terms()))
        checkpoint = parse_checkpoint(note.text, self.name, unverified_note)
        for key, first, last in self.terms():
            if key in note.keys and first <= checkpoint.size and (last is None or checkpoint.size <= last):
                return checkpoint
        raise VerificationError(
            f"the checkpoint of {checkpoint.size} entries is signed by a key of {self.name} that did not sign the log "
            "at that size",
            codes=("ledger.key",),
        )

    def verify_continuity(self, checkpoint: Checkpoint, unverified_proofs: Sequence[Sequence[bytes]]) -> None:
        """Check that a checkpoint's tree holds every tree that was handed over.

        Args:
            checkpoint: verified.
            unverified_proofs: of consistency, one for each hand-over up to its size.

        Raises:
            VerificationError: a proof is missing or too many.
            InconsistentLedgerError: it does not: the log has two histories.
        """
        earlier = [one for one in self.handovers if one.size <= checkpoint.size]
        if len(unverified_proofs) != len(earlier):
            raise _refuse("a proof for each hand-over that its tree goes on")
        for handover, proof in zip(earlier, unverified_proofs, strict=True):
            verify_extension(handover.checkpoint, checkpoint, proof)


def verify_timely(unverified_note: str, keys: NoteVerifier | LogKeys) -> Checkpoint:
    """Check a checkpoint by the one key, or by the key of its time.

    Raises:
        VerificationError: see `LogKeys.verify_checkpoint`.
    """
    return (keys if isinstance(keys, LogKeys) else LogKeys(keys)).verify_checkpoint(unverified_note)


def build_history(
    keys: LogKeys, checkpoint: Checkpoint | None = None, proofs: Sequence[Sequence[bytes]] = ()
) -> dict[str, Any]:
    """Return the history of keys as a document, which proves itself.

    Args:
        keys: of the log.
        checkpoint: that `proofs` lead to, if any.
        proofs: see `LogKeys.verify_continuity`.
    """
    return {
        "format": HISTORY_FORMAT,
        "origin": keys.name,
        "keys": [{"vkey": key.vkey, "from_size": first, "to_size": last} for key, first, last in keys.terms()],
        "handovers": [one.checkpoint.note for one in keys.handovers],
        "checkpoint": "" if checkpoint is None else checkpoint.note,
        "proofs": [[build_base64(item) for item in proof] for proof in proofs],
    }


def parse_history(unverified_text: str) -> tuple[tuple[str, ...], tuple[tuple[bytes, ...], ...]]:
    """Return the notes and the proofs of a document of `build_history`, for `LogKeys` to check; nothing else counts.

    Raises:
        VerificationError: it is none.
    """
    try:
        document = json.loads(unverified_text)
    except (ValueError, RecursionError) as exc:
        raise _refuse("a document of JSON") from exc
    if not isinstance(document, Mapping) or document.get("format") != HISTORY_FORMAT:
        raise _refuse(f"a document of the format {HISTORY_FORMAT}")
    notes, proofs = document.get("handovers"), document.get("proofs", [])
    if not _is_list_of(notes, str) or not _is_list_of(proofs, list) or not all(_is_list_of(one, str) for one in proofs):
        raise _refuse("hand-overs and proofs as lists of texts")
    hashes = tuple(tuple(parse_base64(item, "a proof of the keys", "ledger.key") for item in one) for one in proofs)
    return tuple(str(note) for note in notes), hashes


def _is_list_of(value: Any, kind: type) -> TypeGuard[list[Any]]:  # noqa: ANN401 - what JSON held
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _refuse(expected: str) -> VerificationError:
    return VerificationError(f"not a history of the log's keys: expected {expected}", codes=("ledger.key",))
