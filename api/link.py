"""Addresses of released files that work without an account until they expire: signed with a key of the site.

Whoever has a link has the file, so it names one asset, ends soon, and is made only for those who may see it. The key is
made at first use; where it is lost, or another one is put in front of it, links are made anew.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from pathlib import Path
from typing import Final

from provenance.errors import ConfigurationError, GateError
from provenance.storage.secretfile import SecretDirectory

KEY_FILE: Final = "link-keys.txt"
SECRET_BYTES: Final = 32
_CONTEXT: Final = b"chopmark link v1\n"


class LinkError(GateError):
    """A link was changed, is none of this site's, or has expired."""

    code = "link.invalid"


class Links:
    """Makes and checks links with the keys of one site, one a line, the newest first; every one still verifies.

    Args:
        directory: of the site's keys.
    """

    def __init__(self, directory: Path) -> None:
        self._files = SecretDirectory(directory)

    def build_query(self, asset_id: str, *, expires_at_s: int) -> str:
        """Return the query of a link to `asset_id` that works until then, in seconds of Unix time.

        Raises:
            ConfigurationError: the key cannot be read or made.
        """
        return f"expires={expires_at_s}&signature={_sign(self.load()[0], asset_id, expires_at_s)}"

    def verify(self, asset_id: str, *, expires_at_s: int, unverified_signature: str) -> None:
        """Check a link.

        Raises:
            LinkError: it does not hold, or not any more.
            ConfigurationError: the key cannot be read.
        """
        given = unverified_signature.encode(errors="replace")
        found = [hmac.compare_digest(_sign(key, asset_id, expires_at_s).encode(), given) for key in self.load()]
        if not any(found) or expires_at_s <= time.time():
            raise LinkError("expected a link that this site has made and that has not expired: ask for another one")

    def rotate(self, *, keep: int = 1) -> None:
        """Sign with a new key from now on; links by the `keep` newest of the older ones go on working."""
        with self._files.locked():
            older = (self._files.read(KEY_FILE) or b"").split()
            self._files.write(KEY_FILE, b"\n".join([_make_key().strip(), *older[:keep]]) + b"\n")

    def load(self) -> list[bytes]:
        """Return the keys, the newest first; makes the first.

        Raises:
            ConfigurationError: they are damaged, or can neither be read nor made.
        """
        try:
            keys = [base64.b64decode(line, validate=True) for line in self._read().split()]
        except binascii.Error as exc:
            raise ConfigurationError(f"{KEY_FILE} is damaged: move it away, and links are made anew") from exc
        if not keys or any(len(key) != SECRET_BYTES for key in keys):
            raise ConfigurationError(f"{KEY_FILE} is damaged: expected keys of {SECRET_BYTES} bytes; move it away")
        return keys

    def _read(self) -> bytes:
        return self._files.read_or_make(KEY_FILE, _make_key)


def _make_key() -> bytes:
    return base64.b64encode(secrets.token_bytes(SECRET_BYTES)) + b"\n"


def _sign(key: bytes, asset_id: str, expires_at_s: int) -> str:
    message = _CONTEXT + f"{asset_id}\n{expires_at_s}".encode(errors="replace")
    return base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).decode().rstrip("=")
