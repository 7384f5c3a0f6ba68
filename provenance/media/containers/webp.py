"""WebP: RIFF chunks of RFC 9649, without decoding; read here, and written here."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import Edit, Essence, Layout, Tally, check_span, parse_orientation, read_bytes
from provenance.media.limits import IntakeLimits
from provenance.storage.octets import Octets

NAME: Final = MediaType.WEBP.value

_IMAGES: Final = frozenset({b"VP8 ", b"VP8L"})
_NEEDED: Final = _IMAGES | {b"VP8X", b"ALPH", b"ANIM", b"ANMF"}
# RFC 9649 s2.7: bits of the first byte of VP8X that announce ICC profile, EXIF and XMP.
_METADATA_FLAGS: Final = 0x20 | 0x08 | 0x04
_HEADER_BYTES: Final = 12
# What a chunk says of its size lies within.
_SIZES_WITHIN: Final = 16
# Canvas, animation parameters, alpha, image: a picture has one of each at most.
MAX_CHUNKS: Final = 4


class Chunk(NamedTuple):
    """One chunk: its kind, and where all of it lies, with the byte that makes its length even."""

    kind: bytes
    start: int
    size: int
    stop: int

    def body(self, data: Octets, most: int | None = None) -> bytes:
        """Return its body, or the first `most` bytes of it."""
        size = self.size if most is None else min(self.size, most)
        return data[self.start + 8 : self.start + 8 + size]


def read_chunks(data: Octets) -> Iterator[Chunk]:
    """Yield the chunks inside the RIFF header; pixels are passed over.

    Raises:
        UndecodableAssetError: it is no WebP, or ends inside a chunk.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise UndecodableAssetError(f"{NAME}: expected a RIFF header, got something else")
    stated = find_stated_end(data)
    check_span(data, 0, stated, NAME)
    position = _HEADER_BYTES
    while position < stated:
        head = read_bytes(data, position, 8, NAME)
        size = int.from_bytes(head[4:], "little")
        check_span(data, position + 8, size, NAME)
        start, position = position, position + 8 + size + size % 2
        yield Chunk(head[:4], start, size, position)


def find_stated_end(data: Octets) -> int:
    """Return where the file ends by its own header."""
    return 8 + int.from_bytes(read_bytes(data, 4, 4, NAME), "little")


def build_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of even length."""
    return kind + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)


def build_file(chunks: Iterable[bytes]) -> bytes:
    """Return a file of these chunks."""
    content = b"".join(chunks)
    return b"RIFF" + (len(content) + 4).to_bytes(4, "little") + b"WEBP" + content


def parse_layout(data: Octets, limits: IntakeLimits) -> Layout:
    """Walk the chunks of a WebP file.

    Raises:
        UndecodableAssetError: truncated, or no image in it.
        AssetTooLargeError: a bound is passed; animations by default.
    """
    tally = Tally(MediaType.WEBP, limits)
    kept: list[Chunk] = []
    metadata: dict[bytes, Chunk] = {}
    width = height = images = frames = 0
    end = find_stated_end(data)
    for chunk in read_chunks(data):
        kind, end = chunk.kind, max(end, chunk.stop)
        if kind not in _NEEDED:
            tally.add(chunk.size)
            metadata.setdefault(kind, chunk)
            continue
        found = _read_size(kind, chunk.body(data, _SIZES_WITHIN), tally)
        width, height = (width, height) if width else found
        images += kind in _IMAGES
        frames += kind == b"ANMF"
        tally.check_frames(frames or 1)
        kept.append(chunk)
        if len(kept) > limits.max_frames + MAX_CHUNKS:
            raise AssetTooLargeError(f"{NAME}: expected at most {MAX_CHUNKS} image chunks, got more")
    if images + frames == 0 or (images and frames):
        raise UndecodableAssetError(f"{NAME}: expected an image, got {images} still and {frames} animated")
    texts = {kind: metadata[kind].body(data) for kind in (b"EXIF", b"ICCP") if kind in metadata}
    end = min(end, len(data))
    return Layout(
        media_type=MediaType.WEBP,
        width=width,
        height=height,
        frames=frames or 1,
        end=end,
        content=Essence(data, _keep(data, kept, end), end),
        orientation=parse_orientation(texts.get(b"EXIF", b"")),
        icc=texts.get(b"ICCP", b""),
    ).check_content(pictures=frames or 1)


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


def _keep(data: Octets, kept: list[Chunk], end: int) -> list[Edit]:
    """Return the edits that leave these chunks and a header; VP8X no longer announces the metadata that is left out."""
    length = 4 + sum(8 + chunk.size + chunk.size % 2 for chunk in kept)
    edits = [Edit(0, _HEADER_BYTES, b"RIFF" + length.to_bytes(4, "little") + b"WEBP")]
    position = _HEADER_BYTES
    for chunk in kept:
        body, stop = chunk.start + 8, chunk.start + 8 + chunk.size
        edits.append(Edit(position, chunk.start))
        if chunk.kind == b"VP8X":
            edits.append(Edit(body, body + 1, bytes([data[body] & ~_METADATA_FLAGS])))
        position = min(chunk.stop, end)
        edits.append(Edit(stop, position, bytes(chunk.size % 2)))
    return [*edits, Edit(position, end)]
