"""TIFF directories: TIFF 6.0, BigTIFF, and the EXIF blocks that are built like them.

One reader for pictures and for what other formats carry. It reads one directory and follows nothing; what its entries
point to is for the caller to check.
"""

from dataclasses import dataclass
from typing import Final, Literal

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import read_bytes
from provenance.storage.octets import Octets

# TIFF 6.0 s2: byte order, a number, and the offset of the first directory.
HEADER_BYTES: Final = 8
# TIFF 6.0 s2 (types 1-12), TIFF Technical Note 1 (13), BigTIFF (16-18): bytes a value.
TYPE_BYTES: Final = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """How numbers are laid out: byte order, and classic or BigTIFF widths.

    Attributes:
        order: of bytes.
        offset_bytes: of an offset, and of a count of values.
        count_bytes: of a count of entries.
        name: of the format, for messages.
    """

    order: Literal["little", "big"]
    offset_bytes: int
    count_bytes: int
    name: str

    @property
    def entry_bytes(self) -> int:
        """Length of one entry: tag, type, count, value or offset."""
        return 4 + 2 * self.offset_bytes

    @property
    def pointer_at(self) -> int:
        """Where the header says where the first directory lies."""
        return self.offset_bytes

    def read(self, data: Octets, start: int, size: int) -> int:
        """Return the unsigned number of `size` bytes at `start`.

        Raises:
            UndecodableAssetError: the data ends before.
        """
        return int.from_bytes(read_bytes(data, start, size, self.name), self.order)

    def pack(self, value: int, size: int) -> bytes:
        """Return `value` in `size` bytes."""
        return value.to_bytes(size, self.order)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its raw bytes, and where its values lie, which may be outside of the file.

    Attributes:
        tag, kind, count: what it is, the type of its values, and how many there are.
        raw: all of it.
        start, size: of the values.
    """

    tag: int
    kind: int
    count: int
    raw: bytes
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One image file directory.

    Attributes:
        entries: in their order.
        following: where the next one lies, 0 for none.
        end: offset of the first byte after it.
    """

    entries: tuple[Entry, ...]
    following: int
    end: int

    def find(self, tag: int) -> Entry | None:
        """Return the first entry with this tag."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


def read_form(data: Octets, name: str) -> Form:
    """Return how the numbers are laid out.

    Raises:
        UndecodableAssetError: this is no TIFF structure.
    """
    orders: dict[bytes, Literal["little", "big"]] = {b"II": "little", b"MM": "big"}
    order = orders.get(data[:2])
    magic = int.from_bytes(data[2:4], order) if order else 0
    if order is None or magic not in {42, 43}:
        raise UndecodableAssetError(f"{name}: expected a TIFF header, got something else")
    return Form(order, 4, 2, name) if magic == 42 else Form(order, 8, 8, name)


def find_first(data: Octets, form: Form) -> int:
    """Return where the first directory lies, as the header says."""
    return form.read(data, form.pointer_at, form.offset_bytes)


def read_directory(data: Octets, form: Form, start: int, *, most: int) -> Directory:
    """Return the directory at `start`.

    Raises:
        UndecodableAssetError: it lies in the header, or the data ends inside it.
        AssetTooLargeError: it has more than `most` entries.
    """
    if start < HEADER_BYTES:
        raise UndecodableAssetError(f"{form.name}: expected a directory behind the header, got one at offset {start}")
    count = form.read(data, start, form.count_bytes)
    if count > most:
        raise AssetTooLargeError(f"{form.name}: expected at most {most} tags, got {count}")
    first = start + form.count_bytes
    tail = first + count * form.entry_bytes
    entries = tuple(_read_entry(data, form, at) for at in range(first, tail, form.entry_bytes))
    return Directory(entries, form.read(data, tail, form.offset_bytes), tail + form.offset_bytes)


def _read_entry(data: Octets, form: Form, start: int) -> Entry:
    raw = read_bytes(data, start, form.entry_bytes, form.name)
    kind, count = form.read(raw, 2, 2), form.read(raw, 4, form.offset_bytes)
    size, inline = count * TYPE_BYTES.get(kind, 1), 4 + form.offset_bytes
    where = start + inline if size <= form.offset_bytes else form.read(raw, inline, form.offset_bytes)
    return Entry(form.read(raw, 0, 2), kind, count, raw, where, size)
