"""What a key fixes: where the tile's lines lie in the spectrum, their phases, and which code bit each one carries.

The tile has a period of 128 in both directions and is a sum of waves cos(2 pi (k x + m y) / 128 + phase), x to the
right and y down. Its `lines` (k, m) are lattice points with m >= 1 and k != 0: axes are left to the picture's edges.

    seed     HKDF-SHA256(secret, no salt, info = "chopmark watermark " + alg), 64 bytes: check key (32), layout seed
             (32)
    numbers  SHAKE-256(layout seed) read as 16-bit big-endian integers; `below(n)` takes the next one that is less than
             the largest multiple of n not above 65536, modulo n
    sync     24 lines. For i = 0..23: of all (k, m) with 56 <= k^2 + m^2 <= 400, |k| >= 2, m >= 2, |k| != m, angle
             atan2(m, k) in [i, i + 1) pi / 24, at distance 3 or more from every line chosen, and whose mirror images
             and transposes (|k|, m), (m, |k|) were not chosen, in order of (m, k), take number below(count); where a
             sector has none left, begin again with i = 0 and the numbers that follow
    data     all (k, m) with 64 <= k^2 + m^2, in order of (k^2 + m^2, m, k), without sync lines: the first 1024
    bit      Fisher-Yates: p = 0..1023; for i = 1023..1: swap p[i], p[below(i + 1)]; data line i carries code bit p[i]
    phases   2 pi below(256) / 256, for the 24 sync lines, then for the 1024 data lines

No line of `sync` is another's mirror image, so flips and turns are told apart. Frequencies end below 0.16 cycles a
pixel for sync, so that it outlives shrinking to a third, and at 0.22 for data.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from provenance.watermarks.base import WatermarkKey

PERIOD: Final = 128
"""Pixels after which the tile repeats, in a picture of at most 1024 on its longest side."""
SYNC_LINES: Final = 24
DATA_LINES: Final = 1024

_SYNC_RADII: Final = (56, 400)
_LEAST_SQUARE: Final = 64
_LEAST_DISTANCE: Final = 9

Lines = NDArray[np.int64]
"""(N, 2): k (across) and m (down), waves a period."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Everything that a key fixes.

    Attributes:
        key_id: public name of the key.
        check_key: for the message's check.
        sync: (24, 2) lines that show where the tile lies.
        sync_phases: (24,) radians.
        data: (1024, 2) lines that carry code bits.
        data_phases: (1024,) radians.
        code_bits: (1024,) which code bit each data line carries.
    """

    key_id: str
    check_key: bytes
    sync: Lines
    sync_phases: NDArray[np.float64]
    data: Lines
    data_phases: NDArray[np.float64]
    code_bits: NDArray[np.int64]

    def __repr__(self) -> str:
        """Name the key without showing anything of it."""
        return f"Layout({self.key_id!r})"


class _Numbers:
    """Unbiased integers out of a seed."""

    def __init__(self, seed: bytes) -> None:
        self._values = self._read(seed)

    @staticmethod
    def _read(seed: bytes) -> Iterator[int]:
        stream = hashlib.shake_256(seed).digest(1 << 16)
        yield from (int(value) for value in np.frombuffer(stream, ">u2"))

    def below(self, count: int) -> int:
        """Return an integer of 0..count - 1."""
        bound = 65536 // count * count
        return next(value for value in self._values if value < bound) % count


# What writes, what reads, and every tenant's site ask for the same few.
@lru_cache(maxsize=64)
def build_layout(key: WatermarkKey, alg: str) -> Layout:
    """Return the layout of a key for one scheme; its arrays are shared and nobody writes to them."""
    info = b"chopmark watermark " + alg.encode("ascii")
    stream = HKDF(algorithm=SHA256(), length=64, salt=None, info=info).derive(key.secret)
    numbers = _Numbers(stream[32:])
    sync = _choose_sync(numbers)
    data = _list_data(sync)
    bits = list(range(DATA_LINES))
    for i in range(DATA_LINES - 1, 0, -1):
        j = numbers.below(i + 1)
        bits[i], bits[j] = bits[j], bits[i]
    phases = np.array([numbers.below(256) for _ in range(SYNC_LINES + DATA_LINES)]) * (2 * np.pi / 256)
    return Layout(
        key_id=key.key_id,
        check_key=stream[:32],
        sync=np.array(sync),
        sync_phases=phases[:SYNC_LINES],
        data=np.array(data),
        data_phases=phases[SYNC_LINES:],
        code_bits=np.array(bits),
    )


def _choose_sync(numbers: _Numbers) -> list[tuple[int, int]]:
    while True:
        chosen: list[tuple[int, int]] = []
        images: set[tuple[int, int]] = set()
        for sector in _sectors():
            free = [
                (k, m)
                for k, m in sector
                if (abs(k), m) not in images and all((k - a) ** 2 + (m - b) ** 2 >= _LEAST_DISTANCE for a, b in chosen)
            ]
            if not free:
                break
            k, m = free[numbers.below(len(free))]
            chosen.append((k, m))
            images |= {(abs(k), m), (m, abs(k))}
        else:
            return chosen


@cache
def _sectors() -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return for each of the 24 sectors the lines that lie in it."""
    near, far = _SYNC_RADII
    sectors: list[list[tuple[int, int]]] = [[] for _ in range(SYNC_LINES)]
    for m in range(2, 21):
        for k in range(-20, 21):
            if abs(k) >= 2 and abs(k) != m and near <= k * k + m * m <= far:
                sectors[int(math.atan2(m, k) * SYNC_LINES / math.pi)].append((k, m))
    return tuple(map(tuple, sectors))


def _list_data(sync: list[tuple[int, int]]) -> list[tuple[int, int]]:
    taken = set(sync)
    lattice = [
        (k, m)
        for m in range(1, 40)
        for k in range(-40, 41)
        if k != 0 and k * k + m * m >= _LEAST_SQUARE and (k, m) not in taken
    ]
    return sorted(lattice, key=lambda line: (line[0] ** 2 + line[1] ** 2, line[1], line[0]))[:DATA_LINES]
