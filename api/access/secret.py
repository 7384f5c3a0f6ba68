"""Secrets that are handed out: long random tokens, of which only digests are kept.

A token has 256 random bits, so a plain digest of it cannot be turned back and needs no salt and no slow hash.
"""

import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from provenance.ledger.entry import format_time

TOKEN_BYTES: Final = 32

KEY_MARK: Final = "chopmark"
"""What every API key begins with, so that those who look for leaked secrets can know one."""

_KEY: Final = re.compile(rf"{KEY_MARK}_([a-z0-9]{{8}})_([A-Za-z0-9_-]{{43}})")
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"


def build_token() -> str:
    """Return a new token: 43 letters, digits, hyphens and underscores."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def build_key() -> tuple[str, str]:
    """Return (prefix, key): a new API key, and the part of it that may be shown."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return prefix, f"{KEY_MARK}_{prefix}_{build_token()}"


def parse_key(unverified_key: str) -> str | None:
    """Return the prefix of what looks like an API key, or None."""
    found = _KEY.fullmatch(unverified_key)
    return found[1] if found else None


def hash_token(token: str) -> bytes:
    """Return what is kept of a token: its SHA-256."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def matches(digest: bytes, unverified_token: str) -> bool:
    """Say whether a token is the one that `digest` is of, in the same time whatever differs."""
    return secrets.compare_digest(digest, hash_token(unverified_token))


def moment(after_s: float = 0) -> str:
    """Return the time so many seconds from now, as tables keep it."""
    return format_time(datetime.now(UTC) + timedelta(seconds=after_s))
