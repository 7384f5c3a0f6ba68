"""Does one picture show a part of another, whatever was cut away, turned or scaled since?

A fingerprint of the whole frame cannot tell: a quarter of a picture has another one. So details are compared: local
features that look alike, in places that one affine map takes onto each other. Sources: SIFT and the ratio of its two
nearest neighbours, Lowe, IJCV 60 (2004); square roots of descriptors, Arandjelovic and Zisserman, CVPR 2012.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame

LEAST_SHARED: Final = 10
"""Details that parts of a picture share with it.

Measured on 38 photographs (scikit-image's and Kodak's): of 1,406 pairs of different ones none shares more than 4;
a quarter of the area at JPEG 50 or at half the size at least 21, a tenth of the area at least 11, turned by 40 degrees
at least 115.
"""

_LONGEST_SIDE: Final = 512
_MOST_DETAILS: Final = 800
# Half of SIFT's own contrast: skies and skin have some, too.
_CONTRAST: Final = 0.02
_RATIO: Final = 0.8
_REACH_PIXELS: Final = 4.0
# Maps that shrink or stretch more are chance: three pairs of points fit any.
_MOST_SCALE: Final = 10.0
_MOST_STRETCH: Final = 2.0
_MIRROR: Final = -1

Details = tuple[NDArray[np.float32], NDArray[np.float32]]
"""(N, 2) places and (N, 128) descriptors."""


def count_shared_details(part: Frame, whole: Frame) -> int:
    """Return how many details of `whole` are found in `part` at places that fit one map, mirrored or not.

    Limits: pictures with little detail share little even with themselves; what two different pictures both hold, such
        as a logo, is shared.
    """
    known = find_details(whole)
    shared = _count_alike(find_details(part), known)
    if shared >= LEAST_SHARED:
        return shared
    return max(shared, _count_alike(find_details(np.ascontiguousarray(part[:, ::_MIRROR])), known))


def find_details(frame: Frame) -> Details:
    """Return the details of a picture, at a longest side of at most 512."""
    import cv2

    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    scale = _LONGEST_SIDE / max(grey.shape)
    if scale < 1:
        size = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    points, descriptors = cv2.SIFT.create(nfeatures=_MOST_DETAILS, contrastThreshold=_CONTRAST).detectAndCompute(
        grey, None
    )
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    places = np.array([point.pt for point in points], np.float32)
    return places, np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9))


def _count_alike(one: Details, other: Details) -> int:
    import cv2

    if min(len(one[0]), len(other[0])) < LEAST_SHARED:
        return 0
    pairs = [
        (near.queryIdx, near.trainIdx)
        for near, second in cv2.BFMatcher(cv2.NORM_L2).knnMatch(one[1], other[1], k=2)
        if near.distance < _RATIO * second.distance
    ]
    if len(pairs) < LEAST_SHARED:
        return len(pairs)
    first, second = np.array(pairs).T
    there = other[0][second]
    matrix, fits = cv2.estimateAffine2D(
        one[0][first], there, method=cv2.RANSAC, ransacReprojThreshold=_REACH_PIXELS, maxIters=2000, confidence=0.999
    )
    if matrix is None:
        return 0
    most, least = np.linalg.svd(matrix[:, :2], compute_uv=False)
    if least < 1 / _MOST_SCALE or most > _MOST_SCALE or most > _MOST_STRETCH * least:
        return 0
    return len({(round(float(x)), round(float(y))) for x, y in there[fits.ravel() > 0]})
