"""Local shifts are measured and undone."""

import cv2
import numpy as np

from provenance.watermarks.tile.code import encode_salted
from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile2.bending import measure_shifts, straighten
from provenance.watermarks.tile2.detection import detect
from provenance.watermarks.tile2.embedding import build_plane
from tests.provenance.watermarks.tile2.samples import LAYOUT, PAYLOAD, marked

PLANE = build_plane(LAYOUT, encode_salted(LAYOUT.lines, PAYLOAD)[0], (0, 0), 3, 3)


def bend(plane, across, down):
    rows, columns = np.indices(plane.shape[:2], np.float32)
    return cv2.remap(plane, columns + across, rows + down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def waves(shape, size):
    rows, columns = np.indices(shape, np.float32)
    return size * np.sin(columns / 60).astype(np.float32), size * np.cos(rows / 70).astype(np.float32)


def test_shifts_are_what_was_bent():
    across, down = waves(PLANE.shape, 2.5)
    found = measure_shifts(bend(PLANE, across, down), LAYOUT.lines)
    inner = slice(3, -3)
    for field, bent in zip(found, (across, down), strict=True):
        expected = -cv2.resize(bent, field.shape[::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(field - expected)[inner, inner].mean() < 0.5


def test_what_was_laid_straight_is_like_what_it_was():
    bent = bend(PLANE, *waves(PLANE.shape, 2.5))
    straight = straighten(bent, LAYOUT.lines)
    inner = slice(48, -48)
    one, two = (np.corrcoef(PLANE[inner, inner].ravel(), x[inner, inner].ravel())[0, 1] for x in (bent, straight))
    assert two > 0.8 > one + 0.3


def test_a_bent_picture_is_read():
    frame = bend(marked(), *waves(marked().shape[:2], 3.5))
    assert build_residual(frame).shape == frame.shape[:2]
    found = detect(frame, (LAYOUT,))
    assert (found.match.payload, found.stage) == (PAYLOAD, "bent")
