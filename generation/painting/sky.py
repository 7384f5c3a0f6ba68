"""The sky: its colours, and what hangs in it."""

import numpy as np

from generation.painting.canvas import Canvas, mix
from generation.painting.noise import build_noise
from generation.painting.palette import Palette
from generation.painting.words import Motif


def paint_sky(canvas: Canvas, palette: Palette, horizon: float) -> None:
    """Fill the canvas with the sky's colours, palest at the horizon."""
    part = np.clip(canvas.rows / horizon, 0, 1)
    upper = np.clip(part * 1.7, 0, 1)[:, :, np.newaxis]
    lower = np.clip(part * 1.7 - 0.7, 0, 1)[:, :, np.newaxis] ** 1.3
    zenith, middle, low = (
        np.asarray(colour, np.float32) for colour in (palette.zenith, palette.middle, palette.horizon)
    )
    canvas.light[:] = (zenith + (middle - zenith) * upper) * (1 - lower) + low * lower


def paint_stars(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    """Scatter stars, thicker along a band."""
    band = build_noise(rng, canvas.height, canvas.width, cells=1.5, octaves=5)
    slope, middle = rng.uniform(-0.5, 0.5), rng.uniform(0.15, 0.4)
    distance = np.abs(canvas.rows - middle - slope * (canvas.columns / canvas.aspect - 0.5))
    milky = np.exp(-((distance / 0.13) ** 2)) * band
    canvas.glow((0.30, 0.32, 0.44), (milky * 0.8 * (canvas.rows < horizon)).astype(np.float32))
    count = round(260 * canvas.aspect)
    for _ in range(count):
        x, y = rng.integers(0, canvas.width), int(rng.random() * horizon * canvas.height)
        size = 1 + int(rng.random() < 0.25) * round(canvas.height / 400)
        canvas.sparks[y : y + size, x : x + size] += np.float32(rng.uniform(0.25, 0.95))


def paint_aurora(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    """Hang curtains of green and violet light."""
    for colour, base in (((0.10, 0.75, 0.45), 0.55), ((0.45, 0.25, 0.75), 0.42)):
        wave = build_noise(rng, 2, canvas.width, cells=1.0, octaves=1)[0]
        path = np.interp(np.linspace(0, 1, canvas.width), np.linspace(0, 1, 9), rng.uniform(-0.16, 0.16, 9))
        foot = (horizon * base + path + 0.04 * wave)[np.newaxis, :]
        rays = np.interp(np.arange(canvas.width), np.linspace(0, canvas.width, 60), rng.random(60))[np.newaxis, :]
        up = foot - canvas.rows
        curtain = np.where(up > 0, np.exp(-up / 0.16), np.exp(up / 0.025)) * (0.35 + 0.65 * rays)
        canvas.glow(colour, (0.75 * curtain).astype(np.float32))


def paint_light(canvas: Canvas, palette: Palette, x: float, y: float, *, is_moon: bool) -> None:
    """Hang the sun or the moon, with its glow."""
    away = canvas.distance(x, y)
    radius = 0.05 if is_moon else 0.055
    canvas.glow(palette.sun, (np.exp(-away / 0.22) * (0.22 if is_moon else 0.38)).astype(np.float32))
    canvas.glow(palette.sun, (np.exp(-((away / 0.10) ** 2)) * 0.25).astype(np.float32))
    canvas.lay(mix(palette.sun, (1.0, 1.0, 1.0), 0.4), canvas.disc(x, y, radius))
    if is_moon:
        canvas.lay(mix(palette.sun, palette.zenith, 0.18), canvas.disc(x - 0.014, y + 0.01, 0.014) * 0.6)
        canvas.lay(mix(palette.sun, palette.zenith, 0.18), canvas.disc(x + 0.017, y - 0.012, 0.009) * 0.6)


def paint_clouds(canvas: Canvas, palette: Palette, motif: Motif, rng: np.random.Generator, horizon: float) -> None:
    """Drift clouds across, flatter towards the horizon, dark below and lit above."""
    amount = 0.72 if motif.weather & {"storm", "clouds", "rain"} else float(rng.uniform(0.36, 0.55))
    sky_rows = max(8, round(horizon * canvas.height))
    noise = build_noise(rng, sky_rows, canvas.width, cells=2.4, octaves=6, stretch=2.6)
    threshold = np.float32(np.quantile(noise, 1 - amount))
    body = np.clip((noise - threshold) / 0.16, 0, 1)
    body *= np.clip(1.25 - np.linspace(0, 1, sky_rows, dtype=np.float32)[:, np.newaxis], 0, 1)
    lift = max(1, sky_rows // 28)
    shade = np.clip((noise - np.roll(noise, -lift, axis=0)) * 7 + 0.5, 0, 1)[:, :, np.newaxis]
    dark, lit = np.asarray(mix(palette.cloud, palette.zenith, 0.55), np.float32), np.asarray(palette.cloud, np.float32)
    sky = canvas.light[:sky_rows]
    canvas.sparks[:sky_rows] *= 1 - body
    sky += (dark + (lit - dark) * shade - sky) * (body * 0.88)[:, :, np.newaxis]


def paint_lightning(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    """Strike once: a jagged bright line from the clouds down."""
    x, y = rng.uniform(0.2, 0.8) * canvas.aspect, 0.08
    while y < horizon:
        step_x, step_y = rng.uniform(-0.035, 0.035), rng.uniform(0.015, 0.04)
        for part in np.linspace(0, 1, 12):
            row, column = int((y + step_y * part) * canvas.height), int((x + step_x * part) * canvas.height)
            if row < canvas.height and 0 <= column < canvas.width:
                canvas.sparks[row : row + 2, max(0, column - 1) : column + 2] = 0.9
        x, y = x + step_x, y + step_y
