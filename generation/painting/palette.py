"""Colours of a scene: what the hour gives, shifted by what the prompt names."""

from dataclasses import dataclass, replace

import numpy as np

from generation.painting.canvas import mix
from generation.painting.words import Motif, Rgb


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one hour.

    Attributes:
        zenith, middle, horizon: the sky, from the top down.
        sun: of the sun or moon, and of its light.
        cloud: of lit clouds.
        water, ground, foliage: of what lies below.
        haze: what distance fades to.
        accent: flowers, sails, balloons.
        brightness: of what stands on the ground, 0..1.
    """

    zenith: Rgb
    middle: Rgb
    horizon: Rgb
    sun: Rgb
    cloud: Rgb
    water: Rgb
    ground: Rgb
    foliage: Rgb
    haze: Rgb
    accent: tuple[Rgb, ...]
    brightness: float


_HOURS = {
    "day": Palette(
        zenith=(0.18, 0.44, 0.80),
        middle=(0.45, 0.70, 0.92),
        horizon=(0.84, 0.92, 0.95),
        sun=(1.0, 0.97, 0.80),
        cloud=(0.99, 0.98, 0.96),
        water=(0.10, 0.38, 0.55),
        ground=(0.52, 0.62, 0.26),
        foliage=(0.17, 0.38, 0.16),
        haze=(0.72, 0.83, 0.92),
        accent=((0.90, 0.22, 0.20), (0.98, 0.80, 0.22), (0.95, 0.93, 0.90)),
        brightness=1.0,
    ),
    "dusk": Palette(
        zenith=(0.20, 0.18, 0.42),
        middle=(0.78, 0.36, 0.42),
        horizon=(1.0, 0.76, 0.40),
        sun=(1.0, 0.86, 0.50),
        cloud=(1.0, 0.62, 0.46),
        water=(0.30, 0.22, 0.36),
        ground=(0.46, 0.36, 0.20),
        foliage=(0.14, 0.17, 0.15),
        haze=(0.86, 0.55, 0.48),
        accent=((0.92, 0.30, 0.26), (0.98, 0.66, 0.28), (0.80, 0.40, 0.62)),
        brightness=0.72,
    ),
    "night": Palette(
        zenith=(0.02, 0.04, 0.13),
        middle=(0.06, 0.12, 0.29),
        horizon=(0.18, 0.27, 0.46),
        sun=(0.94, 0.95, 0.98),
        cloud=(0.30, 0.36, 0.52),
        water=(0.04, 0.10, 0.22),
        ground=(0.16, 0.25, 0.25),
        foliage=(0.04, 0.09, 0.13),
        haze=(0.20, 0.30, 0.50),
        accent=((0.60, 0.42, 0.72), (0.42, 0.56, 0.86), (0.85, 0.80, 0.62)),
        brightness=0.42,
    ),
}


def build_palette(motif: Motif, time: str, rng: np.random.Generator) -> Palette:
    """Return the colours of this hour, as the prompt shifts them and chance varies them."""
    palette = _varied(_HOURS[time], rng)
    if "snow" in motif.weather:
        white: Rgb = (0.86, 0.90, 0.96)
        palette = replace(palette, ground=mix(palette.ground, mix(white, palette.haze, 0.25), 0.85))
    if "autumn" in motif.weather:
        palette = replace(palette, foliage=(0.62, 0.28, 0.08), ground=mix(palette.ground, (0.70, 0.46, 0.16), 0.6))
    if "storm" in motif.weather or "rain" in motif.weather:
        grey: Rgb = (0.34, 0.38, 0.43)
        palette = replace(
            palette,
            zenith=mix(palette.zenith, grey, 0.6),
            middle=mix(palette.middle, grey, 0.6),
            horizon=mix(palette.horizon, (0.62, 0.66, 0.68), 0.6),
            cloud=mix(palette.cloud, grey, 0.55),
            water=mix(palette.water, grey, 0.3),
        )
    return _coloured(palette, motif)


def _coloured(palette: Palette, motif: Motif) -> Palette:
    """Give named colours to the flowers if there are any, else to the sky and what it lights."""
    if not motif.colours:
        return palette
    first, last = motif.colours[0], motif.colours[-1]
    if motif.features & {"flowers", "balloon", "boat"}:
        more = palette.accent if "balloon" in motif.features else ()
        return replace(palette, accent=(*motif.colours, *more))
    return replace(
        palette,
        accent=motif.colours,
        zenith=mix(palette.zenith, mix(first, (0.0, 0.0, 0.1), 0.35), 0.55),
        middle=mix(palette.middle, first, 0.5),
        horizon=mix(palette.horizon, mix(last, (1.0, 1.0, 0.95), 0.4), 0.5),
        water=mix(palette.water, last, 0.35),
        ground=mix(palette.ground, last, 0.35),
        haze=mix(palette.haze, first, 0.4),
        cloud=mix(palette.cloud, last, 0.3),
    )


def _varied(palette: Palette, rng: np.random.Generator) -> Palette:
    """Move each colour a little, the sky's together."""

    def near(colour: Rgb, shift: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Rgb:
        red, green, blue = np.clip(np.asarray(colour) + shift, 0, 1).tolist()
        return red, green, blue

    sky, land = rng.uniform(-0.06, 0.06, 3), rng.uniform(-0.07, 0.07, 3)
    return replace(
        palette,
        zenith=near(palette.zenith, sky),
        middle=near(palette.middle, sky),
        horizon=near(palette.horizon, sky / 2),
        haze=near(palette.haze, sky),
        water=near(palette.water, sky + land / 2),
        ground=near(palette.ground, land),
        foliage=near(palette.foliage, land / 2),
    )
