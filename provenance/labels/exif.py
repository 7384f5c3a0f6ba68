"""The two things label code needs from a TIFF structure: its first directory, and the EXIF user comment.

Bounded reading of hostile bytes: an offset or count outside the data yields nothing, it never raises.
Source: TIFF 6.0 section 2, BigTIFF, CIPA DC-008 (EXIF) section 4.6.5.
"""

from dataclasses import dataclass
from typing import Final, Literal

from provenance.storage.octets import Octets

EXIF_POINTER: Final = 0x8769
USER_COMMENT: Final = 0x9286
_MAX_ENTRIES: Final = 4096
# TIFF 6.0 section 2: bytes in one value of each field type; 16 to 18 are BigTIFF's.
_TYPE_BYTES: Final = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes that differ between TIFF and BigTIFF."""

    order: Literal["little", "big"]
    offset_bytes: int
    count_bytes: int

    @property
    def entry_bytes(self) -> int:
        """Length of one directory entry: tag, type, count, value or offset."""
        return 4 + 2 * self.offset_bytes

    def number(self, data: Octets, at: int, size: int) -> int:
        """Return the unsigned number at `at`; 0 where the data ends before it."""
        return int.from_bytes(data[at : at + size], self.order)

    def pack(self, value: int, size: int) -> bytes:
        """Return `value` in `size` bytes."""
        return value.to_bytes(size, self.order)


@dataclass(frozen=True, slots=True)
class Entry:
    """One directory entry: its raw bytes, and where its value lies."""

    tag: int
    raw: bytes
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One image file directory: its entries, and where the next one lies (0 for none)."""

    entries: tuple[Entry, ...]
    next_at: int

    def find(self, tag: int) -> Entry | None:
        """Return the first entry with this tag."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


@dataclass(frozen=True, slots=True)
class UserComment:
    """An EXIF user comment and the span of its value, charset code included."""

    start: int
    length: int
    text: str


def read_layout(data: Octets) -> tuple[Layout, int] | None:
    """Return the layout and the offset of the first directory, or None if this is no TIFF structure."""
    order: Literal["little", "big"]
    if data[:2] == b"II":
        order = "little"
    elif data[:2] == b"MM":
        order = "big"
    else:
        return None
    magic = int.from_bytes(data[2:4], order)
    if magic == 42:
        layout = Layout(order, 4, 2)
        return layout, layout.number(data, 4, 4)
    if magic == 43:
        layout = Layout(order, 8, 8)
        return layout, layout.number(data, 8, 8)
    return None


def read_directory(data: Octets, layout: Layout, at: int) -> Directory | None:
    """Return the directory at `at`, or None where there is no whole one."""
    count = layout.number(data, at, layout.count_bytes)
    first = at + layout.count_bytes
    end = first + count * layout.entry_bytes
    if at < 8 or count > _MAX_ENTRIES or end + layout.offset_bytes > len(data):
        return None
    starts = range(first, end, layout.entry_bytes)
    entries = tuple(_read_entry(data, layout, start) for start in starts)
    return Directory(entries, layout.number(data, end, layout.offset_bytes))


def find_user_comment(data: Octets) -> UserComment | None:
    """Return the user comment of an EXIF block (or of a TIFF file), or None."""
    head = read_layout(data)
    if head is None:
        return None
    layout, at = head
    first = read_directory(data, layout, at)
    pointer = first.find(EXIF_POINTER) if first else None
    if pointer is None:
        return None
    exif = read_directory(data, layout, layout.number(data, pointer.start, pointer.length))
    entry = exif.find(USER_COMMENT) if exif else None
    if entry is None or entry.length < 8 or entry.start + entry.length > len(data):
        return None
    value = data[entry.start : entry.start + entry.length]
    return UserComment(entry.start, entry.length, _decode(value[:8], value[8:], layout))


def _read_entry(data: Octets, layout: Layout, at: int) -> Entry:
    size = layout.offset_bytes
    length = _TYPE_BYTES.get(layout.number(data, at + 2, 2), 0) * layout.number(data, at + 4, size)
    inline = at + 4 + size
    start = inline if length <= size else layout.number(data, inline, size)
    return Entry(layout.number(data, at, 2), data[at : at + layout.entry_bytes], start, length)


def _decode(charset: bytes, text: bytes, layout: Layout) -> str:
    """Decode by the charset code.

    UTF-16 is in the order its mark says, else in the file's; where that makes the first letter none of Latin-1, as some
    writers ignore the file's order, in the other.
    """
    if not charset.startswith(b"UNICODE"):
        codec = "utf-8"
    elif text[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        codec = "utf-16"
    else:
        high = text[:1] if layout.order == "big" else text[1:2]
        is_big = (layout.order == "big") == (high == b"\x00")
        codec = "utf-16-be" if is_big else "utf-16-le"
    return text.decode(codec, "replace").strip("\x00 ")
