"""What somebody without the key may do to take a clip's mark out: frames in, frames out, by what every frame shares."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.clip_edits import Edit, Frame, Frames, join, part
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile.shot import LONGEST_SIDE

Field = NDArray[np.float32]


def see_common(frames: Frames) -> Field:
    """Return (H, W): what stands out of all frames of a shot at the same place, on average."""
    total = np.zeros(part(frames[0])[0].shape, np.float32)
    for frame in frames:
        luma = part(frame)[0].astype(np.float32)
        # No more than a mark has: what is stronger is the picture.
        total += np.clip(luma - cv2.GaussianBlur(luma, (0, 0), 4), -6, 6)
    common: Field = total / np.float32(len(frames))
    return common


def fold(field: Field) -> Field:
    """Return a field whose every period is the mean of all, as (H, W)."""
    height, width = field.shape
    side = round(PERIOD * max(height, width) / LONGEST_SIDE)
    rows, columns = -(-height // side), -(-width // side)
    total, count = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
    for top in range(0, height, side):
        for left in range(0, width, side):
            piece = field[top : top + side, left : left + side]
            total[: piece.shape[0], : piece.shape[1]] += piece
            count[: piece.shape[0], : piece.shape[1]] += 1
    return np.tile(total / count, (rows, columns))[:height, :width]


def subtract(see: Callable[[Frames], Field], gain: float) -> Callable[[Frames], Frames]:
    """Return what takes so much of a field that is seen in all frames out of each."""

    def change(frames: Frames) -> Frames:
        field = np.float32(gain) * see(frames)
        changed: list[Frame] = []
        for frame in frames:
            y, u, v = part(frame)
            changed.append(join((np.clip(np.rint(y - field), 0, 255).astype(np.uint8), u, v)))
        return changed

    return change


def measure_psnr_db(frames: Frames, others: Frames) -> float:
    """Return the mean luma PSNR of frames beside others, in dB."""
    errors = [
        float(np.square(part(one)[0].astype(np.float32) - part(other)[0]).mean())
        for one, other in zip(frames, others, strict=True)
    ]
    return float(np.mean(10 * np.log10(255**2 / np.maximum(errors, 1e-6))))


_THEN: Final = MappingProxyType({"crf": "23", "preset": "veryfast"})

ATTACKS: Final[Mapping[str, Edit]] = {
    f"{name}, gain {gain:g}, crf 23": Edit(subtract(see, gain), options=_THEN)
    for name, see in (
        ("subtract what all frames share, folded by the period", lambda frames: fold(see_common(frames))),
        ("subtract what all frames share", see_common),
    )
    for gain in (1.5, 2.5)
}
"""Of one shot; each is encoded again."""
