"""What a key fixes: which cells of time and pitch rise or fall, and which code bit each chip carries.

Sound is cut into slots of 40 ms from its first sample on, and into 46 bands from 300 Hz to 7.2 kHz. Two slots by two
bands are a chip: with sign + its early lower and its late upper cell are louder, the other two softer; with sign - the
other way round. So a chip changes neither the loudness of a moment nor that of a band.

    seed     HKDF-SHA256(secret, no salt, info = "chopmark watermark " + alg), 64 bytes: check key (32), layout seed
             (32)
    edges    E(0) = 300 Hz, E(i + 1) = E(i) + max(110 Hz, 0.036 E(i)), 47 of them
    period   64 chips in time by 23 in pitch (5.12 s): 288 chips are sync, 1184 carry code bits
    turn     16 periods, after which the pattern repeats (82 s). Every period has places and signs of its own, so that
             sound folded at the period shows nothing of the key
    numbers  SHAKE-256(layout seed, period's number as a byte): 1472 numbers of 32 bits, big-endian, whose order gives
             the places: the 288 chips (row-major, time first) with the smallest are sync, the i-th after them
             carries code bit i mod 1024. Then 1472 bits, the chips' signs, 1 for -
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile.layout import DATA_LINES
from provenance.watermarks.tile.layout import Layout as TileLayout
from provenance.watermarks.tile.layout import build_layout as build_tile_layout

SLOTS_A_SECOND: Final = 25
SLOT_S: Final = 1 / SLOTS_A_SECOND
BANDS: Final = 46
ROWS: Final = 64
"""Chips of a period in time."""
COLUMNS: Final = BANDS // 2
PERIODS: Final = 16
"""Periods until the pattern repeats."""
TURN_ROWS: Final = PERIODS * ROWS
CODE_BITS: Final = DATA_LINES
SYNC_CHIPS: Final = 288
SYNC: Final = -1
"""What `Layout.bits` has where a chip is sync."""

_LOWEST_HZ: Final = 300.0
_LEAST_HZ: Final = 110.0
_GROWTH: Final = 0.036


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Everything that a key fixes.

    Attributes:
        key_id: public name of the key.
        message: holds the check key, as the code of the tile has it.
        signs: (1024, 23) of -1 and 1: each chip's own sign.
        bits: (1024, 23): which code bit it carries, `SYNC` for none.
    """

    key_id: str
    message: TileLayout
    signs: NDArray[np.float32]
    bits: NDArray[np.int16]

    def __repr__(self) -> str:
        """Name the key without showing anything of it."""
        return f"Layout({self.key_id!r})"

    def spell(self, code: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (2048, 46): which way each cell goes, for the (1024,) bits of a code."""
        flips = np.where(self.bits == SYNC, 1, 1 - 2 * code.astype(np.int8)[self.bits])
        chips = self.signs * flips
        cells = np.empty((2 * TURN_ROWS, BANDS), np.float32)
        cells[0::2, 0::2], cells[0::2, 1::2] = chips, -chips
        cells[1::2, 0::2], cells[1::2, 1::2] = -chips, chips
        return cells


def build_layout(key: WatermarkKey, alg: str) -> Layout:
    """Return the layout of a key."""
    message = build_tile_layout(key, alg)
    seed = hashlib.sha256(b"chopmark chord layout" + message.check_key).digest()
    parts = [_build_period(seed, number) for number in range(PERIODS)]
    signs, bits = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Layout(key.key_id, message, signs, bits)


def _build_period(seed: bytes, number: int) -> tuple[NDArray[np.float32], NDArray[np.int16]]:
    count = ROWS * COLUMNS
    stream = hashlib.shake_256(seed + bytes([number])).digest(4 * count + count // 8)
    order = np.argsort(np.frombuffer(stream[: 4 * count], ">u4"), kind="stable")
    bits = np.full(count, SYNC, np.int16)
    bits[order[SYNC_CHIPS:]] = np.arange(count - SYNC_CHIPS) % CODE_BITS
    signs = 1 - 2 * np.unpackbits(np.frombuffer(stream[4 * count :], np.uint8)).astype(np.float32)
    return signs.reshape(ROWS, COLUMNS), bits.reshape(ROWS, COLUMNS)


@cache
def edges_hz() -> NDArray[np.float64]:
    """Return (47,): where each band begins, and where the last one ends."""
    edges = [_LOWEST_HZ]
    for _ in range(BANDS):
        edges.append(edges[-1] + max(_LEAST_HZ, _GROWTH * edges[-1]))
    return np.array(edges)
