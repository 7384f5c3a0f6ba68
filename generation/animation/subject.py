"""What stands in the foreground of a picture, if anything does: found by colour, from what its rim looks like.

The rim of a picture is mostly ground; what differs from all of it, and lies towards the middle, is the thing. GrabCut
(Rother et al. 2004, by OpenCV) draws the line. Where that finds nothing of a sensible size, there is no subject.

Colour alone cuts through most things on a photograph. So a subject is cut out only where its ground is plain and the
line has contrast all along; elsewhere its place is known roughly, which is enough to bring it forward a little.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.animation.depth import Map
from provenance.asset import Frame

SIDE: Final = 256
"""Pixels of the longer side that it works at."""
_LEAST, _MOST = 0.025, 0.6
"""Shares of the picture that a subject may have."""
_GROUNDS: Final = 4
_NEIGHBOURS: Final = 9
# Chosen by eye on photographs and drawn pictures: CIELAB distance, and the share of the line that has it.
_LEAST_CONTRAST: Final = 14.0
_LEAST_LINE: Final = 0.8
_PLAIN_WITHIN: Final = 12.0
_PLAIN_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing in the foreground.

    Attributes:
        matte: (H, W), how much of each pixel is of it, 0 to 1.
        is_cut: whether the line around it is good enough to move it as a layer of its own.
    """

    matte: Map
    is_cut: bool


def find_subject(picture: Frame) -> Subject | None:
    """Return what stands in the foreground, at the size of `picture`; None where nothing stands out."""
    import cv2

    scale = SIDE / max(picture.shape[:2])
    size = tuple(max(16, round(side * scale)) for side in picture.shape[1::-1])
    small = np.ascontiguousarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    odd = _measure_oddness(small)
    cut, _ = cv2.threshold((odd * 255).astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    mask = np.where(odd * 255 > cut, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    mask[odd > max(0.75, cut / 255 * 1.4)] = cv2.GC_FGD
    mask[odd < cut / 255 * 0.25] = cv2.GC_BGD
    mask[:2], mask[:, :2], mask[:, -2:] = cv2.GC_BGD, cv2.GC_BGD, cv2.GC_BGD
    known = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if known.mean() < _LEAST or known.mean() > 0.9:
        return None
    cv2.setRNGSeed(1)
    try:
        cv2.grabCut(small, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # one of the two has too few pixels
        return None
    whole = _keep_large(np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8))
    if not _LEAST <= whole.mean() <= _MOST:
        return None
    if (ground := _find_plain(small)) is not None and _stands_out(small, whole):
        return Subject(_refine(whole, picture, ground), is_cut=True)
    rough = cv2.GaussianBlur(whole.astype(np.float32), (0, 0), SIDE / 16)
    rough = cv2.resize(rough, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return Subject(np.asarray(rough / max(1e-6, float(rough.max())), np.float32), is_cut=False)


def _measure_oddness(small: Frame) -> Map:
    """Return how unlike the rim each pixel is, 0 to 1."""
    import cv2

    lab = _to_lab(small)
    height, width = lab.shape[:2]
    band = max(2, min(height, width) // 24)
    rim = np.concatenate([lab[:band].reshape(-1, 3), lab[:, :band].reshape(-1, 3), lab[:, -band:].reshape(-1, 3)])
    cv2.setRNGSeed(1)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
    _, labels, grounds = cv2.kmeans(np.ascontiguousarray(rim), _GROUNDS, None, ends, 1, cv2.KMEANS_PP_CENTERS)
    odd = np.full((height, width), np.inf, np.float32)
    for index in range(_GROUNDS):
        own = rim[labels.ravel() == index]
        if len(own) < 0.04 * len(rim):  # what the subject itself shows at the rim
            continue
        spread = own.std(axis=0) + 4.0
        odd = np.minimum(odd, np.sqrt((((lab - grounds[index]) / spread) ** 2).sum(axis=2) / 3))
    odd = cv2.GaussianBlur(np.asarray(np.minimum(odd, 8), np.float32), (0, 0), 2)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    odd *= np.exp(-((x / 0.85) ** 2 + ((y - 0.1) / 0.95) ** 2)).astype(np.float32)
    return np.asarray(odd / max(1.0, float(np.percentile(odd, 99.5))), np.float32).clip(0, 1)


def _find_plain(small: Frame) -> NDArray[np.float32] | None:
    """Return the colour of the rim, in CIELAB, where it is nearly of one; else None."""
    lab = _to_lab(small)
    rim = np.concatenate([lab[:8].reshape(-1, 3), lab[:, :8].reshape(-1, 3), lab[:, -8:].reshape(-1, 3)])
    ground = np.median(rim, axis=0)
    near = np.linalg.norm(rim - ground, axis=1) < _PLAIN_WITHIN
    return np.asarray(ground, np.float32) if float(near.mean()) >= _PLAIN_SHARE else None


def _to_lab(picture: Frame) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB), np.float32)


def _keep_large(mask: Frame) -> Frame:
    """Return a mask without specks and without holes."""
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    mask = cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, kernel)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    areas = [cv2.contourArea(one) for one in contours]
    kept = [one for one, area in zip(contours, areas, strict=True) if area >= 0.2 * max(areas)]
    return np.asarray(cv2.drawContours(np.zeros_like(mask), kept, -1, 1, cv2.FILLED), np.uint8)


def _stands_out(small: Frame, mask: Frame) -> bool:
    """Say whether colours differ across nearly all of the line: else it was drawn through something."""
    import cv2

    lab = _to_lab(small)
    inside = mask.astype(np.float32)

    def mean_within(weight: Map) -> Map:
        whole = cv2.blur(lab * weight[..., None], (_NEIGHBOURS, _NEIGHBOURS))
        return np.asarray(whole / np.maximum(cv2.blur(weight, (_NEIGHBOURS, _NEIGHBOURS)), 1e-3)[..., None], np.float32)

    contrast = np.linalg.norm(mean_within(inside) - mean_within(1 - inside), axis=2)
    line = (mask > 0) & (cv2.erode(mask, np.ones((3, 3), np.uint8)) == 0)
    line[-2:] = False  # a thing may stand on the lower rim
    return bool(line.any()) and float((contrast[line] > _LEAST_CONTRAST).mean()) >= _LEAST_LINE


def _refine(mask: Frame, picture: Frame, ground: NDArray[np.float32]) -> Map:
    """Return the matte at the size of the picture: whole inside, and by how unlike the ground a pixel is at the rim."""
    import cv2

    height, width = picture.shape[:2]
    scale = max(height, width) / SIDE
    around, inside = (
        np.asarray(
            cv2.resize(
                cv2.GaussianBlur(one.astype(np.float32), (0, 0), 1.2), (width, height), interpolation=cv2.INTER_LINEAR
            ),
            np.float32,
        )
        for one in (cv2.dilate(mask, np.ones((5, 5), np.uint8)), cv2.erode(mask, np.ones((7, 7), np.uint8)))
    )
    unlike = np.linalg.norm(_to_lab(picture) - ground, axis=2)
    unlike = cv2.GaussianBlur(np.asarray(np.clip((unlike - 8) / 18, 0, 1), np.float32), (0, 0), max(0.8, 0.35 * scale))
    return np.asarray(np.clip(np.maximum(inside * 1.2, unlike * around), 0, 1), np.float32)
