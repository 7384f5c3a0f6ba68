"""How far away what a picture shows may be: guessed from cheap cues, as no model that measures it comes along.

Lower in the picture is nearer; what is sharp is nearer than what is out of focus; what is pale and bluish is far. None
of it is right for every picture. A wrong guess makes an odd parallax, and nothing worse: moves are small.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame

Map = NDArray[np.float32]
"""(H, W) float32."""

FAR: Final = 0.22
"""Nearness of what is farthest, where 1 is what is nearest: the reciprocal of a distance."""

_PLACE, _FOCUS, _HAZE = 0.62, 0.23, 0.15
"""Weights of the three cues; chosen by eye on photographs of scikit-image and drawn pictures."""


def estimate_nearness(picture: Frame, matte: Map | None = None) -> Map:
    """Return nearness of every pixel, `FAR` to 1, smooth within things and at their edges.

    Args:
        picture: (H, W, 3), small: 100 to 400 pixels a side are enough.
        matte: (H, W), 0 to 1, where a thing stands in the foreground; it comes to be as near as the ground below it.
    """
    import cv2

    height, width = picture.shape[:2]
    light = picture.astype(np.float32) / np.float32(255)
    grey = cv2.cvtColor(light, cv2.COLOR_RGB2GRAY)
    reach = max(height, width) / 24
    place = np.broadcast_to(np.linspace(0, 1, height, dtype=np.float32)[:, None] ** 1.3, (height, width))
    focus = _spread(cv2.GaussianBlur(np.abs(cv2.Laplacian(grey, cv2.CV_32F, ksize=3)), (0, 0), reach))
    strong = light.max(2) - light.min(2)
    haze = 1 - _spread(cv2.GaussianBlur(0.6 * (1 - strong) * grey + 0.4 * np.clip(light[..., 2] - light[..., 0], 0, 1),
                                        (0, 0), reach))  # fmt: skip
    near = _PLACE * place + _FOCUS * focus + _HAZE * haze
    near = _spread(guide(np.asarray(near, np.float32), grey, max(3, round(reach)), 0.02))
    near = FAR + (0.8 - FAR) * near
    if matte is not None and float(matte.max()) > 0.5:
        near = _raise_subject(near, matte)
    return np.asarray(cv2.GaussianBlur(near, (0, 0), max(1.0, reach / 4)), np.float32)


def guide(values: Map, by: Map, radius: int, softness: float) -> Map:
    """Return `values` made smooth but for where `by` has edges (He et al. 2010, guided image filtering).

    Args:
        values: to be made smooth.
        by: of the same shape; whose edges count.
        radius: of the window, in pixels.
        softness: squared contrast of `by` below which it has no edge.
    """
    import cv2

    def mean(of: Map) -> Map:
        return np.asarray(cv2.blur(of, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT), np.float32)

    mean_by, mean_values = mean(by), mean(values)
    slope = (mean(by * values) - mean_by * mean_values) / (mean(by * by) - mean_by**2 + np.float32(softness))
    return np.asarray(mean(slope) * by + mean(mean_values - slope * mean_by), np.float32)


def _spread(values: Map) -> Map:
    """Return values stretched to 0..1, but for the outermost two in a hundred."""
    low, high = np.percentile(values, (2, 98))
    return np.asarray(np.clip((values - low) / max(1e-6, float(high - low)), 0, 1), np.float32)


def _raise_subject(near: Map, matte: Map) -> Map:
    """Bring a thing forward, a little more in its middle than at its rim, so that it looks round."""
    import cv2

    inside = (matte > 0.5).astype(np.uint8)
    depth_inside = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    bulge = np.sqrt(depth_inside / max(1.0, float(depth_inside.max())))
    rows = np.nonzero(inside.any(axis=1))[0]
    foot = near[min(near.shape[0] - 1, int(rows[-1]))].mean()
    body = max(0.72, float(foot)) + 0.22 * bulge
    return np.asarray(near + (np.minimum(body, 1.0) - near) * matte, np.float32)
