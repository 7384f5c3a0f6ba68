"""Is a picture drawn, of flat colours and hard edges, or a photograph, or painted like one?

A model that learned from drawings answers about photographs at random. Two measures tell the kinds apart, after a small
median filter has taken noise and the rings of JPEG away: drawings keep to few colours, and their steps in brightness
are none or large; photographs have many colours and middling steps everywhere. Trusts nothing; source and figures:
`cards/clip.toml`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from provenance.media.picture.image import Picture

_SIDE: Final = 256
_FILTER_PIXELS: Final = 3
_COLOURS: Final = 8
_COLOUR_BITS: Final = 4
_CALM_LEVELS: Final = 2
_MIDDLING_LEVELS: Final = 24
# Fitted as a logistic regression on 150 of the 300 photographs of the evaluation set against two families of emoji,
# each also recompressed, scaled and with noise; the limit lets chop-draw's softer drawings through.
_STEP_WEIGHT: Final = 1.45
DRAWN_FROM: Final = 0.2
# Grey photographs have few colours, too; their steps still tell.
MOST_MIDDLING: Final = 0.29


@dataclass(frozen=True, slots=True)
class PictureKind:
    """What a picture is made of.

    Attributes:
        few_colours: share of the pixels in the eight commonest of 4,096 colours.
        middling_steps: share of the pixels whose neighbour is 3 to 24 levels brighter or darker.
    """

    few_colours: float
    middling_steps: float

    @property
    def drawnness(self) -> float:
        """The higher the more like a drawing; see `DRAWN_FROM`."""
        return self.few_colours - _STEP_WEIGHT * self.middling_steps

    @property
    def is_drawn(self) -> bool:
        """Whether it counts as drawn."""
        return self.drawnness >= DRAWN_FROM and self.middling_steps <= MOST_MIDDLING


def measure_kind(picture: Picture) -> PictureKind:
    """Measure an opaque picture, at a longest side of 256.

    Limits: a photograph of one thing on an even ground can look drawn, a painting does not.
    """
    import cv2

    frame = cv2.medianBlur(np.ascontiguousarray(picture.reduced(_SIDE)), _FILTER_PIXELS)
    coarse = (frame >> (8 - _COLOUR_BITS)).astype(np.int32)
    keys = (coarse[..., 0] << 2 * _COLOUR_BITS) | (coarse[..., 1] << _COLOUR_BITS) | coarse[..., 2]
    counts = np.sort(np.bincount(keys.ravel()))[::-1]
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.int16)
    across = np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    down = np.abs(np.diff(luma, axis=0, append=luma[-1:]))
    steps = np.maximum(across, down)
    middling = (steps > _CALM_LEVELS) & (steps <= _MIDDLING_LEVELS)
    return PictureKind(float(counts[:_COLOURS].sum() / keys.size), float(middling.mean()))
