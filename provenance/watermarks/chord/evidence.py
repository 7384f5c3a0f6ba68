"""What each chip says of its sign: how its cells stand to those around, told in three ways, weighed as was learnt.

A chip is heard in the power of its cells, in the logarithm of each line's power (a loud partial then hides nothing),
and in how each line's power stands to that of the 120 ms around it. In each way six numbers: how its two bands, and the
two beside them, differ in its own two slots, the two around those, and the two around them. They are measured in what
is usual nearby. How much they are worth depends on where they were heard: how unsteady the sound is there, how much
masking let the mark do there, how loud the cell is beside others. `evidence.npz` holds a small network that learnt that
from marked sound after codecs, noise, rooms and other edits (`training.chord`); turned round, a chip says the opposite.
"""

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.chord.hearing import Hearing
from provenance.watermarks.chord.layout import BANDS, COLUMNS, SLOT_S, edges_hz
from provenance.watermarks.chord.spectrum import FRAME_S, HOP_S, Window, weigh_bands

Floats = NDArray[np.float32]
Sums = NDArray[np.float64]

SIGNED: Final = 18
"""Numbers a chip that change their sign with it."""
CONTEXT: Final = 14
"""Numbers that do not."""
# How far a number may lie from zero, in what is usual nearby.
_CLIP: Final = 4.0
# What is usual is told by the chips within so many places in time and pitch; a wide and a narrow look.
_WIDE, _NARROW = (3, 1), (1, 0)
# Part of a band's mean that is added to each cell, so that silence is not news.
_FLOOR: Final = 0.004
# Spectra around each that tell what is usual for a line: 120 ms.
_AROUND: Final = 15


class Ear:
    """Listens to the chips of one window, wherever they may begin; remembers what it heard. Not for several threads.

    Attributes:
        window: what is listened to.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self._sums: dict[float, tuple[Sums, ...]] = {}
        self._heard: dict[tuple[float, float, float], Floats] = {}

    def hear(self, speed: float, pitch: float, shift_s: float) -> Floats:
        """Return (R, 23) log-likelihood ratios of the chips' signs, positive for +, for chips from `shift_s` on.

        Args:
            speed: how many times faster than it was marked the sound runs.
            pitch: how many times higher it sounds.
            shift_s: where the first chip begins.
        """
        known = self._heard.get((speed, pitch, shift_s))
        if known is None:
            known = judge(*self.observe(speed, pitch, shift_s))
            self._heard[speed, pitch, shift_s] = known
        return known

    def observe(self, speed: float, pitch: float, shift_s: float) -> tuple[Floats, Floats]:
        """Return (R, 23, 18) numbers that say which sign a chip has, and (R, 23, 14) that say what those are worth."""
        rows = max(int((self.window.duration_s - shift_s) * speed / SLOT_S) // 2, 0)
        if rows < 1:
            return np.zeros((0, COLUMNS, SIGNED), np.float32), np.zeros((0, COLUMNS, CONTEXT), np.float32)
        levels, leave = self._tell_levels(speed, pitch, shift_s, 2 * rows)
        signed = np.stack([number for level in levels for number in _contrast(level)], -1)
        first = signed[..., :: SIGNED // len(levels)]
        wide, narrow = (0.5 * np.log(_spread(first**2, reach) + np.float32(1e-4)) for reach in (_WIDE, _NARROW))
        signed /= np.repeat(np.exp(wide), SIGNED // len(levels), axis=-1)
        level = levels[0]
        place = np.broadcast_to(np.arange(COLUMNS, dtype=np.float32) / (COLUMNS - 1), (rows, COLUMNS))
        quiet = np.partition(level, len(level) // 10, axis=0)[len(level) // 10].min()
        context = [
            *(usual[..., way] for way in range(len(levels)) for usual in (wide, narrow)),
            _average(leave),
            _average(level - level.max(1, keepdims=True)) / 3,
            _average(level - level.mean(0)),
            _average(level - level.max()) / 3,
            _average(np.minimum(level - quiet, 4)) / 2,
            _average(level - levels[1]),
            place,
            place**2,
        ]
        return np.clip(signed, -_CLIP, _CLIP), np.stack(context, -1)

    def _tell_levels(self, speed: float, pitch: float, shift_s: float, count: int) -> tuple[list[Floats], Floats]:
        """Return three times (S, 46), the level of so many slots' cells told in each way, and how far each might go."""
        if pitch not in self._sums:
            self._sums = {pitch: _add_up(self.window, pitch)}
        *ways, leave = self._sums[pitch]
        power, logs, ratios = (_cut(sums, speed, shift_s, count, HOP_S) for sums in ways)
        floors = _FLOOR * power.mean(0) + 1e-9 * power.mean() + 1e-20
        levels = 0.5 * np.log(np.maximum(power, 0) + floors), 0.5 * logs, 0.5 * np.log(np.maximum(ratios, 0) + 0.01)
        return [np.asarray(level, np.float32) for level in levels], _cut(leave, speed, shift_s, count, 2 * HOP_S)


def _add_up(window: Window, pitch: float) -> tuple[Sums, ...]:
    """Return four times (T + 1, 46): what all spectra before each hold in each band.

    Power, logarithm of power and power beside that around it, as means over a band's lines; and the logarithm of how
    far masking lets a cell go, as the sound tells it now, of every second spectrum.
    """
    from scipy.ndimage import uniform_filter1d

    weights = weigh_bands(edges_hz() * pitch / window.bin_hz, window.powers.shape[1])
    weights /= np.maximum(weights.sum(0), np.float32(0.05))
    used = np.flatnonzero(weights.any(1))
    low, high = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 1)
    lines, weights = window.powers[:, low:high], weights[low:high]
    floor = lines.mean(0) * np.float32(1e-3) + window.powers.mean() * np.float32(1e-7) + np.float32(1e-14)
    around = uniform_filter1d(lines, _AROUND, axis=0, mode="nearest") + floor
    hearing = _build_hearing(window.bin_hz / pitch)
    heard = np.full((-(-len(lines) // 2), hearing.bins), 1e-14, np.float32)
    known = min(hearing.bins, window.powers.shape[1])
    heard[:, :known] = window.powers[::2, :known] / (window.powers.max() + 1e-20)
    leave = np.log(hearing.gains(heard, heard[0] @ hearing.to_bands))
    ways = lines @ weights, np.log(lines + floor) @ weights, (lines / around) @ weights, leave
    return tuple(np.concatenate([np.zeros((1, BANDS)), np.cumsum(way, axis=0, dtype=np.float64)]) for way in ways)


def _cut(sums: Sums, speed: float, shift_s: float, count: int, hop_s: float) -> Floats:
    """Return (S, 46): means over so many slots of what is summed up at each hop."""
    # Spectrum i is centred at i * HOP_S + FRAME_S / 2, and stands for one hop around it.
    at = (shift_s + np.arange(count + 1) * SLOT_S / speed - FRAME_S / 2) / hop_s + 0.5
    at = np.clip(at, 0, len(sums) - 1.001)
    low = at.astype(int)
    part = (at - low)[:, None]
    slots = np.maximum(np.diff(at), 1e-3)[:, None]
    return np.asarray(np.diff(sums[low] * (1 - part) + sums[low + 1] * part, axis=0) / slots, np.float32)


def judge(signed: Floats, context: Floats) -> Floats:
    """Return (R, 23) log-likelihood ratios of what was observed."""
    net = _load()
    own = signed @ net["own"]
    around = context @ net["around"] + net["bias"]

    def half(sum_: Floats) -> Floats:
        inner = np.maximum(np.maximum(sum_, 0) @ net["inner"] + net["inner_bias"], 0)
        return np.asarray(inner @ net["out"], np.float32)

    return half(around + own) - half(around - own)


def _contrast(level: Floats) -> list[Floats]:
    """Return six (R, 23) numbers: the chip's own bands and those beside them, in slots from its own outwards."""
    padded = np.pad(level, ((2, 2), (1, 1)), mode="edge")
    inner = padded[:, 1:-1:2] - padded[:, 2::2][:, :COLUMNS]
    outer = padded[:, 0:-2:2] - padded[:, 3::2]
    rows = len(level) // 2
    return [
        values[early : early + 2 * rows : 2] - values[late : late + 2 * rows : 2]
        for values in (inner, outer)
        for early, late in ((2, 3), (1, 4), (0, 5))
    ]


def _average(cells: Floats) -> Floats:
    """Return (R, 23): the mean of each chip's four cells."""
    sums = cells[0::2, 0::2] + cells[0::2, 1::2] + cells[1::2, 0::2] + cells[1::2, 1::2]
    return np.asarray(sums / 4, np.float32)


def _spread(values: Floats, reach: tuple[int, int]) -> Floats:
    """Return the means of (R, 23, ...) over each value and those within reach in time and pitch."""
    from scipy.ndimage import uniform_filter1d

    for axis, side in enumerate(reach):
        values = uniform_filter1d(values, 2 * side + 1, axis=axis, mode="nearest")
    return values


@lru_cache(maxsize=8)
def _build_hearing(bin_hz: float) -> Hearing:
    frame = 2 * round(8000 / bin_hz)
    return Hearing(round(frame * bin_hz), frame)


@cache
def _load() -> dict[str, Floats]:
    with np.load(Path(__file__).with_name("evidence.npz")) as file:
        net = {name: file[name].astype(np.float32) for name in file.files}
    net["around"] = net["around"] / net["spread"][:, None]
    net["bias"] = net["bias"] - net["mean"] @ net["around"]
    return net
