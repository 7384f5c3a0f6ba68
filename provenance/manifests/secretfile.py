"""Files that only their owner may read, written whole or not at all, by one process at a time.

Trusts the file system of one machine: `flock` and atomic rename. Keys of the development CA, of watermarks and of the
ledger lie in such a directory.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from provenance.errors import ConfigurationError

OWNER_ONLY_DIRECTORY: Final = 0o700
OWNER_ONLY_FILE: Final = 0o600
OTHERS_MASK: Final = 0o077

LOCK_NAME: Final = ".lock"
STAGING_PREFIX: Final = ".staging-"


def verify_owner_only(path: Path) -> None:
    """Check that nobody but its owner can read or write the file at `path`.

    Raises:
        ConfigurationError: group or others have a permission on it, or it cannot be looked at.
    """
    try:
        mode = path.stat().st_mode
    except OSError as exc:
        raise ConfigurationError(f"key file {path.name} cannot be read: {exc.strerror}") from exc
    if mode & OTHERS_MASK:
        raise ConfigurationError(
            f"key file {path.name} has mode {mode & 0o777:04o}, expected 0600: others on this machine can read it; "
            "replace the key if they may have, then run chmod 600 on it"
        )


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
            self.path.mkdir(mode=OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
            self.path.chmod(OWNER_ONLY_DIRECTORY)
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

    def read(self, name: str) -> bytes | None:
        """Return the file called `name`, or None when there is none.

        Raises:
            ConfigurationError: others can read it, or it cannot be read.
        """
        path = self.path / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise ConfigurationError(f"key file {name} cannot be read: {exc.strerror}") from exc
        verify_owner_only(path)
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
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            staging.replace(self.path / name)
            self._sync_names()
        except OSError as exc:
            raise ConfigurationError(f"key file {name} cannot be written: {exc.strerror}") from exc

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

    def _sync_names(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
