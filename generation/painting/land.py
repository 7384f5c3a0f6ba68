"""What lies under the sky: ranges, water, meadows, dunes, woods and towns."""

import numpy as np
from PIL import Image, ImageDraw

from generation.painting.canvas import Canvas, mix
from generation.painting.noise import build_noise, build_ridge
from generation.painting.palette import Palette
from generation.painting.words import Rgb


def paint_range(
    canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float, *, is_rocky: bool, has_snow: bool
) -> None:
    """Set ranges one behind the other, each nearer one lower, darker and clearer."""
    layers = 3
    for layer in range(layers):
        near = (layer + 1) / layers
        cells, octaves, roughness = (1.6 + 0.8 * layer, 8, 0.48) if is_rocky else (1.4 + 0.8 * layer, 3, 0.4)
        ridge = build_ridge(rng, canvas.width, cells=cells * canvas.aspect, octaves=octaves, roughness=roughness)
        height = (0.40 - 0.11 * layer) if is_rocky else (0.20 - 0.05 * layer)
        outline = horizon + 0.02 - ridge * height
        texture = build_noise(rng, canvas.height, canvas.width, cells=9, octaves=5, stretch=0.6 if is_rocky else 2.0)
        body = mix(palette.foliage, palette.ground, 0.2 if is_rocky else 0.45)
        if is_rocky:
            body = mix(body, palette.haze, 0.25)
        colour = np.asarray(mix(palette.haze, body, 0.25 + 0.6 * near**1.2), np.float32)
        depth = canvas.rows - outline[np.newaxis, :]
        # Slopes that fall to the right lie in shadow; the texture breaks the edge.
        slope = np.clip(-np.gradient(ridge) * canvas.width * 0.16, -1, 1)[np.newaxis, :]
        sheen = np.clip(slope + (texture - 0.5) * 1.6, -1, 1) * np.exp(-depth / (0.6 * height))
        lit = colour * (0.85 + 0.5 * (texture - 0.5) + (0.30 if is_rocky else 0.10) * sheen)[:, :, np.newaxis]
        if is_rocky and (has_snow or layer < 2):
            reach = 0.34 if has_snow else 0.13
            white = np.asarray(mix((1.0, 1.0, 1.0), palette.haze, 0.35), np.float32) * (
                0.45 + 0.55 * palette.brightness
            )
            cap = np.clip((reach * (0.35 + texture) * ridge[np.newaxis, :] - depth) * 22, 0, 1)
            lit += (white * (0.86 + 0.22 * sheen)[:, :, np.newaxis] - lit) * (0.92 * cap)[:, :, np.newaxis]
        lit += (np.asarray(palette.haze, np.float32) - lit) * (np.clip(depth / 0.3, 0, 1) * 0.45 * (1 - near))[
            :, :, np.newaxis
        ]
        canvas.lay(lit.astype(np.float32), canvas.below(outline))


def paint_water(
    canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float, light_x: float | None, *, is_wild: bool
) -> None:
    """Mirror what stands above the horizon, broken by waves that grow nearer, with a path of light."""
    top = round(horizon * canvas.height)
    rows = canvas.height - top
    if rows < 4:
        return
    down = np.linspace(0, 1, rows, dtype=np.float32)[:, np.newaxis]
    # Perspective: the noise is sampled ever more slowly towards the viewer.
    seen = np.clip((2 * rows - 1) * (1 - (1 - down[:, 0]) ** 0.45), 0, 2 * rows - 1).astype(int)
    swell = build_noise(rng, 2 * rows, canvas.width, cells=8, octaves=4, stretch=6.0)[seen] - 0.5
    ripples = build_noise(rng, 2 * rows, canvas.width, cells=34, octaves=2, stretch=5.0)[seen] - 0.5
    waves = swell + 0.7 * ripples
    across = np.arange(canvas.width)[np.newaxis, :] + waves * canvas.height * (0.02 + 0.14 * down)
    up = top - 1 - np.arange(rows)[:, np.newaxis] * top // rows
    mirrored = canvas.light[np.clip(up, 0, None), np.clip(across, 0, canvas.width - 1).astype(int)]
    deep = np.asarray(palette.water, np.float32)
    water = mirrored + (deep - mirrored) * np.clip(0.40 + 0.5 * down, 0, 1)[:, :, np.newaxis]
    strength = (1.5 if is_wild else 0.85) * (0.45 + 0.55 * down)
    water *= (1 + strength * waves)[:, :, np.newaxis]
    crest = np.clip((waves - (0.20 if is_wild else 0.30)) * 9, 0, 1) * (0.15 + 0.5 * down)
    water += (np.asarray(palette.cloud, np.float32) - water) * crest[:, :, np.newaxis]
    if light_x is not None:
        path = np.exp(-(((canvas.columns - light_x) / (0.035 + 0.10 * down)) ** 2)) * np.clip(ripples * 7 + 0.25, 0, 1)
        water += np.asarray(palette.sun, np.float32) * (0.8 * path * (1 - 0.5 * down))[:, :, np.newaxis]
    canvas.light[top:] = water
    canvas.sparks[top:] = 0


def paint_meadow(
    canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float, *, is_tilled: bool
) -> None:
    """Lay rolling ground with hedges; tilled, its furrows run to one point."""
    ridge = build_ridge(rng, canvas.width, cells=1.5 * canvas.aspect, octaves=2)
    outline = horizon + 0.03 * (ridge - 0.5)
    down = np.clip((canvas.rows - horizon) / max(0.05, 1 - horizon), 0, 1)
    texture = build_noise(rng, canvas.height, canvas.width, cells=14, octaves=5, stretch=2.5)
    patches = build_noise(rng, canvas.height, canvas.width, cells=2.2, octaves=3, stretch=3.5)
    far = np.asarray(mix(palette.ground, palette.haze, 0.35), np.float32)
    near = np.asarray(mix(palette.ground, palette.foliage, 0.5), np.float32)
    base = far + (near - far) * (down**0.8)[:, :, np.newaxis]
    other = np.asarray(mix(palette.ground, palette.sun, 0.30), np.float32) * (0.35 + 0.6 * palette.brightness)
    base = base + (other - base) * (np.clip((patches - 0.5) * 3.5, 0, 0.7) * (1 - 0.4 * down))[:, :, np.newaxis]
    base *= (0.48 + 1.0 * texture)[:, :, np.newaxis]
    if is_tilled:
        vanish = float(rng.uniform(0.25, 0.75) * canvas.aspect)
        run = (canvas.columns - vanish) / np.maximum(canvas.rows - horizon + 0.06, 0.02)
        base *= (1 + 0.16 * np.sin(run * 14 + 2 * patches) * np.clip(down * 3, 0, 1))[:, :, np.newaxis]
    canvas.lay(base.astype(np.float32), canvas.below(outline))
    _paint_hedges(canvas, palette, rng, horizon)


def _paint_hedges(canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float) -> None:
    """Line the ground with a few rows of bushes, larger nearer."""
    for depth in sorted(rng.uniform(0.0, 0.30, int(rng.integers(2, 5))).tolist()):
        cover = Image.new("L", (canvas.width, canvas.height))
        draw = ImageDraw.Draw(cover)
        row = (horizon + 0.02 + depth * (1 - horizon)) * canvas.height
        slope, size = rng.uniform(-0.05, 0.05), canvas.height * (0.022 + 0.10 * depth)
        start, end = np.sort(rng.uniform(-0.1, 1.1, 2)) * canvas.width
        for x in np.arange(start, end, size * 1.1).tolist():
            if rng.random() < 0.7:
                bush, lift = size * rng.uniform(0.5, 1.1), slope * (x - start)
                draw.ellipse((x - bush, row + lift - bush * 0.9, x + bush, row + lift + bush * 0.5), fill=255)
        colour = mix(palette.haze, palette.foliage, min(1.0, 0.55 + 1.5 * depth))
        canvas.lay(colour, np.asarray(cover, np.float32) / np.float32(255))


def paint_dunes(canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float) -> None:
    """Lay dune upon dune, each with a lit side, a shadow and ripples."""
    sand = mix((0.88, 0.66, 0.38), palette.ground, 0.15)
    for layer in range(4):
        ridge = build_ridge(rng, canvas.width, cells=(1.2 + 0.4 * layer) * canvas.aspect, octaves=1)
        outline = horizon + layer * (1 - horizon) / 4 - 0.12 * ridge * (0.6 + 0.3 * layer)
        below = canvas.rows - outline[np.newaxis, :]
        slope = np.gradient(outline)[np.newaxis, :] * canvas.width / canvas.aspect
        ripple = np.sin((below * 34 + slope * 2 + canvas.columns * 3) * (5 - layer)) * 0.04
        shade = np.clip(0.78 + 0.9 * slope + ripple - 0.35 * np.clip(below / 0.3, 0, 1), 0.35, 1.15)
        colour = np.asarray(mix(palette.haze, sand, 0.45 + 0.15 * layer), np.float32) * (
            0.55 + 0.45 * palette.brightness
        )
        canvas.lay((colour * shade[:, :, np.newaxis]).astype(np.float32), canvas.below(outline))


def paint_woods(
    canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float, *, is_autumn: bool, has_snow: bool
) -> None:
    """Stand rows of trees, pines or round crowns, the nearest at the sides so that the view stays open."""
    has_pines = has_snow or rng.random() < 0.5
    for layer in range(3):
        near = (layer + 1) / 3
        cover = Image.new("L", (canvas.width, canvas.height))
        draw = ImageDraw.Draw(cover)
        height = canvas.height * (0.13, 0.25, 0.55)[layer]
        foot = canvas.height * (horizon + (0.02, 0.09, 0.26)[layer])
        count = round((34, 20, 11)[layer] * canvas.aspect)
        for _ in range(count):
            x = rng.random() * canvas.width
            if layer and abs(x / canvas.width - 0.5) < 0.14 * layer:
                continue
            size, base = height * rng.uniform(0.7, 1.25), foot + rng.uniform(-0.01, 0.02) * canvas.height
            (_draw_pine if has_pines else _draw_round_tree)(draw, rng, x, base, size)
        texture = build_noise(rng, canvas.height, canvas.width, cells=24, octaves=4)
        colour = mix(palette.haze, palette.foliage, 0.35 + 0.6 * near)
        other = mix(colour, (0.80, 0.52, 0.12), 0.5) if is_autumn else mix(colour, palette.ground, 0.4)
        leaves = (
            np.asarray(colour, np.float32) * (1 - texture[:, :, np.newaxis])
            + np.asarray(other, np.float32) * texture[:, :, np.newaxis]
        )
        leaves *= (0.62 + 0.76 * texture)[:, :, np.newaxis]
        if has_snow:
            leaves += (np.float32(0.88) * palette.brightness - leaves) * np.clip(
                (texture[:, :, np.newaxis] - 0.5) * 6, 0, 0.85
            )
        canvas.lay(leaves.astype(np.float32), np.asarray(cover, np.float32) / np.float32(255))


def paint_city(canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float, *, is_lit: bool) -> None:
    """Raise a skyline, nearer houses lower and darker, windows lit after dark."""
    for layer in range(3):
        near = (layer + 1) / 3
        colour = mix(palette.haze, mix((0.30, 0.31, 0.37), palette.foliage, 0.2), 0.30 + 0.55 * near)
        x = -rng.uniform(0, 0.06)
        while x < canvas.aspect:
            width = rng.uniform(0.035, 0.085) * (0.8 + 0.5 * near)
            middle = 1 - abs((x + width / 2) / canvas.aspect - 0.5)
            height = rng.uniform(0.07, 0.30) * (1.25 - 0.55 * near) * (0.5 + middle)
            _raise_house(canvas, palette, rng, (x, horizon - height, width, height + 0.02), colour, is_lit=is_lit)
            x += width * rng.uniform(0.8, 1.25)


def _raise_house(
    canvas: Canvas,
    palette: Palette,
    rng: np.random.Generator,
    box: tuple[float, float, float, float],
    colour: Rgb,
    *,
    is_lit: bool,
) -> None:
    x, y, width, height = (round(value * canvas.height) for value in box)
    left, right, top, bottom = max(0, x), min(canvas.width, x + width), max(0, y), min(canvas.height, y + height)
    if right - left < 2 or bottom - top < 2:
        return
    if rng.random() < 0.3:
        spire = max(1, width // 12)
        canvas.light[max(0, top - width // 2) : top, (left + right) // 2 : (left + right) // 2 + spire] = colour
    wall = np.linspace(1.12, 0.86, right - left, dtype=np.float32)[np.newaxis, :, np.newaxis]
    canvas.sparks[top:bottom, left:right] = 0
    canvas.light[top:bottom, left:right] = np.asarray(colour, np.float32) * wall * np.float32(rng.uniform(0.85, 1.15))
    cell = max(3, canvas.height // 90)
    lamp = np.asarray((1.0, 0.80, 0.42) if is_lit else mix(palette.horizon, colour, 0.5), np.float32)
    for row in range(top + cell, bottom - cell, cell * 2):
        for column in range(left + cell, right - cell, cell * 2):
            if rng.random() < (0.55 if is_lit else 0.7):
                canvas.light[row : row + cell, column : column + cell] = lamp * np.float32(rng.uniform(0.6, 1.05))


def _draw_pine(draw: ImageDraw.ImageDraw, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    tiers = 6
    draw.rectangle((x - size * 0.02, base - size * 0.2, x + size * 0.02, base), fill=255)
    for tier in range(tiers):
        top = base - size + size * 0.78 * tier / tiers
        half = size * (0.06 + 0.20 * (tier + 1) / tiers) * rng.uniform(0.85, 1.1)
        draw.polygon(((x, top), (x - half, top + size * 0.24), (x + half, top + size * 0.24)), fill=255)


def _draw_round_tree(draw: ImageDraw.ImageDraw, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    draw.rectangle((x - size * 0.03, base - size * 0.5, x + size * 0.03, base), fill=255)
    for _ in range(9):
        radius = size * rng.uniform(0.12, 0.20)
        centre_x, centre_y = x + size * rng.uniform(-0.20, 0.20), base - size * rng.uniform(0.42, 0.86)
        draw.ellipse((centre_x - radius, centre_y - radius, centre_x + radius, centre_y + radius), fill=255)
