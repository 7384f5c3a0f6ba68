"""Brush strokes: a picture is painted over from coarse to fine, along its own edges, with the relief of thick paint.

Source: the coarse-to-fine scheme of Hertzmann, "Painterly Rendering with Curved Brush Strokes of Multiple Sizes", 1998;
straight strokes here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from generation.painting.canvas import Light, blur, to_frame
from generation.painting.noise import FloatPlane, build_noise


@dataclass(frozen=True, slots=True)
class Brush:
    """One pass.

    Attributes:
        width: of a stroke, as a part of the shorter side.
        length: of a stroke, in widths.
        share: of the places on the grid where a stroke is laid though the canvas is near enough there.
    """

    width: float
    length: float
    share: float


PASSES = (Brush(0.045, 3.2, 1.0), Brush(0.020, 4.0, 0.75), Brush(0.010, 4.5, 0.40), Brush(0.0055, 4.5, 0.16))


def paint_over(
    light: Light, rng: np.random.Generator, *, coarseness: float = 1.0, advance: Callable[[], None] = lambda: None
) -> Light:
    """Return the picture as brush strokes.

    Args:
        light: (H, W, 3) float32, 0..1; not modified.
        rng: source of chance.
        coarseness: 1 for the usual brushes, larger for broader ones.
        advance: called after each pass.
    """
    height, width = light.shape[:2]
    canvas = Image.fromarray(to_frame(blur(light, min(height, width) * 0.02)))
    relief = Image.new("L", (width, height), 128)
    angles = _flow(light, rng)
    for brush in PASSES:
        radius = max(1.0, brush.width * coarseness * min(height, width))
        reference = to_frame(blur(light, radius / 3))
        _lay_strokes(canvas, relief, reference, angles, rng, radius, brush)
        advance()
    return _light_relief(np.asarray(canvas, np.float32) / np.float32(255), relief, rng)


def _lay_strokes(
    canvas: Image.Image,
    relief: Image.Image,
    reference: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    angles: FloatPlane,
    rng: np.random.Generator,
    radius: float,
    brush: Brush,
) -> None:
    """Lay one pass, in random order, each stroke in the colour of what it stands for, a little off."""
    height, width = reference.shape[:2]
    step = max(2.0, radius * 0.9)
    rows, columns = (grid.ravel() for grid in np.mgrid[0:height:step, 0:width:step])
    rows = np.clip(rows + rng.uniform(-step / 2, step / 2, rows.size), 0, height - 1)
    columns = np.clip(columns + rng.uniform(-step / 2, step / 2, columns.size), 0, width - 1)
    at = rows.astype(int), columns.astype(int)
    off = np.abs(np.asarray(canvas)[at].astype(np.int16) - reference[at]).sum(axis=1)
    keep = np.flatnonzero((off > 30) | (rng.random(rows.size) < brush.share))
    keep = rng.permutation(keep)
    rows, columns = rows[keep], columns[keep]
    at = rows.astype(int), columns.astype(int)
    angle = angles[at] + rng.uniform(-0.25, 0.25, keep.size)
    half = radius * brush.length / 2 * rng.uniform(0.6, 1.2, keep.size)
    reach_x, reach_y = np.cos(angle) * half, np.sin(angle) * half
    tint = reference[at] * rng.uniform(0.93, 1.07, (keep.size, 1)) + rng.uniform(-6, 6, (keep.size, 3))
    colours = np.clip(tint, 0, 255).astype(np.uint8).tolist()
    heights = rng.integers(88, 168, keep.size).tolist()
    ends = np.stack((columns - reach_x, rows - reach_y, columns + reach_x, rows + reach_y), axis=1).tolist()
    draw, draw_relief = ImageDraw.Draw(canvas), ImageDraw.Draw(relief)
    thickness = max(1, round(radius))
    for end, colour, raised in zip(ends, colours, heights, strict=True):
        draw.line(end, fill=tuple(colour), width=thickness)
        draw_relief.line(end, fill=raised, width=thickness)


def _flow(light: Light, rng: np.random.Generator) -> FloatPlane:
    """Return the direction of strokes: along edges where there are any, else along a slow swirl."""
    height, width = light.shape[:2]
    grey = Image.fromarray(to_frame(light)).convert("L").filter(ImageFilter.GaussianBlur(min(height, width) * 0.012))
    down, across = np.gradient(np.asarray(grey, np.float32))
    swirl = (build_noise(rng, height, width, cells=1.5, octaves=2) - 0.5) * 1.6
    strength = np.clip(np.hypot(down, across) / 2.0, 0, 1)
    # Directions are doubled so that opposite ones count as the same before they are mixed.
    edge = 2 * (np.arctan2(down, across) + np.pi / 2)
    sine = np.sin(edge) * strength + np.sin(2 * swirl) * (1 - strength)
    cosine = np.cos(edge) * strength + np.cos(2 * swirl) * (1 - strength)
    return np.asarray(np.arctan2(sine, cosine) / 2, np.float32)


def _light_relief(light: Light, relief: Image.Image, rng: np.random.Generator) -> Light:
    """Light the strokes from the upper left, over the weave of a canvas."""
    height, width = light.shape[:2]
    thick = np.asarray(relief.filter(ImageFilter.GaussianBlur(0.8)), np.float32) / 255
    thick += 0.10 * rng.random((height, width), dtype=np.float32)
    slope = thick - np.roll(thick, (2, 2), axis=(0, 1))
    return np.clip(light * (1 + 0.30 * np.clip(slope, -0.5, 0.5))[:, :, np.newaxis], 0, 1).astype(np.float32)
