"""Files that only their owner may read, written whole or not at all, by one process at a time.

The one keeper of secrets and of modes: keys of the ledger, of watermarks, of signers and of the development CA, and
everything else of a site that is private, go through here, with the same checks and the same words. Modes are set, not
left to the umask. Trusts the file system of one machine: `flock` and atomic rename.
"""

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from provenance.errors import ConfigurationError

OWNER_ONLY_DIRECTORY: Final = 0o700
OWNER_ONLY_FILE: Final = 0o600
OTHERS_MASK: Final = 0o077
OTHERS_WRITE_MASK: Final = 0o022

LOCK_NAME: Final = ".lock"
STAGING_PREFIX: Final = ".staging-"

# A chain of certificates with its key is some 20 KiB.
MOST_BYTES: Final = 1 << 20


def read_owner_only(path: Path, *, may_be_link: bool = True) -> bytes:
    """Return the secret in the file at `path`; what is checked is the file that is read.

    Args:
        path: of the file.
        may_be_link: follow a link to the file; what it leads to is checked all the same.

    Raises:
        FileNotFoundError: there is none.
        ConfigurationError: group or others have a permission on it, somebody else owns it, it is no plain file, or it
            cannot be read.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if may_be_link else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
        try:
            _verify(path.name, os.fstat(descriptor))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(MOST_BYTES + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise ConfigurationError(f"key file {path.name} is a link: expected the file itself") from exc
        raise ConfigurationError(f"key file {path.name} cannot be read: {(exc.strerror or str(exc)).lower()}") from exc
    if len(data) > MOST_BYTES:
        raise ConfigurationError(f"key file {path.name} is larger than any key: expected at most {MOST_BYTES} bytes")
    return data


def _verify(name: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError(f"key file {name} is no plain file")
    if os.geteuid() not in {0, found.st_uid} and found.st_uid != 0:
        raise ConfigurationError(f"key file {name} belongs to another user, who can read it: expected it to be yours")
    if found.st_mode & OTHERS_MASK:
        raise ConfigurationError(
            f"key file {name} has mode {found.st_mode & 0o777:04o}, expected 0600: others on this machine can read "
            "it; replace the key if they may have, then run chmod 600 on it"
        )


def make_private_folder(path: Path) -> None:
    """Make the folder at `path`, or take from others what they may do with the one that is there.

    Raises:
        OSError: it cannot be made, or is somebody else's.
    """
    path.mkdir(mode=OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
    _tighten(path, OWNER_ONLY_DIRECTORY)


def make_private_file(path: Path) -> None:
    """Make the empty file at `path`, or take from others what they may do with the one that is there.

    Raises:
        OSError: it cannot be made, or is somebody else's.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, OWNER_ONLY_FILE))
    _tighten(path, OWNER_ONLY_FILE)


def _tighten(path: Path, mode: int) -> None:
    if stat.S_IMODE(path.stat().st_mode) & (OTHERS_MASK | mode) != mode:
        path.chmod(mode)


class SecretDirectory:
    """A directory of secret files.

    Readers need no lock, because a name appears only when its file is whole. Writers hold `locked`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory's lock; makes the directory first, and sweeps what a killed writer left.

        Raises:
            ConfigurationError: the directory cannot be made or locked.
        """
        try:
            make_private_folder(self.path)
            descriptor = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY_FILE)
        except OSError as exc:
            raise ConfigurationError(f"key directory {self.path.name} cannot be used: {exc.strerror}") from exc
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            for leftover in self.path.glob(f"{STAGING_PREFIX}*"):
                leftover.unlink(missing_ok=True)
            yield
        finally:
            os.close(descriptor)

    def names(self) -> tuple[str, ...]:
        """Return the names of the files in it, sorted, without those of this class."""
        return tuple(sorted(path.name for path in self.path.glob("*") if not path.name.startswith(".")))

    def read(self, name: str) -> bytes | None:
        """Return the file called `name`, or None when there is none.

        Raises:
            ConfigurationError: others can read or replace it, it is a link, or it cannot be read.
        """
        try:
            data = read_owner_only(self.path / name, may_be_link=False)
            self._verify_folder()
        except FileNotFoundError:
            return None
        return data

    def write(self, name: str, data: bytes) -> None:
        """Write the file called `name`, replacing what was there; call inside `locked`.

        Raises:
            ConfigurationError: it cannot be written.
        """
        staging = self.path / f"{STAGING_PREFIX}{secrets.token_hex(8)}"
        try:
            descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY_FILE)
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, OWNER_ONLY_FILE)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            staging.replace(self.path / name)
            self._sync_names()
        except OSError as exc:
            staging.unlink(missing_ok=True)
            reason = (exc.strerror or str(exc)).lower()
            raise ConfigurationError(f"key file {name} cannot be written: {reason}") from exc

    def rename(self, name: str, new_name: str) -> None:
        """Give the file called `name` another name, under which it is kept; call inside `locked`.

        Raises:
            ConfigurationError: it cannot be renamed.
        """
        try:
            (self.path / name).rename(self.path / new_name)
            self._sync_names()
        except OSError as exc:
            reason = (exc.strerror or str(exc)).lower()
            raise ConfigurationError(f"key file {name} cannot be kept as {new_name}: {reason}") from exc

    def read_or_make(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return the file called `name`; when there is none, let exactly one process make it.

        Raises:
            ConfigurationError: as `read`, `write` and `locked`.
        """
        data = self.read(name)
        if data is not None:
            return data
        with self.locked():
            data = self.read(name)
            if data is None:
                data = make()
                self.write(name, data)
        return data

    def _verify_folder(self) -> None:
        """Check that nobody else can put other files in the place of these; a loose folder of our own is tightened."""
        mode = self.path.stat().st_mode
        if not mode & OTHERS_MASK:
            return
        try:
            self.path.chmod(OWNER_ONLY_DIRECTORY)
        except OSError as exc:
            if mode & OTHERS_WRITE_MASK:
                raise ConfigurationError(
                    f"key directory {self.path.name} has mode {mode & 0o777:04o}, expected 0700: others on this "
                    "machine can replace what is in it; check the keys, then run chmod 700 on it"
                ) from exc

    def _sync_names(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
