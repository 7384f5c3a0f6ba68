"""Where each pixel of a frame comes from: a scene of known nearness, seen from a pose. On a coarse, smooth grid."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.animation.camera import Pose
from generation.animation.depth import Map
from provenance.asset import Frame

Grid = NDArray[np.float32]
"""(h, w, 2): x and y in the units of a pose, from the middle of the picture."""
Size = tuple[int, int]
"""Height and width in pixels."""

STEP: Final = 8
"""Pixels between two points of a grid."""


def lay_grid(size: Size) -> Grid:
    """Return where the points of a grid lie."""
    height, width = size
    rows, columns = max(8, height // STEP), max(8, width // STEP)
    x = (np.arange(columns) + 0.5) / columns * width - width / 2
    y = (np.arange(rows) + 0.5) / rows * height - height / 2
    return (np.stack(np.meshgrid(x, y), axis=2) / (min(size) / 2)).astype(np.float32)


def trace(base: Grid, near: Map, size: Size, pose: Pose, margin: float = 1.0) -> Grid:
    """Return where in the picture each point of the grid comes from.

    What is near moves further, and what is seen at a point is known only once it is known where that comes from: it is
    looked for three times, which is exact enough for moves as small as these.

    Args:
        base: of `lay_grid`.
        near: (h, w), nearness of the picture.
        size: of the picture.
        pose: from where it is seen.
        margin: how much larger it is shown than it is.
    """
    cosine, sine = np.cos(pose.roll), np.sin(pose.roll)
    seen = base @ np.asarray(((cosine, sine), (-sine, cosine)), np.float32) / np.float32(margin)
    move, shift = np.asarray((pose.x, pose.y), np.float32), np.asarray((pose.shift_x, pose.shift_y), np.float32)
    source = seen
    for _ in range(3):
        depth = sample(near, source, size)[..., None]
        closer = 1 - np.float32(pose.z) * depth - np.float32(pose.growth)
        source = seen * closer + move * (depth - np.float32(pose.pivot)) + shift
    return np.asarray(source, np.float32)


def sample(values: Map, at: Grid, size: Size) -> Map:
    """Return `values` of a picture of `size` at the points of a grid."""
    import cv2

    rows, columns = values.shape
    unit = min(size) / 2
    x = (at[..., 0] * unit / size[1] + 0.5) * columns - 0.5
    y = (at[..., 1] * unit / size[0] + 0.5) * rows - 0.5
    return np.asarray(
        cv2.remap(values, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def warp(layer: NDArray[np.uint8], source: Grid, *, is_endless: bool = True) -> NDArray[np.uint8]:
    """Return a layer (H, W, C) whose points come from where `source` says; outside it is mirrored, or empty."""
    import cv2

    height, width = layer.shape[:2]
    # What is laid on the grid is how far each point moves: resizing clamps at the rim, where a move changes little.
    moved = (source - lay_grid((height, width))) * np.float32(min(height, width) / 2)
    whole = cv2.resize(moved, (width, height), interpolation=cv2.INTER_LINEAR) + _lay_pixels(height, width)
    border = cv2.BORDER_REFLECT_101 if is_endless else cv2.BORDER_CONSTANT
    return np.asarray(cv2.remap(layer, whole, None, cv2.INTER_LINEAR, borderMode=border), np.uint8)


@lru_cache(maxsize=2)
def _lay_pixels(height: int, width: int) -> Grid:
    """Return where each pixel lies, in pixels."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.stack([x, y], axis=2)


def trace_back(frame: Frame, near: Map, pose: Pose) -> Frame:
    """Return a frame that was seen from `pose` as it looks from where `near` was found, at rest.

    The frame shows at q what lies at s(q); small as moves are, that is undone by one step.
    """
    size = (frame.shape[0], frame.shape[1])
    base = lay_grid(size)
    return warp(frame, 2 * base - trace(base, near, size, pose))
