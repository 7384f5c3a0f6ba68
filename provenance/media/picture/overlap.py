"""Does one picture show a part of another, whatever was cut away, turned or scaled since?

A fingerprint of the whole frame cannot tell: a quarter of a picture has another one. So details are compared: local
features that look alike, in places that one affine map takes onto each other. Sources: SIFT and the ratio of its two
nearest neighbours, Lowe, IJCV 60 (2004); square roots of descriptors, Arandjelovic and Zisserman, CVPR 2012.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame

LEAST_SHARED: Final = 10
"""Details that parts of a picture share with it.

Measured on 38 photographs (scikit-image's and Kodak's): of 1,406 pairs of different ones none shares more than 4;
a quarter of the area at JPEG 50 or at half the size at least 21, a tenth of the area at least 11, turned by 40 degrees
at least 115.
"""

DETAILS_SIDE: Final = 512
"""Pixels of the longest side at which details are found."""

# What is symmetrical shares some with its own mirror image; beyond this many nobody need look there.
_SURELY_SHARED: Final = 4 * LEAST_SHARED
_MOST_DETAILS: Final = 800
# Half of SIFT's own contrast: skies and skin have some, too.
_CONTRAST: Final = 0.02
_RATIO: Final = 0.8
_REACH_PIXELS: Final = 4.0
# Share of what both may show beyond which details lie all over it: skies and walls have none.
_ALL_OVER: Final = 0.25
# Maps that shrink or stretch more are chance: three pairs of points fit any.
_MOST_SCALE: Final = 10.0
_MOST_STRETCH: Final = 2.0
_MIRROR: Final = -1
# Square roots of SIFT's descriptors, of length one, stay below 0.64: so many steps of a byte.
_STEPS: Final = 400
# SIFT's descriptor: 4 rows and 4 columns of histograms over 8 directions.
_GRID: Final = (4, 4, 8)

Places = NDArray[np.float32]
"""(N, 2) columns and rows in pixels."""
Details = tuple[Places, NDArray[np.float32]]
"""(N, 2) places and (N, 128) descriptors."""


class Box(NamedTuple):
    """Where something lies in a picture, as shares of its width and height from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Share of the picture that it covers."""
        return (self.right - self.left) * (self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two pictures share.

    Attributes:
        shared: details at places that fit one map.
        in_part, in_whole: where what they share lies in each; None where there are no such details. Where details lie
            all over what the map lets both show, it is that; else only where details lie, as of a logo.
        is_mirrored: whether one picture had to be mirrored first.
    """

    shared: int
    in_part: Box | None = None
    in_whole: Box | None = None
    is_mirrored: bool = False


class _Alike(NamedTuple):
    """Places that one map takes onto each other, and the map; without it they were too few to look for one."""

    here: Places
    there: Places
    matrix: NDArray[np.float64] | None = None


class Detailed:
    """A picture with its details, found when they are first asked for and kept."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    @cached_property
    def details(self) -> Details:
        """Details of the picture."""
        return find_details(self.frame)

    @cached_property
    def mirrored(self) -> Details:
        """Details of the picture mirrored, at places in the mirrored picture."""
        return mirror_details(self.details, self.size[0])

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in the pixels that places are counted in."""
        height, width = self.frame.shape[:2]
        scale = min(1.0, DETAILS_SIDE / max(height, width))
        return width * scale, height * scale


class Kept(NamedTuple):
    """The details of a picture in a few bytes each, and without its pixels: 109 KB of 800 of them.

    Attributes:
        places: (N, 2) columns and rows.
        bytes_of: (N, 128) uint8.
        size: width and height in the pixels that places are counted in.
    """

    places: Places
    bytes_of: NDArray[np.uint8]
    size: tuple[float, float]

    @property
    def details(self) -> Details:
        """The details, within half a step of what they were."""
        descriptors = self.bytes_of.astype(np.float32)
        length = np.sqrt(np.einsum("ij,ij->i", descriptors, descriptors))
        return self.places, descriptors / np.maximum(length, 1)[:, np.newaxis]


def keep_details(seen: Detailed) -> Kept:
    """Return the details of a picture to keep."""
    places, descriptors = seen.details
    return Kept(places, np.minimum(np.rint(descriptors * _STEPS), 255).astype(np.uint8), seen.size)


def count_shared_details(part: Frame, whole: Frame) -> int:
    """Return how many details of `whole` are found in `part` at places that fit one map, mirrored or not.

    Limits: pictures with little detail share little even with themselves; what two different pictures both hold, such
        as a logo, is shared.
    """
    return find_overlap(Detailed(part), Detailed(whole)).shared


def find_overlap(part: Detailed, whole: Detailed | Kept) -> Overlap:
    """Return what `part` shares with `whole`, and where it lies in each; limits as for `count_shared_details`."""
    found, is_mirrored = _compare_both(part, whole)
    return _describe(part, whole, found, is_mirrored=is_mirrored)


def lay_over(part: Detailed, whole: Detailed | Kept) -> tuple[Frame, NDArray[np.bool_]] | None:
    """Return `part` as it lies over `whole`, in the size that details are counted in, and where it lies.

    None where they share too little to say.
    """
    import cv2

    found, is_mirrored = _compare_both(part, whole)
    if found.matrix is None or len(found.here) < LEAST_SHARED:
        return None
    seen = np.ascontiguousarray(part.frame[:, ::_MIRROR]) if is_mirrored else part.frame
    small = cv2.resize(seen, _rounded(part.size), interpolation=cv2.INTER_AREA)
    laid = cv2.warpAffine(small, found.matrix, _rounded(whole.size), flags=cv2.INTER_LINEAR)
    there = cv2.warpAffine(np.full(small.shape[:2], 255, np.uint8), found.matrix, _rounded(whole.size))
    return laid.astype(np.uint8), there == np.uint8(255)


def find_details(frame: Frame) -> Details:
    """Return the details of a picture, at a longest side of at most 512."""
    import cv2

    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    scale = DETAILS_SIDE / max(grey.shape)
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


def mirror_details(details: Details, width: float) -> Details:
    """Return the details as the mirrored picture has them, of which the descriptors' layout leaves no doubt.

    Mirrored, a detail's direction stays its own; what lay to one side of it lies to the other, and turns are counted
    the other way round.
    """
    places, descriptors = details
    if not len(places):
        return details
    grid = descriptors.reshape(-1, *_GRID)[:, ::_MIRROR][..., -np.arange(_GRID[2]) % _GRID[2]]
    moved = places * np.array([_MIRROR, 1], np.float32) + np.array([width - 1, 0], np.float32)
    return moved, np.ascontiguousarray(grid.reshape(descriptors.shape))


def _rounded(size: tuple[float, float]) -> tuple[int, int]:
    return max(1, round(size[0])), max(1, round(size[1]))


def _compare_both(part: Detailed, whole: Detailed | Kept) -> tuple[_Alike, bool]:
    """Return what they share, and whether `part` is mirrored there."""
    plain = _compare(part.details, whole.details)
    if len(plain.here) >= _SURELY_SHARED:
        return plain, False
    mirrored = _compare(part.mirrored, whole.details)
    return (mirrored, True) if len(mirrored.here) > len(plain.here) else (plain, False)


def _describe(part: Detailed, whole: Detailed | Kept, found: _Alike, *, is_mirrored: bool) -> Overlap:
    import cv2

    if not len(found.here) or found.matrix is None:
        return Overlap(len(found.here))
    back = cv2.invertAffineTransform(found.matrix)
    in_part = _widen(_enclose(found.here, part.size), _project(whole.size, back, part.size))
    in_whole = _widen(_enclose(found.there, whole.size), _project(part.size, found.matrix, whole.size))
    if is_mirrored:
        in_part = Box(1 - in_part.right, in_part.top, 1 - in_part.left, in_part.bottom)
    return Overlap(len(found.here), in_part, in_whole, is_mirrored=is_mirrored)


def _project(size: tuple[float, float], matrix: NDArray[np.float64], onto: tuple[float, float]) -> Box:
    """Return where a picture of `size` comes to lie in one of the size `onto`."""
    corners = np.array([(x, y, 1.0) for x in (0.0, size[0]) for y in (0.0, size[1])])
    return _enclose((corners @ matrix.T).astype(np.float32), onto)


def _widen(box: Box, most: Box) -> Box:
    """Return `most` where the details of `box` lie all over it."""
    return most if box.area >= _ALL_OVER * most.area else box


def _enclose(places: Places, size: tuple[float, float]) -> Box:
    shares = np.clip(places / np.array(size, np.float32), 0, 1)
    (left, top), (right, bottom) = shares.min(axis=0).tolist(), shares.max(axis=0).tolist()
    return Box(left, top, right, bottom)


def _compare(one: Details, other: Details) -> _Alike:
    """Return the places in `one` and in `other` that one map takes onto each other, no place of `other` twice."""
    import cv2

    nothing = _Alike(np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32))
    if min(len(one[0]), len(other[0])) < LEAST_SHARED:
        return nothing
    first, second = _pair(one[1], other[1])
    here, there = one[0][first], other[0][second]
    if len(first) < LEAST_SHARED:
        return _Alike(here, there)
    matrix, fits = cv2.estimateAffine2D(
        here, there, method=cv2.RANSAC, ransacReprojThreshold=_REACH_PIXELS, maxIters=2000, confidence=0.999
    )
    if matrix is None:
        return nothing
    most, least = np.linalg.svd(matrix[:, :2], compute_uv=False)
    if least < 1 / _MOST_SCALE or most > _MOST_SCALE or most > _MOST_STRETCH * least:
        return nothing
    inside = fits.ravel() > 0
    _, kept = np.unique(np.round(there[inside]), axis=0, return_index=True)
    return _Alike(here[inside][kept], there[inside][kept], matrix)


def _pair(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which descriptors of `one` are clearly nearer to one of `other` than to any second, and to which."""
    alike = one @ other.T
    nearest = alike.argmax(axis=1)
    rows = np.arange(len(one))
    best = alike[rows, nearest]
    alike[rows, nearest] = -1
    # Of vectors of length one, the square of a distance is 2 - 2 times how alike they are.
    clear = np.flatnonzero(1 - best < _RATIO**2 * (1 - alike.max(axis=1)))
    return clear, nearest[clear]
