"""Landmarks of a sound: peaks of its spectrogram, each with 256 bits of what stands around it.

A peak stays where it is through codecs, filters and noise, and moves with the sound when it is cut, played faster or
higher. Of the 1.7 s and 2.3 octaves around it the spectrogram is taken in decibels, its cosine transform, and of the
16 x 16 lowest waves which are above the median, as PDQ does it for a picture. So what is compared never depends on
where a part begins, and one that was played faster is found by looking around the same peaks in a shorter time.

Source: peaks as landmarks: A. Wang, ISMIR 2003; the transform and its median: PDQ. Measured: docs/sound.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.track import Alignment, Pair, align
from provenance.watermarks.chord.spectrum import HOP_S, Analyser, weigh_bands

ALG: Final = "landmark"
BITS: Final = 256
RADIUS_BITS: Final = 64
"""Up to this two landmarks are of one sound: of 3.9 million pairs of different pieces one was (docs/sound.md)."""

LEAST: Final = 4
"""Landmarks that have to agree on an offset; two seconds of music have about nine."""

SPEEDS: Final = (1.0, 0.9, 1.1, 0.82, 1.21)
"""Speeds at which a sound that is asked about is compared; each reaches some 6 per cent either way."""
MOST_S_AT_SPEEDS: Final = 600.0
"""Longer sounds are compared at their own speed alone."""

STRONG: Final = 100
"""Quality of a landmark that stands out of all within half a second and half an octave; of others it is less."""
_WEAK: Final = 50

_BANDS: Final = 72
# Bands of a fourteenth of an octave, from 110 to 3,800 Hz, which a file of 8,000 samples a second still holds.
_EDGES_HZ: Final = 110 * (3500 / 150) ** (np.arange(_BANDS + 1) / 64)
_HOPS: Final = 4
ROW_S: Final = _HOPS * HOP_S
# A peak is the most within so many rows and bands either way; and to be strong, within these.
_NEAR: Final = (10, 4)
_FAR: Final = (14, 6)
# Around a peak: so many rows and bands either way.
_HALF_ROWS: Final = 26
_HALF_BANDS: Final = 16
_SAMPLES: Final = 32
_WAVES: Final = 16
_MARGIN: Final = 36
# So many rows before the first and behind the last are taken to be like these: peaks near a cut count, too.
_EDGE: Final = 16
_ROWS_AT_ONCE: Final = 2048
# Softer than this under a patch's mean nothing counts.
_FLOOR: Final = 1e-4
_SILENCE: Final = 1e-7

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Of one sound.

    Attributes:
        codes: with times, in their order.
        played: speed to codes as they are if the sound is its original played at that speed; 1 is `codes`.
    """

    codes: tuple[Fingerprint, ...] = ()
    played: Mapping[float, tuple[Fingerprint, ...]] = field(default_factory=dict)

    @property
    def strong(self) -> tuple[Fingerprint, ...]:
        """Those that stand out most, about half."""
        return tuple(code for code in self.codes if code.quality >= STRONG)


class LandmarkMaker:
    """Finds the landmarks of a stream, in the memory of a minute of it and of what it found.

    Give it either samples or, where somebody has them already, their spectra.
    """

    def __init__(self, rate_hz: int) -> None:
        """Expect samples at this rate."""
        self._analyser = Analyser(rate_hz)
        self._bands = weigh_bands(_EDGES_HZ / self._analyser.bin_hz, self._analyser.bins)
        self._rows: list[Rows] = []
        self._held, self._start, self._is_begun = 0, -_EDGE, False
        self._left = np.zeros((0, _BANDS), np.float32)
        self._found: list[tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.uint8]]] = []

    def push(self, block: NDArray[np.float32]) -> None:
        """Take samples (C, N)."""
        self.add(self._analyser.push(block))

    def add(self, powers: NDArray[np.float32]) -> None:
        """Take the next spectra, as an `Analyser` of this rate makes them."""
        bands = np.concatenate([self._left, powers @ self._bands])
        whole = len(bands) // _HOPS * _HOPS
        self._left = bands[whole:]
        self._hold(bands[:whole].reshape(-1, _HOPS, _BANDS).sum(1))
        if self._held >= _ROWS_AT_ONCE:
            self._look()

    def _hold(self, rows: Rows) -> None:
        if not self._is_begun and len(rows):
            self._is_begun = True
            self._hold(np.repeat(rows[:1], _EDGE, axis=0))
        self._rows.append(rows)
        self._held += len(rows)

    def finish(self) -> Landmarks:
        """Return what was found."""
        if self._held:
            self._hold(np.repeat(np.concatenate(self._rows)[-1:], _EDGE, axis=0))
        self._look()
        rows = np.concatenate([np.zeros(0, np.int64), *(found[0] for found in self._found)])
        strong = np.concatenate([np.zeros(0, bool), *(found[1] for found in self._found)])
        speeds = SPEEDS if self._start * ROW_S <= MOST_S_AT_SPEEDS else SPEEDS[:1]
        played = {}
        for number, speed in enumerate(speeds):
            codes = [code for _, _, found in self._found for code in found[number]]
            played[speed] = tuple(
                Fingerprint(ALG, code.tobytes(), STRONG if is_strong else _WEAK, round(float(row) * ROW_S, 2))
                for row, is_strong, code in zip(rows, strong, codes, strict=True)
            )
        return Landmarks(played[1.0], played)

    def _look(self) -> None:
        """Find the landmarks of what is held, but for its first and last rows, which stay for the next time."""
        if not self._held:
            return
        rows = np.concatenate(self._rows)
        keep = min(2 * _MARGIN, len(rows))
        if len(rows) > 2 * _MARGIN:
            at, bands, strong = find_peaks(rows)
            codes = np.stack([build_codes(rows, at, bands, speed) for speed in SPEEDS])
            self._found.append((at + self._start, strong, codes))
        self._start += len(rows) - keep
        self._rows, self._held = [rows[len(rows) - keep :]], keep


def find_peaks(rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return row and band of each peak of (T, bands) powers, away from every edge, and which are strong."""
    import cv2

    smooth = cv2.GaussianBlur(np.log(rows + np.float32(1e-20)), (9, 9), 1.0)
    near, far = (
        cv2.dilate(smooth, np.ones((2 * down + 1, 2 * across + 1), np.uint8)) for down, across in (_NEAR, _FAR)
    )
    is_peak = (smooth == near) & (rows > _SILENCE)
    is_peak[:_MARGIN] = is_peak[len(rows) - _MARGIN :] = False
    is_peak[:, :_HALF_BANDS] = is_peak[:, _BANDS - _HALF_BANDS :] = False
    at, bands = np.nonzero(is_peak)
    return at, bands, np.asarray(smooth[at, bands] == far[at, bands])


def build_codes(rows: Rows, at: NDArray[np.int64], bands: NDArray[np.int64], speed: float) -> NDArray[np.uint8]:
    """Return the (n, 32) codes of peaks, in a sound that is played at a speed."""
    places = at[:, None] + np.linspace(-_HALF_ROWS, _HALF_ROWS, _SAMPLES) / speed
    low = np.floor(places).astype(int)
    part = (places - low).astype(np.float32)[:, :, None]
    across = (bands[:, None] + np.arange(-_HALF_BANDS, _HALF_BANDS))[:, None, :]
    patches = rows[low[:, :, None], across] * (1 - part) + rows[low[:, :, None] + 1, across] * part
    means = patches.mean((1, 2), keepdims=True)
    levels = np.log(patches + _FLOOR * means + np.float32(1e-20))
    waves = _cosines() @ (levels - levels.mean((1, 2), keepdims=True)) @ _cosines().T
    flat = waves.reshape(len(at), _WAVES * _WAVES)
    return np.packbits(flat > np.median(flat, axis=1, keepdims=True), axis=1)


@cache
def _cosines() -> NDArray[np.float32]:
    """Return (16, 32): the lowest waves of the cosine transform but the constant one."""
    waves = np.arange(1, _WAVES + 1)[:, None] * (np.arange(_SAMPLES) + 0.5)
    return np.cos(np.pi * waves / _SAMPLES).astype(np.float32)


def find_part(here: Landmarks, there: Landmarks) -> Alignment | None:
    """Return how one sound lies in another, at any of `SPEEDS`; None where fewer than `LEAST` landmarks agree."""
    values = np.array([list(code.value) for code in there.codes], np.uint8).reshape(-1, BITS // 8)
    best: Alignment | None = None
    for speed, codes in here.played.items():
        pairs = []
        for code in codes:
            distances = np.bitwise_count(values ^ np.frombuffer(code.value, np.uint8)).sum(1, dtype=np.int64)
            pairs += [
                Pair((code.at_s or 0.0) * speed, there.codes[number].at_s or 0.0, int(distances[number]))
                for number in np.flatnonzero(distances <= RADIUS_BITS)
            ]
        found = align(pairs, least=LEAST)
        if found is not None and (best is None or found.pairs > best.pairs):
            best = played_at(found, speed)
    return best


def played_at(alignment: Alignment, speed: float) -> Alignment:
    """Return an alignment whose own times were those of the original as those of a sound played at a speed."""
    here = alignment.here[0] / speed, alignment.here[1] / speed
    return replace(alignment, here=here, speed=round(alignment.speed * speed, 2))


def split_codes(codes: Iterable[Fingerprint]) -> tuple[Landmarks, list[Fingerprint]]:
    """Return the landmarks among codes, at the speed that they have, and the others."""
    known = list(codes)
    found = tuple(code for code in known if code.alg == ALG)
    return Landmarks(found, {1.0: found}), [code for code in known if code.alg != ALG]


def pack_landmarks(found: Landmarks) -> Iterator[bytes]:
    """Yield landmarks as bytes: of each its time in hundredths of a second, its quality, its code at each speed."""
    for number, code in enumerate(found.codes):
        yield round(100 * (code.at_s or 0)).to_bytes(4, "big") + bytes([code.quality])
        yield b"".join(codes[number].value for codes in found.played.values())


def parse_landmarks(data: bytes, speeds: int) -> Landmarks:
    """Return landmarks that `pack_landmarks` wrote, with as many speeds.

    Raises:
        ValueError: they are none.
    """
    each = 5 + speeds * BITS // 8
    if not 1 <= speeds <= len(SPEEDS) or len(data) % each:
        raise ValueError("landmarks")
    played: dict[float, list[Fingerprint]] = {speed: [] for speed in SPEEDS[:speeds]}
    for start in range(0, len(data), each):
        at_s, quality = int.from_bytes(data[start : start + 4], "big") / 100, data[start + 4]
        for number, codes in enumerate(played.values()):
            first = start + 5 + number * BITS // 8
            codes.append(Fingerprint(ALG, data[first : first + BITS // 8], quality, at_s))
    made = {speed: tuple(codes) for speed, codes in played.items()}
    return Landmarks(made[1.0], made)
