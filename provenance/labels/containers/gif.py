"""GIF: XMP in an application extension. The gate takes GIF and ships PNG, so this only reads.

Source: ISO 16684-3 section 1.1.2.
"""

from typing import Final

from provenance.errors import LabelError
from provenance.labels.containers.base import MAX_FOUND, Carried
from provenance.labels.xmp import MAX_PACKET_BYTES

_EXTENSION: Final = b"\x21\xff\x0bXMP DataXMP"
# The packet lies there bare; these bytes lead a reader that expects length-prefixed blocks to its end.
_TRAILER: Final = b"\x01\xff\xfe\xfd"


def find(unverified_bytes: bytes) -> Carried:
    """Return the XMP packets.

    Raises:
        LabelError: not a GIF.
    """
    if unverified_bytes[:6] not in {b"GIF87a", b"GIF89a"}:
        raise LabelError("not a GIF: no signature")
    packets: list[bytes] = []
    at = unverified_bytes.find(_EXTENSION)
    for _ in range(MAX_FOUND):
        if at < 0:
            break
        start = at + len(_EXTENSION)
        end = unverified_bytes.find(_TRAILER, start, start + MAX_PACKET_BYTES)
        if end > start:
            packets.append(unverified_bytes[start:end])
        at = unverified_bytes.find(_EXTENSION, start)
    return Carried(xmp=tuple(packets))
