"""WebP: RIFF chunks of RFC 9649, without decoding."""

from typing import Final

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import Layout, Tally, parse_orientation, read_bytes
from provenance.media.limits import IntakeLimits

NAME: Final = MediaType.WEBP.value

_IMAGES: Final = frozenset({b"VP8 ", b"VP8L"})
_NEEDED: Final = _IMAGES | {b"VP8X", b"ALPH", b"ANIM", b"ANMF"}
# RFC 9649 s2.7: bits of the first byte of VP8X that announce ICC profile, EXIF and XMP.
_METADATA_FLAGS: Final = 0x20 | 0x08 | 0x04
_HEADER_BYTES: Final = 12
# Canvas, animation parameters, alpha, image: a picture has one of each at most.
MAX_CHUNKS: Final = 4


def parse_layout(data: bytes, limits: IntakeLimits) -> Layout:
    """Walk the chunks of a WebP file.

    Raises:
        UndecodableAssetError: truncated, or no image in it.
        AssetTooLargeError: a bound is passed; animations by default.
    """
    tally = Tally(MediaType.WEBP, limits)
    stated = 8 + int.from_bytes(read_bytes(data, 4, 4, NAME), "little")
    read_bytes(data, 0, stated, NAME)
    kept: list[bytes] = []
    metadata: dict[bytes, bytes] = {}
    width = height = images = frames = 0
    position = _HEADER_BYTES
    while position < stated:
        head = read_bytes(data, position, 8, NAME)
        kind, size = head[:4], int.from_bytes(head[4:], "little")
        body = read_bytes(data, position + 8, size, NAME)
        position += 8 + size + size % 2
        if kind not in _NEEDED:
            tally.add(size)
            metadata.setdefault(kind, body)
            continue
        found = _read_size(kind, body, tally)
        width, height = (width, height) if width else found
        images += kind in _IMAGES
        frames += kind == b"ANMF"
        tally.check_frames(frames or 1)
        kept.append(_pack(kind, body))
        if len(kept) > limits.max_frames + MAX_CHUNKS:
            raise AssetTooLargeError(f"{NAME}: expected at most {MAX_CHUNKS} image chunks, got more")
    if images + frames == 0 or (images and frames):
        raise UndecodableAssetError(f"{NAME}: expected an image, got {images} still and {frames} animated")
    essence = b"".join(kept)
    return Layout(
        media_type=MediaType.WEBP,
        width=width,
        height=height,
        frames=frames or 1,
        end=min(max(position, stated), len(data)),
        essence=b"RIFF" + (len(essence) + 4).to_bytes(4, "little") + b"WEBP" + essence,
        orientation=parse_orientation(metadata.get(b"EXIF", b"")),
        icc=metadata.get(b"ICCP", b""),
    )


def _read_size(kind: bytes, body: bytes, tally: Tally) -> tuple[int, int]:
    """Return (width, height) that a chunk states, checked; (0, 0) where its kind states none."""
    if kind == b"VP8X":
        canvas = read_bytes(body, 4, 6, NAME)
        size = int.from_bytes(canvas[:3], "little") + 1, int.from_bytes(canvas[3:], "little") + 1
    elif kind == b"ANMF":
        canvas = read_bytes(body, 6, 6, NAME)
        size = int.from_bytes(canvas[:3], "little") + 1, int.from_bytes(canvas[3:], "little") + 1
    elif kind == b"VP8 ":
        # RFC 6386 s9.1: three bytes of tag, a start code, then 14 bits each.
        if read_bytes(body, 3, 3, NAME) != b"\x9d\x01\x2a":
            raise UndecodableAssetError(f"{NAME}: expected a VP8 key frame, got something else")
        sides = read_bytes(body, 6, 4, NAME)
        size = int.from_bytes(sides[:2], "little") & 0x3FFF, int.from_bytes(sides[2:], "little") & 0x3FFF
    elif kind == b"VP8L":
        # RFC 9649 s3.4: a signature byte, then 14 bits each, less one.
        if read_bytes(body, 0, 1, NAME) != b"\x2f":
            raise UndecodableAssetError(f"{NAME}: expected a VP8L image, got something else")
        bits = int.from_bytes(read_bytes(body, 1, 4, NAME), "little")
        size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        return 0, 0
    tally.check_size(*size)
    return size


def _pack(kind: bytes, body: bytes) -> bytes:
    """Write a chunk again; VP8X no longer announces the metadata that is left out."""
    if kind == b"VP8X":
        body = bytes([body[0] & ~_METADATA_FLAGS]) + body[1:]
    return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
