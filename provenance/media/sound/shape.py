"""A code of 256 bits for a whole sound: how its spectrogram looks from afar, however fast or loud it is played.

As PDQ does it for a picture: a spectrogram of 64 bands (150 to 3,500 Hz, each a fixed ratio wide) by 64 equal parts of
the time, in decibels, its cosine transform, and of the 16 x 16 lowest waves which are above the median. Codecs,
filters, noise and changes of speed leave most bits; a part of the sound has another code.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprints.base import Fingerprint
from provenance.watermarks.chord.spectrum import Analyser, weigh_bands

ALG: Final = "sound_shape"
RADIUS_BITS: Final = 48
"""Up to this two codes are of one sound; codes of different sounds differ by 128 give or take 8 if random."""

_BANDS: Final = 64
_PARTS: Final = 64
_WAVES: Final = 16
_MOST_ROWS: Final = 8192
_EDGES_HZ: Final = 150 * (3500 / 150) ** (np.arange(_BANDS + 1) / _BANDS)
_FULL_QUALITY: Final = 100


class ShapeMaker:
    """Computes the code of a stream: give it either samples or, where somebody has them already, their spectra."""

    def __init__(self, rate_hz: int) -> None:
        self._analyser = Analyser(rate_hz)
        self._bands = weigh_bands(_EDGES_HZ / self._analyser.bin_hz, self._analyser.bins)
        self._rows: list[NDArray[np.float32]] = []
        self._count, self._each = 0, 1
        self._left: NDArray[np.float32] | None = None
        self.drawing = np.zeros((_BANDS, _PARTS), np.uint8)
        """(64, 64), once `finish` gave a code: loudness by pitch, low ones at the bottom, and time."""

    def push(self, block: NDArray[np.float32]) -> None:
        """Take samples (C, N)."""
        self.add(self._analyser.push(block))

    def add(self, powers: NDArray[np.float32]) -> None:
        """Take the next spectra, as an `Analyser` of this rate makes them."""
        bands = powers @ self._bands
        bands = bands if self._left is None else np.concatenate([self._left, bands])
        whole = len(bands) // self._each * self._each
        self._left = bands[whole:]
        rows = bands[:whole].reshape(-1, self._each, _BANDS).sum(1)
        self._rows.append(rows)
        self._count += len(rows)
        if self._count > _MOST_ROWS:
            self._halve()

    def _halve(self) -> None:
        """Let each two rows be one, so that memory stays what it is."""
        rows = np.concatenate(self._rows)
        even = len(rows) // 2 * 2
        self._rows = [rows[:even].reshape(-1, 2, _BANDS).sum(1)]
        self._count, self._each = even // 2, 2 * self._each

    def finish(self) -> Fingerprint | None:
        """Return the code; None for less than half a second, or silence."""
        rows = np.concatenate(self._rows) if self._rows else np.zeros((0, _BANDS), np.float32)
        if len(rows) < _PARTS or rows.max() < 1e-7:
            return None
        sums = np.concatenate([np.zeros((1, _BANDS)), np.cumsum(rows, axis=0, dtype=np.float64)])
        at = np.linspace(0, len(rows), _PARTS + 1)
        low = np.minimum(at.astype(int), len(rows) - 1)
        parts = np.diff(sums[low] + (sums[low + 1] - sums[low]) * (at - low)[:, None], axis=0)
        levels = np.log10(parts + 1e-4 * parts.mean())
        span = max(float(np.ptp(levels)), 1e-6)
        self.drawing = np.rint((levels - levels.min()) / span * 255).astype(np.uint8).T[::-1].copy()
        waves = _cosines() @ (levels - levels.mean()) @ _cosines().T
        bits = waves > np.median(waves)
        quality = min(_FULL_QUALITY, int(50 * float(levels.std())))
        return Fingerprint(ALG, np.packbits(bits.ravel()).tobytes(), quality)


def _cosines() -> NDArray[np.float64]:
    """Return (16, 64): the lowest waves of the cosine transform but the constant one."""
    return np.cos(np.pi * np.arange(1, _WAVES + 1)[:, None] * (np.arange(_PARTS) + 0.5) / _PARTS)


def distance_bits(one: bytes, other: bytes) -> int:
    """Return in how many bits two codes differ."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()
