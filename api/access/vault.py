"""The site's key of access: seals what has to be read again, and makes digests that nobody without it can try out.

Made at first use in a file that only its owner may read, one key a line, the newest first. The database remembers a
fingerprint of each: a file without one of them is refused, for what was sealed under it would stop working in silence.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import select, update

from provenance.errors import ConfigurationError, MissingKeyError
from provenance.storage.access_tables import CREDENTIALS
from provenance.storage.database import Database
from provenance.storage.secretfile import SecretDirectory
from provenance.storage.site import find_facts, record_facts

KEY_FILE: Final = "access.key"
KEY_FACT: Final = "key.access"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # NIST SP 800-38D s8.2: 96 bits, drawn at random
_SEALING: Final = b"chopmark access sealing v1"
_DIGESTING: Final = b"chopmark access digests v1"


class Vault:
    """Seals with the newest key, opens with each, and makes keyed digests.

    Args:
        keys: of 32 random bytes each, the newest first.
        reload: reads them again, where what was sealed opens with none: another process may have renewed the key.
    """

    def __init__(self, *keys: bytes, reload: Callable[[], tuple[bytes, ...]] | None = None) -> None:
        self._keys = keys
        self._reload: Final = reload

    def seal(self, data: bytes, *, whose: str) -> bytes:
        """Return `data` sealed; it opens for `whose` alone."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(_derive(self._keys[0], _SEALING)).encrypt(nonce, data, whose.encode())

    def open(self, sealed: bytes, *, whose: str) -> bytes:
        """Return what was sealed.

        Raises:
            ConfigurationError: it was sealed under a key that is not here, or for somebody else.
        """
        known = self._keys
        for key in known:
            if (opened := _open(key, sealed, whose)) is not None:
                return opened
        for key in self._look_again():
            if key not in known and (opened := _open(key, sealed, whose)) is not None:
                return opened
        raise ConfigurationError(
            f"what was sealed does not open with {KEY_FILE}: restore the key from a backup of the site, or copy it "
            "from the machine where it was renewed"
        )

    def digest(self, text: str) -> bytes:
        """Return a digest that tells texts apart, and that nobody without the key can find the text of."""
        return _digest(self._keys[0], text)

    def digests(self, text: str) -> tuple[bytes, ...]:
        """Return the digests of a text under every key that ever counted, to find by what was kept."""
        return tuple(_digest(key, text) for key in self._look_again())

    def _look_again(self) -> tuple[bytes, ...]:
        if self._reload is not None:
            self._keys = self._reload()
        return self._keys


def load_vault(directory: Path, database: Database) -> Vault:
    """Load the keys; makes the first for a site that has not used one.

    Raises:
        MissingKeyError: the site has used one, and it is not there.
        ConfigurationError: one that was used is not among them, or they are damaged, or can be read by others.
    """
    return Vault(*_load_keys(directory, database), reload=lambda: _load_keys(directory, database, may_note=False))


def renew_vault(directory: Path, database: Database) -> int:
    """Seal with a new key from now on, and seal what is kept with it; return how many authenticators that were.

    The old keys stay: they find recovery codes, of which only digests are kept. Servers at work look for the new key
    where what was sealed opens with none of theirs.

    Raises:
        MissingKeyError, ConfigurationError: as `load_vault` does.
    """
    files = SecretDirectory(directory)
    load_vault(directory, database)
    with files.locked():
        files.write(KEY_FILE, _make() + (files.read(KEY_FILE) or b""))
    vault = load_vault(directory, database)
    with database.write() as connection:
        query = select(CREDENTIALS.c.id, CREDENTIALS.c.person_id, CREDENTIALS.c.secret).where(
            CREDENTIALS.c.kind == "totp"
        )
        rows = connection.execute(query).all()
        for row in rows:
            anew = vault.seal(vault.open(bytes(row.secret), whose=row.person_id), whose=row.person_id)
            connection.execute(update(CREDENTIALS).where(CREDENTIALS.c.id == row.id).values(secret=anew))
    return len(rows)


def _load_keys(directory: Path, database: Database, *, may_note: bool = True) -> tuple[bytes, ...]:
    """Return the keys, and note new ones; within somebody's transaction nothing can be noted."""
    files = SecretDirectory(directory)
    with database.read() as connection:
        known = set(find_facts(connection, KEY_FACT).values())
    data = files.read(KEY_FILE) if known else files.read_or_make(KEY_FILE, _make)
    if data is None:
        raise MissingKeyError(
            f"{KEY_FILE} is missing from {directory}, and people of this site sign in with what it sealed: "
            "restore it from a backup of the site, or copy it from another machine of the site"
        )
    keys = _parse(data)
    prints = [hashlib.sha256(b"chopmark access key\n" + key).hexdigest() for key in keys]
    if not known <= set(prints):
        raise ConfigurationError(
            f"{KEY_FILE} in {directory} is not the one that this site has used: restore it from a backup, or copy it "
            "from another machine of the site"
        )
    if may_note and not set(prints) <= known:
        with database.write() as connection:
            before = find_facts(connection, KEY_FACT)
            # The first has no number, as in sites that never renewed it.
            fresh = [one for one in reversed(prints) if one not in before.values()]
            numbered = enumerate(fresh, len(before) + 1)
            record_facts(connection, {KEY_FACT if n == 1 else f"{KEY_FACT}.{n}": one for n, one in numbered})
            known = set(find_facts(connection, KEY_FACT).values())
        if not known <= set(prints):
            raise ConfigurationError(f"another process has made {KEY_FILE} at the same moment: start again")
    return keys


def _open(key: bytes, sealed: bytes, whose: str) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        opening = AESGCM(_derive(key, _SEALING))
        return opening.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], whose.encode())
    except InvalidTag:
        return None


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(_derive(key, _DIGESTING), text.encode("utf-8", "surrogatepass"), "sha256")


def _derive(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, purpose, "sha256")


def _make() -> bytes:
    return secrets.token_hex(_KEY_BYTES).encode() + b"\n"


def _parse(data: bytes) -> tuple[bytes, ...]:
    try:
        keys = tuple(bytes.fromhex(line) for line in data.decode("ascii").split())
    except ValueError as exc:
        raise ConfigurationError(f"{KEY_FILE} is damaged: expected {2 * _KEY_BYTES} hexadecimal digits a line") from exc
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise ConfigurationError(f"{KEY_FILE} is damaged: expected {2 * _KEY_BYTES} hexadecimal digits a line")
    return keys
