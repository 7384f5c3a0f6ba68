"""The workers of a site: each under an id of its own, each heard of now and again, each missed when it is silent.

An id is stable, the host's name and a number, so that a worker which starts again goes on with what it had; and unique,
for two processes under one id would do the same step twice. On one machine a locked file says who has it, which the
kernel gives back when the process dies; between machines a row says when its worker was last heard of. What a silent
worker had goes back into the queue; the worker itself, should it live, finds that its row is gone and ends.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from policies.line.deployment import Deployment
from policies.workflow import Line
from provenance.errors import WorkerIdTakenError
from provenance.journal import Journal
from provenance.storage.database import Database, utc_now
from provenance.storage.lease import find_now_ms
from provenance.storage.line_tables import WORKERS

MOST_WORKERS: Final = 64
"""Of one name on one machine."""
_PATIENCE_S: Final = 1.0
"""Somebody who looks whether a file is locked holds it for a moment."""
_REAPING: Final = 7_304_093
"""Any number that nobody else in this database takes as an advisory lock."""

_log = Journal(__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that walks the line.

    Attributes:
        id: stable and unique.
        place: a digest of its machine and data directory.
        process: its process id there.
        version: of the software.
        slots: assets that it walks at a time.
        started_at: when.
        silent_s: since it was last heard of.
        keys: a fingerprint of each key file that it has, see `provenance.storage.keyring`.
    """

    id: str
    place: str
    process: int
    version: str
    slots: int
    started_at: str
    silent_s: float
    keys: str = ""


class Membership:
    """One process's part in the fleet.

    Args:
        database: migrated.
        folder: in the data directory, for the locked files.
        name: of workers here, before their number.
        silent_s: who is silent for so long is gone.
        slots: assets that this one walks at a time.
        version: of the software.
        find_keys: tells which keys it has, by fingerprints.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        name: str,
        silent_s: float,
        slots: int,
        version: str,
        find_keys: Callable[[], str] = str,
    ) -> None:
        self.id = ""
        self.silent_s = silent_s
        self._database = database
        self._folder = folder
        self._name = name
        self._described = {"slots": slots, "version": version, "process": os.getpid()}
        self._find_keys = find_keys
        self._incarnation = token_hex(16)
        self._lock: int | None = None

    def join(self, number: int | None = None) -> str:
        """Take an id, the first free one unless `number` says which, and return it.

        Raises:
            WorkerIdTakenError: another process has it.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = find_place(self._folder)
        wanted = range(MOST_WORKERS) if number is None else (number,)
        for one in wanted:
            worker = f"{self._name}-{one}"
            self._lock = _lock(self._folder, worker, wait_s=_PATIENCE_S if number is not None else 0.0)
            if self._lock is not None:
                break
        else:
            raise WorkerIdTakenError(
                f"another process on this machine works as {worker}: stop it, or choose another --number"
            )
        with self._database.write() as connection:
            now = find_now_ms(connection)
            known = connection.execute(select(WORKERS).where(WORKERS.c.id == worker)).first()
            if known is not None and known.place != place and now - known.beats_at_ms < self.silent_s * 1000:
                self._unlock()
                raise WorkerIdTakenError(
                    f"a process on another machine works as {worker}, heard of {(now - known.beats_at_ms) // 1000} s "
                    "ago: give the workers of each machine a name of their own, CHOPMARK_LINE__WORKER"
                )
            connection.execute(delete(WORKERS).where(WORKERS.c.id == worker))
            row = {"id": worker, "incarnation": self._incarnation, "place": place, **self._described}
            row["keys"] = self._find_keys()
            connection.execute(insert(WORKERS).values(**row, started_at=utc_now(), beats_at_ms=now))
        self.id = worker
        return worker

    def beat(self) -> bool:
        """Say that this process lives; return whether it still has its id."""
        mine = (WORKERS.c.id == self.id) & (WORKERS.c.incarnation == self._incarnation)
        keys = self._find_keys()
        with self._database.write() as connection:
            values = {"beats_at_ms": find_now_ms(connection), "keys": keys}
            return connection.execute(update(WORKERS).where(mine).values(values)).rowcount == 1

    def leave(self) -> None:
        """Give the id back."""
        mine = (WORKERS.c.id == self.id) & (WORKERS.c.incarnation == self._incarnation)
        with self._database.write() as connection:
            connection.execute(delete(WORKERS).where(mine))
        self._unlock()

    def reap(self, here: Deployment, line: Line) -> tuple[str, ...]:
        """Put what silent workers had back into the queue; return who they were. One process does it at a time.

        A worker of this machine whose lock is free is gone, however short its silence.
        """
        with here.database.read() as connection:
            silent = [one for one in find_workers(connection) if one.id != self.id and self._is_gone(one)]
        if not silent:
            return ()
        here.leases.look()  # ends the leases of processes on this machine that are gone
        with reaping(here.database) as connection:
            if connection is None:
                return ()
            found = {one.id for one in find_workers(connection) if self._is_gone(one)}
            gone = tuple(one.id for one in silent if one.id in found)
            if gone:
                count = line.recover(gone)
                connection.execute(delete(WORKERS).where(WORKERS.c.id.in_(gone)))
                _log.warning("workers are gone, others go on", workers=list(gone), assets=count)
        return gone

    def _is_gone(self, worker: Worker) -> bool:
        if worker.silent_s >= self.silent_s:
            return True
        return worker.place == find_place(self._folder) and is_unlocked(self._folder, worker.id)

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def find_workers(connection: Connection) -> tuple[Worker, ...]:
    """Return the workers that said they are there, by id."""
    now = find_now_ms(connection)
    rows = connection.execute(select(WORKERS).order_by(WORKERS.c.id)).all()
    return tuple(
        Worker(
            row.id,
            row.place,
            row.process,
            row.version,
            row.slots,
            row.started_at,
            silent_s=(now - row.beats_at_ms) / 1000,
            keys=row.keys,
        )
        for row in rows
    )


@contextmanager
def reaping(database: Database) -> Iterator[Connection | None]:
    """Be the only process that takes workers for gone; None where another is at it.

    On SQLite every writer is alone anyway.
    """
    with database.write() as connection:
        if database.is_sqlite:
            yield connection
            return
        is_ours = connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_REAPING})").scalar()
        yield connection if is_ours else None


def find_place(folder: Path) -> str:
    """Return a digest of machine and folder, which a copy of the folder, or a machine of the same name, has not."""
    token = folder / ".place"
    with suppress(FileExistsError):
        handle = os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(token_hex(16))
    found = folder.stat()
    told = f"{os.uname().nodename}\n{found.st_dev}\n{found.st_ino}\n{token.read_text()}"
    return sha256(told.encode()).hexdigest()


def is_unlocked(folder: Path, worker: str) -> bool:
    """Say whether no process of this machine works under an id of this folder."""
    lock = _lock(folder, worker, wait_s=0.0)
    if lock is None:
        return False
    os.close(lock)
    return True


def _lock(folder: Path, worker: str, *, wait_s: float) -> int | None:
    """Lock an id's file; None where another process holds it."""
    file = os.open(folder / f".worker-{worker}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= give_up:
                os.close(file)
                return None
            time.sleep(0.05)
        else:
            return file
