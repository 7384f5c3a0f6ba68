"""Secrets that the site has to read again, such as what signs webhooks: sealed in the database, under a key beside it.

A copy of the database alone opens none. AES-256-GCM; what a secret is for is sealed with it, so that none can be put in
another's place.
"""

import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from provenance.errors import ConfigurationError, MissingKeyError
from provenance.storage.secretfile import SecretDirectory

BOX_FILE: Final = "secrets.key"
_KEY_BYTES: Final = 32
# NIST SP 800-38D s8.2.2: random, 96 bits
_NONCE_BYTES: Final = 12


class SecretBox:
    """Seals and opens secrets.

    Args:
        keys: 32 bytes each; the first seals, all open.
    """

    def __init__(self, *keys: bytes) -> None:
        self._boxes = tuple(AESGCM(key) for key in keys)

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """Return `secret` sealed for one purpose, such as ``webhook:ID``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._boxes[0].encrypt(nonce, secret, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Return what was sealed for that purpose.

        Raises:
            MissingKeyError: none of the keys opens it.
        """
        for box in self._boxes:
            try:
                return box.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
            except (InvalidTag, ValueError):
                continue
        raise MissingKeyError(
            f"a secret of this site is sealed under another {BOX_FILE} than the one here: restore that from a backup, "
            "or give out new secrets"
        )


def load_box(directory: Path) -> SecretBox:
    """Load the key that lies in `directory`, with those that it took the place of; made at first use.

    Raises:
        ConfigurationError: it is damaged, or others can read it.
    """
    text = SecretDirectory(directory).read_or_make(BOX_FILE, lambda: _spell(secrets.token_bytes(_KEY_BYTES)))
    return SecretBox(*_parse(text))


def renew_box(directory: Path) -> None:
    """Put a new key in front; what the old ones sealed still opens."""
    folder = SecretDirectory(directory)
    load_box(directory)
    with folder.locked():
        kept = folder.read(BOX_FILE) or b""
        folder.write(BOX_FILE, _spell(secrets.token_bytes(_KEY_BYTES)) + kept)


def _spell(key: bytes) -> bytes:
    return key.hex().encode() + b"\n"


def _parse(text: bytes) -> list[bytes]:
    try:
        keys = [bytes.fromhex(line) for line in text.decode("ascii").split()]
    except ValueError as exc:
        raise ConfigurationError(f"{BOX_FILE} is damaged: expected 64 hexadecimal digits a line") from exc
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise ConfigurationError(f"{BOX_FILE} is damaged: expected 64 hexadecimal digits a line")
    return keys
