"""The one colour that counts as transparent in a PNG without a palette, found in the file's own depth.

Pillow's modes have widened few bits to eight, or cut sixteen down to eight, before anybody can compare; two colours
that differ in the file must not become one. Source: PNG (third edition) s11.3.1.1.
"""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from provenance.asset import Plane
from provenance.media.containers.base import Layout

# What Pillow makes of the two bytes of a sample: the upper one as it opens a file, the lower one in the other order.
_UPPER: Final = "RGB;16B"
_LOWER: Final = "RGB;16L"

_OPAQUE: Final = 255


def build_alpha(image: Image.Image, layout: Layout) -> Plane:
    """Return the alpha plane that the colour key of `layout` makes: 0 where a pixel is the key, else 255.

    Args:
        image: the PNG, loaded by Pillow, in mode ``1``, ``L``, ``I;16`` or ``RGB``.
        layout: of the same file, with a colour key.
    """
    key, depth = layout.colour_key, layout.depth
    if len(key) == 1:
        values = np.asarray(image)
        # Fewer bits are spread over 0..255 by repeating them; 16 bits are as in the file.
        found = values == (key[0] if depth >= 8 else bool(key[0]) if depth == 1 else key[0] * 255 // ((1 << depth) - 1))
    else:
        found = _equals(image, tuple(sample >> (depth - 8) for sample in key))
        if depth == 16:
            found &= _equals(_load_lower(layout.essence), tuple(sample & 0xFF for sample in key))
    return np.where(found, np.uint8(0), np.uint8(_OPAQUE))


def _equals(image: Image.Image, colour: tuple[int, ...]) -> NDArray[np.bool_]:
    pixels = np.asarray(image)
    found: NDArray[np.bool_] = pixels[..., 0] == colour[0]
    for channel in (1, 2):
        found &= pixels[..., channel] == colour[channel]
    return found


def _load_lower(essence: bytes) -> Image.Image:
    """Decode once more, keeping the lower byte of each sample."""
    image = PngImagePlugin.PngImageFile(io.BytesIO(essence))
    image.tile = [tile._replace(args=_LOWER) if tile.args == _UPPER else tile for tile in image.tile]
    image.load()
    return image
