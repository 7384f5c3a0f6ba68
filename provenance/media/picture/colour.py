"""Every pixel format to one: 8-bit sRGB, and transparency as a plane of its own.

What the gate screens is what ships, so whatever would make a viewer show other colours (a profile, a palette, more
bits) is resolved here, once, and is gone from the file that ships.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from provenance.asset import Frame, Plane

# Conversions hold several copies of what they convert: of a strip of a megapixel, never of the whole picture.
_STRIP_PIXELS: Final = 1 << 20

# The ranges in which integer and float TIFF files keep their values.
_RANGES: Final = (1.0, 255.0, 65_535.0, 2.0**31 - 1, 2.0**32 - 1)

# ICC.1:2022 s7.2.6: data colour space signatures, by the Pillow mode they go with.
_SPACES: Final = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}

# A profile that moves no colour of a 17-step lattice by more than one level is sRGB by another name.
_SAME_WITHIN: Final = 1

_WITH_ALPHA: Final = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_GREY: Final = frozenset({"1", "L", "LA", "La"})


@dataclass(frozen=True, slots=True)
class _Conversion:
    """How one picture's strips become sRGB.

    Attributes:
        has_alpha: whether there is a plane to set apart.
        base: mode of the colour channels: ``RGB``, ``L``, ``CMYK`` or ``LAB``.
        transform: from the picture's profile to sRGB; None where its channels are read as they are.
        top: value that counts as white in 32-bit and float modes.
        is_inverted: zero is white.
    """

    has_alpha: bool
    base: str
    transform: ImageCms.ImageCmsTransform | None
    top: float
    is_inverted: bool

    def apply(self, strip: Image.Image) -> tuple[Image.Image, Image.Image | None]:
        """Return an ``RGB`` image and, if there is any, the alpha channel."""
        alpha = None
        if strip.mode.startswith(("I", "F")):
            strip = self._to_grey(strip)
        if self.has_alpha:
            strip = strip.convert(f"{self.base}A")
            alpha = strip.getchannel("A")
        if strip.mode != self.base:
            strip = strip.convert(self.base)
        if self.transform is not None:
            strip = self.transform.apply(strip)
        return strip if strip.mode == "RGB" else strip.convert("RGB"), alpha

    def _to_grey(self, strip: Image.Image) -> Image.Image:
        """Return 16- and 32-bit integers and floats as 8-bit grey."""
        if strip.mode.startswith("I;16"):
            grey = (np.asarray(strip) >> 8).astype(np.uint8)
        else:
            values = np.nan_to_num(_as_doubles(strip), nan=0.0, posinf=self.top, neginf=0.0)
            grey = (np.clip(values / self.top, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
        return Image.fromarray(255 - grey if self.is_inverted else grey)


def convert_pixels(image: Image.Image, icc: bytes, *, is_inverted: bool) -> tuple[Frame, Plane | None]:
    """Return the sRGB frame and the alpha plane of a loaded picture.

    16-bit channels keep their upper 8 bits. Integers of 32 bits and floats are scaled from the smallest of the ranges
    0..1, 0..255, 0..65535, 0..2^31-1 and 0..2^32-1 that holds them; negative values and NaN are black, infinity white.
    A colour profile that is damaged, or made for other channels than the picture has, counts as sRGB, as it does in
    browsers.

    Args:
        image: decoded; any mode that Pillow's plugins deliver.
        icc: its colour profile, or empty.
        is_inverted: zero is white, in 16-bit, 32-bit and float modes, where Pillow leaves that to its caller.

    Raises:
        ValueError, ImageCms.PyCMSError: no way from this mode to sRGB.
    """
    conversion = _plan(image, icc, is_inverted=is_inverted)
    width, height = image.size
    frame = np.empty((height, width, 3), np.uint8)
    alpha = np.empty((height, width), np.uint8) if conversion.has_alpha else None
    for top, strip in _strips(image):
        colour, transparency = conversion.apply(strip)
        frame[top : top + colour.height] = np.asarray(colour)
        if alpha is not None and transparency is not None:
            alpha[top : top + transparency.height] = np.asarray(transparency)
    return frame, alpha


def _plan(image: Image.Image, icc: bytes, *, is_inverted: bool) -> _Conversion:
    """Decide once how all strips are converted."""
    mode, top = image.mode, 1.0
    if mode in {"I", "F"}:
        highest = max(_highest(strip) for _, strip in _strips(image))
        top = next((limit for limit in _RANGES if highest <= limit), highest)
    base = mode if mode in {"CMYK", "LAB"} else "L" if mode in _GREY or mode.startswith(("I", "F")) else "RGB"
    has_alpha = mode in _WITH_ALPHA or ("transparency" in image.info and base in {"L", "RGB"})
    if base == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return _Conversion(has_alpha, base, ImageCms.buildTransform(lab, srgb, "LAB", "RGB"), top, is_inverted)
    return _Conversion(has_alpha, base, build_transform(icc, base) if icc else None, top, is_inverted)


def _as_doubles(strip: Image.Image) -> NDArray[np.float64]:
    """Return the values of a 32-bit or float strip; signalling NaNs among them are no reason to warn."""
    with np.errstate(invalid="ignore"):
        return np.asarray(strip, dtype=np.float64)


def _highest(strip: Image.Image) -> float:
    values = _as_doubles(strip)
    return float(values.max(initial=0.0, where=np.isfinite(values)))


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Yield (first row, strip) from top to bottom."""
    width, height = image.size
    rows = max(1, _STRIP_PIXELS // width)
    if rows >= height:
        yield 0, image
        return
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def build_transform(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the way from a profile to sRGB, or None where there is nothing to do or nothing that can be done.

    Args:
        icc: an ICC profile, unverified.
        mode: ``RGB``, ``L`` or ``CMYK``, the channels of the picture.
    """
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space.strip() != _SPACES[mode]:
            return None
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (OSError, ImageCms.PyCMSError, ValueError, TypeError):
        # littleCMS refuses it, and so do the viewers that use littleCMS.
        return None
    return None if mode == "RGB" and _is_srgb(transform) else transform


def _is_srgb(transform: ImageCms.ImageCmsTransform) -> bool:
    """Tell whether a transform leaves colours where they are."""
    steps = np.linspace(0, 255, 17).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(17, -1, 3)
    moved = np.asarray(transform.apply(Image.fromarray(lattice)), dtype=np.int16)
    return int(np.abs(moved - lattice).max()) <= _SAME_WITHIN


def orient(array: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return `array` turned and mirrored as an EXIF orientation of 1-8 asks, C-contiguous."""
    # EXIF 3.0 s4.6.5, Orientation: 5-8 exchange rows and columns; then which axes run backwards.
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    rows = -1 if orientation in {3, 4, 7, 8} else 1
    columns = -1 if orientation in {2, 3, 6, 7} else 1
    return np.ascontiguousarray(array[::rows, ::columns])
