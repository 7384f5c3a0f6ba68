"""Codes of authenticator apps (RFC 6238) as a second factor, and codes on paper for who lost the app.

A code works once: its time step has to be above that of the last one. The secret is sealed under the site's key.
"""

import secrets
from typing import Final

from sqlalchemy import Connection

from api.access.credential import (
    Kind,
    drop_credential,
    find_credential,
    list_credentials,
    put_credential,
    use_credential,
)
from api.access.person import Person
from api.access.refusals import CodeError
from api.access.vault import Vault

ISSUER: Final = "Chopmark"
WINDOW: Final = 1
"""Time steps of 30 s that an app's clock may be off."""
RECOVERY_CODES: Final = 8
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_LENGTH: Final = 12


def build_secret() -> str:
    """Return a new secret for an app, in base 32."""
    import pyotp

    return pyotp.random_base32()


def build_uri(person: Person, secret: str, *, host: str) -> str:
    """Return what an app reads from the picture."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=f"{person.name} ({host})", issuer_name=ISSUER)


def draw_uri(uri: str) -> str:
    """Return a picture for an app to read: an SVG as a data URI."""
    import segno

    return segno.make(uri, error="m").svg_data_uri(scale=4, border=3, dark="#000", light="#fff")


def enrol(connection: Connection, vault: Vault, person: Person, secret: str, unverified_code: str) -> tuple[str, ...]:
    """Have a person give codes from now on, once a first one was right; return codes for paper, shown once.

    Raises:
        CodeError: the code is not of this secret, or not of now.
    """
    step = _find_step(secret, unverified_code)
    if step is None:
        raise CodeError("this code does not fit: expected the six digits that the app shows now")
    sealed = vault.seal(secret.encode(), whose=person.id)
    put_credential(connection, person.id, Kind.TOTP, lookup=person.id, secret=sealed, counter=step)
    _drop(connection, person, Kind.RECOVERY)
    codes = tuple("".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES))
    for code in codes:
        put_credential(connection, person.id, Kind.RECOVERY, lookup=_look(vault, person, code), secret=b"")
    return tuple(f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes)


def has_totp(connection: Connection, person: Person) -> bool:
    """Say whether a person gives codes."""
    return find_credential(connection, Kind.TOTP, person.id) is not None


def use_code(connection: Connection, vault: Vault, person: Person, unverified_code: str) -> bool:
    """Use a code of the app, or one on paper, up; return whether it was right and new."""
    row = find_credential(connection, Kind.TOTP, person.id)
    if row is None:
        return False
    text = "".join(char for char in unverified_code[:64] if char.isalnum())
    for digest in vault.digests(_spell_paper(person, text.lower())):
        paper = find_credential(connection, Kind.RECOVERY, f"{person.id}:{digest.hex()}")
        if paper is not None:
            return drop_credential(connection, person.id, paper["id"])
    step = _find_step(vault.open(bytes(row["secret"]), whose=person.id).decode(), text)
    return step is not None and use_credential(connection, row, step)


def drop_totp(connection: Connection, person: Person) -> bool:
    """Have a person give no codes any more; return whether they did."""
    _drop(connection, person, Kind.RECOVERY)
    return _drop(connection, person, Kind.TOTP)


def _drop(connection: Connection, person: Person, kind: Kind) -> bool:
    found = [row["id"] for row in list_credentials(connection, person.id) if row["kind"] == kind.value]
    return sum(drop_credential(connection, person.id, one) for one in found) > 0


def _find_step(secret: str, unverified_code: str) -> int | None:
    import pyotp
    from pyotp.exceptions import OTPVerificationError

    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(unverified_code.strip(), valid_window=WINDOW)
    except OTPVerificationError:
        return None


def _look(vault: Vault, person: Person, code: str) -> str:
    return f"{person.id}:{vault.digest(_spell_paper(person, code)).hex()}"


def _spell_paper(person: Person, code: str) -> str:
    return f"recovery:{person.id}:{code}"
