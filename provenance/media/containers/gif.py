"""GIF: blocks of the GIF89a specification, without decoding."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import Edit, Essence, Layout, Tally, check_span, read_bytes, read_uint
from provenance.media.limits import IntakeLimits
from provenance.storage.octets import Octets

NAME: Final = MediaType.GIF.value

# GIF89a appendix A: block labels.
_IMAGE, EXTENSION, _TRAILER, _GRAPHIC_CONTROL = 0x2C, 0x21, 0x3B, 0xF9
HEADER_BYTES: Final = 13
# GIF89a s22: codes start with at most 8 bits.
_MAX_CODE_BITS: Final = 8
# In the whole file. Encoders fill their sub-blocks (255 bytes), so 64 MiB need 263,173.
MAX_BLOCKS: Final = 500_000


class Block(NamedTuple):
    """One block after the header: its label, and where all of it lies."""

    label: int
    start: int
    stop: int


def read_blocks(data: Octets, tally: Tally) -> Iterator[Block]:
    """Yield the blocks after the header, the trailer last; pixels are passed over.

    Raises:
        UndecodableAssetError: it is no GIF, is truncated, or has blocks that the format does not have.
        AssetTooLargeError: there are too many pieces, or an image is out of bounds.
    """
    if data[:6] not in {b"GIF87a", b"GIF89a"}:
        raise UndecodableAssetError(f"{NAME}: expected its signature, got something else")
    header = read_bytes(data, 0, HEADER_BYTES, NAME)
    position = HEADER_BYTES + _table_bytes(header[10])
    check_span(data, 0, position, NAME)
    while (label := read_uint(data, position, 1, NAME)) != _TRAILER:
        start = position
        if label == EXTENSION:
            position = _skip_blocks(data, start + 2, tally)
        elif label == _IMAGE:
            position = _skip_image(data, start, tally)
        else:
            raise UndecodableAssetError(f"{NAME}: expected a block at offset {start}, got label {label:#x}")
        yield Block(label, start, position)
    yield Block(_TRAILER, position, position + 1)


def parse_layout(data: Octets, limits: IntakeLimits) -> Layout:
    """Walk the blocks of a GIF file.

    Raises:
        UndecodableAssetError: truncated, or blocks that the format does not have.
        AssetTooLargeError: a bound is passed; animations by default.
    """
    tally = Tally(MediaType.GIF, limits)
    width, height = _size(read_bytes(data, 0, HEADER_BYTES, NAME), 6)
    tally.check_size(width, height)
    dropped: list[Edit] = []
    control: Block | None = None
    frames = end = 0
    for block in read_blocks(data, tally):
        end = block.stop
        if block.label == EXTENSION:
            tally.add(block.stop - block.start)
            if data[block.start + 1] == _GRAPHIC_CONTROL and not frames:
                dropped += [Edit(control.start, control.stop)] if control else []
                control = block  # of the first picture: the last one before it
            else:
                dropped.append(Edit(block.start, block.stop))
        elif block.label == _IMAGE:
            frames += 1
            tally.check_frames(frames)
            dropped += [Edit(block.start, block.stop)] if frames > 1 else []
    tally.check_frames(frames)
    return Layout(
        media_type=MediaType.GIF,
        width=width,
        height=height,
        frames=frames,
        end=end,
        content=Essence(data, sorted(dropped), end),
    ).check_content()


def _size(data: bytes, start: int) -> tuple[int, int]:
    return int.from_bytes(data[start : start + 2], "little"), int.from_bytes(data[start + 2 : start + 4], "little")


def _table_bytes(flags: int) -> int:
    """Return the length of the colour table that `flags` announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_blocks(data: Octets, position: int, tally: Tally) -> int:
    """Return the offset after the data sub-blocks at `position`, each a length and as many bytes."""
    for count in range(1, MAX_BLOCKS - tally.pieces + 1):
        size = read_uint(data, position, 1, NAME)
        position += 1 + size
        if not size:
            tally.pieces += count
            return position
    raise AssetTooLargeError(f"{NAME}: expected at most {MAX_BLOCKS} sub-blocks, got more")


def _skip_image(data: Octets, start: int, tally: Tally) -> int:
    """Check an image descriptor and return the offset after its pixels."""
    descriptor = read_bytes(data, start, 10, NAME)
    left, top = _size(descriptor, 1)
    width, height = _size(descriptor, 5)
    tally.check_size(width, height)
    # Decoders widen the canvas for an image that sticks out of it.
    tally.check_size(left + width, top + height)
    position = start + 10 + _table_bytes(descriptor[9])
    bits = read_uint(data, position, 1, NAME)
    if not 1 <= bits <= _MAX_CODE_BITS:
        raise UndecodableAssetError(f"{NAME}: expected a code size of 1 to {_MAX_CODE_BITS} bits, got {bits}")
    return _skip_blocks(data, position + 1, tally)
