"""Turns: whoever asks the gate about the same bytes at the same time, in any thread or process of a machine, waits.

Without a turn two batches that are started at once would both find that nothing was released yet, and release it twice.
A turn is a lock on one byte of a file in the data directory, at an offset that the digest gives; the kernel gives it
back when its owner ends, however that is.

Limits: processes on other hosts do not wait. Nobody waits for ever for one that hangs: as long as for a lease.
"""

import errno
import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from api.console import FileAccessError
from provenance.asset import Digest
from provenance.errors import AssetInUseError
from provenance.storage.lease import WAIT_S

TURNS_FILE: Final = "turns.lock"
"""In the data directory; empty."""

# fcntl(2), struct flock on Linux: type, whence, start, length, process id (0 for locks of an open file).
_LOCK: Final = struct.Struct("hhqqi")
# Of a digest's hexadecimal digits: an offset that a signed 64-bit number holds.
_OFFSET_DIGITS: Final = 15
_FIRST_PAUSE_S: Final = 0.005
_LONGEST_PAUSE_S: Final = 0.1
_TAKEN: Final = frozenset({errno.EAGAIN, errno.EACCES})
_NO_LOCKS: Final = frozenset({errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})


@contextmanager
def taking_turns(home: Path, digest: Digest, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Be the one who works on the bytes of that digest; waits for whoever does, `wait_s` at most.

    Raises:
        AssetInUseError: somebody is still at work on them.
        FileAccessError: the file of turns cannot be opened.
    """
    try:
        handle = os.open(home / TURNS_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as exc:
        raise FileAccessError(f"cannot write {home / TURNS_FILE}: {(exc.strerror or str(exc)).lower()}") from exc
    try:
        with _going_without():
            _take(handle, digest, wait_s)
        yield
    finally:
        with suppress(OSError):
            os.close(handle)


def _take(handle: int, digest: Digest, wait_s: float) -> None:
    wanted = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, int(digest[:_OFFSET_DIGITS], 16), 1, 0)
    give_up = time.monotonic() + wait_s
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            fcntl.fcntl(handle, fcntl.F_OFD_SETLK, wanted)
        except OSError as exc:
            if exc.errno not in _TAKEN:
                raise
        else:
            return
        if time.monotonic() >= give_up:
            raise AssetInUseError(
                f"others have been at work on these bytes for {wait_s:.0f} s: end what hangs, or try again later"
            )
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


@contextmanager
def _going_without() -> Iterator[None]:
    """Go without where a file system has no locks: a turn saves work, and decides nothing."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in _NO_LOCKS:
            raise FileAccessError(f"cannot lock {TURNS_FILE}: {(exc.strerror or str(exc)).lower()}") from exc
