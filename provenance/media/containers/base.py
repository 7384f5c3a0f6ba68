"""What every container walk shares: bounded reads, the tally of metadata, what a walk reports, and how it is edited.

Trusts nothing: every offset, length and count comes from the file and is checked against it before use. A walk reads
headers where they lie and no pixels, so a file of any size costs no memory before a decoder is asked.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.limits import MEBI, IntakeLimits
from provenance.storage.octets import Octets

UPRIGHT: Final = 1

# TIFF 6.0 s8, tag 274 Orientation, which EXIF 3.0 s4.6.5 takes over; 8 values.
_ORIENTATION_TAG: Final = 274
_ORIENTATIONS: Final = 8

# TIFF 6.0 s2: an IFD is a count, then entries of 12 bytes.
_ENTRY_BYTES: Final = 12


# Four channels of 16 bits, uncompressed; encoders add a fraction, and tables.
_BYTES_A_PIXEL: Final = 9
_TABLE_BYTES: Final = MEBI


class Edit(NamedTuple):
    """Put `put` where ``[start:stop]`` of a file is; removes with no bytes, inserts with an empty range."""

    start: int
    stop: int
    put: bytes = b""


def splice(data: Octets, edits: Iterable[Edit], *, end: int | None = None) -> bytes:
    """Return ``data[:end]`` with `edits`, which are in order and apart, made in it; without edits it is unchanged."""
    parts, position = [], 0
    for edit in edits:
        assert position <= edit.start <= edit.stop, "edits are in order and apart"
        parts += [data[position : edit.start], edit.put]
        position = edit.stop
    parts.append(data[position:end])
    return b"".join(parts)


class Essence:
    """A file again with nothing in it but pixels, put together when a decoder asks.

    Attributes:
        size_bytes: how long it will be.
    """

    def __init__(self, data: Octets, edits: Iterable[Edit], end: int) -> None:
        """Take ``data[:end]`` with `edits` made in it."""
        self._data, self._edits, self._end = data, tuple(edits), end
        self.size_bytes: Final = end + sum(len(edit.put) - (edit.stop - edit.start) for edit in self._edits)
        self._made: bytes | None = None

    def read(self) -> bytes:
        """Return it; it is kept for the next time."""
        if self._made is None:
            self._made = splice(self._data, self._edits, end=self._end)
        return self._made


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file's headers say about it.

    Attributes:
        media_type: the container walked.
        width, height: as stored, before orientation.
        frames: pictures in the file.
        end: offset of the first byte after the image, by the container's own rules.
        content: the file again with nothing in it but pixels and what is needed to decode them, so that a decoder
            never parses metadata; as bytes, or what makes them.
        orientation: EXIF value 1-8.
        icc: colour profile, or empty.
        is_inverted: zero is white (TIFF) and the decoder does not see to it.
        colour_key: the one colour that is transparent (PNG), by channel, in the file's own depth; empty for none.
        depth: bits a channel, where `colour_key` is given.
        kind: what it is in words, for a decoder that does not take it; "" where every kind is taken.
        left_out: what else is in the file that people may know of and that never ships, in words.
    """

    media_type: MediaType
    width: int
    height: int
    frames: int
    end: int
    content: Essence | bytes
    orientation: int = UPRIGHT
    icc: bytes = b""
    is_inverted: bool = False
    colour_key: tuple[int, ...] = ()
    depth: int = 8
    kind: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def essence(self) -> bytes:
        """The content, in memory."""
        return self.content if isinstance(self.content, bytes) else self.content.read()

    def check_content(self, *, pictures: int = 1, bytes_a_pixel: int = _BYTES_A_PIXEL, beside: int = 0) -> "Layout":
        """Refuse more data than pixels of this size can have, before it is read into memory; return this layout.

        Args:
            pictures: of this size at most that are in the content.
            bytes_a_pixel: of the kind at hand; the default is enough for four channels of 16 bits.
            beside: how many bytes may be no pixels.

        Raises:
            AssetTooLargeError: it is more.
        """
        size = len(self.content) if isinstance(self.content, bytes) else self.content.size_bytes
        most = _TABLE_BYTES + beside + self.width * self.height * pictures * bytes_a_pixel
        if size > most:
            raise AssetTooLargeError(
                f"{self.media_type.value}: expected at most {most} bytes of pixels, got {size} for "
                f"{self.width}x{self.height}"
            )
        return self


@dataclass(slots=True)
class Tally:
    """Counts one file's metadata and refuses once a bound is passed.

    Attributes:
        media_type: named in messages.
        limits: the bounds.
        size_bytes, items: counted so far.
        pieces: that items and pixels are cut into, where the container does that (GIF).
    """

    media_type: MediaType
    limits: IntakeLimits
    size_bytes: int = 0
    items: int = 0
    pieces: int = 0

    def add(self, size_bytes: int) -> None:
        """Count one more item of `size_bytes`."""
        self.items += 1
        if self.items > self.limits.max_metadata_items:
            raise AssetTooLargeError(
                f"{self.media_type.value}: expected at most {self.limits.max_metadata_items} metadata items, got more"
            )
        self.grow(size_bytes)

    def grow(self, size_bytes: int) -> None:
        """Count `size_bytes` more in the item at hand."""
        self.size_bytes += size_bytes
        if self.size_bytes > self.limits.max_metadata_bytes:
            raise AssetTooLargeError(
                f"{self.media_type.value}: expected at most {self.limits.max_metadata_bytes} bytes of metadata, "
                f"got at least {self.size_bytes}"
            )

    def inflate(self, packed: bytes) -> bytes:
        """Unpack a zlib stream, counting what comes out and stopping at the bound.

        Raises:
            AssetTooLargeError: it unpacks to more than is left of the bound.
            UndecodableAssetError: no zlib stream, or a truncated one.
        """
        left = self.limits.max_metadata_bytes - self.size_bytes
        unpacker = zlib.decompressobj()
        try:
            unpacked = unpacker.decompress(packed, left + 1)
        except zlib.error as exc:
            raise UndecodableAssetError(
                f"{self.media_type.value}: expected compressed metadata, got a damaged stream"
            ) from exc
        self.grow(len(unpacked))
        if not unpacker.eof:
            raise UndecodableAssetError(
                f"{self.media_type.value}: expected a whole compressed text, got a truncated one"
            )
        return unpacked

    def check_size(self, width: int, height: int) -> None:
        """Refuse sides or areas out of bounds, zero included."""
        limits, name = self.limits, self.media_type.value
        if width < 1 or height < 1:
            raise UndecodableAssetError(f"{name}: expected at least 1x1 pixels, got {width}x{height}")
        if max(width, height) > limits.max_side:
            raise AssetTooLargeError(f"{name}: expected sides of at most {limits.max_side}, got {width}x{height}")
        if width * height > limits.max_pixels:
            raise AssetTooLargeError(
                f"{name}: expected at most {limits.max_pixels} pixels, got {width}x{height} = {width * height}"
            )

    def check_frames(self, frames: int) -> None:
        """Refuse too many pictures, and none."""
        if frames < 1:
            raise UndecodableAssetError(f"{self.media_type.value}: expected a picture, got none")
        if frames > self.limits.max_frames:
            raise AssetTooLargeError(
                f"{self.media_type.value}: expected at most {self.limits.max_frames} frame(s), got {frames}"
            )


def check_orientation(value: int) -> int:
    """Return an EXIF or TIFF orientation; what is none of the eight turns nothing."""
    return value if UPRIGHT <= value <= _ORIENTATIONS else UPRIGHT


def read_bytes(data: Octets, start: int, size: int, name: str) -> bytes:
    """Return `size` bytes at `start`, all of them; the caller has seen to it that they are not many.

    Raises:
        UndecodableAssetError: the file ends before.
    """
    check_span(data, start, size, name)
    return data[start : start + size]


def check_span(data: Octets, start: int, size: int, name: str) -> None:
    """Check that there are `size` bytes at `start`, without reading them.

    Raises:
        UndecodableAssetError: the file ends before.
    """
    if start < 0 or size < 0 or start + size > len(data):
        raise UndecodableAssetError(
            f"{name}: expected {size} bytes at offset {start}, got a file of {len(data)} bytes: truncated or damaged"
        )


def read_uint(data: Octets, start: int, size: int, name: str) -> int:
    """Return the big-endian unsigned integer of `size` bytes at `start`."""
    return int.from_bytes(read_bytes(data, start, size, name), "big")


def parse_orientation(unverified_exif: bytes) -> int:
    r"""Return the orientation that an EXIF block asks for, 1 where it does not say.

    Reads the first directory only and follows nothing, so no block however built can make it loop.

    Args:
        unverified_exif: from the byte-order mark on, with or without the ``Exif\0\0`` that JPEG puts before it.
    """
    exif = unverified_exif.removeprefix(b"Exif\0\0")
    if exif[:4] not in {b"II*\0", b"MM\0*"} or len(exif) < 8:
        return UPRIGHT
    endian: Literal["little", "big"] = "little" if exif.startswith(b"II") else "big"
    start = int.from_bytes(exif[4:8], endian)
    count = int.from_bytes(exif[start : start + 2], endian)
    for index in range(count):
        entry = exif[start + 2 + index * _ENTRY_BYTES :][:_ENTRY_BYTES]
        if len(entry) < _ENTRY_BYTES:
            break
        if int.from_bytes(entry[:2], endian) == _ORIENTATION_TAG:
            return check_orientation(int.from_bytes(entry[8:10], endian))
    return UPRIGHT
