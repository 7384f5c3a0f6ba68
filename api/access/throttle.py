"""Guessing is slow: failed attempts are counted by account and by address, and each makes the next one wait longer.

An attempt counts before it is looked at, so that many at once are no way around, and is taken back when it was right.
An account that nobody has is counted as any other. Whoever is blocked is told so for names that exist and for those
that do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Final

from sqlalchemy import Connection, delete, select, update

from api.access.refusals import ThrottledError
from api.access.secret import moment
from provenance.storage.access_tables import SIGN_IN_ATTEMPTS
from provenance.storage.database import Database, insert_new, utc_now

FORGOTTEN_S: Final = 3600
"""Failures are forgotten when there was none for so long."""
FIRST_WAIT_S: Final = 4
MOST_WAIT_S: Final = 900


@dataclass(frozen=True, slots=True)
class Counted:
    """What an attempt counts against.

    Attributes:
        key: a keyed digest.
        free: failures that cost nothing.
        is_account: all is forgiven when one attempt was right; to an address, that one alone, for whoever has an
            account would else guess others' for as long as they like.
    """

    key: bytes
    free: int
    is_account: bool


def begin_attempt(database: Database, counted: Sequence[Counted]) -> None:
    """Count an attempt as failed before it is looked at.

    Raises:
        ThrottledError: there were too many of late; this one does not count.
    """
    with database.write() as connection:
        connection.execute(delete(SIGN_IN_ATTEMPTS).where(SIGN_IN_ATTEMPTS.c.failed_at < moment(-FORGOTTEN_S)))
        rows = [(one, _lock(connection, one.key)) for one in sorted(counted, key=lambda one: one.key)]
        now = utc_now()
        blocked = max((until for _, (_, until) in rows), default="")
        if blocked > now:
            raise ThrottledError("too many attempts: wait before the next one", retry_after_s=_wait_s(blocked))
        for one, (failures, _) in rows:
            values = {
                "failures": failures + 1,
                "failed_at": now,
                "blocked_until": moment(find_wait_s(failures + 1, one.free)),
            }
            connection.execute(update(SIGN_IN_ATTEMPTS).where(SIGN_IN_ATTEMPTS.c.key == one.key).values(values))


def end_attempt(database: Database, counted: Sequence[Counted]) -> None:
    """Take back what `begin_attempt` counted: it was right."""
    with database.write() as connection:
        for one in sorted(counted, key=lambda one: one.key):
            this = SIGN_IN_ATTEMPTS.c.key == one.key
            if one.is_account:
                connection.execute(delete(SIGN_IN_ATTEMPTS).where(this))
            else:
                values = {"failures": SIGN_IN_ATTEMPTS.c.failures - 1, "blocked_until": ""}
                connection.execute(update(SIGN_IN_ATTEMPTS).where(this).values(values))


def find_wait_s(failures: int, free: int) -> float:
    """Return how long to wait after so many failures: twice as long each time, a quarter of an hour at most."""
    over = failures - free
    return 0 if over < 0 else min(MOST_WAIT_S, FIRST_WAIT_S * 2 ** min(over, 16))


def _lock(connection: Connection, key: bytes) -> tuple[int, str]:
    """Return (failures, blocked until) of a key, whose row nobody else changes for now."""
    fresh = {"key": key, "failures": 0, "failed_at": utc_now(), "blocked_until": ""}
    insert_new(connection, SIGN_IN_ATTEMPTS, fresh)
    query = select(SIGN_IN_ATTEMPTS).where(SIGN_IN_ATTEMPTS.c.key == key).with_for_update()
    row = connection.execute(query).mappings().one()
    return row["failures"], row["blocked_until"]


def _wait_s(until: str) -> int:
    return max(1, ceil((datetime.fromisoformat(until) - datetime.now(UTC)).total_seconds()))
