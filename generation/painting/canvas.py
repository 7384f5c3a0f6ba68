"""A canvas of light: colours as float32, and the few ways that layers are laid on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from generation.painting.noise import FloatPlane
from generation.painting.words import Rgb
from provenance.asset import Frame

Light = NDArray[np.float32]
"""(H, W, 3) float32, sRGB, 0..1."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is painted so far, with its coordinates.

    Attributes:
        light: changed in place.
        sparks: (H, W) float32, points of white light that are added after the brush: stars, flakes, drops.
        rows: (H, 1) float32, 0 at the top and 1 at the bottom.
        columns: (1, W) float32, 0 at the left; the unit is the height, so that circles are round.
    """

    light: Light
    sparks: FloatPlane
    rows: FloatPlane
    columns: FloatPlane

    @classmethod
    def blank(cls, height: int, width: int) -> "Canvas":
        """Return a black canvas."""
        rows = np.linspace(0, 1, height, dtype=np.float32)[:, np.newaxis]
        columns = np.linspace(0, width / height, width, dtype=np.float32)[np.newaxis, :]
        return cls(np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32), rows, columns)

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.light.shape[0])

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.light.shape[1])

    @property
    def aspect(self) -> float:
        """Width in units of the height."""
        return self.width / self.height

    def lay(self, colour: Light | Rgb, cover: FloatPlane | float) -> None:
        """Lay a colour, or a plane of colours, over the canvas where `cover` is above 0; sparks go out under it."""
        over = np.asarray(colour, np.float32)
        amount = np.asarray(cover, np.float32)
        light, sparks = self.light, self.sparks
        sparks *= 1 - amount
        light += (over - light) * (amount[:, :, np.newaxis] if amount.ndim == 2 else amount)

    def glow(self, colour: Rgb, strength: FloatPlane) -> None:
        """Add light of a colour."""
        light = self.light
        light += np.asarray(colour, np.float32) * strength[:, :, np.newaxis]

    def below(self, outline: FloatPlane) -> FloatPlane:
        """Return the cover of everything below an outline, (W,) in rows 0..1, with a soft edge of a pixel."""
        return np.asarray(np.clip((self.rows - outline[np.newaxis, :]) * self.height + 0.5, 0, 1), np.float32)

    def disc(self, x: float, y: float, radius: float) -> FloatPlane:
        """Return the cover of a disc with a soft edge."""
        return np.asarray(np.clip((radius - self.distance(x, y)) * self.height + 0.5, 0, 1), np.float32)

    def distance(self, x: float, y: float) -> FloatPlane:
        """Return the distance of each pixel from a point."""
        return np.sqrt((self.columns - np.float32(x)) ** 2 + (self.rows - np.float32(y)) ** 2)


def mix(first: Rgb, second: Rgb, part: float) -> Rgb:
    """Return the colour `part` of the way from `first` to `second`."""
    red, green, blue = (a + (b - a) * part for a, b in zip(first, second, strict=True))
    return red, green, blue


def blur(light: Light, radius: float) -> Light:
    """Return the colours blurred; 8 bits are enough for what gets painted over."""
    picture = Image.fromarray(to_frame(light)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(picture, np.float32) / np.float32(255)


def to_frame(light: Light) -> Frame:
    """Return the colours as (H, W, 3) uint8."""
    return np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8)
