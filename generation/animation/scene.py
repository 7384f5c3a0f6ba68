"""A picture taken apart for a camera to move in: a ground without its subject, the subject, and how near each is."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.animation.depth import FAR, Map, estimate_nearness
from generation.animation.subject import find_subject
from provenance.asset import Frame

COARSE: Final = 320
"""Pixels of the longer side at which nearness is held."""
_PAINT_SIDE: Final = 288
"""The same of the ground behind a subject, while it is painted: a few per cent of it is ever seen."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is moved.

    Attributes:
        ground: (H, W, 3), painted where the subject stood.
        subject: (H, W, 4) with premultiplied alpha, or None where all is ground.
        near_ground, near_subject: (h, w) at `COARSE`, nearness.
        growth: (h, w) 0..1, where plants are: they sway.
        body: (h, w) 0..1, where the subject is: it breathes; 0 where there is none.
        pivot: nearness of what the picture is about.
        foot: where a subject that is a layer of its own stands, in the units of a pose; None where there is none.
    """

    ground: Frame
    subject: NDArray[np.uint8] | None
    near_ground: Map
    near_subject: Map
    growth: Map
    body: Map
    pivot: float
    foot: tuple[float, float] | None = None


def build_scene(picture: Frame, rng: np.random.Generator | None = None, *, whole: bool = False) -> Scene:
    """Take a picture apart.

    Args:
        picture: (H, W, 3) at the size that frames will have.
        rng: where a thing stands before a plain ground, a backdrop is painted with it; None keeps the ground.
        whole: keep it in one piece, so that what is seen at first is the picture itself.
    """
    import cv2

    height, width = picture.shape[:2]
    scale = COARSE / max(height, width)
    coarse = (max(16, round(width * scale)), max(16, round(height * scale)))
    small = cv2.resize(picture, coarse, interpolation=cv2.INTER_AREA)
    found = find_subject(picture)
    rough = np.zeros(small.shape[:2], np.float32)
    if found is not None:
        rough = np.asarray(cv2.resize(found.matte, coarse, interpolation=cv2.INTER_AREA), np.float32)
    share = np.float32(1.0 if found is None or found.is_cut else 0.7)
    near = estimate_nearness(small, np.asarray(share * rough, np.float32))
    pivot = float((near * rough).sum() / rough.sum()) if rough.sum() > 1 else float(np.median(near))
    if found is None or whole or not found.is_cut:
        return Scene(picture, None, near, near, _find_growth(small), np.asarray(rough / 2, np.float32), pivot)
    painted = _paint_behind(picture, found.matte)
    # What the ground adds to the soft rim is taken out of it, or a pale line would go along.
    colour = np.clip(picture - (1 - found.matte[..., None]) * painted, 0, 255)
    subject = np.concatenate([colour, found.matte[..., None] * 255], axis=2)
    rows, columns = np.nonzero(found.matte > 0.5)
    unit, bottom = min(height, width) / 2, float(np.percentile(rows, 99))
    middle = float(np.median(columns[rows > bottom - 0.15 * (bottom - rows.min())]))
    return Scene(
        ground=painted if rng is None else paint_backdrop(picture, found.matte, rng),
        subject=np.asarray(np.clip(subject + 0.5, 0, 255), np.uint8),
        near_ground=_slope(*small.shape[:2]),
        near_subject=near,
        growth=np.zeros_like(rough),
        body=rough,
        pivot=pivot,
        foot=((middle - width / 2) / unit, (bottom - height / 2) / unit),
    )


def _slope(height: int, width: int) -> Map:
    """Return the nearness of a plain ground: a wall, and a floor that comes forward."""
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    return np.ascontiguousarray(
        np.broadcast_to(FAR + 0.62 * np.clip((down - 0.55) / 0.45, 0, 1) ** 1.2, (height, width))
    )


def paint_backdrop(picture: Frame, matte: Map, rng: np.random.Generator) -> Frame:
    """Return a soft backdrop in a colour that suits what stands before it: wall, floor, blurred lights and a shadow."""
    import cv2

    height, width = picture.shape[:2]
    unit = min(height, width) / 2
    own = picture[matte > 0.8].reshape(-1, 3)
    mean = own.mean(axis=0) if len(own) else picture.reshape(-1, 3).mean(axis=0)
    hue = float(cv2.cvtColor(np.array([[mean]], np.uint8), cv2.COLOR_RGB2HSV)[0, 0, 0])
    hue = (hue + 90 + float(rng.uniform(-18, 18))) % 180
    wall, low, floor = (
        cv2.cvtColor(np.array([[(hue, *tone)]], np.uint8), cv2.COLOR_HSV2RGB)[0, 0].astype(np.float32)
        for tone in ((120, 118), (84, 208), (64, 226))
    )
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    backdrop = np.broadcast_to(wall + (low - wall) * np.clip(down / 0.7, 0, 1), (height, width, 3)).copy()
    share = 1 / (1 + np.exp(-(down - 0.76) * 90))
    backdrop += (floor * (0.86 + 0.2 * (down - 0.7)) - backdrop) * share
    lights = np.zeros((height, width), np.float32)
    for _ in range(22):
        at = (int(rng.uniform(0, width)), int(rng.uniform(0, 0.72) * height))
        disc = np.zeros_like(lights)
        radius = max(2, int(unit * rng.uniform(0.04, 0.16)))
        cv2.circle(disc, at, radius, float(rng.uniform(0.06, 0.22)), -1, cv2.LINE_AA)
        lights += cv2.GaussianBlur(disc, (0, 0), max(1.0, radius * 0.12))
    backdrop += (np.asarray((255, 244, 224), np.float32) - backdrop) * np.clip(lights, 0, 0.6)[..., None] * (1 - share)
    rows, columns = np.nonzero(matte > 0.5)
    if len(rows):
        shadow = np.zeros((height, width), np.float32)
        centre = (int((columns.min() + columns.max()) / 2), int(np.percentile(rows, 99)))
        axes = (max(2, int(0.5 * (columns.max() - columns.min()))), max(2, int(0.07 * unit)))
        cv2.ellipse(shadow, centre, axes, 0, 0, 360, 1.0, -1)
        shadow = cv2.GaussianBlur(shadow, (0, 0), unit * 0.045)
        backdrop *= 1 - 0.42 * shadow[..., None]
    grain = rng.normal(0, 1.2, (height, width, 1)).astype(np.float32)
    return np.asarray(np.clip(backdrop + grain + 0.5, 0, 255), np.uint8)


def _paint_behind(picture: Frame, matte: Map) -> Frame:
    """Return the picture with its subject painted over from around it, coarsely, as hardly any of it is ever seen."""
    import cv2

    height, width = picture.shape[:2]
    scale = min(1.0, _PAINT_SIDE / max(height, width))
    size = (round(width * scale), round(height * scale))
    hole = (cv2.resize(matte, size, interpolation=cv2.INTER_AREA) > 0.02).astype(np.uint8)
    hole = cv2.dilate(hole, np.ones((9, 9), np.uint8))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    painted = cv2.inpaint(small, hole, 5, cv2.INPAINT_TELEA)
    painted = cv2.GaussianBlur(painted, (0, 0), 1.2)
    painted = cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)
    share = cv2.resize(cv2.GaussianBlur(hole.astype(np.float32), (0, 0), 1.5), (width, height))[..., None]
    # The rim of the subject must not shine through: where there is any of it, all is painted.
    share = np.maximum(share, np.clip(cv2.GaussianBlur(matte, (0, 0), 1.5) * 8, 0, 1)[..., None])
    return np.asarray(np.clip(picture + (painted.astype(np.float32) - picture) * share + 0.5, 0, 255), np.uint8)


def _find_growth(small: Frame) -> Map:
    """Return where it is green and not smooth."""
    import cv2

    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV).astype(np.float32)
    green = np.exp(-(((hsv[..., 0] - 48) / 18) ** 2)) * np.clip((hsv[..., 1] - 40) / 60, 0, 1)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rough = np.clip(cv2.GaussianBlur(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), (0, 0), 4) / 6, 0, 1)
    return np.asarray(cv2.GaussianBlur(np.asarray(green * rough, np.float32), (0, 0), 4), np.float32)
