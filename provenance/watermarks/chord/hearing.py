"""How much each band may change before somebody hears it: simultaneous masking, and what a tone or an attack forbids.

The threshold of a critical band is what is spread to it from all bands, less an offset: 5.5 dB where they are noise,
14.5 dB and one more for each Bark where they are tones, which show every tremor. A change of loudness by a factor
1 + g adds g^2 of the band's own power, so g is the root of threshold over power. Before an attack hearing has nothing
to hide behind: where a band grows suddenly, it is changed less. And a band that is steady is held steady.

Source: Johnston 1988, "Transform coding of audio signals using perceptual noise criteria" (offsets, flatness);
Schroeder, Atal and Hall 1979 (spreading); Zwicker's Bark by Traunmueller 1990.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.chord.layout import BANDS, edges_hz

Powers = NDArray[np.float32]

LEAST_GAIN: Final = 0.05
MOST_GAIN: Final = 0.4
# Share of the masking threshold that the mark takes, as power: 1.5 dB below it.
SHARE: Final = 0.7

_HIGHEST_HZ: Final = 9000.0
_NOISE_DB: Final = 5.5
_TONE_DB: Final = 14.5
# Flatness of noise in a critical band of a few lines, and how far below that a pure tone lies; measured on both.
_FLAT_DB: Final = 2.5
_PURE_DB: Final = 12.0
# Slopes of spreading in dB a Bark, towards lower and towards higher bands.
_DOWN_DB: Final = 25.0
_UP_DB: Final = 10.0
# A steady tone shows every tremor: no band changes by more than this share of how it changes by itself.
_TREMOR: Final = 0.9
_ATTACK: Final = 8.0
"""How many times louder than just before a band must be to count as an attack."""


class Hearing:
    """The model for one sampling rate and length of frame.

    Attributes:
        bins: how many lines of the spectrum it looks at, from the lowest.
        band_of_bin: (bins,) which band each belongs to, `BANDS` for none.
        to_bands: (bins, BANDS) sums the lines of each band.
    """

    def __init__(self, rate_hz: int, frame: int) -> None:
        hertz = np.fft.rfftfreq(frame, 1 / rate_hz)
        hertz = hertz[hertz < _HIGHEST_HZ]
        self.bins = len(hertz)
        band = np.searchsorted(edges_hz(), hertz, "right") - 1
        self.band_of_bin = np.where((band >= 0) & (band < BANDS), band, BANDS)
        self.to_bands = (self.band_of_bin[:, None] == np.arange(BANDS)).astype(np.float32)
        self._widths = np.maximum(self.to_bands.sum(0), 1)
        bark = 26.81 * hertz / (1960 + hertz) - 0.53
        critical = np.maximum(bark, 0).astype(int)
        names = np.unique(critical)
        self._to_critical = (critical[:, None] == names).astype(np.float32)
        self._counts = self._to_critical.sum(0)
        middles = np.array([bark[critical == name].mean() for name in names])
        self._bark = middles.astype(np.float32)
        self._spread = _build_spreading(tuple(middles))
        centres = (edges_hz()[1:] + edges_hz()[:-1]) / 2
        place = np.interp(26.81 * centres / (1960 + centres) - 0.53, middles, np.arange(len(names)))
        low = np.minimum(place.astype(int), len(names) - 2)
        self._low, self._part = low, (place - low).astype(np.float32)

    def gains(self, power: Powers, before: Powers) -> Powers:
        """Return (T, BANDS): by which share each band may rise or fall, natural logarithm.

        Args:
            power: (T, bins) of each frame.
            before: (BANDS,) power of each band in the frame before the first.
        """
        power = power + np.float32(1e-14)
        energy = power @ self._to_critical
        flat_db = 10 * np.log10(energy / self._counts) - 10 * (np.log10(power) @ self._to_critical) / self._counts
        tonality = np.clip((flat_db - _FLAT_DB) / _PURE_DB, 0, 1)
        offset_db = tonality * (_TONE_DB + self._bark) + (1 - tonality) * _NOISE_DB
        density = energy / self._counts
        threshold_db = 10 * np.log10(density @ self._spread) - offset_db
        here_db = threshold_db[:, self._low] * (1 - self._part) + threshold_db[:, self._low + 1] * self._part
        bands = np.maximum(power @ self.to_bands / self._widths, 1e-14)
        gains = np.sqrt(SHARE * 10 ** (here_db / 10) / bands)
        rises = bands / np.maximum(np.vstack([before[None] / self._widths, bands[:-1]]), 1e-14)
        gains = np.where(rises > _ATTACK, gains * np.sqrt(_ATTACK / rises), gains)
        gains = np.minimum(gains, LEAST_GAIN + _TREMOR * _measure_tremor(rises))
        return np.asarray(np.clip(gains, LEAST_GAIN, MOST_GAIN), np.float32)


def _measure_tremor(rises: Powers) -> Powers:
    """Return (T, BANDS): how much the loudness of a band changes from frame to frame by itself, around each frame."""
    steps = np.abs(0.5 * np.log(rises))
    padded = np.pad(np.minimum(steps, 1), ((2, 2), (0, 0)), mode="edge")
    return np.asarray(sum(padded[i : i + len(steps)] for i in range(5)) / 5, np.float32)


@lru_cache(maxsize=8)
def _build_spreading(middles: tuple[float, ...]) -> NDArray[np.float32]:
    """Return (from, to): how much of a band's power reaches another, 1 for itself in a flat spectrum."""
    bark = np.array(middles)
    distance = bark[None, :] - bark[:, None]
    spread = 10 ** (-np.where(distance >= 0, _UP_DB * distance, -_DOWN_DB * distance) / 10)
    return np.asarray(spread / spread.sum(0), np.float32)
