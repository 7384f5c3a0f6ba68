"""Pictures of nothing: folded noise in a few colours, with rings and ribbons over it."""

import colorsys

import numpy as np

from generation.painting.canvas import Canvas
from generation.painting.noise import FloatPlane, build_noise
from generation.painting.words import Motif, Rgb


def build_abstract(motif: Motif, height: int, width: int, rng: np.random.Generator) -> Canvas:
    """Return a canvas with no sparks on it."""
    canvas = Canvas.blank(height, width)
    folded = _fold(rng, height, width)
    colours = np.asarray(_choose_colours(motif, rng), np.float32)
    at = folded * (len(colours) - 1)
    low = np.minimum(at.astype(int), len(colours) - 2)
    part = (at - low)[:, :, np.newaxis]
    part = part * part * (3 - 2 * part)
    bands = 0.5 + 0.5 * np.sin(folded * np.float32(rng.uniform(30, 60)))
    mixed = colours[low] * (1 - part) + colours[low + 1] * part
    canvas.light[:] = mixed * (0.80 + 0.28 * bands)[:, :, np.newaxis]
    for _ in range(int(rng.integers(3, 7))):
        x, y, radius = rng.uniform(0, canvas.aspect), rng.uniform(0, 1), rng.uniform(0.06, 0.26)
        colour: Rgb = tuple(colours[int(rng.integers(len(colours)))].tolist())
        ring = canvas.disc(x, y, radius) - canvas.disc(x, y, radius * rng.uniform(0.0, 0.85))
        canvas.lay(colour, np.clip(ring, 0, 1) * np.float32(rng.uniform(0.5, 0.9)))
    np.clip(canvas.light, 0, 1, out=canvas.light)
    return canvas


def _fold(rng: np.random.Generator, height: int, width: int) -> FloatPlane:
    """Return noise sampled where two other noises point: it runs and curls like marbled paper."""
    base = build_noise(rng, height, width, cells=2.2, octaves=5)
    shift_y, shift_x = (build_noise(rng, height, width, cells=1.6, octaves=3) - 0.5 for _ in range(2))
    reach = 0.85 * min(height, width)
    rows = np.clip(np.arange(height)[:, np.newaxis] + shift_y * reach, 0, height - 1).astype(int)
    columns = np.clip(np.arange(width)[np.newaxis, :] + shift_x * reach, 0, width - 1).astype(int)
    folded = base[rows, columns]
    low, high = np.quantile(folded, (0.02, 0.98))
    return np.asarray(np.clip((folded - low) / max(1e-3, high - low), 0, 1), np.float32)


def _choose_colours(motif: Motif, rng: np.random.Generator) -> list[Rgb]:
    """Return five colours from dark to light: those named, filled up with neighbours in hue."""
    chosen = list(motif.colours[:4])
    hue = rng.random() if not chosen else colorsys.rgb_to_hsv(*chosen[0])[0]
    while len(chosen) < 5:
        step = (0.0, 0.08, 0.5, 0.58, 0.92)[len(chosen) % 5]
        chosen.append(
            colorsys.hsv_to_rgb(
                (hue + step + rng.uniform(-0.03, 0.03)) % 1, rng.uniform(0.25, 0.8), rng.uniform(0.25, 0.98)
            )
        )
    return sorted(chosen, key=sum)
