"""AVIF and HEIC: XMP and EXIF as items of the file-level meta box.

Writing puts the packet into a new media-data box at the end of the file and enters it in the meta box; as that grows,
every location behind it is moved along.
Source: ISO/IEC 14496-12 sections 4.2 (boxes) and 8.11 (meta, iloc, iinf, iref); ISO/IEC 23008-12 annex A (Exif, XMP).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from provenance.errors import LabelError
from provenance.labels.containers.base import MAX_FOUND, Carried, blank_exif
from provenance.labels.containers.bmff_items import (
    Item,
    Location,
    build_infe,
    build_location,
    build_reference,
    parse_items,
    parse_locations,
)
from provenance.labels.xmp import MAX_PACKET_BYTES
from provenance.storage.octets import Octets

_XMP_TYPE: Final = b"application/rdf+xml"
_MAX_EXIF_BYTES: Final = 1024 * 1024
_MAX_BOXES: Final = 4096


@dataclass(frozen=True, slots=True)
class Box:
    """One box: where it starts, where its body starts, where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class _Meta:
    box: Box
    children: tuple[Box, ...]
    items: tuple[Item, ...]
    locations: tuple[Location, ...]

    def child(self, kind: bytes) -> Box | None:
        return next((box for box in self.children if box.kind == kind), None)

    def xmp(self) -> tuple[Location, ...]:
        """Where XMP lies."""
        ids = {item.id for item in self.items if item.content_type == _XMP_TYPE}
        return tuple(at for at in self.locations if at.item_id in ids)

    def exif(self) -> tuple[Location, ...]:
        """Where EXIF lies."""
        ids = {item.id for item in self.items if item.kind == b"Exif"}
        return tuple(at for at in self.locations if at.item_id in ids)


def find(unverified_bytes: Octets) -> Carried:
    """Return the XMP and EXIF items.

    Raises:
        LabelError: the boxes are damaged.
    """
    meta = _meta(unverified_bytes, _file_boxes(unverified_bytes))
    packets = [_read(unverified_bytes, meta, at, MAX_PACKET_BYTES) for at in meta.xmp()[:MAX_FOUND]]
    blocks = [_read(unverified_bytes, meta, at, _MAX_EXIF_BYTES) for at in meta.exif()[:MAX_FOUND]]
    return Carried(
        xmp=tuple(packet for packet in packets if packet.strip(b"\x00 \t\r\n")),
        exif=tuple(block[4 + int.from_bytes(block[:4], "big") :] for block in blocks),
    )


def write(encoded: bytes, packet: bytes) -> bytes:
    """Return the file with `packet` as its only XMP.

    Raises:
        LabelError: the boxes are damaged, or the file is a sequence.
    """
    boxes = _file_boxes(encoded)
    if any(box.kind in {b"moov", b"moof"} for box in boxes):
        raise LabelError("an image sequence cannot be labelled, a still picture can")
    meta = _meta(encoded, boxes)
    data = _closed(_blanked(encoded, meta), boxes[-1])
    xmp_id = next((at.item_id for at in meta.xmp()), 0)
    is_new = not xmp_id
    if is_new:
        xmp_id = max((0, *(item.id for item in meta.items), *(at.item_id for at in meta.locations))) + 1
    ours = Location(xmp_id, 0, ((len(data) + 8, len(packet)),))
    others = tuple(at for at in meta.locations if at.item_id != xmp_id)
    # Once without moving anything, to learn by how much the box grows.
    growth = len(_build_meta(data, meta, (*others, ours), is_new=is_new)) - (meta.box.end - meta.box.start)
    moved = tuple(_moved(at, meta.box.end, growth) for at in (*others, ours))
    rebuilt = _build_meta(data, meta, moved, is_new=is_new)
    tail = (len(packet) + 8).to_bytes(4, "big") + b"mdat" + packet
    return data[: meta.box.start] + rebuilt + data[meta.box.end :] + tail


def _boxes(data: Octets, start: int, end: int) -> Iterator[Box]:
    at = start
    for _ in range(_MAX_BOXES):
        if at >= end:
            return
        size, body = int.from_bytes(data[at : at + 4], "big"), at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        elif size == 0:
            size = end - at
        if size < body - at or at + size > end:
            raise LabelError(f"the box at byte {at} does not end inside what holds it")
        yield Box(data[at + 4 : at + 8], at, body, at + size)
        at += size
    if at < end:
        raise LabelError(f"more than {_MAX_BOXES} boxes in a row")


def _file_boxes(data: Octets) -> tuple[Box, ...]:
    boxes = tuple(_boxes(data, 0, len(data)))
    if not boxes or boxes[0].kind != b"ftyp":
        raise LabelError("not an ISO media file: it does not begin with ftyp")
    return boxes


def _meta(data: Octets, boxes: tuple[Box, ...]) -> _Meta:
    box = next((box for box in boxes if box.kind == b"meta"), None)
    if box is None:
        raise LabelError("it has no meta box")
    children = tuple(_boxes(data, box.body + 4, box.end))
    bare = _Meta(box, children, (), ())
    iinf, iloc = bare.child(b"iinf"), bare.child(b"iloc")
    if iinf is None or iloc is None:
        raise LabelError("its meta box lists no items")
    head = iinf.body + (6 if data[iinf.body : iinf.body + 1] == b"\x00" else 8)
    infes = (data[infe.body : infe.end] for infe in _boxes(data, head, iinf.end) if infe.kind == b"infe")
    return replace(bare, items=parse_items(infes), locations=parse_locations(data[iloc.body : iloc.end]))


def _read(data: Octets, meta: _Meta, location: Location, bound: int) -> bytes:
    """Return an item's bytes, at most `bound` and one more."""
    pieces: list[bytes] = []
    left = bound + 1
    for start, end in _spans(data, meta, location):
        piece = data[start : min(end, start + left)]
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _blanked(data: bytes, meta: _Meta) -> bytes:
    """Return the file with old XMP zeroed and AIGC user comments overwritten, each where it lies."""
    changed = bytearray(data)
    for is_xmp, locations in ((True, meta.xmp()), (False, meta.exif())):
        if sum(len(at.extents) for at in locations) > MAX_FOUND:
            raise LabelError(f"its metadata lies in more than {MAX_FOUND} pieces")
        if any(not length for at in locations for _, length in at.extents):
            raise LabelError("its metadata has no end of its own")
        for start, end in (span for at in locations for span in _spans(data, meta, at)):
            if is_xmp:
                changed[start:end] = bytes(end - start)
            else:
                head = min(end, start + 4 + int.from_bytes(data[start : start + 4], "big"))
                changed[head:end] = blank_exif(data[head:end])
    return bytes(changed)


def _spans(data: Octets, meta: _Meta, location: Location) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) in the file of each extent of an item that lies in the file or in idat."""
    idat = meta.child(b"idat")
    if location.method > 1 or (location.method and idat is None):
        return ()
    base, last = (idat.body, idat.end) if location.method and idat is not None else (0, len(data))
    # ISO 14496-12 section 8.11.3: length 0 means the whole of what it lies in.
    spans = ((base + at, min(last, base + at + length) if length else last) for at, length in location.extents)
    return tuple((start, end) for start, end in spans if start < end)


def _closed(data: bytes, last: Box) -> bytes:
    """Return the file with its last box given a size of its own, so that another can follow."""
    if int.from_bytes(data[last.start : last.start + 4], "big"):
        return data
    size = last.end - last.start
    if size >= 1 << 32:
        raise LabelError(f"the last box, of {size} bytes, is too large to be closed")
    return data[: last.start] + size.to_bytes(4, "big") + data[last.start + 4 :]


def _moved(location: Location, behind: int, by: int) -> Location:
    """Return the location with each extent that lies behind the meta box moved."""
    if location.method:
        return location
    extents = tuple((at + by if at >= behind else at, length) for at, length in location.extents)
    return replace(location, extents=extents)


def _build_meta(data: bytes, meta: _Meta, locations: tuple[Location, ...], *, is_new: bool) -> bytes:
    """Return the meta box with these locations and, if new, with an entry for the XMP item, which comes last."""
    xmp_id = locations[-1].item_id
    pieces = [data[meta.box.body : meta.box.body + 4]]
    for box in meta.children:
        body = data[box.body : box.end]
        if box.kind == b"iloc":
            pieces.append(_box(b"iloc", build_location(locations)))
        elif box.kind == b"iinf" and is_new:
            pieces.append(_box(b"iinf", _with_item(body, xmp_id)))
        elif box.kind == b"iref" and is_new:
            pieces.append(_box(b"iref", body + build_reference(xmp_id, _primary(data, meta), wide=body[0] != 0)))
        else:
            pieces.append(data[box.start : box.end])
    if is_new and meta.child(b"iref") is None:
        wide = max(xmp_id, _primary(data, meta)) > 0xFFFF
        head = bytes((int(wide), 0, 0, 0))
        pieces.append(_box(b"iref", head + build_reference(xmp_id, _primary(data, meta), wide=wide)))
    return _box(b"meta", b"".join(pieces))


def _with_item(iinf: bytes, xmp_id: int) -> bytes:
    """Return the body of iinf with one more entry."""
    size = 2 if iinf[0] == 0 else 4
    count = int.from_bytes(iinf[4 : 4 + size], "big") + 1
    return iinf[:4] + count.to_bytes(size, "big") + iinf[4 + size :] + _box(b"infe", build_infe(xmp_id, _XMP_TYPE))


def _primary(data: Octets, meta: _Meta) -> int:
    pitm = meta.child(b"pitm")
    if pitm is None:
        raise LabelError("its meta box names no primary item")
    size = 2 if data[pitm.body] == 0 else 4
    return int.from_bytes(data[pitm.body + 4 : pitm.body + 4 + size], "big")


def _box(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body
