"""How often each visitor may ask, counted once for the whole site: any number of processes share one row a visitor.

The row holds when the visitor's bucket will be full again (GCRA), so what was taken needs no cleaning to come back. A
process takes several at a time from it where a visitor comes fast, one where they come slowly, and spends those without
asking the database. What is not spent in the time in which it fills up again is given up.

So in any time t, in minutes, all processes together admit at most ``(1 + t) * per_minute + MOST_AHEAD`` requests of one
visitor, however many they are; hosts whose clocks differ let so much more through as fills up in the difference.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

from sqlalchemy import Connection, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from provenance.errors import DatabaseUnavailableError
from provenance.journal import Journal
from provenance.storage.access_tables import VISITS
from provenance.storage.database import Database

MOST_AHEAD: Final = 10
"""Taken at once at most, and never more than a sixth of a minute's."""
MOST_KNOWN: Final = 100_000
"""Visitors of whom a process keeps what it took; of who is forgotten it is given up."""
MINUTE_US: Final = 60_000_000

_log = Journal(__name__)


@dataclass(slots=True)
class Purse:
    """What this process took for one visitor and has not spent.

    Attributes:
        left: how many.
        took: how many at once, the last time.
        until_us: they count until then.
        closed_until_us: there is nothing to take before.
    """

    left: int = 0
    took: int = 0
    until_us: int = 0
    closed_until_us: int = 0


class Allowance:
    """Lets each visitor ask so often, over all processes that share a database.

    Args:
        database: of the site.
        per_minute: at least 1.
        digest: of an address, keyed, so that no address lies in the database.
    """

    def __init__(self, database: Database, per_minute: int, digest: Callable[[str], bytes]) -> None:
        self._database, self._digest = database, digest
        self._each_us = ceil(MINUTE_US / per_minute)
        self._most: Final = max(1, min(MOST_AHEAD, per_minute // 6))
        self._purses: OrderedDict[str, Purse] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, visitor: str, now_us: int | None = None) -> float | None:
        """Spend one that was taken before; return 0, how many seconds to wait, or None where one has to be taken."""
        now_us = _now_us() if now_us is None else now_us
        with self._lock:
            purse = self._find(visitor)
            if purse.left and now_us < purse.until_us:
                purse.left -= 1
                return 0
            return (purse.closed_until_us - now_us) / 1e6 if now_us < purse.closed_until_us else None

    def take(self, visitor: str, now_us: int | None = None) -> float:
        """Take some from the row that all share, and spend one; return 0, or how many seconds to wait; blocks.

        Where the database does not answer one is spent that nobody counted: then each process bounds by itself.
        """
        now_us = _now_us() if now_us is None else now_us
        with self._lock:
            purse = self._find(visitor)
            wanted = min(2 * purse.took, self._most) if now_us < purse.until_us else 1
        try:
            with self._database.write() as connection:
                full_at_us, got = self._take(connection, self._digest(visitor), now_us, wanted)
        except DatabaseUnavailableError as exc:
            _log.warning("visits were not counted for the whole site", error=str(exc))
            return 0
        with self._lock:
            if got:
                purse.left, purse.took, purse.until_us = got - 1, got, now_us + got * self._each_us
                return 0
            purse.closed_until_us = full_at_us + self._each_us - MINUTE_US
            return max(1, purse.closed_until_us - now_us) / 1e6

    def _find(self, visitor: str) -> Purse:
        purse = self._purses.setdefault(visitor, Purse())
        self._purses.move_to_end(visitor)
        if len(self._purses) > MOST_KNOWN:
            self._purses.popitem(last=False)
        return purse

    def _take(self, connection: Connection, key: bytes, now_us: int, wanted: int) -> tuple[int, int]:
        """Return when the bucket will be full again, and how many were taken: as many as are wanted, one, or none."""
        for count in sorted({wanted, 1}, reverse=True):
            full_at_us = self._upsert(connection, key, now_us, count * self._each_us)
            if full_at_us is not None:
                return full_at_us, count
        known = select(VISITS.c.full_at_us).where(VISITS.c.key == key)
        return int(connection.execute(known).scalar_one()), 0

    def _upsert(self, connection: Connection, key: bytes, now_us: int, cost_us: int) -> int | None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        kept = VISITS.c.full_at_us
        # What lies further ahead than any host has ever written was written before a clock was set back.
        empty = case((kept.between(now_us, now_us + 2 * MINUTE_US), kept), else_=now_us)
        statement = dialect.insert(VISITS).values(key=key, full_at_us=now_us + cost_us)
        statement = statement.on_conflict_do_update(
            index_elements=[VISITS.c.key],
            set_={"full_at_us": empty + cost_us},
            where=empty + cost_us <= now_us + MINUTE_US,
        )
        found: int | None = connection.execute(statement.returning(VISITS.c.full_at_us)).scalar_one_or_none()
        return found


def forget_visits(database: Database, now_us: int | None = None) -> None:
    """Let go of the rows of who may ask as often as ever again; writes nothing where there is none."""
    gone = VISITS.c.full_at_us < (_now_us() if now_us is None else now_us)
    with database.read() as connection:
        if connection.execute(select(VISITS.c.key).where(gone).limit(1)).first() is None:
            return
    with database.write() as connection:
        connection.execute(delete(VISITS).where(gone))


def _now_us() -> int:
    return time.time_ns() // 1000
