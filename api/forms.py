"""What forms bring: fields and files, as browsers and clients send them, within bounds while they come.

Each file is written to a temporary folder of this request and is gone with it. Nothing in a form has been looked at:
the name of a file is a text for people, and never where it lies.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qsl

from api.bounds import StalledUploadError
from provenance.errors import AssetTooLargeError, GateError, SpoolError
from provenance.storage.faults import describe_os_error

if TYPE_CHECKING:
    from typing import BinaryIO

    from provenance.storage.blob import Blob

MOST_FIELDS: Final = 64
MOST_FIELD_BYTES: Final = 512 * 1024
"""Of one field; the longest is the document of a pack."""

_URLENCODED: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_SUFFIX_LENGTH: Final = 5


class FormError(GateError):
    """A body that is no form, or lacks what the form asks for."""

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

    def file(self, name: str = "file") -> FormFile:
        """Return the file of a field.

        Raises:
            FormError: none was sent.
        """
        found = next((one for one in self.files if one.field == name), None)
        if found is None:
            raise FormError(f"expected a file in the field {name}, got none")
        return found


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
        FormError: it is no form, or has too many parts.
        AssetTooLargeError: it is longer.
        SpoolError: it could not be kept on disk.
        StalledUploadError: it came too slowly.
    """
    kind = content_type.partition(";")[0].strip().lower()
    with _make_folder() as folder, _Taker.build(kind, content_type, folder, bounds) as taker:
        size = 0
        try:
            async with asyncio.timeout(bounds.total_s):
                while part := await _next(parts, bounds.idle_s):
                    size += len(part)
                    if size > bounds.most_bytes:
                        raise AssetTooLargeError(f"expected a form of at most {bounds.most_bytes} bytes, got more")
                    taker.write(part)
        except TimeoutError as exc:
            raise StalledUploadError(
                f"expected a form within {bounds.total_s:g} s and a part of it every {bounds.idle_s:g} s, "
                f"got {size} bytes"
            ) from exc
        yield taker.finish()


async def _next(parts: AsyncIterator[bytes], idle_s: float) -> bytes:
    async with asyncio.timeout(idle_s):
        while (part := await anext(parts, None)) is not None:
            if part:
                return part
    return b""


@contextmanager
def _make_folder() -> Iterator[Path]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="chopmark-form-")
    except OSError as exc:
        raise SpoolError(f"no temporary folder can be made: {describe_os_error(exc)}") from exc
    with folder as name:
        yield Path(name)


class _Taker:
    """Takes a body part by part."""

    @staticmethod
    def build(kind: str, content_type: str, folder: Path, bounds: Bounds) -> "_Taker":
        if kind == _URLENCODED:
            return _Urlencoded()
        if kind == _MULTIPART:
            return _Multipart(content_type, folder, bounds)
        raise FormError(f"expected a body of {_MULTIPART} or {_URLENCODED}, got {kind[:80] or 'no content type'}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, part: bytes) -> None:
        raise NotImplementedError

    def finish(self) -> Form:
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what is open."""


class _Urlencoded(_Taker):
    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, part: bytes) -> None:
        self._data += part
        if len(self._data) > 3 * MOST_FIELD_BYTES:  # each byte may be spelled with three
            raise AssetTooLargeError(f"expected a form of at most {3 * MOST_FIELD_BYTES} bytes, got more")

    def finish(self) -> Form:
        try:
            pairs = parse_qsl(self._data.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
        except ValueError as exc:
            raise FormError(f"expected a form of at most {MOST_FIELDS} fields in UTF-8, got another") from exc
        return Form(dict(reversed(pairs)))


class _Multipart(_Taker):
    def __init__(self, content_type: str, folder: Path, bounds: Bounds) -> None:
        from python_multipart.exceptions import FormParserError
        from python_multipart.multipart import MultipartParser, parse_options_header

        self._folder, self._bounds = folder, bounds
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not boundary:
            raise FormError("expected a boundary in the content type, got none")
        names = (
            "part_begin", "part_data", "part_end", "header_field", "header_value", "header_end", "headers_finished",
            "end",
        )  # fmt: skip
        callbacks = {f"on_{name}": getattr(self, f"_on_{name}") for name in names}
        try:
            self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]  # a TypedDict of these
        except FormParserError as exc:
            raise FormError("expected a boundary of at most 256 bytes in the content type, got a longer one") from exc
        self._fields: dict[str, str] = {}
        self._files: list[FormFile] = []
        self._headers: dict[bytes, bytes] = {}
        self._header = (bytearray(), bytearray())
        self._field, self._name = "", ""
        self._text = bytearray()
        self._file: BinaryIO | None = None
        self._parts = 0
        self._is_whole = False

    def write(self, part: bytes) -> None:
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(part)
        except FormParserError as exc:
            raise FormError("expected multipart/form-data, got what cannot be read as that") from exc
        except OSError as exc:
            raise SpoolError(f"the form cannot be kept on disk: {describe_os_error(exc)}") from exc

    def finish(self) -> Form:
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.finalize()
        except FormParserError as exc:
            raise FormError("expected a whole form, got one that ends early") from exc
        if not self._is_whole:
            raise FormError("expected a whole form, got one that ends early")
        return Form(self._fields, tuple(self._files))

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def _on_end(self) -> None:
        self._is_whole = True

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_FIELDS + self._bounds.most_files:
            raise FormError(f"expected at most {MOST_FIELDS} fields and {self._bounds.most_files} files, got more")
        self._headers = {}
        self._text = bytearray()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _on_header_end(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _on_headers_finished(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"name" not in options:
            raise FormError("expected a name for each part of the form, got a part without")
        self._field = options[b"name"].decode(errors="replace")
        self._name = options.get(b"filename", b"").decode(errors="replace")
        if b"filename" in options:
            if self._name and len(self._files) >= self._bounds.most_files:
                raise FormError(f"expected at most {self._bounds.most_files} files, got more")
            self._file = self._path().open("xb")

    def _path(self) -> Path:
        """Name a file by its number; its ending stays where it is a plain one, for the check against its content."""
        suffix = Path(self._name).suffix.lower()
        is_plain = suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= _SUFFIX_LENGTH
        return self._folder / f"{self._parts:05d}{suffix if is_plain else ''}"

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > MOST_FIELD_BYTES:
            raise AssetTooLargeError(f"expected a field of at most {MOST_FIELD_BYTES} bytes, got more")

    def _on_part_end(self) -> None:
        if self._file is None:
            try:
                self._fields.setdefault(self._field, self._text.decode())
            except UnicodeDecodeError as exc:
                raise FormError(f"expected UTF-8 in the field {self._field[:40]!r}, got other bytes") from exc
            return
        size = self._file.tell()
        self._file.close()
        self._file = None
        if self._name:
            self._files.append(FormFile(self._field, self._name, self._path(), size))
