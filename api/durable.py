"""Files that are whole or absent, under a name that nobody else had, and that outlive the loss of power.

A file is made under a name that cannot be guessed, in the folder where it will lie, and never through a link that
waits there. It gets its own name last, in one step: by a hard link where nothing may be replaced, for a link fails
where something has appeared meanwhile, and by a rename where it may.
"""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Final

from provenance.storage.blob import Blob

_STAGE_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# What file systems without hard links answer (vfat, exFAT, some network and FUSE mounts).
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
# What file systems answer that cannot set room aside.
_NO_RESERVE: Final = frozenset({errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL})


def write_whole(path: Path, data: bytes | Blob, *, replace: bool = False) -> None:
    """Write `data` as `path`, whole and durable; its folder is made if need be.

    Args:
        path: a link that lies there is replaced or refused like a file, never followed.
        data: all of it.
        replace: whether what lies there may be replaced.

    Raises:
        FileExistsError: something lies there, and may not be replaced.
        OSError: it cannot be written; nothing is left behind.
    """
    _make_folder(path.parent)
    with _opened(path.parent) as folder:
        staged = _stage(folder, (data,) if isinstance(data, bytes) else data.parts())
        try:
            if replace:
                os.replace(staged, path.name, src_dir_fd=folder, dst_dir_fd=folder)
            else:
                _give_name(folder, staged, path.name)
        except BaseException:
            _drop(folder, staged)
            raise
        os.fsync(folder)


def verify_writable(path: Path, size_bytes: int) -> None:
    """Find out whether a file of `size_bytes` could be written as `path`; makes nothing that stays.

    Raises:
        OSError: it could not, and why: no right, no room, a name too long, something in the way of the folder.
    """
    folder, missing = path.parent, [path.name]
    while not os.path.lexists(folder):
        missing.append(folder.name)
        folder = folder.parent
    with _opened(folder) as handle:
        most = os.fpathconf(handle, "PC_NAME_MAX")
        if any(len(os.fsencode(name)) > most for name in missing):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        staged = _stage(handle, (), reserved=size_bytes)
        _drop(handle, staged)


def _make_folder(folder: Path) -> None:
    """Make a folder with those above it, each durable in the one that holds it."""
    missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        with _opened(one.parent) as above:
            os.fsync(above)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def _stage(folder: int, parts: Iterable[bytes], *, reserved: int = 0) -> str:
    """Make a file in `folder` under a name of its own, and return the name: durable, or with nothing but room."""
    name = f".chopmark-{token_hex(12)}.part"
    handle = os.open(name, _STAGE_FLAGS, 0o666, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            if reserved:
                _reserve(file.fileno(), reserved)
                return name
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        _drop(folder, name)
        raise
    return name


def _reserve(handle: int, size_bytes: int) -> None:
    try:
        os.posix_fallocate(handle, 0, size_bytes)
    except OSError as exc:
        if exc.errno not in _NO_RESERVE:
            raise


def _give_name(folder: int, staged: str, name: str) -> None:
    """Give the staged file its name, unless something has it already."""
    try:
        os.link(staged, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        # The name is taken by an empty file, which fails where something is; then ours goes over that one.
        os.close(os.open(name, _STAGE_FLAGS, 0o666, dir_fd=folder))
        os.replace(staged, name, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(staged, dir_fd=folder)


def _drop(folder: int, name: str) -> None:
    with suppress(OSError):  # it may have got its name meanwhile
        os.unlink(name, dir_fd=folder)
