"""Who works on which asset: one process at a time, of any number on any number of hosts.

A lease is a row with an owner and an end, which its owner moves on while it works. A process that was killed leaves its
leases behind: they end by themselves, and at once where the kernel shows that the owner is gone, by the lock on a file
that each owner holds in the data directory. What has a lease that ended was interrupted; whoever takes that lease
over, by one atomic update, finishes it.

Limits: an owner that sleeps for longer than its lease (a suspended machine) may find another at work beside it; the
stages of the line are made for that, and what counts is checked again in the transactions that record and publish.
"""

import fcntl
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Final, TextIO

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from provenance.asset import AssetId
from provenance.errors import AssetInUseError, DatabaseUnavailableError
from provenance.journal import Journal
from provenance.storage.database import Database
from provenance.storage.tables import LEASES

TERM_MS: Final = 60_000
"""How long a lease lasts; a live owner moves it on four times in that time."""
_BEAT_S: Final = TERM_MS / 4000
_LINGER_S: Final = 1.0
"""How long the lease of a finished asset is kept at most; a busy process gives it back with the next asset it takes."""
_POLL_S: Final = 0.1
WAIT_S: Final = 600.0
"""How long one waits for another to finish with an asset before giving up."""

_log = Journal(__name__)


class Leases:
    """The leases of one process.

    Args:
        database: migrated.
        folder: in the data directory; each owner on this machine holds a locked file there. None for none, so that
            the leases of a killed process end by time alone.
    """

    def __init__(self, database: Database, folder: Path | None = None) -> None:
        self.owner = f"{platform.node()[:24]}-{os.getpid()}-{token_hex(12)}"
        self._database = database
        self._folder = folder
        self._presence: TextIO | None = None
        self._held: set[AssetId] = set()
        self._finished: set[AssetId] = set()
        self._claimed: dict[AssetId, float] = {}
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._heart: threading.Thread | None = None

    def claim(self, connection: Connection, asset_id: AssetId) -> None:
        """Take the lease of a new asset in the transaction that makes it; `hold` takes it from there."""
        self._appear()
        self._give_back(connection)
        connection.execute(insert(LEASES).values(self._columns(connection, asset_id)))
        self._claimed[asset_id] = time.monotonic()

    @contextmanager
    def handing_over(self, asset_id: AssetId) -> Iterator[Callable[[Connection], None]]:
        """Give what gives the lease of an asset back in a transaction within the block: others are to go on with it.

        No thread of this process begins with the asset until the block ends, so the transaction has to end within it:
        else a thread could take for its own a lease that is about to go. Where one is at work on it already, the lease
        stays until that ends.
        """
        with self._changed:
            is_idle = asset_id not in self._held
            if is_idle:
                self._held.add(asset_id)

        def give_back(connection: Connection) -> None:
            if is_idle:
                self._claimed.pop(asset_id, None)
                mine = (LEASES.c.asset_id == asset_id, LEASES.c.owner == self.owner)
                connection.execute(delete(LEASES).where(*mine))

        try:
            yield give_back
        finally:
            if is_idle:
                self._let_go(asset_id)

    def finish(self, asset_id: AssetId) -> None:
        """Say that nothing is left to do about an asset: its lease is given back with the next writing, or soon.

        Until then nobody misses it, and a process that is killed leaves a lease of which nothing comes.
        """
        with self._changed:
            self._finished.add(asset_id)

    @contextmanager
    def hold(self, asset_id: AssetId, *, wait: bool = True) -> Iterator[bool]:
        """Hold the lease of `asset_id` for as long as the block lasts; waits for another that holds it.

        Gives whether this process has had it without a break since it took the asset in (`claim`): then nobody else
        was ever at work on it.

        Raises:
            AssetInUseError: another thread or process is at work on it, still after `WAIT_S` or, unless `wait`, now.
        """
        give_up = time.monotonic() + (WAIT_S if wait else 0)
        with self._alone(asset_id, give_up):
            is_new = self._go_on(asset_id)
            while not is_new and not self._take(asset_id):
                if time.monotonic() >= give_up:
                    raise AssetInUseError(f"another process is at work on {asset_id}: try again later")
                time.sleep(_POLL_S)
            try:
                yield is_new
            finally:
                self._drop(asset_id)

    def look(self) -> tuple[frozenset[AssetId], frozenset[AssetId]]:
        """Return the assets that are interrupted, and those that somebody is at work on.

        Interrupted is what an owner that is gone has left, and what this process took in and nobody began to walk.
        """
        self._bury()
        with self._database.read() as connection:
            rows = connection.execute(select(LEASES)).all()
            now = find_now_ms(connection)
        with self._changed:
            rows = [row for row in rows if row.owner != self.owner or row.asset_id not in self._finished - self._held]
            free = frozenset(
                AssetId(row.asset_id)
                for row in rows
                if (row.asset_id not in self._held if row.owner == self.owner else row.expires_at_ms <= now)
            )
        return free, frozenset(AssetId(row.asset_id) for row in rows) - free

    def close(self) -> None:
        """Give every lease back."""
        self._stopped.set()
        if self._heart is None:
            return
        self._heart.join()
        with suppress(DatabaseUnavailableError), self._database.write() as connection:
            connection.execute(delete(LEASES).where(LEASES.c.owner == self.owner))
        if self._folder is not None and self._presence is not None:
            (self._folder / self.owner).unlink(missing_ok=True)
            self._presence.close()

    @contextmanager
    def _alone(self, asset_id: AssetId, give_up: float) -> Iterator[None]:
        """Be the one thread of this process that works on `asset_id`."""
        with self._changed:
            if not self._changed.wait_for(lambda: asset_id not in self._held, max(0.0, give_up - time.monotonic())):
                raise AssetInUseError(f"another thread is at work on {asset_id}: try again later")
            self._held.add(asset_id)
        try:
            yield
        finally:
            self._let_go(asset_id)

    def _let_go(self, asset_id: AssetId) -> None:
        with self._changed:
            self._held.discard(asset_id)
            self._changed.notify_all()

    def _go_on(self, asset_id: AssetId) -> bool:
        """Say whether the lease is as `claim` left it, so that nobody else could have taken it since."""
        claimed_at = self._claimed.pop(asset_id, None)
        return claimed_at is not None and time.monotonic() - claimed_at < TERM_MS / 4000

    def _take(self, asset_id: AssetId) -> bool:
        """Take the lease if nobody has it, or whoever had it is gone; say whether."""
        self._appear()
        with self._database.read() as connection:
            known = connection.execute(select(LEASES).where(LEASES.c.asset_id == asset_id)).one_or_none()
            now = find_now_ms(connection)
        if known is not None and known.expires_at_ms > now:
            if known.owner != self.owner:
                return False
            if known.expires_at_ms > now + TERM_MS // 2:  # as `claim` left it
                return True
        try:
            with self._database.write() as connection:
                columns = self._columns(connection, asset_id)
                if known is None:
                    connection.execute(insert(LEASES).values(columns))
                    return True
                same = (LEASES.c.owner == known.owner) & (LEASES.c.expires_at_ms == known.expires_at_ms)
                taken = connection.execute(update(LEASES).where(LEASES.c.asset_id == asset_id, same).values(columns))
                return taken.rowcount == 1
        except IntegrityError:  # another process was quicker
            return False

    def _drop(self, asset_id: AssetId) -> None:
        with self._changed:
            if asset_id in self._finished:
                return
        try:
            with self._database.write() as connection:
                connection.execute(delete(LEASES).where(LEASES.c.asset_id == asset_id, LEASES.c.owner == self.owner))
        except DatabaseUnavailableError as exc:
            _log.warning("a lease could not be given back, it ends by itself", asset_id=asset_id, error=str(exc))

    def _give_back(self, connection: Connection) -> None:
        """Give back what is finished and not held, in the caller's transaction; if that fails, they end by time."""
        with self._changed:
            done = self._finished - self._held
            self._finished -= done
        if done:
            connection.execute(delete(LEASES).where(LEASES.c.asset_id.in_(done), LEASES.c.owner == self.owner))

    def _columns(self, connection: Connection, asset_id: AssetId) -> dict[str, str | int]:
        return {"asset_id": asset_id, "owner": self.owner, "expires_at_ms": find_now_ms(connection) + TERM_MS}

    def _appear(self) -> None:
        """Show to others on this machine that this process lives, and begin to move its leases on."""
        with self._changed:
            if self._heart is not None:
                return
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                hidden = self._folder / f".{self.owner}"  # until it is locked: unlocked means gone
                self._presence = hidden.open("a")
                fcntl.flock(self._presence, fcntl.LOCK_EX)
                hidden.rename(self._folder / self.owner)
            self._heart = threading.Thread(target=self._beat, name="leases", daemon=True)
            self._heart.start()

    def _beat(self) -> None:
        beats_at = time.monotonic() + _BEAT_S
        while not self._stopped.wait(_LINGER_S):
            is_due = bool(self._held) and time.monotonic() >= beats_at
            if not (is_due or self._finished - self._held):
                continue
            try:
                with self._database.write() as connection:
                    self._give_back(connection)
                    if not is_due:
                        continue
                    beats_at = time.monotonic() + _BEAT_S
                    until = find_now_ms(connection) + TERM_MS
                    connection.execute(update(LEASES).where(LEASES.c.owner == self.owner).values(expires_at_ms=until))
            except DatabaseUnavailableError as exc:
                _log.warning("leases could not be moved on", error=str(exc))

    def _bury(self) -> None:
        """End the leases of processes on this machine that are gone."""
        if self._folder is None or not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.name.startswith(".") or path.name == self.owner or not _is_gone(path):
                continue
            with self._database.write() as connection:
                connection.execute(update(LEASES).where(LEASES.c.owner == path.name).values(expires_at_ms=0))
            path.unlink(missing_ok=True)


def _is_gone(path: Path) -> bool:
    """Say whether nobody holds the lock on an owner's file; the kernel gives it back when the owner dies."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def find_now_ms(connection: Connection) -> int:
    """Return the time by one clock for all: PostgreSQL's own, or this machine's, where SQLite's processes all are."""
    if connection.dialect.name == "sqlite":
        return int(time.time() * 1000)
    return int(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp()) * 1000").scalar_one())
