"""Photographs from scikit-image's package, and what happens to pictures in the world."""

import io
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage
from PIL import Image, ImageEnhance

from provenance.asset import Frame

FOLDER = Path(skimage.__file__).parent / "data"
NAMES = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png", "ihc.png")


@cache
def photograph(name: str, height: int | None = None, width: int | None = None) -> Frame:
    with Image.open(FOLDER / name) as image:
        frame = np.asarray(image.convert("RGB"))
    if height and width:
        shrinks = height <= frame.shape[0] and width <= frame.shape[1]
        frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    frame = np.ascontiguousarray(frame)
    frame.flags.writeable = False
    return frame


def through_jpeg(frame: Frame, quality: int) -> Frame:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def scaled(frame: Frame, factor: float) -> Frame:
    size = round(frame.shape[1] * factor), round(frame.shape[0] * factor)
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS))


def enhanced(frame: Frame, control: str, factor: float) -> Frame:
    return np.asarray(getattr(ImageEnhance, control)(Image.fromarray(frame)).enhance(factor))


def psnr_db(one: Frame, other: Frame) -> float:
    error = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))
