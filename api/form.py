"""A multipart form (RFC 7578) as it comes: its one file goes to a spool, never whole into memory.

Nothing of a form is trusted: its parts, their number and length are bounded while they come.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Final

from api.bounds import IN_MEMORY_BYTES, StalledUploadError, read_parts
from api.refusals import MalformedRequestError
from provenance.errors import AssetTooLargeError
from provenance.storage.blob import Blob, Spool

MOST_FIELDS: Final = 64
MOST_FIELD_BYTES: Final = 1 << 20
MOST_HEADER_BYTES: Final = 8 << 10
FILE: Final = "file"
"""Name of the part that is the file."""


@dataclass(slots=True)
class Form:
    """What came.

    Attributes:
        fields: by name, in order; a field that is repeated has several values.
        file: the file, or None.
        file_name: as its sender calls it, or "".
        file_type: media type that its sender claims, or "".
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    file: Blob | None = None
    file_name: str = ""
    file_type: str = ""


@asynccontextmanager
async def receive_form(
    content_type: str, parts: AsyncIterator[bytes], *, most_bytes: int, idle_s: float, total_s: float
) -> AsyncIterator[Form]:
    """Take in a form whose file has at most `most_bytes`; what it spooled is gone after the block.

    Args:
        content_type: of the request.
        parts: of its body, as they come.
        most_bytes: of the file.
        idle_s: the next part comes within this time.
        total_s: the last one comes within this time.

    Raises:
        MalformedRequestError: it is no form, breaks off, or has more fields than any of ours.
        AssetTooLargeError: the file, or a field, is longer.
        StalledUploadError: it came too slowly.
        SpoolError: it could not be kept on disk.
    """
    from python_multipart import MultipartParser
    from python_multipart.exceptions import FormParserError

    with Spool(most_bytes=most_bytes, small_bytes=IN_MEMORY_BYTES) as spool:
        reader = _Reader(spool)
        try:
            parser = MultipartParser(find_boundary(content_type), reader.callbacks())
            async for part in read_parts(parts, idle_s=idle_s, total_s=total_s):
                parser.write(part)
            parser.finalize()
        except FormParserError as exc:
            raise MalformedRequestError("expected a multipart form (RFC 7578), got something else") from exc
        except TimeoutError as exc:
            raise StalledUploadError(
                f"expected a body within {total_s:g} s and a part of it every {idle_s:g} s"
            ) from exc
        if not reader.is_finished:
            raise MalformedRequestError("expected a multipart form to its last boundary, it broke off before")
        yield reader.finish()


def find_boundary(content_type: str) -> bytes:
    """Return what stands between the parts.

    Raises:
        MalformedRequestError: the media type names none.
    """
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if not isinstance(boundary, str) or not 1 <= len(boundary) <= 70 or not boundary.isascii():  # RFC 2046 s5.1.1
        raise MalformedRequestError("expected multipart/form-data with a boundary of 1 to 70 characters, got none")
    return boundary.encode()


class _Reader:
    """Puts parts where they belong while they are parsed."""

    def __init__(self, spool: Spool) -> None:
        self.is_finished = False
        self._form, self._spool = Form(), spool
        self._headers: dict[str, str] = {}
        self._name, self._value, self._text = b"", b"", bytearray()
        self._field = ""
        self._count = self._header_bytes = 0
        self._has_file = False

    def callbacks(self) -> Any:  # noqa: ANN401 - a dictionary whose type the parser keeps to itself
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_name,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._add_data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def finish(self) -> Form:
        """Return what came."""
        if self._has_file:
            self._form.file = self._spool.finish()
        return self._form

    def _begin(self) -> None:
        self._count += 1
        if self._count > MOST_FIELDS:
            raise MalformedRequestError(f"expected a form of at most {MOST_FIELDS} parts, got more")
        self._headers, self._header_bytes, self._text, self._field = {}, 0, bytearray(), ""

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._count_header(end - start)

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._count_header(end - start)

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > MOST_HEADER_BYTES:
            raise MalformedRequestError(f"expected headers of a part of at most {MOST_HEADER_BYTES} bytes, got more")

    def _end_header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode(errors="replace")
        self._name = self._value = b""

    def _open(self) -> None:
        message = Message()
        for header, value in self._headers.items():
            message[header] = value.replace("\r", " ").replace("\n", " ")
        name = message.get_param("name", header="content-disposition")
        if not isinstance(name, str) or not name:
            raise MalformedRequestError("expected every part of the form to have a name, got one without")
        self._field = name
        if name != FILE:
            return
        if self._has_file:
            raise MalformedRequestError(f"expected one part {FILE}, got more")
        self._has_file = True
        self._form.file_name = message.get_filename() or ""
        self._form.file_type = message.get_content_type() if "content-type" in self._headers else ""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._field == FILE:
            self._spool.write(data[start:end])
            return
        if len(self._text) + end - start > MOST_FIELD_BYTES:
            raise AssetTooLargeError(f"expected a field of at most {MOST_FIELD_BYTES} bytes, got more")
        self._text += data[start:end]

    def _end(self) -> None:
        if self._field == FILE:
            return
        try:
            value = self._text.decode()
        except UnicodeDecodeError as exc:
            raise MalformedRequestError("expected the fields of the form as UTF-8 text, got other bytes") from exc
        self._form.fields.setdefault(self._field, []).append(value)

    def _finish(self) -> None:
        self.is_finished = True
