"""TIFF and BigTIFF: XMP in tag 700 of the first directory.

Writing appends a new first directory at the end of the file; strips and tiles stay where they are.
Source: TIFF 6.0 section 2, ISO 16684-3 section 1.1.9.
"""

from typing import Final

from provenance.asset import MediaType
from provenance.errors import LabelError
from provenance.labels.containers.base import Carried, blank_exif, naming_damage
from provenance.labels.exif import MAX_ENTRIES
from provenance.media.containers.ifd import Directory, Form, find_first, read_directory, read_form
from provenance.storage.octets import Octets

XMP_TAG: Final = 0x2BC
_BYTE: Final = 1


@naming_damage
def find(unverified_bytes: Octets) -> Carried:
    """Return the XMP packet; the file itself is its EXIF block.

    Raises:
        LabelError: there is no whole first directory.
    """
    _, directory = _first(unverified_bytes)
    entry = directory.find(XMP_TAG)
    packet = unverified_bytes[entry.start : entry.start + entry.size] if entry else b""
    return Carried(xmp=(packet,) if packet else (), exif=(unverified_bytes,))


@naming_damage
def write(encoded: bytes, packet: bytes) -> bytes:
    """Return the file with `packet` as its only XMP.

    Raises:
        LabelError: there is no whole first directory, or the file grows too large for its offsets.
    """
    form, directory = _first(encoded)
    data = bytearray(blank_exif(encoded))
    old = directory.find(XMP_TAG)
    if old and old.start + old.size <= len(data):
        data[old.start : old.start + old.size] = bytes(old.size)
    data += bytes(len(data) % 2)
    # TIFF 6.0 section 2: a value that fits the offset's own field would have to lie there.
    packet = packet.ljust(form.offset_bytes + 1)
    packet_at = len(data)
    data += packet + bytes(len(packet) % 2)
    directory_at = len(data)
    if directory_at >= 1 << 8 * form.offset_bytes:
        raise LabelError(f"TIFF of {directory_at} bytes is too large for its offsets")
    size = form.offset_bytes
    ours = form.pack(XMP_TAG, 2) + form.pack(_BYTE, 2) + form.pack(len(packet), size) + form.pack(packet_at, size)
    entries = {entry.tag: entry.raw for entry in directory.entries} | {XMP_TAG: ours}
    data += form.pack(len(entries), form.count_bytes)
    data += b"".join(entries[tag] for tag in sorted(entries)) + form.pack(directory.following, size)
    data[size : 2 * size] = form.pack(directory_at, size)
    return bytes(data)


def _first(data: Octets) -> tuple[Form, Directory]:
    form = read_form(data, MediaType.TIFF.value)
    return form, read_directory(data, form, find_first(data, form), most=MAX_ENTRIES)
