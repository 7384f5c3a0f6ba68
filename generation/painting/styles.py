"""A photograph laid anew in a style: oil, pencil, ink, watercolour, comic, mosaic. Filters, no model.

Every style keeps what is where: it works on the photograph's own light and colours and adds grain, edges and paper, so
a likeness stays and nothing is invented. The same picture, style and seed give the same pixels on one machine.
Source: pencil by colour dodging a blurred negative; ink lines by the extended difference of Gaussians of Winnemoeller
et al., "XDoG", Computers and Graphics 36 (2012); flat colours by the bilateral filter of Tomasi and Manduchi (1998).
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from generation.painting.canvas import Light, blur, to_frame
from generation.painting.noise import FloatPlane, build_noise
from generation.painting.strokes import paint_over
from provenance.errors import GenerationError

Advance = Callable[[], None]
PAPER: Final = (0.985, 0.975, 0.95)
_LUMA: Final = np.asarray((0.299, 0.587, 0.114), np.float32)


def paint_style(style: str, light: Light, rng: np.random.Generator, *, advance: Advance = lambda: None) -> Light:
    """Return the picture in a style.

    Args:
        style: one of `STYLES`.
        light: (H, W, 3) float32, 0..1; not modified.
        rng: source of chance.
        advance: called after each pass.

    Raises:
        GenerationError: there is no such style.
    """
    if style not in STYLES:
        raise GenerationError(f"expected a style out of {', '.join(STYLES)}, got {style[:40]!r}")
    return np.clip(STYLES[style](light, rng, advance), 0, 1).astype(np.float32)


def _paint_oil(light: Light, rng: np.random.Generator, advance: Advance) -> Light:
    painted = paint_over(light, rng, coarseness=0.5, advance=advance)
    return np.asarray(painted * np.float32(0.8) + light * np.float32(0.2), np.float32)


def _draw_pencil(light: Light, rng: np.random.Generator, advance: Advance) -> Light:
    side = min(light.shape[:2])
    grey = _to_grey(light)
    advance()
    dodged = grey / np.maximum(1e-3, _blur(grey, side * 0.011))
    strokes = np.clip(dodged, 0, 1) ** np.float32(2.2)
    # Hatching along one slant, only as dense as the picture is dark there.
    hatch = _hatch(rng, *grey.shape, slant=1.0)
    shade = np.clip((0.62 - _blur(grey, side * 0.006)) / 0.62, 0, 1)
    drawn = strokes * (1 - np.float32(0.75) * shade * hatch) * (1 - np.float32(0.22) * shade)
    return _lay_on_paper(drawn, rng, ink=(0.16, 0.16, 0.18))


def _draw_ink(light: Light, rng: np.random.Generator, advance: Advance) -> Light:
    side = min(light.shape[:2])
    grey = _to_grey(_flatten(light, side))
    advance()
    lines = _find_lines(grey, side)
    dark = _blur(grey, side * 0.004)
    first = np.where(dark < 0.45, _hatch(rng, *grey.shape, slant=1.0) * 0.8, 0)
    second = np.where(dark < 0.28, _hatch(rng, *grey.shape, slant=-1.0) * 0.9, 0)
    solid = np.clip((0.13 - dark) / 0.05, 0, 1)
    covered = np.maximum(np.maximum(first, second), np.maximum(solid, 1 - lines))
    return _lay_on_paper(np.asarray(1 - covered, np.float32), rng, ink=(0.05, 0.06, 0.10))


def _paint_watercolour(light: Light, rng: np.random.Generator, advance: Advance) -> Light:
    height, width = light.shape[:2]
    side = min(height, width)
    washed = _flatten(light, side, passes=3)
    advance()
    # Pigment gathers at the edge of a wash, runs unevenly within, and lets the paper through.
    edges = np.clip(_slope(_to_grey(washed)) * np.float32(side / 90), 0, 1)
    pooled = build_noise(rng, height, width, cells=5, octaves=4) - np.float32(0.5)
    grain = build_noise(rng, height, width, cells=side / 4, octaves=2) - np.float32(0.5)
    density = 1 + np.float32(0.55) * pooled + np.float32(0.35) * grain + np.float32(0.9) * _blur(edges, side * 0.002)
    absorbed = -np.log(np.clip(washed, 0.04, 1)) * np.float32(0.82) * density[:, :, np.newaxis]
    painted = np.exp(-absorbed) * np.asarray(PAPER, np.float32)
    ragged = _distance_to_border(height, width) + np.float32(0.05) * pooled
    cover = np.clip((ragged - 0.012) / 0.02, 0, 1)[:, :, np.newaxis]
    return np.asarray(painted * cover + np.asarray(PAPER, np.float32) * (1 - cover), np.float32)


def _draw_comic(light: Light, rng: np.random.Generator, advance: Advance) -> Light:
    side = min(light.shape[:2])
    flat = _flatten(light, side, passes=3)
    advance()
    grey = _to_grey(flat)
    levels = np.float32(6)
    step = np.floor(grey * levels)
    part = np.clip((grey * levels - step - 0.5) * 6 + 0.5, 0, 1)  # steps with a soft edge of a few pixels
    toned = (step + part) / levels
    coloured = flat * (toned / np.maximum(grey, 1e-3))[:, :, np.newaxis]
    vivid = toned[:, :, np.newaxis] + (coloured - toned[:, :, np.newaxis]) * np.float32(1.45)
    jitter = 1 + np.float32(0.03) * (build_noise(rng, *grey.shape, cells=side / 3, octaves=1) - np.float32(0.5))
    return np.asarray(vivid * jitter[:, :, np.newaxis] * _find_lines(grey, side)[:, :, np.newaxis], np.float32)


def _lay_mosaic(light: Light, rng: np.random.Generator, advance: Advance) -> Light:
    """Lay tiles of one colour each, around points of a grid that were moved a little, with grout between."""
    import cv2

    height, width = light.shape[:2]
    size = max(6.0, min(height, width) / 84)
    down, across = max(2, round(height / size)), max(2, round(width / size))
    rows, columns = (grid.ravel() for grid in np.mgrid[0:down, 0:across].astype(np.float32))
    rows = (rows + 0.5 + rng.uniform(-0.3, 0.3, rows.size)) * height / down
    columns = (columns + 0.5 + rng.uniform(-0.3, 0.3, columns.size)) * width / across
    seeds = np.full((height, width), 255, np.uint8)
    seeds[np.clip(rows, 0, height - 1).astype(int), np.clip(columns, 0, width - 1).astype(int)] = 0
    distance, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    advance()
    count = int(labels.max()) + 1
    sizes = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    means = np.stack(
        [np.bincount(labels.ravel(), light[:, :, c].ravel(), minlength=count) / sizes for c in range(3)], axis=1
    )
    tones = means * rng.uniform(0.93, 1.07, (count, 1))
    tiles = tones.astype(np.float32)[labels]
    border = (labels != np.roll(labels, 1, axis=0)) | (labels != np.roll(labels, 1, axis=1))
    grout = _blur(border.astype(np.float32), size / 16)[:, :, np.newaxis]
    bulge = 1 + np.float32(0.10) * (0.5 - np.clip(distance / np.float32(size * 0.7), 0, 1))[:, :, np.newaxis]
    return np.asarray(tiles * bulge * (1 - np.float32(0.38) * np.clip(grout, 0, 1)), np.float32)


STYLES: Final[Mapping[str, Callable[[Light, np.random.Generator, Advance], Light]]] = {
    "oil": _paint_oil,
    "pencil": _draw_pencil,
    "ink": _draw_ink,
    "watercolour": _paint_watercolour,
    "comic": _draw_comic,
    "mosaic": _lay_mosaic,
}


def _to_grey(light: Light) -> FloatPlane:
    return np.asarray(light @ _LUMA, np.float32)


def _blur(plane: FloatPlane, sigma: float) -> FloatPlane:
    import cv2

    return np.asarray(cv2.GaussianBlur(plane, (0, 0), max(0.4, sigma)), np.float32)


def _flatten(light: Light, side: int, *, passes: int = 2) -> Light:
    """Return the colours smoothed within their edges."""
    import cv2

    frame = to_frame(blur(light, side * 0.0012))
    for _ in range(passes):
        frame = cv2.bilateralFilter(frame, 9, 32, max(2.0, side * 0.009)).astype(np.uint8)
    return np.asarray(frame, np.float32) / np.float32(255)


def _find_lines(grey: FloatPlane, side: int) -> FloatPlane:
    """Return 0 where a line stands and 1 where none does (XDoG with a soft threshold)."""
    fine = max(0.7, side * 0.0018)
    sharp = (1 + 18.0) * _blur(grey, fine) - 18.0 * _blur(grey, fine * 1.6)
    return np.asarray(np.where(sharp >= 0.32, 1, 1 + np.tanh(9.0 * (sharp - 0.32))), np.float32).clip(0, 1)


def _slope(plane: FloatPlane) -> FloatPlane:
    down, across = np.gradient(plane)
    return np.asarray(np.hypot(down, across), np.float32)


def _hatch(rng: np.random.Generator, height: int, width: int, *, slant: float) -> FloatPlane:
    """Return strokes of a pen, 0..1, along one slant, a little unsteady."""
    side = min(height, width)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    shake = (build_noise(rng, height, width, cells=6, octaves=3) - np.float32(0.5)) * np.float32(side * 0.02)
    across = (columns * np.float32(slant) + rows + shake) / np.float32(max(4.0, side * 0.011))
    return np.asarray(np.clip(np.cos(across * np.float32(2 * np.pi)) * 1.6 - 0.2, 0, 1), np.float32)


def _lay_on_paper(drawn: FloatPlane, rng: np.random.Generator, *, ink: tuple[float, float, float]) -> Light:
    """Return what was drawn, 1 for untouched paper and 0 for full ink, on paper with a grain."""
    height, width = drawn.shape
    grain = build_noise(rng, height, width, cells=min(height, width) / 3, octaves=2) - np.float32(0.5)
    # Graphite and ink miss the hollows of the paper.
    kept = np.clip(drawn + np.float32(0.22) * grain * (1 - drawn), 0, 1)[:, :, np.newaxis]
    paper = np.asarray(PAPER, np.float32) * (1 + np.float32(0.03) * grain)[:, :, np.newaxis]
    return np.asarray(paper * kept + np.asarray(ink, np.float32) * (1 - kept), np.float32)


def _distance_to_border(height: int, width: int) -> FloatPlane:
    """Return how far each pixel is from the border, in units of the shorter side."""
    side = min(height, width)
    rows = np.minimum(np.arange(height), np.arange(height)[::-1]).astype(np.float32) / side
    columns = np.minimum(np.arange(width), np.arange(width)[::-1]).astype(np.float32) / side
    return np.minimum(rows[:, np.newaxis], columns[np.newaxis, :])
