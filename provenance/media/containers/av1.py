"""The size that an AV1 stream states for itself: its sequence headers (AV1 specification s5.5).

A container may state 64x48 around a stream of 16384x16384, which the decoder would decode in full and scale down.
"""

from typing import Final

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import Tally

# AV1 s6.2.2: type of the unit that is a sequence header.
_SEQUENCE_HEADER: Final = 1
# A still picture has a handful of units: delimiter, sequence, frame, metadata, padding.
_MAX_UNITS: Final = 1024


class _Bits:
    """Reads a unit bit by bit, most significant first."""

    def __init__(self, data: bytes, name: str) -> None:
        # 100 bytes hold the longest header that has a size in it; what follows does not matter.
        self._value = int.from_bytes(data[:512], "big")
        self._left = 8 * len(data[:512])
        self._name = name

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise UndecodableAssetError(f"{self._name}: expected a whole sequence header, got a truncated one")
        return self._value >> self._left & (1 << count) - 1

    def skip_uvlc(self) -> None:
        """Pass over a variable-length number (AV1 s4.10.3)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        self.take(zeros if zeros < 32 else 0)


def check_stream(stream: bytes, tally: Tally) -> None:
    """Check every size that the units of one item's stream state.

    Raises:
        AssetTooLargeError: a size is out of bounds, or there are more units than a picture has.
        UndecodableAssetError: a truncated unit.
    """
    position, name = 0, tally.media_type.value
    for _ in range(_MAX_UNITS):
        if position >= len(stream):
            return
        flags = stream[position]
        position += 2 if flags & 4 else 1
        size, position = _read_size(stream, position) if flags & 2 else (len(stream) - position, position)
        if position + size > len(stream):
            raise UndecodableAssetError(f"{name}: expected a unit of {size} bytes, got fewer: truncated or damaged")
        if flags >> 3 & 15 == _SEQUENCE_HEADER:
            tally.check_size(*_read_sequence(_Bits(stream[position : position + size], name)))
        position += size
    raise AssetTooLargeError(f"{name}: expected at most {_MAX_UNITS} units in a stream, got more")


def _read_size(stream: bytes, position: int) -> tuple[int, int]:
    """Return a size in base 128, least significant first (AV1 s4.10.5), and the offset after it."""
    size = 0
    for index, byte in enumerate(stream[position : position + 8]):
        size |= (byte & 127) << 7 * index
        if not byte & 128:
            return size, position + index + 1
    return len(stream), position


def _read_sequence(bits: _Bits) -> tuple[int, int]:
    """Return (width, height), the most that any frame of the sequence may have."""
    bits.take(4)
    is_reduced = bits.take(1)
    if is_reduced:
        bits.take(5)
    else:
        _skip_operating_points(bits)
    widths = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(widths[0]) + 1, bits.take(widths[1]) + 1


def _skip_operating_points(bits: _Bits) -> None:
    """Pass over timing and operating points (AV1 s5.5.1), which come before the size."""
    delay_bits = 0
    if bits.take(1):
        bits.take(64)
        if bits.take(1):
            bits.skip_uvlc()
        if bits.take(1):
            delay_bits = bits.take(5) + 1
            bits.take(42)
    has_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_display_delay and bits.take(1):
            bits.take(4)
