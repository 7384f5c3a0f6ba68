"""What a blob store does with folders of this machine: find, lock and sync them, and give a file a second name."""

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from stat import S_ISGID
from typing import Final
from urllib.parse import unquote, urlsplit

_SYNCS: Final = 16
"""How many files and folders of a process are synced at a time."""
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""What is said where there are no second names: by the file system, between two mounts, or for want of rights."""


def find_folder(url: str | Path) -> Path | None:
    """Return the folder that `url` names, or None where it names another kind of store.

    Raises:
        ValueError: a file URL that names another host.
    """
    if isinstance(url, Path) or "://" not in url:
        return Path(url).resolve()
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    if parts.netloc not in {"", "localhost"}:
        raise ValueError("a file URL looks like file:///folder")
    return Path(unquote(url.partition("://")[2].removeprefix("localhost"))).resolve()


def is_alike(one: Path, other: Path) -> bool:
    """Say whether a file of one folder may get a name in the other and be as if it had been made there.

    Not across file systems; nor where the other gives its files its own group, a list of rights or a label, as folders
    for a server of static files do: a second name would come without them.
    """
    if one.stat().st_dev != other.stat().st_dev or other.stat().st_mode & S_ISGID:
        return False
    return one.stat().st_gid == other.stat().st_gid and _list_attributes(one) == _list_attributes(other)


def _list_attributes(folder: Path) -> dict[str, bytes]:
    names = os.listxattr(folder) if hasattr(os, "listxattr") else ()
    return {name: os.getxattr(folder, name) for name in names}


def link_file(source: Path, target: Path, folder: Path) -> bool:
    """Give a file a second name, with the rights that files of `folder` have; say whether that is possible here.

    Raises:
        OSError: there is no such file, or it failed otherwise.
    """
    try:
        os.link(source, target)
    except OSError as exc:
        if exc.errno in _NO_LINKS:
            return False
        raise
    target.chmod(folder.stat().st_mode & 0o666)  # as the umask had it when the folder was made; never to be run
    return True


@contextmanager
def lock_folder(folder: Path, how: int) -> Iterator[None]:
    """Hold the folder's lock; the kernel gives it back when the process dies."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)


def sync(path: Path) -> None:
    """Have what was written to a file, or named in a folder, survive the loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(paths: Sequence[Path]) -> None:
    """Do so for several at once: what a journal writes together takes no longer than one."""
    if len(paths) < 2:
        for path in paths:
            sync(path)
        return
    list(_open_pool().map(sync, paths))


@cache
def _open_pool() -> ThreadPoolExecutor:
    """Return threads that wait for disks, made once: to start some for every file costs more than they do."""
    return ThreadPoolExecutor(_SYNCS, thread_name_prefix="sync")


# A forked process has none of its parent's threads.
os.register_at_fork(after_in_child=_open_pool.cache_clear)
