"""Seeded fractal noise: smooth random planes and ridge lines, from enlarged random grids."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FloatPlane = NDArray[np.float32]
"""(H, W) float32."""


def build_noise(
    rng: np.random.Generator, height: int, width: int, *, cells: float, octaves: int = 4, stretch: float = 1.0
) -> FloatPlane:
    """Return (H, W) float32 fractal noise, 0..1.

    Args:
        rng: source of chance.
        height: in pixels.
        width: in pixels.
        cells: blobs across the shorter side in the coarsest octave.
        octaves: each has twice the blobs and half the weight of the one before.
        stretch: how many times wider than high the blobs are.
    """
    total = np.zeros((height, width), np.float32)
    weight, sum_of_weights = 1.0, 0.0
    for octave in range(octaves):
        step = min(height, width) / (cells * 2**octave)
        rows = max(2, round(height / step) + 1)
        columns = max(2, round(width / (step * stretch)) + 1)
        if rows > 2 * height or columns > 2 * width:
            break
        grid = Image.fromarray(rng.random((rows, columns), dtype=np.float32), "F")
        total += weight * np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC), np.float32)
        sum_of_weights += weight
        weight *= 0.5
    return np.asarray(np.clip(total / np.float32(sum_of_weights), 0, 1), np.float32)


def build_ridge(
    rng: np.random.Generator, width: int, *, cells: float, octaves: int, roughness: float = 0.5
) -> FloatPlane:
    """Return (W,) float32 in 0..1: the outline of a range of hills; more octaves and roughness give crags."""
    total = np.zeros(width, np.float32)
    weight = 1.0
    for octave in range(octaves):
        count = max(2, round(cells * 2**octave) + 1)
        points = rng.random(count, dtype=np.float32)
        at = np.linspace(0, count - 1, width)
        low = np.minimum(at.astype(int), count - 2)
        part = (at - low).astype(np.float32)
        if octaves <= 3:
            part = part * part * (3 - 2 * part)
        total += weight * (points[low] * (1 - part) + points[low + 1] * part)
        weight *= roughness
    low_end, high_end = float(total.min()), float(total.max())
    return ((total - low_end) / max(1e-6, high_end - low_end)).astype(np.float32)
