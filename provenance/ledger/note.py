"""C2SP signed notes with Ed25519: a text, and who signed it.

Source: c2sp.org/signed-note. Only signature type 0x01 is verified; signatures of unknown keys are passed over, as the
specification demands, so that witnesses may add theirs.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from provenance.errors import ConfigurationError, MissingKeyError, VerificationError
from provenance.ledger.encoding import build_base64, parse_base64
from provenance.storage.secretfile import SecretDirectory

UNSIGNED: Final = "note.unsigned"
"""Code of a note that none of the expected keys signed."""
# c2sp.org/signed-note: "Ed25519 signatures as specified by this document".
_ED25519: Final = b"\x01"
# c2sp.org/signed-note: verifiers limit a note's size and accept at least 16 signatures of up to nearly 5 kB.
MAX_NOTE_BYTES: Final = 200_000
_MAX_SIGNATURES: Final = 100
_DASH: Final = "\u2014 "
# The private form that the reference implementation of signed notes reads and writes.
_PRIVATE: Final = "PRIVATE+KEY"
# What a log is called that nobody gave a name.
_LOCAL: Final = "chopmark.local/ledger/"


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public key that signs notes, under a name.

    Attributes:
        name: the key's name; for a log, its origin.
        public_key: 32 bytes, RFC 8032.
    """

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that stand for this key in a signature line."""
        return _key_id(self.name, self.public_key)

    @property
    def vkey(self) -> str:
        """The verifier key: what a third party pins."""
        return f"{self.name}+{self.key_id.hex()}+{build_base64(_ED25519 + self.public_key)}"

    def verify(self, text: str, signature: bytes) -> None:
        """Check this key's 64-byte `signature` over the note's text.

        Raises:
            VerificationError: the signature is not this key's over this text.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text.encode())
        except InvalidSignature as exc:
            message = f"the signature of {self.name} does not match the note"
            raise VerificationError(message, codes=("note.signature",)) from exc


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A key that signs notes, here or in a key store.

    Attributes:
        verifier: its public side.
        sign: bytes to their 64-byte Ed25519 signature; a callback, so the key may live anywhere.
    """

    verifier: NoteVerifier
    sign: Callable[[bytes], bytes] = field(repr=False)

    @property
    def name(self) -> str:
        """The key's name; for a log, its origin."""
        return self.verifier.name

    @property
    def vkey(self) -> str:
        """The verifier key: what a third party pins."""
        return self.verifier.vkey


@dataclass(frozen=True, slots=True)
class Note:
    """A note whose signature by at least one known key held.

    Attributes:
        text: what was signed.
        keys: those of the known keys that signed it, in the order of their signatures.
    """

    text: str
    keys: tuple[NoteVerifier, ...]

    @property
    def signers(self) -> tuple[str, ...]:
        """The names of those keys."""
        return tuple(key.name for key in self.keys)


def parse_vkey(vkey: str) -> NoteVerifier:
    """Parse ``<name>+<key id>+<base64>``.

    Raises:
        VerificationError: it is not a verifier key of type Ed25519, or its id does not belong to its key.
    """
    name, key_id, key = _parse_key(vkey.strip(), "verifier key")
    verifier = NoteVerifier(name=name, public_key=key)
    if verifier.key_id.hex() != key_id:
        raise VerificationError(f"verifier key of {name} has id {key_id}, its key makes {verifier.key_id.hex()}")
    return verifier


def sign_note(text: str, *signers: NoteSigner) -> str:
    """Return `text` as a note signed by each of `signers`.

    Raises:
        VerificationError: the text cannot be a note's.
    """
    if not text.endswith("\n") or not _is_clean(text):
        raise VerificationError("a note's text ends with a newline and has no other control character")
    lines = (f"{_DASH}{one.name} {build_base64(one.verifier.key_id + one.sign(text.encode()))}\n" for one in signers)
    return f"{text}\n{''.join(lines)}"


def verify_note(unverified_note: str, *verifiers: NoteVerifier) -> Note:
    """Check a note against known keys.

    Raises:
        VerificationError: it is no note, no known key signed it, or a known key's signature does not match.
    """
    text, lines = _split_note(unverified_note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    keys = []
    for line in lines:
        name, key_id, signature = _parse_signature(line)
        verifier = known.get((name, key_id))
        if verifier is not None:
            verifier.verify(text, signature)
            keys.append(verifier)
    if not keys:
        names = ", ".join(f"{verifier.name}+{verifier.key_id.hex()}" for verifier in verifiers)
        raise VerificationError(f"the note is not signed by {names}", codes=(UNSIGNED,))
    return Note(text=text, keys=tuple(keys))


def build_signer(name: str, private_key: Ed25519PrivateKey) -> NoteSigner:
    """Build a signer from a key in memory.

    Raises:
        ConfigurationError: the name is empty or has white space or a plus sign.
    """
    if not _is_name(name):
        raise ConfigurationError(f"a key's name has no white space, control character or plus sign, got {name!r}")
    verifier = NoteVerifier(name=name, public_key=private_key.public_key().public_bytes_raw())
    return NoteSigner(verifier=verifier, sign=private_key.sign)


def load_signer(path: Path, origin: str | None = None, *, may_make: bool = True) -> NoteSigner:
    """Load the log's key from `path`, or make one there at first use, readable by its owner only.

    Args:
        path: a file with one line ``PRIVATE+KEY+<name>+<key id>+<base64>``.
        origin: the log's name; by default ``chopmark.local/ledger/<random id>`` for a new key, the file's for another.
        may_make: whether a key that is not there may be made.

    Raises:
        MissingKeyError: there is none, and none may be made.
        ConfigurationError: others can read the file, it is unreadable, holds no such key, or one of another name.
    """
    files = SecretDirectory(path.parent)
    if may_make:
        data = files.read_or_make(path.name, lambda: _build_key(origin or f"{_LOCAL}{token_hex(8)}"))
    else:
        data = files.read(path.name) or b""
        if not data:
            raise MissingKeyError(f"the ledger key {path.name} is missing from {path.parent}")
    try:
        line = data.decode("ascii").strip()
        name, key_id, seed = _parse_key(line.removeprefix(f"{_PRIVATE}+"), "ledger key")
    except (UnicodeDecodeError, VerificationError) as exc:
        raise ConfigurationError(f"{path} holds no ledger key: restore it from a backup") from exc
    signer = build_signer(name, Ed25519PrivateKey.from_private_bytes(seed))
    if not line.startswith(_PRIVATE) or signer.verifier.key_id.hex() != key_id:
        raise ConfigurationError(f"{path} holds no ledger key, or a damaged one: restore it from a backup")
    if origin is not None and origin != name:
        raise ConfigurationError(f"the ledger key at {path} is for {name}, the settings say {origin}")
    return signer


def _build_key(name: str) -> bytes:
    """Make a key and return its file."""
    key = Ed25519PrivateKey.generate()
    key_id = build_signer(name, key).verifier.key_id.hex()
    return f"{_PRIVATE}+{name}+{key_id}+{build_base64(_ED25519 + key.private_bytes_raw())}\n".encode("ascii")


def _key_id(name: str, public_key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def _is_clean(text: str) -> bool:
    return not any(char < " " and char != "\n" for char in text)


def _is_name(name: str) -> bool:
    return bool(name) and not any(char == "+" or char.isspace() or unicodedata.category(char) == "Cc" for char in name)


def _parse_key(line: str, what: str) -> tuple[str, str, bytes]:
    parts = line.split("+", 2)
    if len(parts) != 3 or not _is_name(parts[0]):
        raise VerificationError(f"a {what} looks like <name>+<8 hex digits>+<base64>", codes=("note.key",))
    key = parse_base64(parts[2], f"the {what} of {parts[0]}", "note.key")
    if key[:1] != _ED25519 or len(key) != 33:
        raise VerificationError(f"the {what} of {parts[0]} is not an Ed25519 key", codes=("note.key",))
    return parts[0], parts[1], key[1:]


def _split_note(unverified_note: str) -> tuple[str, list[str]]:
    malformed = VerificationError("not a signed note: expected text, an empty line, signature lines", codes=("note",))
    if len(unverified_note) > MAX_NOTE_BYTES or not _is_clean(unverified_note):
        raise malformed
    text, separator, signatures = unverified_note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n") or not text:
        raise malformed
    lines = signatures[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise malformed
    return f"{text}\n", lines


def _parse_signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    decoded = parse_base64(encoded, "a signature line of the note", "note")
    if not line.startswith(_DASH) or not _is_name(name) or len(decoded) < 5:
        raise VerificationError("a line after the note's text is not a signature", codes=("note",))
    return name, decoded[:4], decoded[4:]
