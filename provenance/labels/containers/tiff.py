"""TIFF and BigTIFF: XMP in tag 700 of the first directory.

Writing appends a new first directory at the end of the file; strips and tiles stay where they are.
Source: TIFF 6.0 section 2, ISO 16684-3 section 1.1.9.
"""

from typing import Final

from provenance.errors import LabelError
from provenance.labels.containers.base import Carried, blank_exif
from provenance.labels.exif import Directory, Layout, read_directory, read_layout
from provenance.storage.octets import Octets

XMP_TAG: Final = 0x2BC
_BYTE: Final = 1


def find(unverified_bytes: Octets) -> Carried:
    """Return the XMP packet; the file itself is its EXIF block.

    Raises:
        LabelError: there is no whole first directory.
    """
    _, directory = _first(unverified_bytes)
    entry = directory.find(XMP_TAG)
    packet = unverified_bytes[entry.start : entry.start + entry.length] if entry else b""
    return Carried(xmp=(packet,) if packet else (), exif=(unverified_bytes,))


def write(encoded: bytes, packet: bytes) -> bytes:
    """Return the file with `packet` as its only XMP.

    Raises:
        LabelError: there is no whole first directory, or the file grows too large for its offsets.
    """
    layout, directory = _first(encoded)
    data = bytearray(blank_exif(encoded))
    old = directory.find(XMP_TAG)
    if old and old.start + old.length <= len(data):
        data[old.start : old.start + old.length] = bytes(old.length)
    data += bytes(len(data) % 2)
    # TIFF 6.0 section 2: a value that fits the offset's own field would have to lie there.
    packet = packet.ljust(layout.offset_bytes + 1)
    packet_at = len(data)
    data += packet + bytes(len(packet) % 2)
    directory_at = len(data)
    if directory_at >= 1 << 8 * layout.offset_bytes:
        raise LabelError(f"TIFF of {directory_at} bytes is too large for its offsets")
    size = layout.offset_bytes
    ours = (
        layout.pack(XMP_TAG, 2) + layout.pack(_BYTE, 2) + layout.pack(len(packet), size) + layout.pack(packet_at, size)
    )
    entries = {entry.tag: entry.raw for entry in directory.entries} | {XMP_TAG: ours}
    data += layout.pack(len(entries), layout.count_bytes)
    data += b"".join(entries[tag] for tag in sorted(entries)) + layout.pack(directory.next_at, size)
    data[size : 2 * size] = layout.pack(directory_at, size)
    return bytes(data)


def _first(data: Octets) -> tuple[Layout, Directory]:
    head = read_layout(data)
    if head is None:
        raise LabelError("not a TIFF: no header")
    layout, at = head
    directory = read_directory(data, layout, at)
    if directory is None:
        raise LabelError(f"TIFF is damaged: no whole directory at byte {at}")
    return layout, directory
