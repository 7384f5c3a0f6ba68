"""AVIF and HEIC: XMP and EXIF as items of the file-level meta box.

Writing puts the packet into a new media-data box at the end of the file and enters it in the meta box; as that grows,
every location behind it is moved along.
Source: ISO/IEC 14496-12 sections 4.2 (boxes) and 8.11 (meta, iloc, iinf, iref); ISO/IEC 23008-12 annex A (Exif, XMP).
"""

from dataclasses import dataclass, replace
from typing import Final

from provenance.errors import LabelError
from provenance.labels.containers.base import MAX_FOUND, Carried, blank_exif, naming_damage
from provenance.labels.xmp import MAX_PACKET_BYTES
from provenance.media.containers.bmff import Box, read_boxes, read_items
from provenance.media.containers.bmff_items import (
    NAME,
    Item,
    Location,
    build_box,
    build_infe,
    build_location,
    build_reference,
    parse_locations,
)
from provenance.storage.octets import Octets

_XMP_TYPE: Final = b"application/rdf+xml"
_MAX_EXIF_BYTES: Final = 1024 * 1024


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


@naming_damage
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


@naming_damage
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
    growth = len(_build_meta(data, meta, (*others, ours), is_new=is_new)) - (meta.box.stop - meta.box.at)
    moved = tuple(_moved(at, meta.box.stop, growth) for at in (*others, ours))
    rebuilt = _build_meta(data, meta, moved, is_new=is_new)
    tail = (len(packet) + 8).to_bytes(4, "big") + b"mdat" + packet
    return data[: meta.box.at] + rebuilt + data[meta.box.stop :] + tail


def _file_boxes(data: Octets) -> tuple[Box, ...]:
    boxes = tuple(read_boxes(data, 0, len(data), NAME))
    if not boxes or boxes[0].kind != b"ftyp":
        raise LabelError("not an ISO media file: it does not begin with ftyp")
    return boxes


def _meta(data: Octets, boxes: tuple[Box, ...]) -> _Meta:
    box = next((box for box in boxes if box.kind == b"meta"), None)
    if box is None:
        raise LabelError("it has no meta box")
    children = tuple(read_boxes(data, box.start + 4, box.stop, NAME))
    bare = _Meta(box, children, (), ())
    iinf, iloc = bare.child(b"iinf"), bare.child(b"iloc")
    if iinf is None or iloc is None:
        raise LabelError("its meta box lists no items")
    locations = parse_locations(data[iloc.start : iloc.stop])
    if any(at.reference for at in locations):
        raise LabelError("an item lies in another file")
    return replace(bare, items=read_items(data, iinf, NAME), locations=locations)


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
    base, last = (idat.start, idat.stop) if location.method and idat is not None else (0, len(data))
    # ISO 14496-12 section 8.11.3: length 0 means the whole of what it lies in.
    spans = ((base + at, min(last, base + at + length) if length else last) for at, length in location.extents)
    return tuple((start, end) for start, end in spans if start < end)


def _closed(data: bytes, last: Box) -> bytes:
    """Return the file with its last box given a size of its own, so that another can follow."""
    if int.from_bytes(data[last.at : last.at + 4], "big"):
        return data
    size = last.stop - last.at
    if size >= 1 << 32:
        raise LabelError(f"the last box, of {size} bytes, is too large to be closed")
    return data[: last.at] + size.to_bytes(4, "big") + data[last.at + 4 :]


def _moved(location: Location, behind: int, by: int) -> Location:
    """Return the location with each extent that lies behind the meta box moved."""
    if location.method:
        return location
    extents = tuple((at + by if at >= behind else at, length) for at, length in location.extents)
    return replace(location, extents=extents)


def _build_meta(data: bytes, meta: _Meta, locations: tuple[Location, ...], *, is_new: bool) -> bytes:
    """Return the meta box with these locations and, if new, with an entry for the XMP item, which comes last."""
    xmp_id = locations[-1].item_id
    pieces = [data[meta.box.start : meta.box.start + 4]]
    for box in meta.children:
        body = data[box.start : box.stop]
        if box.kind == b"iloc":
            pieces.append(build_box(b"iloc", build_location(locations)))
        elif box.kind == b"iinf" and is_new:
            pieces.append(build_box(b"iinf", _with_item(body, xmp_id)))
        elif box.kind == b"iref" and is_new:
            pieces.append(build_box(b"iref", body + build_reference(xmp_id, _primary(data, meta), wide=body[0] != 0)))
        else:
            pieces.append(data[box.at : box.stop])
    if is_new and meta.child(b"iref") is None:
        wide = max(xmp_id, _primary(data, meta)) > 0xFFFF
        head = bytes((int(wide), 0, 0, 0))
        pieces.append(build_box(b"iref", head + build_reference(xmp_id, _primary(data, meta), wide=wide)))
    return build_box(b"meta", b"".join(pieces))


def _with_item(iinf: bytes, xmp_id: int) -> bytes:
    """Return the body of iinf with one more entry."""
    size = 2 if iinf[0] == 0 else 4
    count = int.from_bytes(iinf[4 : 4 + size], "big") + 1
    return iinf[:4] + count.to_bytes(size, "big") + iinf[4 + size :] + build_box(b"infe", build_infe(xmp_id, _XMP_TYPE))


def _primary(data: Octets, meta: _Meta) -> int:
    pitm = meta.child(b"pitm")
    if pitm is None:
        raise LabelError("its meta box names no primary item")
    size = 2 if data[pitm.start] == 0 else 4
    return int.from_bytes(data[pitm.start + 4 : pitm.start + 4 + size], "big")
