"""Keys in a backup: a copy of the key folder, sealed under a passphrase, for those who want both in one file.

scrypt and AES-256-GCM, both of the cryptography package. Without the passphrase nobody restores them.
"""

import io
import secrets
import tarfile
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from provenance.errors import ConfigurationError
from provenance.storage.secretfile import SecretDirectory, read_owner_only

LEAST_CHARS: Final = 12
"""Of a passphrase."""

_MAGIC: Final = b"chopmark.keys/1\n"
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
# RFC 7914 and OWASP's advice of 2025: 128 MiB, about a third of a second.
_COST: Final = {"n": 2**17, "r": 8, "p": 1}


def lock_keys(directory: Path, passphrase: str) -> bytes:
    """Return every file of the key folder, sealed.

    Raises:
        ConfigurationError: the passphrase is too short, or a key can be read by others.
    """
    if len(passphrase) < LEAST_CHARS:
        raise ConfigurationError(f"expected a passphrase of at least {LEAST_CHARS} characters, got {len(passphrase)}")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path in sorted(path for path in directory.rglob("*") if path.is_file() and not path.name.startswith(".")):
            entry = tarfile.TarInfo(path.relative_to(directory).as_posix())
            data = read_owner_only(path)
            entry.size, entry.mode = len(data), 0o600
            tar.addfile(entry, io.BytesIO(data))
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(_stretch(passphrase, salt)).encrypt(nonce, packed.getvalue(), _MAGIC)
    return _MAGIC + salt + nonce + sealed


def unlock_keys(locked: bytes, passphrase: str, directory: Path) -> int:
    """Write the keys into a folder, for its owner alone; return how many files.

    Raises:
        ConfigurationError: the passphrase is another, or it is no box of keys.
    """
    start = len(_MAGIC) + _SALT_BYTES
    if not locked.startswith(_MAGIC) or len(locked) < start + _NONCE_BYTES:
        raise ConfigurationError("the keys in the backup are of a form that this version does not read")
    salt, nonce = locked[len(_MAGIC) : start], locked[start : start + _NONCE_BYTES]
    try:
        packed = AESGCM(_stretch(passphrase, salt)).decrypt(nonce, locked[start + _NONCE_BYTES :], _MAGIC)
    except InvalidTag as exc:
        raise ConfigurationError("the passphrase is not the one that the keys were sealed with") from exc
    count = 0
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        for entry in tar:
            source = tar.extractfile(entry)
            path = (directory / entry.name).resolve()
            assert source is not None
            assert path.is_relative_to(directory.resolve())
            folder = SecretDirectory(path.parent)
            with folder.locked():
                folder.write(path.name, source.read())
            count += 1
    return count


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, **_COST).derive(passphrase.encode())
