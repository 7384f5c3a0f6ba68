"""Frames of a clip are read alone, together, and where the clip was cropped or scaled."""

import cv2
import numpy as np
import pytest

from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile.frames import MOST_READS, FrameOfShot, read_frames
from provenance.watermarks.tile.layout import build_layout
from provenance.watermarks.tile.shot import STRONG, ShotMark
from tests.sites import photograph

OWN, OTHER = (
    build_layout(WatermarkKey(name, bytes((byte,)) * 32), "org.chopmark.tile.1")
    for name, byte in (("own", 1), ("x", 2))
)
PAYLOAD = 7 << 56 | 1234567


@pytest.fixture(scope="module")
def planes():
    picture = np.asarray(photograph("coffee.png", 360).convert("L"))
    mark = ShotMark(OWN, PAYLOAD, quality=STRONG)
    return picture, [mark.add(np.roll(picture, (-2 * at, -3 * at), (0, 1))) for at in range(4)]


def frames(planes, *, is_key=True):
    return [FrameOfShot(plane, 0, is_key) for plane in planes]


def test_one_key_frame_is_enough(planes):
    found = read_frames(frames(planes[1][:1]), [OTHER, OWN])
    assert (found.match.payload, found.key_id, found.stage) == (PAYLOAD, "own", "straight")


def test_frames_too_poor_alone_are_read_together(planes):
    random = np.random.default_rng(3)
    noisy = [np.clip(plane + random.normal(0, 48, plane.shape), 0, 255).astype(np.uint8) for plane in planes[1] * 4]
    assert all(read_frames(frames([plane], is_key=False), [OWN]) is None for plane in noisy[:2])
    found = read_frames(frames(noisy, is_key=False), [OWN])
    assert found.match.payload == PAYLOAD
    assert found.stage.endswith("together")


@pytest.mark.parametrize("edit", ["cropped", "scaled"])
def test_another_geometry_is_found(planes, edit):
    def change(plane):
        if edit == "cropped":
            return np.ascontiguousarray(plane[41:331, 63:473])
        return cv2.resize(plane, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)

    found = read_frames(frames([change(plane) for plane in planes[1]]), [OWN])
    assert found.match.payload == PAYLOAD


def test_what_is_not_marked_is_not_read(planes):
    picture, marked = planes
    assert read_frames(frames([picture]), [OWN]) is None
    assert read_frames(frames(marked), [OTHER]) is None
    assert read_frames([], [OWN]) is None
    assert read_frames(frames([picture[:20, :20]]), [OWN]) is None
    assert MOST_READS * 32 * 2.0**-40 < 1e-8
