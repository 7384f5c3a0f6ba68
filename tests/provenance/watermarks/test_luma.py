"""Frames of a video: planes in, planes out."""

import numpy as np
import pytest

from provenance.errors import UnmarkableError, WatermarkError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.luma import LumaTile
from tests.provenance.watermarks.photographs import photograph, psnr_db

MARK = LumaTile((WatermarkKey("first", bytes(range(32))),))
PLANE = np.ascontiguousarray(photograph("coffee.png", 300, 400)[..., 1])
PATTERN = MARK.build_pattern(PLANE, 42)


def test_a_shot_is_marked_and_read_frame_by_frame_and_together():
    shot = [np.roll(PLANE, 2 * number, axis=1) for number in range(3)]
    marked = [PATTERN.add(plane) for plane in shot]
    assert all(psnr_db(before, after) >= 42 for before, after in zip(shot, marked, strict=True))
    assert [MARK.read([plane]).payload for plane in marked] == [42, 42, 42]
    reading = MARK.read(marked)
    assert (reading.payload, reading.alg) == (42, MARK.alg)
    assert reading.score > MARK.read(marked[:1]).score
    assert MARK.read(shot[:1]) is None


@pytest.mark.parametrize(
    "planes", [[], [PLANE[..., None]], [PLANE / 255], [PLANE, PLANE[1:]]], ids=["none", "3d", "floats", "sizes"]
)
def test_what_is_no_shot_is_refused(planes):
    with pytest.raises(WatermarkError):
        MARK.read(planes)


def test_a_pattern_fits_planes_of_its_size_and_no_plane_is_too_small():
    with pytest.raises(WatermarkError, match="expected a plane of"):
        PATTERN.add(PLANE[1:])
    with pytest.raises(UnmarkableError, match="200"):
        MARK.build_pattern(PLANE[:150], 42)
