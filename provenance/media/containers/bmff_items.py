"""Items of an ISO media file: the entries of iinf, iloc and iref.

Source: ISO/IEC 14496-12 sections 8.11.3 (iloc), 8.11.6 (iinf), 8.11.12 (iref).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from provenance.errors import AssetTooLargeError, UndecodableAssetError

NAME: Final = "ISO media file"
# A 12-megapixel telephone picture has about 50 tile items.
MAX_ITEMS: Final = 2048
_MAX_EXTENTS: Final = 8192


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of iinf.

    Attributes:
        id: its number.
        kind: four characters.
        texts: what follows: its name and, for ``mime``, its content type, each ended by a zero.
    """

    id: int
    kind: bytes
    texts: bytes = b""

    @property
    def content_type(self) -> bytes:
        """Its content type where it is a ``mime`` item, else nothing."""
        return self.texts.partition(b"\x00")[2].partition(b"\x00")[0] if self.kind == b"mime" else b""


@dataclass(frozen=True, slots=True)
class Location:
    """One entry of iloc.

    Attributes:
        item_id: the item that lies there.
        method: 0 for offsets in the file, 1 for offsets in idat, 2 for offsets in another item.
        extents: (offset, length) each, base offset added in; length 0 is all there is.
        reference: 0 where it lies in this file.
    """

    item_id: int
    method: int
    extents: tuple[tuple[int, int], ...]
    reference: int = 0


class _Reader:
    """Takes unsigned numbers off a body, one after another.

    Raises:
        UndecodableAssetError: the body ends too soon.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def number(self, size: int) -> int:
        end = self._at + size
        if end > len(self._body):
            raise UndecodableAssetError(f"{NAME}: expected a whole item list, got one that ends too soon")
        value = int.from_bytes(self._body[self._at : end], "big")
        self._at = end
        return value


def parse_items(infes: Iterable[bytes]) -> tuple[Item, ...]:
    """Return the items that these infe bodies describe; versions without an item type are left out.

    Raises:
        UndecodableAssetError: an entry ends too soon.
        AssetTooLargeError: there are too many.
    """
    items: list[Item] = []
    for body in infes:
        reader = _Reader(body)
        version = reader.number(4) >> 24
        if version not in {2, 3}:
            continue
        if len(items) >= MAX_ITEMS:
            raise AssetTooLargeError(f"{NAME}: expected at most {MAX_ITEMS} items, got more")
        id_bytes = 2 if version == 2 else 4
        item_id = reader.number(id_bytes)
        reader.number(2)
        rest = body[6 + id_bytes :]
        items.append(Item(item_id, rest[:4], rest[4:]))
    return tuple(items)


def parse_locations(iloc: bytes) -> tuple[Location, ...]:
    """Return the locations in the body of iloc.

    Raises:
        UndecodableAssetError: the body ends too soon, or is of an unknown version.
        AssetTooLargeError: it lists too much.
    """
    reader = _Reader(iloc)
    version = reader.number(4) >> 24
    if version > 2:
        raise UndecodableAssetError(f"{NAME}: expected iloc of version 0, 1 or 2, got version {version}")
    sizes = reader.number(2)
    offset_bytes, length_bytes, base_bytes = sizes >> 12, sizes >> 8 & 0xF, sizes >> 4 & 0xF
    index_bytes = sizes & 0xF if version else 0
    id_bytes = 4 if version == 2 else 2
    count = reader.number(id_bytes)
    if count > MAX_ITEMS:
        raise AssetTooLargeError(f"{NAME}: expected at most {MAX_ITEMS} items, got {count} items")
    locations: list[Location] = []
    left = _MAX_EXTENTS
    for _ in range(count):
        item_id = reader.number(id_bytes)
        method = reader.number(2) & 0xF if version else 0
        reference = reader.number(2)
        base = reader.number(base_bytes)
        extents: list[tuple[int, int]] = []
        extent_count = reader.number(2)
        left -= extent_count
        if left < 0:
            raise AssetTooLargeError(f"{NAME}: expected at most {_MAX_EXTENTS} item extents, got more")
        for _ in range(extent_count):
            reader.number(index_bytes)
            extents.append((base + reader.number(offset_bytes), reader.number(length_bytes)))
        locations.append(Location(item_id, method, tuple(extents), reference))
    return tuple(locations)


def build_location(locations: Iterable[Location]) -> bytes:
    """Return the body of an iloc with these locations.

    Raises:
        UndecodableAssetError: an item lies inside another, or behind the first 4 GiB.
    """
    listed = tuple(locations)
    if any(at.method > 1 for at in listed):
        raise UndecodableAssetError(f"{NAME}: expected items in the file, got one inside another item")
    if any(offset >= 1 << 32 or length >= 1 << 32 for at in listed for offset, length in at.extents):
        raise UndecodableAssetError(f"{NAME}: expected items within the first 4 GiB, got one behind them")
    is_wide = any(at.item_id > 0xFFFF for at in listed)
    id_bytes = 4 if is_wide else 2
    # Version 1 or 2, offsets and lengths of 4 bytes, no base offset, no index.
    pieces = [bytes((2 if is_wide else 1, 0, 0, 0, 0x44, 0x00)), len(listed).to_bytes(id_bytes, "big")]
    for at in listed:
        pieces.append(at.item_id.to_bytes(id_bytes, "big") + at.method.to_bytes(2, "big") + bytes(2))
        pieces.append(len(at.extents).to_bytes(2, "big"))
        pieces.extend(offset.to_bytes(4, "big") + length.to_bytes(4, "big") for offset, length in at.extents)
    return b"".join(pieces)


def build_box(kind: bytes, body: bytes) -> bytes:
    """Return a box."""
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def build_infe(item_id: int, content_type: bytes) -> bytes:
    """Return the body of an infe for a ``mime`` item, hidden as metadata is."""
    is_wide = item_id > 0xFFFF
    head = bytes((3 if is_wide else 2, 0, 0, 1)) + item_id.to_bytes(4 if is_wide else 2, "big")
    return head + bytes(2) + b"mime" + b"XMP\x00" + content_type + b"\x00"


def build_reference(from_id: int, to_id: int, *, wide: bool) -> bytes:
    """Return the box that says "`from_id` describes `to_id`".

    Raises:
        UndecodableAssetError: a number does not fit the list that the box goes into.
    """
    size = 4 if wide else 2
    if max(from_id, to_id) >= 1 << 8 * size:
        raise UndecodableAssetError(f"{NAME}: item {max(from_id, to_id)} does not fit its reference list")
    body = from_id.to_bytes(size, "big") + (1).to_bytes(2, "big") + to_id.to_bytes(size, "big")
    return build_box(b"cdsc", body)
