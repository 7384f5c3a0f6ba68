"""A multipart form (RFC 7578) as it comes: texts are kept, files go where whoever asked for them puts them.

Nothing of a form is trusted: its parts, their number and length are bounded while they come.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from api.refusals import MalformedRequestError
from provenance.errors import AssetTooLargeError

MOST_FIELDS: Final = 64
MOST_FIELD_BYTES: Final = 1 << 20
"""Of one field; the longest is the document of a pack."""
MOST_HEADER_BYTES: Final = 8 << 10
"""Of the headers of one part."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a part says of itself.

    Attributes:
        number: which part it is, from 1 on.
        field: its name.
        file_name: as its sender calls it, perhaps with folders, or ""; None where it does not say that it is a file.
        media_type: that its sender claims, or "".
    """

    number: int
    field: str
    file_name: str | None
    media_type: str


class PartFile(Protocol):
    """Takes the bytes of a part that is a file."""

    def write(self, data: bytes, /) -> object:
        """Take in some more."""

    def end(self) -> None:
        """Take note that it was all."""


class MultipartReader:
    """Takes a form part by part.

    Attributes:
        fields: texts by name, in order; a field that is repeated has several values.
    """

    def __init__(self, content_type: str, open_file: Callable[[Head], PartFile | None], *, most_files: int = 1) -> None:
        """Read a form of `content_type`.

        Args:
            content_type: of the request.
            open_file: says where the bytes of a part go, or None if it is a text; may refuse it.
            most_files: how many it takes, so that parts beyond all bounds are refused while they come.

        Raises:
            MalformedRequestError: the media type names no boundary.
        """
        from python_multipart import MultipartParser

        self.fields: dict[str, list[str]] = {}
        self._open_file, self._most_parts = open_file, MOST_FIELDS + most_files
        self._parser = MultipartParser(find_boundary(content_type), self._build_callbacks())
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value, self._text = b"", b"", bytearray()
        self._field = ""
        self._file: PartFile | None = None
        self._count = self._header_bytes = 0
        self._is_whole = False

    def write(self, data: bytes) -> None:
        """Take in what came next.

        Raises:
            MalformedRequestError: it is no form, or has more parts than any of ours.
            AssetTooLargeError: a field is longer.
        """
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(data)
        except FormParserError as exc:
            raise MalformedRequestError("expected a multipart form (RFC 7578), got something else") from exc

    def finish(self) -> None:
        """Take note that all came.

        Raises:
            MalformedRequestError: it breaks off.
        """
        from python_multipart.exceptions import FormParserError

        told = "expected a multipart form to its last boundary, it broke off before"
        try:
            self._parser.finalize()
        except FormParserError as exc:
            raise MalformedRequestError(told) from exc
        if not self._is_whole:
            raise MalformedRequestError(told)

    def _build_callbacks(self) -> Any:  # noqa: ANN401 - a dictionary whose type the parser keeps to itself
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_name,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._add_data,
            "on_part_end": self._end,
            "on_end": self._note_end,
        }

    def _begin(self) -> None:
        self._count += 1
        if self._count > self._most_parts:
            raise MalformedRequestError(f"expected a form of at most {self._most_parts} parts, got more")
        self._headers, self._header_bytes, self._text, self._file = {}, 0, bytearray(), None

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
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._field = options.get(b"name", b"").decode(errors="replace")
        if not self._field:
            raise MalformedRequestError("expected every part of the form to have a name, got one without")
        file_name = options.get(b"filename")
        claimed = self._headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        self._file = self._open_file(
            Head(
                self._count,
                self._field,
                None if file_name is None else file_name.decode(errors="replace"),
                claimed.decode("ascii", errors="replace"),
            )
        )

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
            return
        if len(self._text) + end - start > MOST_FIELD_BYTES:
            raise AssetTooLargeError(f"expected a field of at most {MOST_FIELD_BYTES} bytes, got more")
        self._text += data[start:end]

    def _end(self) -> None:
        if self._file is not None:
            self._file.end()
            return
        try:
            value = self._text.decode()
        except UnicodeDecodeError as exc:
            raise MalformedRequestError("expected the fields of the form as UTF-8 text, got other bytes") from exc
        self.fields.setdefault(self._field, []).append(value)

    def _note_end(self) -> None:
        self._is_whole = True


def find_boundary(content_type: str) -> bytes:
    """Return what stands between the parts.

    Raises:
        MalformedRequestError: the media type names none.
    """
    from python_multipart.multipart import parse_options_header

    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70 or not boundary.isascii():  # RFC 2046 s5.1.1
        raise MalformedRequestError("expected multipart/form-data with a boundary of 1 to 70 characters, got none")
    return boundary
