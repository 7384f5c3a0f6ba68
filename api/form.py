"""What forms bring: fields and files, as browsers and clients send them, within bounds while they come.

A form of a page may bring many files, each of which lies in a temporary folder of its request and is gone with it; an
upload brings one, which is hashed as it comes and lies in memory or in a spool without a name. Nothing in a form has
been looked at: the name of a file is a text for people, and never where it lies.
"""

import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qsl

from api.bounds import IN_MEMORY_BYTES, StalledUploadError, read_parts
from api.multipart import MOST_FIELD_BYTES, MOST_FIELDS, Head, MultipartReader
from api.refusals import MalformedRequestError
from provenance.errors import AssetTooLargeError, GateError, SpoolError
from provenance.storage.faults import describe_os_error

if TYPE_CHECKING:
    from typing import BinaryIO

    from provenance.storage.blob import Blob, Spool

FILE: Final = "file"
"""Name of the part that is the file of an upload."""

_URLENCODED: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_SUFFIX_LENGTH: Final = 5


class FormError(GateError):
    """A form that can be read, and lacks what it is to bring."""

    code = "form"


@dataclass(frozen=True, slots=True)
class FormFile:
    """One file of a form.

    Attributes:
        field: of the form.
        name: as the sender calls it, perhaps with folders; for people, and to find it by.
        path: where it lies until the request is answered.
        size_bytes: how long it is.
    """

    field: str
    name: str
    path: Path
    size_bytes: int

    def open(self) -> "Blob":
        """Return it as a blob, which may outlive its name."""
        from provenance.storage.blob import Blob

        return Blob.from_stored(self.path)


@dataclass(frozen=True, slots=True)
class Form:
    """What came.

    Attributes:
        fields: texts by name; of a name that comes twice the first.
        files: in the order in which they came; one that a browser sends without a name was not chosen, and is left out.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    files: tuple[FormFile, ...] = ()

    def text(self, name: str, default: str = "") -> str:
        """Return a field without the white space around it."""
        return self.fields.get(name, default).strip()

    def file(self, name: str = FILE) -> FormFile:
        """Return the file of a field.

        Raises:
            FormError: none was sent.
        """
        found = next((one for one in self.files if one.field == name), None)
        if found is None:
            raise FormError(f"expected a file in the field {name}, got none")
        return found


@dataclass(frozen=True, slots=True)
class Upload:
    """What came with one file.

    Attributes:
        fields: by name, in order; a field that is repeated has several values.
        file: the file, or None.
        file_name: as its sender calls it, or "".
        file_type: media type that its sender claims, or "".
    """

    fields: Mapping[str, Sequence[str]]
    file: "Blob | None"
    file_name: str
    file_type: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Up to what a form is taken.

    Attributes:
        most_bytes: of the whole body, whatever its declared length.
        most_files: how many.
        idle_s: the next part of the body comes within this time.
        total_s: the last one comes within this time.
    """

    most_bytes: int
    most_files: int = 1
    idle_s: float = 10.0
    total_s: float = 120.0


@asynccontextmanager
async def receive_form(content_type: str, parts: AsyncIterator[bytes], bounds: Bounds) -> AsyncIterator[Form]:
    """Take in a form, `multipart/form-data` or urlencoded; its files lie in a folder as long as the block runs.

    Raises:
        MalformedRequestError: it is no form, breaks off, or has too many parts.
        AssetTooLargeError: it is longer.
        SpoolError: it could not be kept on disk.
        StalledUploadError: it came too slowly.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _URLENCODED:
        yield await _take_urlencoded(parts, bounds)
    elif kind == _MULTIPART:
        with _make_folder() as path, _Folder(path, bounds.most_files) as folder:
            reader = MultipartReader(content_type, folder.open_file, most_files=bounds.most_files)
            async for part in _bounded(parts, bounds):
                with _translating():
                    reader.write(part)
            reader.finish()
            yield Form({name: values[0] for name, values in reader.fields.items()}, tuple(folder.files))
    else:
        told = f"expected a body of {_MULTIPART} or {_URLENCODED}, got {kind[:80] or 'no content type'}"
        raise MalformedRequestError(told)


@asynccontextmanager
async def receive_upload(
    content_type: str, parts: AsyncIterator[bytes], *, most_bytes: int, idle_s: float, total_s: float
) -> AsyncIterator[Upload]:
    """Take in a form with one file of at most `most_bytes`; what it spooled is gone after the block.

    Args:
        content_type: of the request.
        parts: of its body, as they come.
        most_bytes: of the file.
        idle_s: the next part comes within this time.
        total_s: the last one comes within this time.

    Raises:
        MalformedRequestError, AssetTooLargeError, SpoolError, StalledUploadError: as `receive_form`.
    """
    from provenance.storage.blob import Spool

    with Spool(most_bytes=most_bytes, small_bytes=IN_MEMORY_BYTES) as spool:
        spooled = _Spooled(spool)
        reader = MultipartReader(content_type, spooled.open_file)
        async for part in _hurried(parts, idle_s=idle_s, total_s=total_s):
            reader.write(part)
        reader.finish()
        head = spooled.head
        file = None if head is None else spool.finish()
        yield Upload(reader.fields, file, (head and head.file_name) or "", head.media_type if head else "")


async def _take_urlencoded(parts: AsyncIterator[bytes], bounds: Bounds) -> Form:
    data, most_bytes = bytearray(), 3 * MOST_FIELD_BYTES  # each byte may be spelled with three
    async for part in _bounded(parts, bounds):
        data += part
        if len(data) > most_bytes:
            raise AssetTooLargeError(f"expected a form of at most {most_bytes} bytes, got more")
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as exc:
        raise MalformedRequestError(f"expected a form of at most {MOST_FIELDS} fields in UTF-8, got another") from exc
    return Form(dict(reversed(pairs)))


async def _bounded(parts: AsyncIterator[bytes], bounds: Bounds) -> AsyncIterator[bytes]:
    size = 0
    async for part in _hurried(parts, idle_s=bounds.idle_s, total_s=bounds.total_s):
        size += len(part)
        if size > bounds.most_bytes:
            raise AssetTooLargeError(f"expected a form of at most {bounds.most_bytes} bytes, got more")
        yield part


async def _hurried(parts: AsyncIterator[bytes], *, idle_s: float, total_s: float) -> AsyncIterator[bytes]:
    try:
        async for part in read_parts(parts, idle_s=idle_s, total_s=total_s):
            yield part
    except TimeoutError as exc:
        raise StalledUploadError(f"expected a body within {total_s:g} s and a part of it every {idle_s:g} s") from exc


@contextmanager
def _make_folder() -> Iterator[Path]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="chopmark-form-")
    except OSError as exc:
        raise SpoolError(f"no temporary folder can be made: {describe_os_error(exc)}") from exc
    with folder as name:
        yield Path(name)


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise SpoolError(f"the form cannot be kept on disk: {describe_os_error(exc)}") from exc


class _Spooled:
    """Puts the part that is the file into a spool; all others are texts, whatever they say."""

    def __init__(self, spool: "Spool") -> None:
        self.head: Head | None = None
        self._spool = spool

    def open_file(self, head: Head) -> "_Spooled | None":
        if head.field != FILE:
            return None
        if self.head is not None:
            raise MalformedRequestError(f"expected one part {FILE}, got more")
        self.head = head
        return self

    def write(self, data: bytes) -> None:
        self._spool.write(data)

    def end(self) -> None:
        """Its spool is finished when all of the form is."""


class _Folder:
    """Puts each part that says that it is a file into a file of a folder, named by its number."""

    def __init__(self, folder: Path, most_files: int) -> None:
        self.files: list[FormFile] = []
        self._folder, self._most_files = folder, most_files
        self._head: Head | None = None
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with _translating():
                self._file.close()

    def open_file(self, head: Head) -> "_Folder | None":
        if head.file_name is None:
            return None
        if head.file_name and len(self.files) >= self._most_files:
            raise MalformedRequestError(f"expected at most {self._most_files} files, got more")
        self._head, self._file = head, self._name(head).open("xb")
        return self

    def write(self, data: bytes) -> None:
        assert self._file is not None
        self._file.write(data)

    def end(self) -> None:
        assert self._file is not None
        assert self._head is not None
        size = self._file.tell()
        self._file.close()
        if self._head.file_name:
            self.files.append(FormFile(self._head.field, self._head.file_name, self._name(self._head), size))

    def _name(self, head: Head) -> Path:
        """Keep the ending of the sender's name where it is a plain one, for the check against the content."""
        suffix = Path(head.file_name or "").suffix.lower()
        is_plain = suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= _SUFFIX_LENGTH
        return self._folder / f"{head.number:05d}{suffix if is_plain else ''}"
