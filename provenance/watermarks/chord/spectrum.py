"""From samples to what stands out in each cell of time and pitch, at any speed and any shift in time.

Power spectra of 32 ms each 8 ms, all channels added. Cells of any length and place are sums over them, read off running
sums, so that one set of spectra serves every speed that is tried.
"""

from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.chord.layout import SLOT_S, edges_hz

Powers = NDArray[np.float32]

FRAME_S: Final = 0.032
HOP_S: Final = 0.008
_HIGHEST_HZ: Final = 9500.0
# Part of a band's mean that is added to each cell, so that silence is not news.
_FLOOR: Final = 0.004
# Deviations at which a cell's word is cut off: attacks in the sound are louder than any mark.
_CLIP: Final = 1.7

# A band this far under the loudest was cut off, and what is left there is rounding.
_DEAD: Final = 1e-6


def transform(frames: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Return the spectra of real frames along their last axis."""
    # SciPy's takes several frames at a time where NumPy's takes one: a fifth of the time for the same numbers.
    from scipy.fft import rfft

    return cast("NDArray[np.complex64]", rfft(frames, axis=-1))


def invert(spectra: NDArray[np.complex64], length: int) -> NDArray[np.float32]:
    """Return the real frames of this length that `transform` makes such spectra of."""
    from scipy.fft import irfft

    return cast("NDArray[np.float32]", irfft(spectra, length, axis=-1))


def weigh_bands(edges: NDArray[np.float64], bins: int) -> NDArray[np.float32]:
    """Return (bins, bands): which part of each line of a spectrum lies in each band.

    Args:
        edges: where bands begin and end, in lines, rising; line i reaches from i - 0.5 to i + 0.5.
        bins: how many lines there are; a band beyond them holds nothing.
    """
    below = np.clip(edges + 0.5 - np.arange(bins)[:, None], 0, 1)
    return np.diff(below, axis=1).astype(np.float32)


class Analyser:
    """Turns blocks of samples into power spectra; any number of samples a block."""

    def __init__(self, rate_hz: int) -> None:
        self._rate = rate_hz
        self._frame = max(round(FRAME_S * rate_hz / 16) * 16, 16)
        self._window = np.hanning(self._frame + 1)[:-1].astype(np.float32)
        self._held: NDArray[np.float32] | None = None
        self._start = 0  # of what is held, in samples of the stream
        self._number = 0  # of the next spectrum
        self.bin_hz = rate_hz / self._frame
        self.bins = min(self._frame // 2 + 1, int(_HIGHEST_HZ / self.bin_hz))

    def push(self, block: NDArray[np.float32]) -> Powers:
        """Return the (T, bins) spectra that are complete with this (C, N) block."""
        self._held = block if self._held is None else np.concatenate([self._held, block], axis=1)
        end = self._start + self._held.shape[1] - self._frame
        stop = max(int(end / (HOP_S * self._rate)) + 1 if end >= 0 else 0, self._number)
        starts = (np.arange(self._number, stop) * HOP_S * self._rate).astype(int) - self._start
        out = np.zeros((len(starts), self.bins), np.float32)
        if len(starts):
            frames = np.lib.stride_tricks.sliding_window_view(self._held, self._frame, axis=1)
            for channel in frames:
                spectra = transform(channel[starts] * self._window)[:, : self.bins]
                out += spectra.real**2 + spectra.imag**2
        self._number = stop
        keep = int(stop * HOP_S * self._rate) - self._start
        self._held, self._start = self._held[:, keep:], self._start + keep
        return out


class Window:
    """A few seconds of spectra, ready to be read at any speed.

    Attributes:
        duration_s: of sound.
        powers: (T, bins) spectra.
        bin_hz: from one line of them to the next.
    """

    def __init__(self, powers: Powers, bin_hz: float) -> None:
        self.duration_s = len(powers) * HOP_S
        self.powers, self.bin_hz = powers, bin_hz
        self._in_pitch = np.zeros((len(powers), powers.shape[1] + 1))
        np.cumsum(powers, axis=1, out=self._in_pitch[:, 1:], dtype=np.float64)
        self._by_pitch: dict[float, NDArray[np.float64]] = {}

    def stand_out(self, speed: float, pitch: float, shift_s: float) -> NDArray[np.float32]:
        """Return (S, 46): by how much each cell stands out of its neighbours, in deviations of its band.

        Args:
            speed: how many times faster than it was marked the sound runs.
            pitch: how many times higher it sounds.
            shift_s: where the first slot begins.
        """
        sums = self._sum_bands(pitch)
        slot = SLOT_S / speed
        count = int((self.duration_s - shift_s) / slot)
        # Spectrum i is centred at i * HOP_S + FRAME_S / 2, and stands for HOP_S around it.
        at = np.clip((shift_s + np.arange(count + 1) * slot - FRAME_S / 2) / HOP_S + 0.5, 0, len(sums) - 1.001)
        low = at.astype(int)
        part = (at - low)[:, None]
        cells = np.diff(sums[low] * (1 - part) + sums[low + 1] * part, axis=0)
        logs = 0.5 * np.log(cells + _FLOOR * cells.mean(0) + 1e-9 * cells.mean() + 1e-20)
        padded = np.pad(logs, ((1, 1), (0, 0)), mode="edge")
        out = logs - (padded[:-2] + padded[2:]) / 2
        padded = np.pad(out, ((0, 0), (1, 1)), mode="edge")
        out = (out - (padded[:, :-2] + padded[:, 2:]) / 2).astype(np.float32)
        out /= out.std(0) + np.float32(1e-6)
        return np.asarray(np.clip(out, -_CLIP, _CLIP) * self._trust(cells), np.float32)

    def _trust(self, cells: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return (S, 46): which part of each cell's power is not white noise, as the quietest band tells its level."""
        densities = cells / np.diff(edges_hz())
        level = np.partition(densities, len(densities) // 10, axis=0)[len(densities) // 10].min()
        padded = np.pad(densities, ((1, 1), (1, 1)), mode="edge")
        around = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] + 2 * densities) / 6
        means = densities.mean(0)
        alive = means / (means + _DEAD * means.max() + 1e-20)
        return np.asarray(np.clip(1 - level / (around + 1e-20), 0.02, 1) * alive, np.float32)

    def _sum_bands(self, pitch: float) -> NDArray[np.float64]:
        """Return (T + 1, 46): the power of each band in all spectra before each."""
        found = self._by_pitch.get(pitch)
        if found is None:
            at = np.clip(edges_hz() * pitch / self.bin_hz + 0.5, 0, self._in_pitch.shape[1] - 1.001)
            low = at.astype(int)
            part = at - low
            bands = np.diff(self._in_pitch[:, low] * (1 - part) + self._in_pitch[:, low + 1] * part, axis=1)
            found = np.zeros((len(bands) + 1, bands.shape[1]))
            np.cumsum(np.maximum(bands, 0), axis=0, out=found[1:])
            self._by_pitch = {pitch: found}
        return found
