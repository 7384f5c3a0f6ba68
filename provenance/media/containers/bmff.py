"""AVIF and HEIC: boxes of ISO/IEC 14496-12 and 23008-12, without decoding.

What a decoder would read as text is checked to be text: pi-heif 1.4.0 dereferences NULL (`_pi_heif.c`, metadata of an
image) when an item's type or content type is not UTF-8, which ends the process.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.av1 import check_stream
from provenance.media.containers.base import Essence, Layout, Tally, read_bytes, read_uint
from provenance.media.containers.bmff_items import Item, parse_items, parse_locations
from provenance.media.limits import IntakeLimits
from provenance.storage.octets import Octets

# Boxes that stand at the top level of a still picture; moov and its kin mean a sequence. C2PA's is a uuid box.
_TOP_LEVEL: Final = frozenset({
    b"ftyp", b"styp", b"meta", b"mdat", b"idat", b"free", b"skip", b"wide", b"uuid", b"moov", b"moof", b"mfra", b"sidx",
    b"pdin", b"prft", b"emsg", b"jumb",
})  # fmt: skip
_SEQUENCE: Final = frozenset({b"moov", b"moof"})
# ISO/IEC 23008-12 s6: item types that are not pictures.
_METADATA_ITEMS: Final = frozenset({b"Exif", b"mime", b"uri ", b"xml "})
# ISO/IEC 14496-12 s8.11: a meta box holds each of these once; of two, another reader may take the other one.
_NEEDED: Final = (b"pitm", b"iinf", b"iloc", b"iprp")
_SINGLE: Final = frozenset({*_NEEDED, b"hdlr", b"iref", b"idat", b"dinf", b"grpl"})
# ISO/IEC 14496-12 s8.11.6.2: of the first two versions of an item entry, and what version 1 may have behind its texts.
_TEXTS_OF_OLD_ENTRIES: Final = 3
# ISO 21496-1 (item type tmap), Apple's auxiliary pictures, ISO/IEC 23008-2 and 23000-22 depth.
_GAIN_MAP: Final = "a gain map (HDR brightness)"
_AUXILIARIES: Final = (
    (b"hdrgainmap", _GAIN_MAP),
    (b"auxid:2\0", "a depth map"),
    (b"auxiliary:depth", "a depth map"),
    (b"aux:disparity", "a depth map"),
    (b"aux:depth", "a depth map"),
    (b"matte", "a matte"),
)
_HDR_CURVES: Final = {16: "its HDR curve (PQ)", 18: "its HDR curve (HLG)"}
_MAX_BOXES: Final = 8192


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its type, where it begins, and where its content lies."""

    kind: bytes
    at: int
    start: int
    stop: int


def read_boxes(data: Octets, start: int, stop: int, name: str) -> Iterator[Box]:
    """Yield the boxes that fill `data[start:stop]`.

    Raises:
        UndecodableAssetError: a box is longer than what holds it, or shorter than its own header.
        AssetTooLargeError: too many.
    """
    for _ in range(_MAX_BOXES):
        if start >= stop:
            return
        size, kind, header = read_uint(data, start, 4, name), read_bytes(data, start + 4, 4, name), 8
        if size == 1:
            size, header = read_uint(data, start + 8, 8, name), 16
        elif size == 0:
            size = stop - start
        if size < header or start + size > stop:
            raise UndecodableAssetError(
                f"{name}: expected a box of {header} to {stop - start} bytes at offset {start}, got {size}: "
                "truncated or damaged"
            )
        yield Box(kind, start, start + header, start + size)
        start += size
    raise AssetTooLargeError(f"{name}: expected at most {_MAX_BOXES} boxes in a row, got more")


def parse_layout(data: Octets, limits: IntakeLimits, media_type: MediaType) -> Layout:
    """Walk the boxes of an AVIF or HEIC file.

    Orientation and colour profile stay with the decoders, which apply or report them.

    Raises:
        UndecodableAssetError: truncated, or boxes that contradict themselves.
        AssetTooLargeError: a bound is passed; image sequences by default.
    """
    tally = Tally(media_type, limits)
    name = media_type.value
    metas, position = [], 0
    for box in _read_top_level(data, tally):
        position = box.stop
        if box.kind in _SEQUENCE:
            # Samples are not counted: a sequence is more than one frame, whatever its tables say.
            tally.check_frames(max(2, limits.max_frames + 1))
        elif box.kind == b"meta":
            metas.append(box)
        elif box.kind not in {b"ftyp", b"mdat", b"idat"}:
            tally.add(box.stop - box.start)
    if len(metas) != 1:
        raise UndecodableAssetError(f"{name}: expected one meta box, got {len(metas)}")
    left_out: dict[str, None] = {}
    width, height = _read_meta(data, metas[0], tally, left_out)
    return Layout(
        media_type=media_type,
        width=width,
        height=height,
        frames=1,
        end=position,
        content=Essence(data, (), len(data)),
        left_out=tuple(left_out),
    )


def _read_top_level(data: Octets, tally: Tally) -> Iterator[Box]:
    """Yield top-level boxes; stop before padding, refuse anything else between or after them."""
    name, position, count = tally.media_type.value, 0, 0
    while position < len(data):
        kind = data[position + 4 : position + 8]
        if kind not in _TOP_LEVEL:
            # Either the image ended here, which the caller judges, or it never had its end.
            return
        count += 1
        if count > _MAX_BOXES:
            raise AssetTooLargeError(f"{name}: expected at most {_MAX_BOXES} boxes, got more")
        box = next(read_boxes(data, position, len(data), name))
        position = box.stop
        yield box


def _read_meta(data: Octets, meta: Box, tally: Tally, left_out: dict[str, None]) -> tuple[int, int]:
    """Count items and return the largest (width, height) that any image property states, all of them checked.

    What is in the file beside the picture is noted in `left_out`.
    """
    name = tally.media_type.value
    children = _read_children(data, meta, name)
    kinds = _read_item_types(data, children[b"iinf"], name)
    if b"tmap" in kinds.values():
        left_out[_GAIN_MAP] = None
    for item, extents in _read_locations(data, children, name):
        if kinds.get(item) in _METADATA_ITEMS:
            tally.add(sum(size for _, size in extents))
        elif kinds.get(item) == b"av01":
            check_stream(b"".join(data[start : start + size] for start, size in extents), tally)
    return _read_properties(data, children[b"iprp"], tally, left_out)


def _read_properties(data: Octets, iprp: Box, tally: Tally, left_out: dict[str, None]) -> tuple[int, int]:
    """Return the largest size among the properties of items, all of them checked; note what they say of other parts."""
    name = tally.media_type.value
    containers = [box for box in read_boxes(data, iprp.start, iprp.stop, name) if box.kind == b"ipco"]
    sizes = []
    for box in (box for found in containers for box in read_boxes(data, found.start, found.stop, name)):
        if box.kind == b"ispe":
            sizes.append((read_uint(data, box.start + 4, 4, name), read_uint(data, box.start + 8, 4, name)))
            tally.check_size(*sizes[-1])
        elif box.kind == b"colr":
            tally.add(box.stop - box.start)
        elif box.kind == b"auxC":
            # ISO/IEC 23008-12 s6.5.8: a text with an end, then bytes of another kind.
            _check_text(data[box.start + 4 : box.stop].partition(b"\0")[0], "auxiliary type", name)
        elif box.kind == b"udes":
            _check_text(data[box.start + 4 : box.stop], "user description", name)
        left_out |= dict.fromkeys(_describe_property(box.kind, data[box.start : min(box.stop, box.start + 256)]))
    if not sizes:
        raise UndecodableAssetError(f"{name}: expected an image size (ispe), got none")
    return max(sizes, key=lambda size: size[0] * size[1])


def _read_children(data: Octets, meta: Box, name: str) -> dict[bytes, Box]:
    """Return the boxes of meta by kind, those of which it takes one checked to be one."""
    children: dict[bytes, Box] = {}
    for box in read_boxes(data, meta.start + 4, meta.stop, name):
        if box.kind in _SINGLE and box.kind in children:
            raise UndecodableAssetError(f"{name}: expected one {box.kind.decode()} box in meta, got two")
        children[box.kind] = box
    for kind in _NEEDED:
        if kind not in children:
            raise UndecodableAssetError(f"{name}: expected a {kind.decode()} box in meta, got none")
    if handler := children.get(b"hdlr"):
        # ISO/IEC 14496-12 s8.4.3: version and flags, zero, the handler's type, three numbers, its name.
        _check_code(read_bytes(data, handler.start + 8, 4, name), "handler type", name)
        _check_text(data[handler.start + 24 : handler.stop], "handler name", name)
    return children


def _check_code(code: bytes, what: str, name: str) -> None:
    """Refuse a four-character code that is not four printable characters."""
    if not (code.isascii() and code.decode("ascii").isprintable()):
        raise UndecodableAssetError(f"{name}: expected the {what} to be four printable characters, got {code.hex()}")


def _check_text(raw: bytes, what: str, name: str) -> None:
    """Refuse texts, each ended by a zero, that are not UTF-8."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise UndecodableAssetError(f"{name}: expected the {what} to be UTF-8, got other bytes") from exc


def _describe_property(kind: bytes, body: bytes) -> tuple[str, ...]:
    """Return what an item property says of a part that does not ship, in words; nothing for the others."""
    if kind == b"auxC":
        return next(((words,) for mark, words in _AUXILIARIES if mark in body), ())
    # ISO/IEC 23091-2: transfer characteristics 16 and 18, after colour type and primaries.
    if kind == b"colr" and body.startswith(b"nclx"):
        curve = _HDR_CURVES.get(int.from_bytes(body[6:8], "big"))
        return (curve,) if curve else ()
    return ()


def read_items(data: Octets, iinf: Box, name: str) -> tuple[Item, ...]:
    """Return what iinf lists (ISO/IEC 14496-12 s8.11.6)."""
    counted = 2 if read_uint(data, iinf.start, 1, name) == 0 else 4
    boxes = read_boxes(data, iinf.start + 4 + counted, iinf.stop, name)
    return parse_items(data[box.start : box.stop] for box in boxes if box.kind == b"infe")


def _read_item_types(data: Octets, iinf: Box, name: str) -> dict[int, bytes]:
    """Return item id to item type, all texts checked."""
    counted = 2 if read_uint(data, iinf.start, 1, name) == 0 else 4
    for box in read_boxes(data, iinf.start + 4 + counted, iinf.stop, name):
        if box.kind == b"infe" and read_uint(data, box.start, 1, name) not in {2, 3}:
            texts = data[box.start + 8 : box.stop].split(b"\0")
            _check_text(b"\0".join(texts[:_TEXTS_OF_OLD_ENTRIES]), "item name", name)
    kinds: dict[int, bytes] = {}
    for item in read_items(data, iinf, name):
        kinds[item.id] = read_bytes(item.kind, 0, 4, name)
        _check_code(item.kind, f"type of item {item.id}", name)
        _check_text(item.texts, f"name and content type of item {item.id}", name)
    return kinds


def _read_locations(data: Octets, children: dict[bytes, Box], name: str) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield (item id, extents), each extent (offset in the file, bytes) and inside it (ISO/IEC 14496-12 s8.11.3)."""
    iloc, idat = children[b"iloc"], children.get(b"idat")
    for location in parse_locations(data[iloc.start : iloc.stop]):
        # Construction method 0 counts from the file's start, 1 from idat's; 2 is inside another item.
        method = location.method
        first, stop = {0: (0, len(data)), 1: (idat.start, idat.stop) if idat else (0, 0)}.get(method, (0, 0))
        extents = []
        for offset, length in location.extents:
            start = first + offset
            # Length 0 is all there is: ISO/IEC 14496-12 s8.11.3.3.
            size = length or max(0, stop - start)
            if method in {0, 1} and start + size > stop:
                item = f"{name}: item {location.item_id}"
                raise UndecodableAssetError(
                    f"{item}: expected {size} bytes at offset {start}, got {stop} in all: truncated"
                )
            extents.append((start, size))
        yield location.item_id, [] if method > 1 else extents
