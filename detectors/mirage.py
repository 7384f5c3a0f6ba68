"""Does a picture show one thing on a light background and another on a dark one?

A picture with transparency is not one picture: a timeline in dark mode shows what nobody saw on white. Compared are the
edges of both: a cut-out, a shadow, a soft or an even transparency keeps its edges where they are, two pictures in one
file do not. Where one background leaves nothing to see (black ink on black), there is nothing that contradicts.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.media.picture.image import Picture

_SIDE: Final = 160

# Mean step between neighbours, in levels, below which a view shows nothing: dark ink on black, snow on white.
_LEAST_EDGES: Final = 0.6


def measure_mirage(picture: Picture) -> float:
    """Return how far a picture's views on white and on black differ in what they show: 0 the same, 1 unrelated."""
    if picture.alpha is None:
        return 0.0
    light, dark = (_edges(picture.flattened(background)) for background in (255, 0))
    if min(float(light.mean()), float(dark.mean())) < _LEAST_EDGES:
        return 0.0
    return float(np.clip(1.0 - np.corrcoef(light.ravel(), dark.ravel())[0, 1], 0.0, 1.0))


def _edges(view: Picture) -> NDArray[np.float32]:
    import cv2

    grey = cv2.cvtColor(view.reduced(_SIDE), cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 1.0)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    # A wider blur of the edges, so that a line and its outline count as one.
    blurred: NDArray[np.float32] = cv2.GaussianBlur(np.hypot(across, down) / 8, (0, 0), 1.5)
    return blurred
