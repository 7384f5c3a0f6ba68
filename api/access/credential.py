"""What people sign in with, as rows: passwords, authenticators, passkeys, and accounts at a provider."""

import uuid
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from provenance.storage.access_tables import CREDENTIALS
from provenance.storage.database import utc_now

LABEL_LIMIT: Final = 64


class Kind(StrEnum):
    """What a credential is."""

    PASSWORD = "password"  # noqa: S105 - the name of a kind
    TOTP = "totp"
    RECOVERY = "recovery"
    PASSKEY = "passkey"
    PROVIDER = "provider"


SUFFICIENT: Final = (Kind.PASSWORD, Kind.PASSKEY, Kind.PROVIDER)
"""Kinds that let somebody in by themselves."""


def put_credential(
    connection: Connection, person_id: str, kind: Kind, *, lookup: str, secret: bytes, counter: int = 0, label: str = ""
) -> str:
    """Keep a credential, in the place of what stood under the same kind and lookup; return its id."""
    connection.execute(delete(CREDENTIALS).where(CREDENTIALS.c.kind == kind.value, CREDENTIALS.c.lookup == lookup))
    made = str(uuid.uuid4())
    row = {
        "id": made,
        "person_id": person_id,
        "kind": kind.value,
        "lookup": lookup,
        "secret": secret,
        "counter": counter,
        "label": label[:LABEL_LIMIT],
        "created_at": utc_now(),
    }
    connection.execute(insert(CREDENTIALS).values(row))
    return made


def find_credential(connection: Connection, kind: Kind, lookup: str) -> RowMapping | None:
    """Return what stands under this kind and lookup."""
    this = (CREDENTIALS.c.kind == kind.value, CREDENTIALS.c.lookup == lookup)
    return connection.execute(select(CREDENTIALS).where(*this)).mappings().first()


def list_credentials(connection: Connection, person_id: str) -> tuple[RowMapping, ...]:
    """Return everything that a person signs in with, the oldest first."""
    query = select(CREDENTIALS).where(CREDENTIALS.c.person_id == person_id)
    return tuple(connection.execute(query.order_by(CREDENTIALS.c.created_at, CREDENTIALS.c.id)).mappings())


def has_credentials(connection: Connection, person_id: str) -> bool:
    """Say whether a person has something that lets them in by itself."""
    kinds = [kind.value for kind in SUFFICIENT]
    this = (CREDENTIALS.c.person_id == person_id, CREDENTIALS.c.kind.in_(kinds))
    return connection.execute(select(CREDENTIALS.c.id).where(*this).limit(1)).first() is not None


def use_credential(connection: Connection, row: RowMapping, counter: int) -> bool:
    """Note that a credential was used, at a count above the last one; return whether nobody else was quicker.

    A count of 0 is of an authenticator that counts nothing.
    """
    this = [CREDENTIALS.c.id == row["id"], *([CREDENTIALS.c.counter < counter] if counter else [])]
    values: dict[str, Any] = {"counter": counter, "used_at": utc_now()}
    return connection.execute(update(CREDENTIALS).where(*this).values(values)).rowcount == 1


def drop_credential(connection: Connection, person_id: str, credential_id: str) -> bool:
    """Forget a credential of a person; return whether there was one."""
    this = (CREDENTIALS.c.person_id == person_id, CREDENTIALS.c.id == credential_id)
    return connection.execute(delete(CREDENTIALS).where(*this)).rowcount == 1
