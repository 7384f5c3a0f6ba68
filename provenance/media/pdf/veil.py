"""An invisible mark for pages: the pattern that the site's scheme for pictures lays into even grey, as a veil.

It is as strong as in pictures: six levels of 255 from its lightest to its darkest places, white on dark pages. It lies
over every page, and the file holds it once. Whatever shows a page shows it: a screenshot, a print, a page turned into a
picture, and the scheme reads it there as in any picture. Extracted text does not carry it.
"""

import zlib
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from provenance.errors import UnmarkableError
from provenance.watermarks.base import Watermark

SIDE: Final = 1_000
"""Of the square veil; it is as wide as the longer side of a page."""
STRENGTH: Final = 6
"""Levels between its lightest and its darkest places."""
_GREY: Final = 128


@dataclass(frozen=True, slots=True)
class Veil:
    """A veil.

    Attributes:
        side: in pixels.
        opacity: (side, side) uint8, deflated.
    """

    side: int
    opacity: bytes = field(repr=False)


def build_veil(scheme: Watermark, payload: int) -> Veil:
    """Return the veil of a payload.

    Raises:
        UnmarkableError: the scheme changes nothing on even grey, as those do that need a picture to hide in.
    """
    grey = np.full((SIDE, SIDE, 3), _GREY, np.uint8)
    added = scheme.embed(grey, payload).astype(np.float32).mean(axis=2) - _GREY
    lowest, highest = float(added.min()), float(added.max())
    if highest - lowest < 1:
        raise UnmarkableError(f"{scheme.alg} lays nothing over paper: PDF needs a scheme such as tile2")
    opacity = np.round((highest - added) * (STRENGTH / (highest - lowest))).astype(np.uint8)
    return Veil(SIDE, zlib.compress(opacity.tobytes(), 9))
