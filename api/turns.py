"""Turns: whoever asks the gate about the same bytes at the same time, in any thread or process of a machine, waits.

Without a turn two batches that are started at once would both find that nothing was released yet, and release it twice.
A turn is a lock on one byte of a file in the data directory, at an offset that the digest gives; the kernel gives it
back when its owner ends, however that is.

Limits: processes on other hosts do not wait.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from api.console import FileAccessError
from provenance.asset import Digest

TURNS_FILE: Final = "turns.lock"
"""In the data directory; empty."""

# fcntl(2), struct flock on Linux: type, whence, start, length, process id (0 for locks of an open file).
_LOCK: Final = struct.Struct("hhqqi")
# Of a digest's hexadecimal digits: an offset that a signed 64-bit number holds.
_OFFSET_DIGITS: Final = 15
_NO_LOCKS: Final = frozenset({errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})


@contextmanager
def taking_turns(home: Path, digest: Digest) -> Iterator[None]:
    """Be the one who works on the bytes of that digest; waits for whoever does.

    Raises:
        FileAccessError: the file of turns cannot be opened.
    """
    try:
        handle = os.open(home / TURNS_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as exc:
        raise FileAccessError(f"cannot write {home / TURNS_FILE}: {(exc.strerror or str(exc)).lower()}") from exc
    try:
        with _going_without():
            wanted = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, int(digest[:_OFFSET_DIGITS], 16), 1, 0)
            fcntl.fcntl(handle, fcntl.F_OFD_SETLKW, wanted)
        yield
    finally:
        with suppress(OSError):
            os.close(handle)


@contextmanager
def _going_without() -> Iterator[None]:
    """Go without where a file system has no locks: a turn saves work, and decides nothing."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in _NO_LOCKS:
            raise FileAccessError(f"cannot lock {TURNS_FILE}: {(exc.strerror or str(exc)).lower()}") from exc
