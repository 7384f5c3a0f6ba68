"""invisible-watermark's dwtDctSvd channel, made into a watermark: keyed 64-bit payload, detection, some search.

The library hides bits and returns bits: it neither corrects errors nor knows whether a picture is marked. Here each
block carries one of 416 channel bits of `payload.PayloadCode` in the library's own raster order, so that

    WatermarkDecoder("bits", 416).decode(bgr, "dwtDctSvd", scales=[0, 64, 0])

returns the channel bits of what this module embeds, and the other way round; the tests do both. The library itself is
not imported: its package imports torch (two to three seconds) for another scheme.

What differs from a plain use of the library: a scale of 64, not 36, with a dead zone, so that a level moves only until
it lies an eighth of a cell from its point (43 dB where the library has 40.6, and JPEG quality 40 survives where it
loses 75); soft values, added over a bit's blocks; and where the picture does not read as it is, a search over earlier
sizes, changes of tone, flips and turns.
"""

import itertools
from collections.abc import Iterator
from typing import Final

import numpy as np

from provenance.asset import Frame, Plane
from provenance.errors import UnmarkableError, WatermarkError
from provenance.watermarks.base import Reading, WatermarkKey
from provenance.watermarks.chroma_lattice import (
    BLOCK_SIDE,
    Levels,
    chroma_plane,
    grid_shape,
    measure_blocks,
    move_levels,
    nearest_targets,
    scale_colour,
    soft_bits,
)
from provenance.watermarks.frames import require_frame
from provenance.watermarks.payload import (
    CHANCE_PER_ATTEMPT,
    CHANNEL_BITS,
    Bits,
    Decoded,
    PayloadCode,
    Soft,
    decode_soft,
)

# Measured on 33 photographs against scales of 36 to 85 (docs/watermarks.md). A divisor of 1024, the level of grey,
# which so lies between the lattices: grey areas move least.
SCALE: Final = 64.0
_DEAD_ZONE: Final = SCALE / 8
# The library refuses less (watermark.py: "image too small, should be larger than 256x256").
_MIN_PIXELS: Final = 256 * 256
# Two blocks a bit: below that a lost block is a lost bit.
_MIN_BLOCKS: Final = 2 * CHANNEL_BITS
# A bit whose blocks agree by less than this on average (1 is all, at their points) is lost to the first recompression;
# one weak bit in sixteen leaves the code most of its reserve.
_WEAK_BIT: Final = 0.35
_MAX_WEAK_BITS: Final = CHANNEL_BITS // 16
# Photographs take one; pictures on pure white or black take three.
_TRIES: Final = 3

# Sides that generators commonly produce, tried where a picture was scaled since.
_EARLIER_SIDES: Final = (512, 768, 1024, 1152, 1216, 1280, 1344, 1536, 2048)
# Steps of 4 % keep most colours within a quarter of a cell (a 2 % error costs no bit); 0.66 to 1.5, a third up or down.
_GAINS: Final = tuple(1.04**step for step in range(-10, 11) if step)
_CORNERS: Final = ((0, 0), (0, 1), (1, 1), (1, 0))
# As it is, seven other positions, every gain, every earlier size.
_MAX_ATTEMPTS: Final = 1 + 7 + len(_GAINS) + len(_EARLIER_SIDES)


class DwtDctSvd:
    """Hides 64 bits in the chroma of a picture of at least 256x256 pixels.

    Limits: survives JPEG down to quality 40, WebP 50, noise, blur, tone changes within a third, flips, quarter turns,
        and scaling from one of the usual generator sizes; lost by any crop, by rotation, greyscale conversion, large
        overlays, and to whoever wants it gone. Whether a picture carries some mark can be seen without the key, and
        what it says too by whoever knows what another one says; it cannot be written. Figures: docs/watermarks.md.
    Source: invisible-watermark 0.2.0, imwatermark/dwtDctSvd.py.
    """

    name: Final = "dwt_dct_svd"
    alg: Final = "org.chopmark.dwtdctsvd.1"

    def __init__(self, keys: tuple[WatermarkKey, ...]) -> None:
        if not keys:
            raise WatermarkError("expected at least one key, got none")
        self._codes = tuple(PayloadCode(key, self.alg) for key in keys)
        self._false_positive_bound = min(1.0, _MAX_ATTEMPTS * len(keys) * CHANCE_PER_ATTEMPT)

    def capacity_bits(self, height: int, width: int) -> int:
        """Return 64, or 0 for a picture too small for the library or for two blocks a bit."""
        rows, columns = grid_shape(height, width)
        return 64 if height * width >= _MIN_PIXELS and rows * columns >= _MIN_BLOCKS else 0

    def embed(self, frame: Frame, payload: int) -> Frame:
        """Return a marked copy that has been read back.

        Args:
            frame: (H, W, 3) uint8 sRGB; not modified.
            payload: 0 <= payload < 2**64.

        Returns:
            (H, W, 3) uint8, same size; 42.8 dB or more on photographs, less where large areas are pure black or white.

        Raises:
            PayloadTooLargeError: more than 64 bits.
            UnmarkableError: too small, or the mark does not read back with a reserve.
            WatermarkError: wrong dtype or shape.
        """
        frame = require_frame(frame)
        channel = self._codes[0].encode(payload)
        height, width = frame.shape[:2]
        if not self.capacity_bits(height, width):
            raise UnmarkableError(
                f"expected at least {_MIN_PIXELS} pixels and {_MIN_BLOCKS} whole 8x8 blocks, got {width}x{height}"
            )
        blocks = measure_blocks(chroma_plane(frame))
        change = _planned_change(blocks.levels, channel)
        for _ in range(_TRIES):
            marked = move_levels(frame, blocks, change)
            levels = measure_blocks(chroma_plane(marked)).levels
            if self._reads_well(levels, channel, payload):
                return marked
            change = _mended_change(change, blocks.levels, levels)
        raise UnmarkableError("the mark did not read back: too much of the picture is pure black, white or saturated")

    def extract(self, frame: Frame) -> Reading | None:
        """Look for a mark under every key held.

        Raises:
            WatermarkError: wrong dtype or shape.
        """
        frame = require_frame(frame)
        if frame.shape[0] < 8 or frame.shape[1] < 8:
            return None
        plane = chroma_plane(frame)
        levels = measure_blocks(plane).levels
        decoded = decode_soft(self._codes, _combine(levels)[None])
        if decoded is None:
            elsewise = [_combine(each) for each in _other_readings(plane, levels)]
            decoded = decode_soft(self._codes, np.stack(elsewise))
        return None if decoded is None else self._reading(decoded)

    def _reads_well(self, levels: Levels, channel: Bits, payload: int) -> bool:
        soft = _combine(levels)
        decoded = decode_soft(self._codes[:1], soft[None])
        if decoded is None or decoded.payload != payload:
            return False
        agreement = soft * (2.0 * channel - 1.0) * (CHANNEL_BITS / levels.size)
        return bool(np.count_nonzero(agreement < _WEAK_BIT) <= _MAX_WEAK_BITS)

    def _reading(self, decoded: Decoded) -> Reading:
        return Reading(
            scheme=self.name,
            alg=self.alg,
            payload=decoded.payload,
            key_id=decoded.key_id,
            false_positive_bound=self._false_positive_bound,
            corrected_bits=decoded.corrected_bits,
        )


def _combine(levels: Levels) -> Soft:
    """Add the soft values of the blocks that carry one channel bit, in raster order; return (416,)."""
    soft = soft_bits(levels, SCALE).ravel()
    padded = np.pad(soft, (0, -len(soft) % CHANNEL_BITS))
    combined: Soft = padded.reshape(-1, CHANNEL_BITS).sum(axis=0, dtype=np.float32)
    return combined


def _planned_change(levels: Levels, channel: Bits) -> Levels:
    """Return how far to move each level: to the edge of the dead zone round the nearest point for its bit."""
    move = nearest_targets(levels, np.resize(channel, levels.shape), SCALE) - levels
    planned: Levels = np.sign(move) * np.maximum(np.abs(move) - np.float32(_DEAD_ZONE), 0)
    return planned


def _mended_change(change: Levels, original: Levels, reached: Levels) -> Levels:
    """Return the moves for another try: add what rounding took, and go the other way where a block could not follow.

    Black cannot darken and white cannot brighten, but the next point for the same bit lies on the other side.
    """
    short = original + change - reached
    other = change - np.sign(change) * np.float32(SCALE)
    turns = (np.abs(short) > _DEAD_ZONE) & (original + other > 0)
    mended: Levels = np.where(turns, other, change + short)
    return mended


def _other_readings(plane: Plane, levels: Levels) -> Iterator[Levels]:
    """Yield what the picture may have held before a flip or turn, a change of tone, or a change of size."""
    yield from _other_positions(plane, levels)
    for gain in _GAINS:
        yield scale_colour(levels, gain)
    for size in _earlier_sizes(*plane.shape):
        yield measure_blocks(plane, size).levels


def _other_positions(plane: Plane, levels: Levels) -> Iterator[Levels]:
    """Yield readings with each flip and turn undone.

    A block reads the same flipped or turned; only the order of blocks changes, and where they start: at the corner that
    was at the top left, which matters where a side is no multiple of 8.
    """
    rest = plane.shape[0] % BLOCK_SIDE, plane.shape[1] % BLOCK_SIDE
    measured = {(0, 0): levels}
    for quarter_turns, mirrored in itertools.product(range(4), (False, True)):
        if not quarter_turns and not mirrored:
            continue
        corner = _CORNERS[(quarter_turns + mirrored) % 4]
        start = corner[0] * rest[0], corner[1] * rest[1]
        if start not in measured:
            measured[start] = measure_blocks(plane[start[0] :, start[1] :]).levels
        upright = np.rot90(measured[start], quarter_turns)
        yield upright[:, ::-1] if mirrored else upright


def _earlier_sizes(height: int, width: int) -> Iterator[tuple[int, int]]:
    longest = max(height, width)
    for side in _EARLIER_SIDES:
        if side != longest and longest / 4 <= side <= longest * 4:
            yield round(height * side / longest), round(width * side / longest)
