"""Small pictures to move: one thing on a plain ground, and a photograph."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image


@cache
def thing(side=160):
    """An orange disc on legs before white, as the embedded generator draws."""
    y, x = np.mgrid[0:side, 0:side] / side
    inside = ((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.06) | ((abs(x - 0.5) < 0.06) & (y > 0.5) & (y < 0.86))
    picture = np.full((side, side, 3), 250, np.uint8)
    picture[inside] = (230, 130, 40)
    picture.flags.writeable = False
    return picture


@cache
def photograph(width=240):
    import skimage

    with Image.open(Path(skimage.__file__).parent / "data" / "coffee.png") as opened:
        picture = np.array(opened.convert("RGB").resize((width, width * 2 // 3)))
    picture.flags.writeable = False
    return picture
