"""Lay the mark into a stream of samples: short-time spectra whose bands rise and fall as the layout says.

Frames of 32 ms overlap by half under a sine window, so that nothing changed comes back as it was. What a cell holds
already counts: where it lies the wrong way the mark is stronger, where it lies right weaker, for the same change in
all ("improved spread spectrum", Malvar and Florencio 2003). All channels change alike.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.chord.hearing import Hearing
from provenance.watermarks.chord.layout import SLOTS_A_SECOND
from provenance.watermarks.chord.spectrum import invert, transform

Samples = NDArray[np.float32]
"""(C, N) float32, -1 to 1."""

FRAME_S: Final = 0.032
# How far a cell's own lie moves the strength, and within which bounds.
_ANSWER: Final = 2.0
_LEAST, _MOST = 0.4, 1.4
# Slots marked at a time.
_BATCH: Final = 25


class Marker:
    """Marks one stream; as many samples come out as went in, about one second later. Not for several threads.

    Memory is a second or two of sound, however long the stream.
    """

    def __init__(self, cells: NDArray[np.float32], rate_hz: int, channels: int) -> None:
        self._cells, self._rate = cells, rate_hz
        self._hop = max(round(FRAME_S * rate_hz / 8) * 4, 4)
        self._frame = 2 * self._hop
        self._window = np.sin(np.pi * (np.arange(self._frame) + 0.5) / self._frame).astype(np.float32)
        self._hearing = Hearing(rate_hz, self._frame)
        self._waiting = np.zeros((channels, self._hop), np.float32)  # samples from the next frame's start on
        self._tail = np.zeros((channels, self._hop), np.float32)  # what the last frame adds to the next
        self._number = 0  # of the next frame
        self._taken = self._given = 0
        self._before = np.zeros(self._hearing.to_bands.shape[1], np.float32)
        self._past: NDArray[np.float32] | None = None

    def push(self, block: Samples) -> Samples:
        """Take samples, and return as many marked ones as are done."""
        self._taken += block.shape[1]
        self._waiting = np.concatenate([self._waiting, block], axis=1)
        return self._run()

    def finish(self) -> Samples:
        """Return the rest."""
        missing = self._taken - self._given
        padding = 2 * self._frame + 2 * (_BATCH + 2) * self._rate // SLOTS_A_SECOND
        self._waiting = np.concatenate([self._waiting, np.zeros((len(self._waiting), padding), np.float32)], axis=1)
        return self._run()[:, :missing]

    def _slot(self, number: int) -> int:
        """Return in which slot the middle of a frame lies; the first frame begins one hop before the sound."""
        return number * self._hop * SLOTS_A_SECOND // self._rate

    def _first_frame(self, slot: int) -> int:
        """Return the first frame whose middle lies in a slot."""
        return -(-slot * self._rate // (self._hop * SLOTS_A_SECOND))

    def _run(self) -> Samples:
        done = [self._mark_batch(count) for count in iter(self._count_batch, 0)]
        return np.concatenate(done, axis=1) if done else np.zeros((len(self._waiting), 0), np.float32)

    def _count_batch(self) -> int:
        """Return how many frames the next batch has, 0 where it or the slot after it has not come whole."""
        first = self._slot(self._number)
        stop = (first // _BATCH + 1) * _BATCH
        count = self._first_frame(stop) - self._number
        needed = self._first_frame(stop + 1) - self._number
        return count if self._waiting.shape[1] >= (needed + 1) * self._hop else 0

    def _mark_batch(self, count: int) -> Samples:
        ahead = self._first_frame(self._slot(self._number + count) + 1) - self._number
        spectra = self._analyse(ahead)
        bins = self._hearing.bins
        power = np.einsum("ctf,ctf->tf", spectra[..., :bins].real, spectra[..., :bins].real)
        power += np.einsum("ctf,ctf->tf", spectra[..., :bins].imag, spectra[..., :bins].imag)
        slots = np.array([self._slot(self._number + i) for i in range(ahead)])
        logs = self._measure(power, slots)
        gains = self._hearing.gains(power[:count], self._before)
        self._before = power[count - 1] @ self._hearing.to_bands
        signs = self._cells[slots[:count] % len(self._cells)]
        lies = signs * _stand_out(logs)[slots[:count] - slots[0] + 1]
        gains *= signs * np.clip(1 - _ANSWER * lies, _LEAST, _MOST)
        factors = np.exp(np.concatenate([gains, np.zeros((count, 1), np.float32)], axis=1))
        spectra[:, :count, :bins] *= factors[:, self._hearing.band_of_bin]
        self._past = logs[len(logs) - 2 : len(logs) - 1]
        return self._synthesise(spectra[:, :count])

    def _analyse(self, count: int) -> NDArray[np.complex64]:
        frames = np.lib.stride_tricks.sliding_window_view(self._waiting, self._frame, axis=1)
        return transform(frames[:, : count * self._hop : self._hop] * self._window)

    def _measure(self, power: NDArray[np.float32], slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return (S + 2, BANDS): log amplitude of each slot's cells, with the slot before and the one after."""
        bands = power @ self._hearing.to_bands
        starts = np.flatnonzero(np.diff(slots, prepend=slots[0] - 1))
        sums = np.add.reduceat(bands, starts, axis=0) / np.diff([*starts, len(slots)])[:, None]
        logs = 0.5 * np.log(sums + np.float32(1e-12) + np.float32(0.003) * sums.mean(0))
        past = logs[:1] if self._past is None else self._past
        return np.concatenate([past, logs])

    def _synthesise(self, spectra: NDArray[np.complex64]) -> Samples:
        """Add the frames up, and return what no later frame touches."""
        frames = invert(spectra, self._frame) * self._window
        count, hop = frames.shape[1], self._hop
        out = np.concatenate([self._tail[:, None], frames[:, :-1, hop:]], axis=1) + frames[:, :, :hop]
        self._tail = np.ascontiguousarray(frames[:, -1, hop:])
        self._waiting = self._waiting[:, count * hop :]
        made: Samples = out.reshape(len(out), -1).astype(np.float32, copy=False)
        if self._number == 0:
            made = made[:, hop:]  # before the first sample
        self._number += count
        self._given += made.shape[1]
        return made


def _stand_out(logs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each cell stands out of its neighbours in time, and that out of its neighbours in pitch."""
    padded = np.pad(logs, ((1, 1), (0, 0)), mode="edge")
    in_time = logs - (padded[:-2] + padded[2:]) / 2
    padded = np.pad(in_time, ((0, 0), (1, 1)), mode="edge")
    return np.asarray(in_time - (padded[:, :-2] + padded[:, 2:]) / 2, np.float32)
