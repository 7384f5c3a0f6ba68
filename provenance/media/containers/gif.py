"""GIF: blocks of the GIF89a specification, without decoding."""

from typing import Final

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import Layout, Tally, read_bytes, read_uint
from provenance.media.limits import IntakeLimits

NAME: Final = MediaType.GIF.value

# GIF89a appendix A: block labels.
_IMAGE, _EXTENSION, _TRAILER, _GRAPHIC_CONTROL = 0x2C, 0x21, 0x3B, 0xF9
_HEADER_BYTES: Final = 13
# GIF89a s22: codes start with at most 8 bits.
_MAX_CODE_BITS: Final = 8
# In the whole file. Encoders fill their sub-blocks (255 bytes), so 64 MiB need 263,173.
MAX_BLOCKS: Final = 500_000


def parse_layout(data: bytes, limits: IntakeLimits) -> Layout:
    """Walk the blocks of a GIF file.

    Raises:
        UndecodableAssetError: truncated, or blocks that the format does not have.
        AssetTooLargeError: a bound is passed; animations by default.
    """
    tally = Tally(MediaType.GIF, limits)
    header = read_bytes(data, 0, _HEADER_BYTES, NAME)
    width, height = _size(header, 6)
    tally.check_size(width, height)
    position = _HEADER_BYTES + _table_bytes(header[10])
    parts, control, frames = [read_bytes(data, 0, position, NAME)], b"", 0
    while (label := read_uint(data, position, 1, NAME)) != _TRAILER:
        start = position
        if label == _EXTENSION:
            position = _skip_blocks(data, start + 2, tally)
            tally.add(position - start)
            if data[start + 1] == _GRAPHIC_CONTROL:
                control = data[start:position]
        elif label == _IMAGE:
            position = _skip_image(data, start, tally)
            frames += 1
            tally.check_frames(frames)
            if frames == 1:
                parts += [control, data[start:position]]
        else:
            raise UndecodableAssetError(f"{NAME}: expected a block at offset {start}, got label {label:#x}")
    tally.check_frames(frames)
    return Layout(
        media_type=MediaType.GIF,
        width=width,
        height=height,
        frames=frames,
        end=position + 1,
        essence=b"".join([*parts, bytes([_TRAILER])]),
    )


def _size(data: bytes, start: int) -> tuple[int, int]:
    return int.from_bytes(data[start : start + 2], "little"), int.from_bytes(data[start + 2 : start + 4], "little")


def _table_bytes(flags: int) -> int:
    """Return the length of the colour table that `flags` announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_blocks(data: bytes, position: int, tally: Tally) -> int:
    """Return the offset after the data sub-blocks at `position`, each a length and as many bytes."""
    for count in range(1, MAX_BLOCKS - tally.pieces + 1):
        size = read_uint(data, position, 1, NAME)
        position += 1 + size
        if not size:
            tally.pieces += count
            return position
    raise AssetTooLargeError(f"{NAME}: expected at most {MAX_BLOCKS} sub-blocks, got more")


def _skip_image(data: bytes, start: int, tally: Tally) -> int:
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
