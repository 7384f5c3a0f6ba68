"""What a sign-in that was begun has to remember until it comes back: at a provider, or at a passkey.

Kept by the digest of a random token, for minutes, and taken once: an answer that comes twice finds nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, insert, select

from api.access.secret import build_token, hash_token, moment
from provenance.storage.access_tables import SIGN_IN_FLOWS
from provenance.storage.database import Database, utc_now

FLOW_S: Final = 600


def begin_flow(database: Database, kind: str, body: Mapping[str, Any], *, lasts_s: float = FLOW_S) -> str:
    """Remember something; return the token by which it is taken. What was not taken in time is forgotten."""
    token = build_token()
    row = {"digest": hash_token(token), "kind": kind, "body": dict(body), "expires_at": moment(lasts_s)}
    with database.write() as connection:
        connection.execute(delete(SIGN_IN_FLOWS).where(SIGN_IN_FLOWS.c.expires_at < utc_now()))
        connection.execute(insert(SIGN_IN_FLOWS).values(row))
    return token


def take_flow(database: Database, kind: str, unverified_token: str) -> dict[str, Any] | None:
    """Return what was remembered, this once; None for what is unknown, of another kind, taken, or too old."""
    this = (SIGN_IN_FLOWS.c.digest == hash_token(unverified_token), SIGN_IN_FLOWS.c.kind == kind)
    with database.write() as connection:
        row = connection.execute(select(SIGN_IN_FLOWS).where(*this)).mappings().first()
        is_first = connection.execute(delete(SIGN_IN_FLOWS).where(*this)).rowcount == 1
    if row is None or not is_first or row["expires_at"] < utc_now():
        return None
    return dict(row["body"])
