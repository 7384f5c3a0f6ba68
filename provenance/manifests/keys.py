"""Watermark keys, made at first use in a file that only its owner may read.

Losing a key makes the marks under it unreadable. The ledger's key is `provenance.ledger.note`'s.
"""

import base64
import binascii
import hashlib
import json
import secrets
from pathlib import Path
from typing import Final

from provenance.errors import ConfigurationError, MissingKeyError
from provenance.storage.secretfile import SecretDirectory
from provenance.watermarks.base import WatermarkKey

WATERMARK_FILE: Final = "watermark-keys.json"

SECRET_BYTES: Final = 32


def load_watermark_keys(directory: Path, *, may_make: bool = True) -> tuple[WatermarkKey, ...]:
    """Return every watermark key, newest first; makes one when there is none.

    Raises:
        MissingKeyError: there is none, and none may be made.
        ConfigurationError: the file is damaged, or others can read it.
    """
    files = SecretDirectory(directory)
    if may_make:
        return _parse_keys(files.read_or_make(WATERMARK_FILE, lambda: _render_keys((_new_key(),))))
    data = files.read(WATERMARK_FILE)
    if data is None:
        raise MissingKeyError(f"the watermark keys {WATERMARK_FILE} are missing from {directory}")
    return _parse_keys(data)


def fingerprint_key(key: WatermarkKey) -> str:
    """Return what a key can be known again by, and not be made from: a digest of its 32 random bytes."""
    return hashlib.sha256(b"chopmark watermark key\n" + key.secret).hexdigest()


def add_watermark_key(directory: Path) -> WatermarkKey:
    """Make a key that marks from now on; the older ones stay, to read older marks.

    Raises:
        ConfigurationError: the file is damaged, cannot be written, or others can read it.
    """
    files = SecretDirectory(directory)
    key = _new_key()
    with files.locked():
        data = files.read(WATERMARK_FILE)
        older = () if data is None else _parse_keys(data)
        files.write(WATERMARK_FILE, _render_keys((key, *older)))
    return key


def _new_key() -> WatermarkKey:
    return WatermarkKey(key_id=f"wk-{secrets.token_hex(4)}", secret=secrets.token_bytes(SECRET_BYTES))


def _render_keys(keys: tuple[WatermarkKey, ...]) -> bytes:
    rows = [{"key_id": key.key_id, "secret": base64.b64encode(key.secret).decode()} for key in keys]
    return json.dumps({"keys": rows}, indent=1).encode()


def _parse_keys(data: bytes) -> tuple[WatermarkKey, ...]:
    try:
        rows = json.loads(data)["keys"]
        keys = tuple(WatermarkKey(str(row["key_id"]), base64.b64decode(row["secret"], validate=True)) for row in rows)
    except (ValueError, KeyError, TypeError, binascii.Error) as exc:
        raise ConfigurationError(f"{WATERMARK_FILE} is damaged: restore it from a backup") from exc
    if not keys or any(len(key.secret) != SECRET_BYTES for key in keys):
        raise ConfigurationError(f"{WATERMARK_FILE} is damaged: expected keys of {SECRET_BYTES} bytes")
    return keys
