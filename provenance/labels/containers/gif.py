"""GIF: XMP in an application extension. The gate takes GIF and ships PNG, so this only reads.

Source: ISO 16684-3 section 1.1.2.
"""

from typing import Final

from provenance.asset import MediaType
from provenance.labels.containers.base import MAX_FOUND, Carried, naming_damage
from provenance.labels.xmp import MAX_PACKET_BYTES
from provenance.media.containers.base import Tally
from provenance.media.containers.gif import EXTENSION, read_blocks
from provenance.media.limits import IntakeLimits
from provenance.storage.octets import Octets

_EXTENSION: Final = b"\x21\xff\x0bXMP DataXMP"
# The packet lies there bare; these bytes lead a reader that expects length-prefixed blocks to its end.
_TRAILER: Final = b"\x01\xff\xfe\xfd"


@naming_damage
def find(unverified_bytes: Octets) -> Carried:
    """Return the XMP packets.

    Raises:
        LabelError: not a GIF, or its blocks are damaged.
    """
    packets: list[bytes] = []
    for block in read_blocks(unverified_bytes, Tally(MediaType.GIF, IntakeLimits())):
        start = block.start + len(_EXTENSION)
        if block.label != EXTENSION or unverified_bytes[block.start : start] != _EXTENSION:
            continue
        end = unverified_bytes.find(_TRAILER, start, start + MAX_PACKET_BYTES)
        if end > start and len(packets) < MAX_FOUND:
            packets.append(unverified_bytes[start:end])
    return Carried(xmp=tuple(packets))
