"""Every pixel format to one: 8-bit sRGB, and transparency as a plane of its own.

What the gate screens is what ships, so whatever would make a viewer show other colours (a profile, a palette, more
bits) is resolved here, once, and is gone from the file that ships.
"""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from provenance.asset import Frame, Plane

# Whole-picture conversions would hold several copies at once; strips of about a megapixel hold one.
_STRIP_PIXELS: Final = 1 << 20

# The ranges in which integer and float TIFF files keep their values.
_RANGES: Final = (1.0, 255.0, 65_535.0, 2.0**31 - 1, 2.0**32 - 1)

# ICC.1:2022 s7.2.6: data colour space signatures, by the Pillow mode they go with.
_SPACES: Final = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}

# A profile that moves no colour of a 17-step lattice by more than one level is sRGB by another name.
_SAME_WITHIN: Final = 1


def convert_pixels(image: Image.Image, icc: bytes, *, is_inverted: bool) -> tuple[Frame, Plane | None]:
    """Return the sRGB frame and the alpha plane of a loaded picture.

    16-bit channels keep their upper 8 bits. Integers of 32 bits and floats are scaled from the smallest of the ranges
    0..1, 0..255, 0..65535, 0..2^31-1 and 0..2^32-1 that holds them; negative values and NaN are black. A colour profile
    that is damaged, or made for other channels than the picture has, counts as sRGB, as it does in browsers.

    Args:
        image: decoded; any mode that Pillow's plugins deliver.
        icc: its colour profile, or empty.
        is_inverted: zero is white, in modes where Pillow leaves that to us.

    Raises:
        ValueError, ImageCms.PyCMSError: no way from this mode to sRGB.
    """
    if image.mode.startswith(("I", "F")):
        image = _to_grey(image, is_inverted=is_inverted)
    elif image.mode == "1":
        image = image.convert("L")
    elif "transparency" in image.info or image.mode in {"PA", "La", "RGBa"}:
        image = image.convert("LA" if image.mode in {"L", "La"} else "RGBA")
    elif image.mode == "P":
        image = image.convert("RGB")
    alpha: Plane | None = None
    if image.mode in {"LA", "RGBA"}:
        alpha = _as_array(image.getchannel("A"))
        image = image.convert(image.mode.removesuffix("A"))
    return _as_array(_to_srgb(image, icc)), alpha


def _to_grey(image: Image.Image, *, is_inverted: bool) -> Image.Image:
    """Return 16- and 32-bit integers and floats as 8-bit grey."""
    if image.mode.startswith("I;16"):
        values: NDArray[np.generic] = np.asarray(image) >> 8
    else:
        floats = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0.0, posinf=np.inf, neginf=0.0)
        finite = floats[np.isfinite(floats)]
        largest = float(finite.max(initial=0.0))
        top = next((limit for limit in _RANGES if largest <= limit), largest)
        values = np.clip(floats * np.float32(255.0 / top) + np.float32(0.5), 0, 255)
    grey = values.astype(np.uint8)
    return Image.fromarray(255 - grey if is_inverted else grey)


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Apply the profile, or the usual reading of a mode that has none."""
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        assert converted is not None, "not in place"
        return converted
    if image.mode not in _SPACES:
        image = image.convert("RGB")
    transform = build_transform(icc, image.mode) if icc else None
    if transform is None:
        return image if image.mode == "RGB" else image.convert("RGB")
    if image.mode == "RGB":
        ImageCms.applyTransform(image, transform, inPlace=True)
        return image
    return transform.apply(image)


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
        # lcms2 refuses it, so no viewer that uses lcms2 applies it either.
        return None
    if mode == "RGB" and _is_srgb(transform):
        return None
    return transform


def _is_srgb(transform: ImageCms.ImageCmsTransform) -> bool:
    """Tell whether a transform leaves colours where they are."""
    steps = np.linspace(0, 255, 17).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(17, -1, 3)
    moved = np.asarray(transform.apply(Image.fromarray(lattice)), dtype=np.int16)
    return int(np.abs(moved - lattice).max()) <= _SAME_WITHIN


def _as_array(image: Image.Image) -> NDArray[np.uint8]:
    """Return the pixels of an ``RGB`` or ``L`` image, copied strip by strip."""
    width, height = image.size
    shape = (height, width, 3) if image.mode == "RGB" else (height, width)
    rows = max(1, _STRIP_PIXELS // width)
    if rows >= height:
        return np.array(image, dtype=np.uint8)
    array = np.empty(shape, np.uint8)
    for top in range(0, height, rows):
        array[top : top + rows] = np.asarray(image.crop((0, top, width, min(top + rows, height))))
    return array


def orient(array: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return `array` turned and mirrored as an EXIF orientation of 1-8 asks, C-contiguous."""
    # EXIF 3.0 s4.6.5, Orientation: 5-8 exchange rows and columns; then which axes run backwards.
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    rows = -1 if orientation in {3, 4, 7, 8} else 1
    columns = -1 if orientation in {2, 3, 6, 7} else 1
    return np.ascontiguousarray(array[::rows, ::columns])
