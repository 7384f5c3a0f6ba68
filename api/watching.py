"""A folder that a generator writes into: each file that is whole goes through the gate, in one warm process.

What was taken up is known by the site, not by this process: started again, it finds what was decided before and asks
nothing twice. A file is whole when it has not changed for a second and nobody has it open for writing; a generator that
writes elsewhere and renames is never waited for any longer.
"""

import errno
import fcntl
import os
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIG_DFL, SIGINT, SIGTERM, SIGURG, Signals, getsignal, signal
from typing import Final

from api.batch import run_each
from api.concealing import run_concealing
from api.console import FileAccessError
from api.releasing import Ended
from provenance.errors import GateError

SETTLE_S: Final = 1.0
"""How long a file has to stay as it is before it is taken up."""
LOOK_S: Final = 0.25
RETRY_S: Final = 30.0
"""After an error that may pass by itself, such as a disk without room."""
MOST_AT_ONCE: Final = 32
"""Files that are taken up before the folder is looked at again."""

UNFINISHED: Final = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download")
"""Endings under which programs write what is not whole yet; names that begin with a dot are passed over, too."""

Identity = tuple[int, int, int]
"""Inode, size and time of the last change in nanoseconds: what a name stands for now."""


class DefectError(GateError):
    """A file met a defect of ours; the others go on."""

    code = "internal"


@dataclass(slots=True)
class Watch:
    """What is known of the files in one folder; forgotten with them, so that it never outgrows the folder.

    Attributes:
        folder: looked at itself, not what is below it.
    """

    folder: Path
    _seen: dict[str, tuple[Identity, float]] = field(default_factory=dict)
    _done: dict[str, tuple[Identity, float]] = field(default_factory=dict)

    def find_ready(self, now: float) -> list[str]:
        """Return the files that are whole and were not taken up as they are now, oldest first.

        Args:
            now: monotonic time in seconds.

        Raises:
            FileAccessError: the folder cannot be read.
        """
        files = self._list()
        self._done = {name: done for name, done in self._done.items() if name in files}
        self._seen = {
            name: known if (known := self._seen.get(name)) and known[0] == identity else (identity, now)
            for name, identity in files.items()
        }
        ready = [name for name in files if self._is_due(name, now)]
        ready.sort(key=lambda name: (files[name][2], name))
        return [name for name in ready[:MOST_AT_ONCE] if is_closed(self.folder / name)]

    def settle(self, name: str, *, retry_at: float = float("inf")) -> None:
        """Note that `name` was taken up as it was last seen; again at `retry_at`, or when it changes."""
        if name in self._seen:
            self._done[name] = (self._seen[name][0], retry_at)

    def _is_due(self, name: str, now: float) -> bool:
        identity, since = self._seen[name]
        done = self._done.get(name)
        if done is not None and done[0] == identity and now < done[1]:
            return False
        return now - since >= SETTLE_S

    def _list(self) -> dict[str, Identity]:
        found = {}
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
                        continue
                    with suppress(OSError):  # gone meanwhile
                        status = entry.stat()
                        if stat.S_ISREG(status.st_mode):
                            found[entry.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
        except OSError as exc:
            raise FileAccessError(
                f"cannot read the folder {self.folder}: {(exc.strerror or str(exc)).lower()}"
            ) from exc
        return found


def is_closed(path: Path) -> bool:
    """Say whether nobody has the file open for writing, as the kernel knows; True where it does not say."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return True  # what is wrong with it is told when it is read
    try:
        # Who opens it meanwhile waits for us, and has the kernel send a signal: one that is ignored unless asked for.
        fcntl.fcntl(handle, fcntl.F_SETSIG, SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)  # fcntl(2): refused while it is open for writing
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as exc:
        return exc.errno != errno.EAGAIN
    finally:
        os.close(handle)
    return True


def watch_folder(
    folder: Path, end: Callable[[str], Ended], tell: Callable[[Ended], None], stopped: threading.Event
) -> Mapping[str, int]:
    """Take up the files of `folder` until `stopped`; return how many ended in which way.

    Args:
        folder: that is watched.
        end: walks the file of that path through the gate; thread-safe.
        tell: says how one ended.
        stopped: set when those at work are to be the last.
    """
    watch, counts, is_lost = Watch(folder), Counter[str](), False
    while not stopped.wait(LOOK_S):
        try:
            names = watch.find_ready(time.monotonic())
        except FileAccessError as exc:
            if not is_lost:
                tell(Ended(str(folder), error=exc))
            is_lost = True
            continue
        is_lost = False
        for name, ended in zip(names, _end_each(folder, names, end, stopped), strict=False):
            if ended is None:
                continue
            may_pass = ended.error is not None and ended.error.retryable
            watch.settle(name, retry_at=time.monotonic() + RETRY_S if may_pass else float("inf"))
            counts["error" if ended.result is None else ended.result.outcome.value] += 1
            tell(ended)
    return counts


def _end_each(
    folder: Path, names: Sequence[str], end: Callable[[str], Ended], stopped: threading.Event
) -> list[Ended | None]:
    def one(name: str) -> Ended | None:
        return None if stopped.is_set() else _end_safely(str(folder / name), end)

    return run_each(one, names, description="releasing", quiet=True) if names else []


def _end_safely(path: str, end: Callable[[str], Ended]) -> Ended:
    """Return how a file ended, a defect of ours included: it is no other file's end."""
    ends: list[Ended] = []

    def work() -> int:
        ends.append(end(path))
        return 0

    def note(message: str) -> int:
        ends.append(Ended(path, error=DefectError(message)))
        return 2

    run_concealing(work, note, is_verbose=False)
    return ends[0]


@contextmanager
def stopping_on_signals() -> Iterator[threading.Event]:
    """Have the first Ctrl-C or SIGTERM set the event; the second one ends the process as usual."""
    stopped = threading.Event()
    before = {number: getsignal(number) for number in (SIGINT, SIGTERM)}

    def stop(number: int, _frame: object) -> None:
        stopped.set()
        signal(number, before[Signals(number)] or SIG_DFL)

    for number in before:
        signal(number, stop)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal(number, handler or SIG_DFL)
