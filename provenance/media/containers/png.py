"""PNG: chunks of the W3C Recommendation (third edition), without inflating pixels; read here, and written here."""

import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import (
    UPRIGHT,
    Edit,
    Essence,
    Layout,
    Tally,
    check_span,
    parse_orientation,
    read_bytes,
    read_uint,
)
from provenance.media.limits import IntakeLimits
from provenance.storage.octets import Octets

NAME: Final = MediaType.PNG.value

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

_NEEDED: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})
_HEADER_BYTES: Final = 13
# PNG s11.3.1.1: three channels of 16 bits.
_KEY_BYTES: Final = 6
_FRAME_DATA: Final = frozenset({b"fcTL", b"fdAT"})

# PNG s11.2.1: colour type to the bit depths that go with it.
_DEPTHS: Final = {
    0: frozenset({1, 2, 4, 8, 16}),
    2: frozenset({8, 16}),
    3: frozenset({1, 2, 4, 8}),
    4: frozenset({8, 16}),
    6: frozenset({8, 16}),
}

# PNG s11.3.1.1: colour types whose tRNS names one colour, and how many channels it has.
_KEYED: Final = {0: 1, 2: 3}

# PNG s11.3.2.6 and ISO/IEC 23091-2: transfer functions of more than a screen's brightness, which are not applied.
_HDR_CURVES: Final = {16: "its HDR curve (PQ)", 18: "its HDR curve (HLG)"}

# Encoders write pixel chunks of 8 KiB and up, so 64 MiB need 8192; empty ones by the million cost time.
MAX_PIXEL_CHUNKS: Final = 65_536


class Chunk(NamedTuple):
    """One chunk: its kind, and where all of it lies."""

    kind: bytes
    start: int
    stop: int

    @property
    def size(self) -> int:
        """Length of its body."""
        return self.stop - self.start - 12

    def body(self, data: Octets, most: int | None = None) -> bytes:
        """Return its body, or the first `most` bytes of it."""
        size = self.size if most is None else min(self.size, most)
        return data[self.start + 8 : self.start + 8 + size]


def read_chunks(data: Octets) -> Iterator[Chunk]:
    """Yield the chunks from the signature to IEND; pixels are passed over.

    Raises:
        UndecodableAssetError: it is no PNG, or ends inside a chunk.
    """
    if data[: len(SIGNATURE)] != SIGNATURE:
        raise UndecodableAssetError(f"{NAME}: expected its signature, got something else")
    start, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        size, kind = read_uint(data, start, 4, NAME), read_bytes(data, start + 4, 4, NAME)
        check_span(data, start + 8, size + 4, NAME)
        yield Chunk(kind, start, start + 12 + size)
        start += 12 + size


def build_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk, with its checksum."""
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


class _Walk:
    """Collects what the chunks say, one at a time."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.width = self.height = 0
        self.frames = 1
        self.orientation = UPRIGHT
        self.icc = b""
        self.depth = 8
        self.channels = 0
        self.colour_key: tuple[int, ...] = ()
        self.left_out: tuple[str, ...] = ()
        self.pixel_chunks = 0

    def read(self, data: Octets, chunk: Chunk) -> None:
        """Take one chunk."""
        kind = chunk.kind
        if not self.width and kind != b"IHDR":
            raise UndecodableAssetError(f"{NAME}: expected IHDR as the first chunk, got another")
        if kind == b"IHDR":
            self._read_header(chunk.body(data, _HEADER_BYTES + 1))
        elif kind in _NEEDED or kind in _FRAME_DATA:
            self.pixel_chunks += 1
            if self.pixel_chunks > MAX_PIXEL_CHUNKS:
                raise AssetTooLargeError(f"{NAME}: expected at most {MAX_PIXEL_CHUNKS} pixel chunks, got more")
            if kind == b"tRNS":
                self._read_key(chunk.body(data, _KEY_BYTES + 1))
        elif not kind[0] & 0x20:
            # PNG s5.4: bit 5 of the first byte clear means that no decoder may go on without knowing it.
            raise UndecodableAssetError(f"{NAME}: expected only standard critical chunks, got an unknown one")
        else:
            self.tally.add(chunk.size)
            self._read_metadata(kind, chunk.body(data))

    def _read_header(self, body: bytes) -> None:
        if self.width or len(body) != _HEADER_BYTES:
            raise UndecodableAssetError(f"{NAME}: expected one IHDR of {_HEADER_BYTES} bytes, got two or another")
        self.width, self.height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
        self.tally.check_size(self.width, self.height)
        depth, colour, compression, filtering, interlace = body[8:]
        if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
            raise UndecodableAssetError(f"{NAME}: expected a standard IHDR, got {tuple(body[8:])}")
        self.depth, self.channels = depth, _KEYED.get(colour, 0)

    def _read_key(self, body: bytes) -> None:
        """Take the transparent colour of a picture without a palette (PNG s11.3.1.1); a wrong length says nothing."""
        if self.channels and len(body) == 2 * self.channels:
            # Only the low bits count where samples have fewer than 16.
            mask = (1 << self.depth) - 1
            self.colour_key = tuple(read_uint(body, at, 2, NAME) & mask for at in range(0, len(body), 2))

    def _read_metadata(self, kind: bytes, body: bytes) -> None:
        if kind == b"acTL":
            self.frames = read_uint(body, 0, 4, NAME)
        elif kind == b"cICP" and len(body) == 4 and body[1] in _HDR_CURVES:
            self.left_out = (_HDR_CURVES[body[1]],)
        elif kind == b"eXIf":
            self.orientation = parse_orientation(body)
        elif kind in {b"iCCP", b"zTXt"}:
            # Keyword, zero, compression method, stream.
            _, _, rest = body.partition(b"\0")
            unpacked = self.tally.inflate(rest[1:])
            self.icc = unpacked if kind == b"iCCP" else self.icc
        elif kind == b"iTXt":
            # Keyword, zero, compression flag and method, language, zero, translated keyword, zero, text.
            _, _, rest = body.partition(b"\0")
            _, _, text = rest[2:].partition(b"\0")
            _, _, text = text.partition(b"\0")
            if rest[:1] == b"\1":
                self.tally.inflate(text)


def parse_layout(data: Octets, limits: IntakeLimits) -> Layout:
    """Walk the chunks of a PNG file.

    Raises:
        UndecodableAssetError: truncated, or chunks that no encoder writes.
        AssetTooLargeError: a bound is passed, compressed metadata counted as it unpacks.
    """
    walk = _Walk(Tally(MediaType.PNG, limits))
    dropped: list[Edit] = []
    end = 0
    for chunk in read_chunks(data):
        walk.read(data, chunk)
        end = chunk.stop
        if chunk.kind not in _NEEDED:
            dropped.append(Edit(chunk.start, chunk.stop))
    walk.tally.check_frames(walk.frames)
    return Layout(
        media_type=MediaType.PNG,
        width=walk.width,
        height=walk.height,
        frames=walk.frames,
        end=end,
        content=Essence(data, dropped, end),
        orientation=walk.orientation,
        icc=walk.icc,
        colour_key=walk.colour_key,
        depth=walk.depth,
        left_out=walk.left_out,
    ).check_content()
