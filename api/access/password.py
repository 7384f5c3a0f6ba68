"""Passwords of local accounts: argon2id, the same time for everybody, and rules that help."""

import threading
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from api.access.credential import Kind, find_credential, put_credential
from api.access.person import Person, fold
from api.access.refusals import WeakPasswordError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# NIST SP 800-63B-4 s3.1.1.2: at least 15 characters where nothing else is asked for, at least 64 have to be taken.
LEAST_CHARACTERS: Final = 15
MOST_CHARACTERS: Final = 256
LEAST_KINDS: Final = 8
"""Different characters: `aaaaaaaaaaaaaaa` is long and no secret."""

_room: Final = threading.BoundedSemaphore(4)
"""Each hash takes 64 MiB while it is computed."""


@cache
def _load_hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher
    from argon2.profiles import RFC_9106_LOW_MEMORY

    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


@cache
def _dummy() -> str:
    import secrets

    return _load_hasher().hash(secrets.token_hex())


def set_password(connection: Connection, person: Person, hashed: str) -> None:
    """Give a person a password, hashed before the transaction began, in the place of the one they had."""
    put_credential(connection, person.id, Kind.PASSWORD, lookup=person.id, secret=hashed.encode())


def hash_password(password: str, *, whose: str) -> str:
    """Return what is kept of a password.

    Raises:
        WeakPasswordError: it is too short or too long, or too easily thought of.
    """
    text = _normalize(password)
    if not LEAST_CHARACTERS <= len(text) <= MOST_CHARACTERS:
        raise WeakPasswordError(
            f"expected a password of {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters: a few words do"
        )
    rest = fold(text).replace(fold(whose), "").replace("chopmark", "").replace("password", "")
    if len(set(rest)) < LEAST_KINDS:
        raise WeakPasswordError(
            "expected a password that is not so easily thought of: a few words that have no connection"
        )
    with _room:
        return _load_hasher().hash(text)


def is_password(hashed: str | None, unverified_password: str) -> bool:
    """Say whether a password is the one that was hashed; where there is none, take as long to say no."""
    from argon2.exceptions import InvalidHashError, VerificationError

    text = _normalize(unverified_password[:MOST_CHARACTERS])
    with _room:
        try:
            return _load_hasher().verify(hashed or _dummy(), text) and hashed is not None
        except (VerificationError, InvalidHashError):
            return False


def find_password(connection: Connection, person: Person) -> str | None:
    """Return what is kept of a person's password."""
    row = find_credential(connection, Kind.PASSWORD, person.id)
    return None if row is None else bytes(row["secret"]).decode()


def _normalize(password: str) -> str:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
