"""A file that is worked on, of any size: small ones lie in memory, larger ones in a spool file, never as whole bytes.

The digest is computed while bytes arrive, once. A blob does not change: what was looked at is what is read again. A
spool file has no name from the moment it is made, is readable by its owner only, and is gone with its last reader or
with the process, however that ends. Trusts the file system to keep what was written.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final, Self

from provenance.asset import Digest, sha256_hex
from provenance.errors import AssetTooLargeError, SpoolError, TruncatedBlobError
from provenance.storage.faults import describe_os_error
from provenance.storage.octets import Octets, Window

SMALL_BYTES: Final = 8 << 20
"""Up to this a blob lies in memory; most pictures do. TMPDIR says where larger ones are spooled."""

PART_BYTES: Final = 1 << 20
"""What is read and written at a time."""

# Where the kernel shows open files by name.
_OPEN_FILES: Final = Path("/proc/self/fd")


class Blob:
    """Some bytes with their length and digest, wherever they lie; safe to read from several threads.

    Made by `from_bytes`, `from_stream`, `from_path`, or part by part with a `Spool`; a blob store hands one out.

    Attributes:
        size_bytes: how many there are.
    """

    __slots__ = ("_data", "_file", "_lock", "_sha256", "size_bytes")

    def __init__(
        self, *, data: bytes = b"", file: "OpenFile | None" = None, size_bytes: int, sha256: Digest | None = None
    ) -> None:
        """Wrap `data`, or `file` where there is one; without `sha256` the digest is computed when it is asked for."""
        self.size_bytes: Final = size_bytes
        self._data: Final = data
        self._file: Final = file
        self._sha256 = sha256
        self._lock = Lock()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Blob":
        """Return a blob of bytes that are in memory already, however many."""
        return cls(data=data, size_bytes=len(data), sha256=sha256_hex(data))

    @classmethod
    def from_stream(
        cls,
        source: BinaryIO | Iterable[bytes],
        *,
        most_bytes: int | None = None,
        expected_bytes: int | None = None,
        small_bytes: int = SMALL_BYTES,
    ) -> "Blob":
        """Take in a stream to its end.

        Args:
            source: a file, from where it stands, or parts as they come.
            most_bytes: give up beyond this many, before more is kept.
            expected_bytes: how many there are, where that is known.
            small_bytes: up to how many stay in memory.

        Raises:
            AssetTooLargeError: there is more than `most_bytes`; nothing is kept.
            TruncatedBlobError: there is not as much as `expected_bytes`; nothing is kept.
            SpoolError: it could not be written to disk; nothing is kept.
            OSError: the source could not be read.
        """
        with Spool(most_bytes=most_bytes, small_bytes=small_bytes) as spool:
            for part in _read_parts(source):
                spool.write(part)
            if expected_bytes is not None and spool.size_bytes != expected_bytes:
                raise TruncatedBlobError(f"expected {expected_bytes} bytes, got {spool.size_bytes}: try again")
            return spool.finish()

    @classmethod
    def from_path(cls, path: Path | str, *, most_bytes: int | None = None, small_bytes: int = SMALL_BYTES) -> "Blob":
        """Take in the file at `path` as it is now; what is written to it later changes nothing.

        Args:
            path: of a file, or of a pipe, which is read to its end.
            most_bytes: as in `from_stream`; a file that says that it is longer is not read at all.
            small_bytes: as in `from_stream`.

        Raises:
            AssetTooLargeError, SpoolError, OSError: as `from_stream`.
        """
        with Path(path).open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if most_bytes is not None and size > most_bytes:
                raise AssetTooLargeError(f"expected at most {most_bytes} bytes, got {size}")
            return cls.from_stream(file, most_bytes=most_bytes, small_bytes=small_bytes)

    @classmethod
    def from_stored(cls, path: Path) -> "Blob":
        """Return the file at `path` as a blob without copying it, for files that are replaced and never written to.

        Raises:
            OSError: it cannot be opened.
        """
        file = OpenFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        size = os.fstat(file.descriptor).st_size
        if size > SMALL_BYTES:
            return cls(file=file, size_bytes=size)
        return cls(data=_Reader(file, size).readall(), size_bytes=size)

    @classmethod
    def from_file(cls, file: BinaryIO) -> "Blob":
        """Take over a temporary file that was written and will not be written again, wherever it stands.

        Raises:
            SpoolError: what is still to be written could not be.
        """
        with _translating():
            file.flush()
            held = OpenFile(os.dup(file.fileno()))
            return cls(file=held, size_bytes=os.fstat(held.descriptor).st_size)

    def __eq__(self, other: object) -> bool:
        """Say whether it is the same bytes."""
        return isinstance(other, Blob) and (self.size_bytes, self.sha256) == (other.size_bytes, other.sha256)

    def __hash__(self) -> int:
        """Hash by what is in it."""
        return hash(self.sha256)

    @property
    def sha256(self) -> Digest:
        """Digest of the bytes.

        Raises:
            TruncatedBlobError: a file that is stored shrank.
        """
        with self._lock:
            if self._sha256 is None:
                digest = hashlib.sha256()
                for part in self.parts():
                    digest.update(part)
                self._sha256 = Digest(digest.hexdigest())
            return self._sha256

    @property
    def is_small(self) -> bool:
        """Whether all of it lies in memory."""
        return self._file is None

    def open(self) -> BinaryIO:
        """Return a file to read it by, at its start and with a position of its own.

        Raises:
            TruncatedBlobError: by reading, where a file that is stored shrank.
        """
        if self._file is None:
            return io.BytesIO(self._data)
        return io.BufferedReader(_Reader(self._file, self.size_bytes), PART_BYTES)

    def read(self, most_bytes: int = SMALL_BYTES) -> bytes:
        """Return all of it, for whoever cannot do with less.

        Raises:
            AssetTooLargeError: it has more than `most_bytes`.
        """
        if self.size_bytes > most_bytes:
            raise AssetTooLargeError(f"expected at most {most_bytes} bytes, got {self.size_bytes}")
        return self._data if self._file is None else _Reader(self._file, self.size_bytes).readall()

    def read_at(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes from `start` on; fewer only at the end."""
        if self._file is None:
            return self._data[start : start + size]
        reader = _Reader(self._file, self.size_bytes)
        reader.seek(start)
        return reader.read_whole(size)

    def octets(self) -> Octets:
        """Return it to be walked over: its bytes where they are in memory, else a window that holds a block of them."""
        return self._data if self._file is None else Window(self.read_at, self.size_bytes)

    def parts(self) -> Iterator[bytes]:
        """Yield it from start to end, `PART_BYTES` at a time."""
        with self.open() as file:
            yield from _read_parts(file)

    def copy_to(self, descriptor: int) -> None:
        """Write it to an open file; what lies on disk is copied by the kernel, without passing through memory of ours.

        Raises:
            TruncatedBlobError: a file that is stored shrank.
            OSError: it could not be written.
        """
        if self._file is None:
            _write_all(descriptor, self._data)
            return
        at = 0
        while at < self.size_bytes:
            count = os.sendfile(descriptor, self._file.descriptor, at, self.size_bytes - at)
            if count == 0:
                raise TruncatedBlobError(f"expected {self.size_bytes} bytes, the file ends after {at}")
            at += count

    @contextmanager
    def path(self) -> Iterator[Path]:
        """Give it a name as long as the block runs, for what takes nothing but names; readable by its owner only.

        Raises:
            SpoolError: it could not be written to disk.
        """
        if self._file is not None and _OPEN_FILES.is_dir():
            yield Path(f"/proc/{os.getpid()}/fd/{self._file.descriptor}")
            return
        with _folder() as folder:
            path = folder / "blob"
            with _translating(), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.writelines(self.parts())
            yield path


def as_blob(file: Blob | bytes) -> Blob:
    """Return `file` as a blob; bytes are taken as they are, and hashed when that is asked for."""
    return Blob(data=file, size_bytes=len(file)) if isinstance(file, bytes) else file


class Spool:
    """Takes in bytes part by part; as a context manager it lets go of what was not finished.

    Attributes:
        size_bytes: how many came so far.
    """

    def __init__(self, *, most_bytes: int | None = None, small_bytes: int = SMALL_BYTES) -> None:
        """Take at most `most_bytes`; keep up to `small_bytes` of them in memory."""
        self.size_bytes = 0
        self._most_bytes, self._small_bytes = most_bytes, small_bytes
        self._digest = hashlib.sha256()
        self._parts: list[bytes] = []
        self._file: OpenFile | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go; a blob that was made lives on."""
        self._parts, self._file = [], None

    def write(self, part: bytes) -> None:
        """Take in one more part.

        Raises:
            AssetTooLargeError: there would be more than may come.
            SpoolError: it could not be written to disk.
        """
        size = self.size_bytes + len(part)
        if self._most_bytes is not None and size > self._most_bytes:
            raise AssetTooLargeError(f"expected at most {self._most_bytes} bytes, got more")
        self._digest.update(part)
        self.size_bytes = size
        if self._file is None and size <= self._small_bytes:
            self._parts.append(part)
            return
        with _translating():
            if self._file is None:
                self._file = _open_nameless()
                for earlier in self._parts:
                    _write_all(self._file.descriptor, earlier)
                self._parts = []
            _write_all(self._file.descriptor, part)

    def finish(self) -> Blob:
        """Return what came; nothing more can be taken in."""
        sha256 = Digest(self._digest.hexdigest())
        data = b"".join(self._parts)
        blob = Blob(data=data, file=self._file, size_bytes=self.size_bytes, sha256=sha256)
        self._parts, self._file = [], None
        return blob


class OpenFile:
    """An open file, closed when nobody has it any more."""

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int) -> None:
        """Take over `descriptor`."""
        self.descriptor: Final = descriptor

    def __del__(self) -> None:
        """Let the system have it back."""
        with suppress(OSError):
            os.close(self.descriptor)


class _Reader(io.RawIOBase):
    """Reads an open file at a position of its own, and notices when it is shorter than it was."""

    def __init__(self, file: OpenFile, size_bytes: int) -> None:
        self._held, self._size, self._at = file, size_bytes, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"expected a position in the file, got {start + offset}")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]  # whatever can be written into
        left = self._size - self._at
        if left <= 0:
            return 0
        count = os.preadv(self._held.descriptor, [memoryview(buffer)[:left]], self._at)
        if count == 0 and len(buffer):
            raise TruncatedBlobError(f"expected {self._size} bytes, the file ends after {self._at}")
        self._at += count
        return count

    def read_whole(self, size: int) -> bytes:
        """Return `size` bytes, fewer only at the end."""
        found = bytearray(max(0, min(size, self._size - self._at)))
        view, at = memoryview(found), 0
        while at < len(found):
            at += self.readinto(view[at:])
        return bytes(found)

    def readall(self) -> bytes:
        return self.read_whole(self._size)


def _read_parts(source: BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    if hasattr(source, "read"):
        while part := source.read(PART_BYTES):
            yield part
    else:
        yield from source


def _open_nameless() -> OpenFile:
    """Make a file of mode 0600 that is in no folder."""
    descriptor, name = tempfile.mkstemp(prefix="chopmark-")
    Path(name).unlink()
    return OpenFile(descriptor)


def _write_all(descriptor: int, part: bytes) -> None:
    view = memoryview(part)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a private folder for as long as the block runs."""
    with _translating():
        folder = tempfile.TemporaryDirectory(prefix="chopmark-")
    with folder as name:
        yield Path(name)


@contextmanager
def _translating() -> Iterator[None]:
    """Turn what the system says about the spool's disk into an error of ours."""
    try:
        yield
    except OSError as exc:
        raise SpoolError(
            f"could not keep a file while it is worked on (TMPDIR says where): {describe_os_error(exc)}"
        ) from exc
