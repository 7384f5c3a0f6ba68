"""Small things on top: flowers, boats, birds, balloons, rain, snow and fog."""

import numpy as np
from PIL import Image, ImageDraw

from generation.painting.canvas import Canvas, mix, to_frame
from generation.painting.noise import build_noise
from generation.painting.palette import Palette
from generation.painting.words import Rgb


def paint_flowers(canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float) -> None:
    """Strew flowers over the ground, larger and fewer towards the viewer, in drifts of one colour."""
    picture, draw = _open(canvas)
    drifts = build_noise(rng, canvas.height, canvas.width, cells=3, octaves=3, stretch=2.5)
    count = round(1500 * canvas.aspect)
    depths = np.sort(rng.random(count) ** 1.4)
    for depth in depths:
        x, row = rng.random() * canvas.width, (horizon + 0.03 + depth * (0.97 - horizon)) * canvas.height
        drift = float(drifts[min(canvas.height - 1, int(row)), int(x)])
        colour = palette.accent[int(drift * 3.999 * len(palette.accent) / 4 + rng.random() * 0.6) % len(palette.accent)]
        size = canvas.height * (0.003 + 0.017 * depth**1.6) * rng.uniform(0.6, 1.2)
        light = (0.5 + 0.5 * palette.brightness) * rng.uniform(0.75, 1.12)
        if depth > 0.35:
            draw.line(
                (x, row, x + size * rng.uniform(-0.4, 0.4), row + size * 3),
                fill=_ink(palette.foliage, 1.2),
                width=max(1, round(size / 4)),
            )
        draw.ellipse((x - size, row - size * 0.72, x + size, row + size * 0.72), fill=_ink(colour, light))
        heart = size * 0.34
        if depth > 0.3:
            draw.ellipse(
                (x - heart, row - heart, x + heart, row + heart * 0.6),
                fill=_ink(mix(colour, (0.98, 0.86, 0.30), 0.7), light),
            )
    _close(canvas, picture)


def paint_boat(canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float) -> None:
    """Set one or two sails on the water, with their reflection."""
    picture, draw = _open(canvas)
    for _ in range(int(rng.integers(1, 3))):
        size = canvas.height * rng.uniform(0.10, 0.17)
        x, y = canvas.width * rng.uniform(0.2, 0.8), canvas.height * (horizon + (1 - horizon) * rng.uniform(0.18, 0.4))
        hull = _ink((0.26, 0.16, 0.12), 0.6 + 0.4 * palette.brightness)
        sail = _ink(
            palette.accent[-1] if len(palette.accent) < 3 else (0.96, 0.94, 0.88), 0.55 + 0.45 * palette.brightness
        )
        shade = _ink(palette.water, 0.75)
        draw.polygon(
            ((x, y + size * 0.1), (x - size * 0.3, y + size * 0.1), (x + size * 0.05, y + size * 0.75)), fill=shade
        )
        draw.polygon(((x - size * 0.03, y), (x - size * 0.03, y - size), (x - size * 0.42, y - size * 0.08)), fill=sail)
        draw.polygon(
            ((x + size * 0.02, y), (x + size * 0.02, y - size * 0.85), (x + size * 0.34, y - size * 0.06)), fill=sail
        )
        draw.polygon(
            (
                (x - size * 0.5, y),
                (x + size * 0.5, y),
                (x + size * 0.34, y + size * 0.14),
                (x - size * 0.36, y + size * 0.14),
            ),
            fill=hull,
        )
    _close(canvas, picture)


def paint_birds(canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float) -> None:
    """Send a flock across the sky."""
    picture, draw = _open(canvas)
    ink = _ink(mix(palette.foliage, palette.zenith, 0.3), 0.8)
    middle_x, middle_y = rng.uniform(0.25, 0.75), rng.uniform(0.15, 0.5) * horizon
    for _ in range(int(rng.integers(6, 12))):
        x, y = (middle_x + rng.normal() * 0.12) * canvas.width, (middle_y + rng.normal() * 0.05) * canvas.height
        span = canvas.height * rng.uniform(0.012, 0.028)
        width = max(1, round(canvas.height / 256))
        draw.arc((x - span, y - span / 2, x, y + span / 2), 200, 350, fill=ink, width=width)
        draw.arc((x, y - span / 2, x + span, y + span / 2), 190, 340, fill=ink, width=width)
    _close(canvas, picture)


def paint_balloons(canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float) -> None:
    """Let hot-air balloons rise, striped in the accent colours."""
    picture, draw = _open(canvas)
    for _ in range(int(rng.integers(2, 5))):
        radius = canvas.height * rng.uniform(0.04, 0.10)
        x, y = canvas.width * rng.uniform(0.12, 0.88), canvas.height * horizon * rng.uniform(0.2, 0.75)
        colours = [*palette.accent, (0.96, 0.93, 0.85)]
        for stripe in range(6, 0, -1):
            part = radius * stripe / 6
            ink = _ink(colours[stripe % len(colours)], 0.55 + 0.45 * palette.brightness)
            draw.polygon(
                ((x - part * 0.75, y + radius * 0.55), (x + part * 0.75, y + radius * 0.55), (x, y + radius * 1.35)),
                fill=ink,
            )
            draw.ellipse((x - part, y - radius, x + part, y + radius), fill=ink)
        basket = radius * 0.16
        draw.rectangle(
            (x - basket, y + radius * 1.4, x + basket, y + radius * 1.4 + 2 * basket),
            fill=_ink((0.35, 0.22, 0.12), 0.9),
        )
    _close(canvas, picture)


def paint_rain(canvas: Canvas, rng: np.random.Generator) -> None:
    """Streak rain across everything."""
    drops = Image.new("L", (canvas.width, canvas.height))
    draw = ImageDraw.Draw(drops)
    for _ in range(round(420 * canvas.aspect)):
        x, y, length = (
            rng.random() * canvas.width * 1.1,
            rng.random() * canvas.height,
            canvas.height * rng.uniform(0.02, 0.06),
        )
        draw.line((x, y, x - length * 0.25, y + length), fill=int(rng.integers(30, 75)), width=1)
    np.maximum(canvas.sparks, np.asarray(drops, np.float32) / 255, out=canvas.sparks)


def paint_snowfall(canvas: Canvas, rng: np.random.Generator) -> None:
    """Let flakes fall."""
    flakes = Image.new("L", (canvas.width, canvas.height))
    draw = ImageDraw.Draw(flakes)
    for _ in range(round(420 * canvas.aspect)):
        x, y, size = (
            rng.random() * canvas.width,
            rng.random() * canvas.height,
            canvas.height * rng.uniform(0.001, 0.005),
        )
        draw.ellipse((x - size, y - size, x + size, y + size), fill=int(rng.integers(90, 230)))
    np.maximum(canvas.sparks, np.asarray(flakes, np.float32) / 255, out=canvas.sparks)


def paint_fog(canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float) -> None:
    """Draw veils over the horizon."""
    noise = build_noise(rng, canvas.height, canvas.width, cells=1.6, octaves=4, stretch=4.0)
    veil = np.exp(-(((canvas.rows - horizon) / 0.22) ** 2)) * (0.35 + 0.75 * noise)
    canvas.lay(mix(palette.haze, palette.horizon, 0.5), np.clip(veil, 0, 0.72).astype(np.float32))


def _open(canvas: Canvas) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.fromarray(to_frame(canvas.light))
    return picture, ImageDraw.Draw(picture)


def _close(canvas: Canvas, picture: Image.Image) -> None:
    canvas.light[:] = np.asarray(picture, np.float32) / 255


def _ink(colour: Rgb, light: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, round(part * light * 255))) for part in colour)
    return red, green, blue
