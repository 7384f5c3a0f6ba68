"""The seam for clips: brightness in, brightness out, and back; a frame saved as a picture is read as one."""

import numpy as np
import pytest

from provenance.errors import UnmarkableError, WatermarkError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.clip import STRONG, ClipMark, FrameOfShot
from provenance.watermarks.tile.scheme import Tile
from tests.sites import photograph

KEYS = (WatermarkKey("own", bytes(range(32))),)


def test_a_payload_comes_back_with_its_bound():
    mark, plane = ClipMark(KEYS), np.asarray(photograph("coffee.png", 360).convert("L"))
    marked = mark.begin_shot(*plane.shape, 77, quality=STRONG).add(plane)
    reading = mark.read([FrameOfShot(marked, 0, True)])
    assert (reading.payload, reading.key_id, reading.alg) == (77, "own", "org.chopmark.tile.1")
    assert 0 < reading.false_positive_bound < 1e-8
    assert mark.read([FrameOfShot(plane, 0, True)]) is None


def test_a_frame_saved_as_a_picture_is_read_by_the_scheme_for_pictures():
    plane = np.asarray(photograph("coffee.png", 480).convert("L"))
    marked = ClipMark(KEYS).begin_shot(*plane.shape, 77, quality=STRONG).add(plane)
    assert Tile(KEYS).extract(np.stack([marked] * 3, axis=2)).payload == 77


def test_it_says_what_it_cannot_do():
    with pytest.raises(UnmarkableError, match="160"):
        ClipMark(KEYS).begin_shot(100, 640, 1)
    with pytest.raises(WatermarkError):
        ClipMark(())
