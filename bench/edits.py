"""Photographs, and what happens to pictures in the world: shared by the recovery and recall tables."""

import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import skimage
from PIL import Image, ImageEnhance, ImageFilter

from provenance.asset import Frame

Edit = Callable[[Frame], Frame]

BUNDLED = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "retina.jpg",
    "rocket.jpg",
)


def load_photographs() -> dict[str, Frame]:
    """Return scikit-image's photographs, and Kodak's where ../shared/data holds them."""
    folder = Path(skimage.__file__).parent / "data"
    kodak = Path(__file__).parent.parent / ".." / "shared" / "data" / "kodak"
    paths = [folder / name for name in BUNDLED] + sorted(kodak.glob("*.png"))
    return {path.stem: np.asarray(Image.open(path).convert("RGB")) for path in paths}


def at_size(frame: Frame, side: int) -> Frame:
    """Return the picture stretched to a square."""
    how = cv2.INTER_AREA if min(frame.shape[:2]) > side else cv2.INTER_CUBIC
    return cv2.resize(frame, (side, side), interpolation=how)


def _encoded(frame: Frame, form: str, quality: int) -> Frame:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, form, quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def _scaled(frame: Frame, factor: float) -> Frame:
    size = round(frame.shape[1] * factor), round(frame.shape[0] * factor)
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS))


def _and_back(frame: Frame, factor: float) -> Frame:
    return cv2.resize(_scaled(frame, factor), frame.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def _enhanced(frame: Frame, control: str, factor: float) -> Frame:
    return np.asarray(getattr(ImageEnhance, control)(Image.fromarray(frame)).enhance(factor))


def _blurred(frame: Frame, radius: float) -> Frame:
    return np.asarray(Image.fromarray(frame).filter(ImageFilter.GaussianBlur(radius)))


def _noisy(frame: Frame, deviation: float) -> Frame:
    noise = np.random.default_rng(0).normal(0, deviation, frame.shape)
    return np.clip(np.rint(frame + noise), 0, 255).astype(np.uint8)


def _rotated(frame: Frame, degrees: float) -> Frame:
    height, width = frame.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def cropped(frame: Frame, share: float, across: float = 0.5, down: float = 0.5) -> Frame:
    """Return the part that keeps `share` of each side; 0 is the left or top, 0.5 the middle."""
    height, width = (round(side * share) for side in frame.shape[:2])
    top, left = round((frame.shape[0] - height) * down), round((frame.shape[1] - width) * across)
    return np.ascontiguousarray(frame[top : top + height, left : left + width])


def to_shape(frame: Frame, shape: float) -> Frame:
    """Return the middle part of this width to height."""
    height, width = frame.shape[:2]
    if width / height > shape:
        kept = round(height * shape)
        return np.ascontiguousarray(frame[:, (width - kept) // 2 :][:, :kept])
    kept = round(width / shape)
    return np.ascontiguousarray(frame[(height - kept) // 2 :][:kept])


PLAIN: Mapping[str, Edit] = {
    "none": lambda frame: frame,
    **{f"JPEG {quality}": partial(_encoded, form="JPEG", quality=quality) for quality in (90, 75, 50, 40, 30)},
    **{f"WebP {quality}": partial(_encoded, form="WEBP", quality=quality) for quality in (80, 50)},
    **{f"scaled to {round(100 * factor)} %": partial(_scaled, factor=factor) for factor in (0.75, 0.5, 0.25)},
    "scaled to 50 % and back": partial(_and_back, factor=0.5),
    "brightness +30 %": partial(_enhanced, control="Brightness", factor=1.3),
    "brightness -30 %": partial(_enhanced, control="Brightness", factor=0.7),
    "contrast +30 %": partial(_enhanced, control="Contrast", factor=1.3),
    "contrast -30 %": partial(_enhanced, control="Contrast", factor=0.7),
    "saturation +20 %": partial(_enhanced, control="Color", factor=1.2),
    "greyscale": partial(_enhanced, control="Color", factor=0.0),
    "blur, radius 1": partial(_blurred, radius=1),
    "noise, deviation 5": partial(_noisy, deviation=5),
}
POSITIONS: Mapping[str, Edit] = {
    "flip": lambda frame: np.ascontiguousarray(frame[:, ::-1]),
    "quarter turn": lambda frame: np.ascontiguousarray(np.rot90(frame)),
    "half turn": lambda frame: np.ascontiguousarray(np.rot90(frame, 2)),
}
GEOMETRY: Mapping[str, Edit] = {
    "rotated by 1 degree": partial(_rotated, degrees=1),
    "rotated by 2 degrees": partial(_rotated, degrees=2),
    **{
        f"crop {round(100 * share)} %, centre": partial(cropped, share=share)
        for share in (0.98, 0.95, 0.93, 0.9, 0.87, 0.85, 0.8, 0.75, 0.7, 0.5)
    },
    **{
        f"crop {round(100 * share)} %, off centre": partial(cropped, share=share, across=0.3, down=0.6)
        for share in (0.95, 0.9, 0.8, 0.75)
    },
    **{
        f"crop {round(100 * share)} %, corner": partial(cropped, share=share, across=1, down=1)
        for share in (0.95, 0.9, 0.75)
    },
    "crop to 1:1": partial(to_shape, shape=1),
    "crop to 4:5": partial(to_shape, shape=4 / 5),
    "crop to 16:9": partial(to_shape, shape=16 / 9),
    "crop to 3:4": partial(to_shape, shape=3 / 4),
}
ALL: Mapping[str, Edit] = {**PLAIN, **POSITIONS, **GEOMETRY}
