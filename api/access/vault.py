"""The site's key of access: seals what has to be read again, and makes digests that nobody without it can try out.

Made at first use in a file that only its owner may read. The database remembers a fingerprint of it: another key in
its place is refused, for authenticators that were sealed under the old one would all stop working in silence.
"""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Final

from provenance.errors import ConfigurationError, MissingKeyError
from provenance.storage.database import Database
from provenance.storage.secretfile import SecretDirectory
from provenance.storage.site import find_facts, record_facts

KEY_FILE: Final = "access.key"
KEY_FACT: Final = "key.access"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # NIST SP 800-38D s8.2: 96 bits, drawn at random


class Vault:
    """Seals and opens, and makes keyed digests.

    Args:
        key: 32 random bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._sealing: Final = hmac.digest(key, b"chopmark access sealing v1", "sha256")
        self._digesting: Final = hmac.digest(key, b"chopmark access digests v1", "sha256")

    def seal(self, data: bytes, *, whose: str) -> bytes:
        """Return `data` sealed; it opens for `whose` alone."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._sealing).encrypt(nonce, data, whose.encode())

    def open(self, sealed: bytes, *, whose: str) -> bytes:
        """Return what was sealed.

        Raises:
            ConfigurationError: it was sealed under another key, or for somebody else.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._sealing).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], whose.encode())
        except InvalidTag as exc:
            raise ConfigurationError(
                f"what was sealed does not open with {KEY_FILE}: restore the key from a backup of the site"
            ) from exc

    def digest(self, text: str) -> bytes:
        """Return a digest that tells texts apart, and that nobody without the key can find the text of."""
        return hmac.digest(self._digesting, text.encode("utf-8", "surrogatepass"), "sha256")


def load_vault(directory: Path, database: Database) -> Vault:
    """Load the key; makes it for a site that has not used one.

    Raises:
        MissingKeyError: the site has used one, and it is not there.
        ConfigurationError: it is another one, damaged, or can be read by others.
    """
    files = SecretDirectory(directory)
    with database.read() as connection:
        known = find_facts(connection, KEY_FACT).get(KEY_FACT)
    data = files.read(KEY_FILE) if known else files.read_or_make(KEY_FILE, _make)
    if data is None:
        raise MissingKeyError(
            f"{KEY_FILE} is missing from {directory}, and people of this site sign in with what it sealed: "
            "restore it from a backup of the site, or copy it from another machine of the site"
        )
    key = _parse(data)
    fingerprint = hashlib.sha256(b"chopmark access key\n" + key).hexdigest()
    if not known:
        with database.write() as connection:
            record_facts(connection, {KEY_FACT: fingerprint})
            known = find_facts(connection, KEY_FACT)[KEY_FACT]
    if known != fingerprint:
        raise ConfigurationError(
            f"{KEY_FILE} in {directory} is not the one that this site has used: restore it from a backup, or copy it "
            "from another machine of the site"
        )
    return Vault(key)


def _make() -> bytes:
    return secrets.token_hex(_KEY_BYTES).encode() + b"\n"


def _parse(data: bytes) -> bytes:
    try:
        key = bytes.fromhex(data.decode("ascii"))
    except ValueError as exc:
        raise ConfigurationError(f"{KEY_FILE} is damaged: expected {2 * _KEY_BYTES} hexadecimal digits") from exc
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(f"{KEY_FILE} is damaged: expected {2 * _KEY_BYTES} hexadecimal digits")
    return key
