"""Sound, cut into utterances at its pauses: what a recogniser is given, in the memory of one of them.

What is softer than speech can be heard is passed over. Where there is no pause, as under music, a part is cut at its
softest place before it gets too long; a word that stands there may be lost.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.media.sound.decoding import Samples

Mono = NDArray[np.float32]
"""(N,) float32, -1 to 1."""

RATE_HZ: Final = 16_000
"""What recognisers of speech are trained on."""

FRAME_S: Final = 0.03
LONGEST_S: Final = 20.0
"""Of an utterance; models of thirty seconds take it with room to spare."""

# Softer than 55 dB under full scale nobody speaks to be heard.
_LEAST: Final = 10 ** (-55 / 20)
# A pause is this much softer than the loudest tenth of the last utterance.
_DROP: Final = 10 ** (-30 / 20)
_PAUSE_S: Final = 0.45
_SHORTEST_S: Final = 0.15
_PAD_S: Final = 0.15
# Where there is no pause, the softest frame of so many seconds at the end is the cut.
_CUT_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class Word:
    """One word that was said.

    Attributes:
        text: in lower case.
        start_s, end_s: when, in seconds from the beginning of the sound.
    """

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """A part of a sound without a pause.

    Attributes:
        samples: at `RATE_HZ`.
        start_s: where it begins.
    """

    samples: Mono
    start_s: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / RATE_HZ

    @property
    def end_s(self) -> float:
        """Where it ends."""
        return self.start_s + self.seconds


@dataclass(slots=True)
class _Cutter:
    """Holds what may still belong to an utterance."""

    held: list[Mono] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    at: int = 0

    def take(self, frame: Mono) -> Iterator[Utterance]:
        level = float(np.sqrt(np.mean(np.square(frame)))) if len(frame) else 0.0
        self.held.append(frame)
        self.levels.append(level)
        self.at += len(frame)
        loud = self._limit()
        pause = round(_PAUSE_S / FRAME_S)
        if len(self.levels) >= pause and max(self.levels[-pause:]) < loud:
            if max(self.levels) >= loud:
                yield from self._end(len(self.held))
            else:
                self._keep(round(_PAD_S / FRAME_S))
        elif len(self.held) >= round(LONGEST_S / FRAME_S):
            late = len(self.held) - round(_CUT_S / FRAME_S)
            yield from self._end(late + int(np.argmin(self.levels[late:])) + 1)

    def finish(self) -> Iterator[Utterance]:
        if self.levels and max(self.levels) >= self._limit():
            yield from self._end(len(self.held))

    def _limit(self) -> float:
        loudest = np.sort(self.levels)[-max(1, len(self.levels) // 10)]
        return max(_LEAST, float(loudest) * _DROP)

    def _end(self, count: int) -> Iterator[Utterance]:
        """Yield the first `count` frames as an utterance, less the silence at its end."""
        limit = self._limit()
        loud = [index for index, level in enumerate(self.levels[:count]) if level >= limit]
        rest = sum(map(len, self.held))
        if loud and (len(loud) * FRAME_S >= _SHORTEST_S):
            pad = round(_PAD_S / FRAME_S)
            first, last = max(0, loud[0] - pad), min(count, loud[-1] + 1 + pad)
            before = sum(map(len, self.held[:first]))
            yield Utterance(np.concatenate(self.held[first:last]), (self.at - rest + before) / RATE_HZ)
        self._keep(len(self.held) - count)

    def _keep(self, count: int) -> None:
        self.held, self.levels = self.held[len(self.held) - count :], self.levels[len(self.levels) - count :]


def cut(blocks: Iterable[Mono]) -> Iterator[Utterance]:
    """Yield the utterances of a sound.

    Args:
        blocks: of any size, at `RATE_HZ`.
    """
    cutter, size, rest = _Cutter(), round(FRAME_S * RATE_HZ), np.zeros(0, np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block])
        whole = len(rest) // size * size
        for start in range(0, whole, size):
            yield from cutter.take(rest[start : start + size])
        rest = rest[whole:]
    if len(rest):
        yield from cutter.take(rest)
    yield from cutter.finish()


def to_speech(blocks: Iterable[Samples], rate_hz: int) -> Iterator[Mono]:
    """Yield sound of all channels as one, at `RATE_HZ`: filtered and resampled without seams.

    Args:
        blocks: (C, N) each.
        rate_hz: of the blocks.
    """
    from scipy.signal import firwin, resample_poly

    common = int(np.gcd(rate_hz, RATE_HZ))
    up, down = RATE_HZ // common, rate_hz // common
    if up == down:
        yield from (np.asarray(block.mean(axis=0), np.float32) for block in blocks)
        return
    # A block is resampled together with what stands around it, and what the filter spoils at both ends is left away.
    half = 10 * max(up, down)
    window = firwin(2 * half + 1, 1 / max(up, down), window=("kaiser", 5.0))
    edge = -(-half // (up * down)) * down
    before, held = np.zeros(edge, np.float32), np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, np.asarray(block.mean(axis=0), np.float32)])
        ready = (len(held) - edge) // down * down
        if ready <= 0:
            continue
        made = resample_poly(np.concatenate([before, held[: ready + edge]]), up, down, window=window)
        skip, count = edge * up // down, ready * up // down
        yield np.asarray(made[skip : skip + count], np.float32)
        before = np.concatenate([before, held[:ready]])[-edge:]
        held = held[ready:]
    if len(held):
        made = resample_poly(np.concatenate([before, held, np.zeros(edge, np.float32)]), up, down, window=window)
        skip = edge * up // down
        yield np.asarray(made[skip : skip + len(held) * up // down], np.float32)
