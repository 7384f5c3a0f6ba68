"""Scenes: which layers a motif needs, in which order."""

from dataclasses import replace
from typing import Final

import numpy as np

from generation.painting import details, land, sky
from generation.painting.canvas import Canvas
from generation.painting.palette import Palette, build_palette
from generation.painting.words import Motif

# What to paint when the words name nothing known: each has looked well alone.
_SURPRISES: Final = (
    frozenset(("mountains", "sea")),
    frozenset(("hills", "field", "forest")),
    frozenset(("sea", "boat", "birds")),
    frozenset(("field", "flowers", "hills")),
    frozenset(("city", "sea")),
    frozenset(("mountains", "forest")),
    frozenset(("dunes", "birds")),
    frozenset(("balloon", "hills", "field")),
)


def build_scene(motif: Motif, height: int, width: int, rng: np.random.Generator) -> Canvas:
    """Return the scene that `motif` asks for, as yet without brush strokes."""
    features = motif.features or _SURPRISES[int(rng.integers(len(_SURPRISES)))]
    motif = replace(motif, features=features)
    time = motif.time or ("day", "day", "day", "dusk")[int(rng.integers(4))]
    palette = build_palette(motif, time, rng)
    canvas = Canvas.blank(height, width)
    horizon = float(rng.uniform(0.36, 0.46) if features & {"flowers", "field", "dunes"} else rng.uniform(0.50, 0.62))
    light_x = _paint_above(canvas, palette, motif, time, rng, horizon)
    _paint_below(canvas, palette, motif, time, rng, (light_x, horizon))
    _paint_details(canvas, palette, motif, rng, horizon)
    np.clip(canvas.light, 0, 1, out=canvas.light)
    return canvas


def _paint_above(
    canvas: Canvas, palette: Palette, motif: Motif, time: str, rng: np.random.Generator, horizon: float
) -> float | None:
    """Paint the sky and return where its sun or moon stands, if it has one."""
    light_x = None
    sky.paint_sky(canvas, palette, horizon)
    if time == "night":
        sky.paint_stars(canvas, rng, horizon)
    if "aurora" in motif.weather:
        sky.paint_aurora(canvas, rng, horizon)
    is_moon = time == "night"
    if not motif.weather & {"storm", "rain"} and (
        is_moon or time == "dusk" or "sun" in motif.weather or rng.random() < 0.5
    ):
        light_x = float(rng.uniform(0.22, 0.78) * canvas.aspect)
        light_y = horizon * float(rng.uniform(0.72, 0.90) if time == "dusk" else rng.uniform(0.22, 0.48))
        sky.paint_light(canvas, palette, light_x, light_y, is_moon=is_moon)
    if not (is_moon and motif.weather & {"stars", "aurora", "moon"}):
        sky.paint_clouds(canvas, palette, motif, rng, horizon)
    if "storm" in motif.weather:
        sky.paint_lightning(canvas, rng, horizon)
    return light_x


def _paint_below(
    canvas: Canvas, palette: Palette, motif: Motif, time: str, rng: np.random.Generator, at: tuple[float | None, float]
) -> None:
    """Paint the ground or the water, and what stands on it."""
    light_x, horizon = at
    features, weather = motif.features, motif.weather
    has_snow = "snow" in weather
    is_wet = bool(features & {"sea", "boat"}) or (
        "city" in features and not features & {"field", "flowers", "hills", "dunes", "forest"}
    )
    if "mountains" in features:
        land.paint_range(canvas, palette, rng, horizon, is_rocky=True, has_snow=has_snow)
    if "hills" in features or ("forest" in features and "mountains" not in features):
        land.paint_range(canvas, palette, rng, horizon, is_rocky=False, has_snow=has_snow)
    if "city" in features:
        land.paint_city(canvas, palette, rng, horizon, is_lit=time != "day")
    if is_wet:
        land.paint_water(canvas, palette, rng, horizon, light_x, is_wild="storm" in weather)
    elif "dunes" in features:
        land.paint_dunes(canvas, palette, rng, horizon)
    else:
        land.paint_meadow(canvas, palette, rng, horizon, is_tilled=bool(features & {"field", "flowers"}))
    if "forest" in features:
        land.paint_woods(canvas, palette, rng, horizon, is_autumn="autumn" in weather, has_snow=has_snow)
    if "fog" in weather:
        details.paint_fog(canvas, palette, rng, horizon)


def _paint_details(canvas: Canvas, palette: Palette, motif: Motif, rng: np.random.Generator, horizon: float) -> None:
    if "flowers" in motif.features:
        details.paint_flowers(canvas, palette, rng, max(horizon, 0.80) if "sea" in motif.features else horizon)
    if "boat" in motif.features:
        details.paint_boat(canvas, palette, rng, horizon)
    if "birds" in motif.features:
        details.paint_birds(canvas, palette, rng, horizon)
    if "balloon" in motif.features:
        details.paint_balloons(canvas, palette, rng, horizon)
    if "rain" in motif.weather:
        details.paint_rain(canvas, rng)
    if "snow" in motif.weather:
        details.paint_snowfall(canvas, rng)
