"""The seam for clips: brightness in, brightness out, and back, as earlier versions laid it, too."""

import numpy as np
import pytest

from provenance.errors import UnmarkableError, WatermarkError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.clip import STRONG, ClipMark, FrameOfShot
from provenance.watermarks.tile.layout import build_layout
from provenance.watermarks.tile.shot import ShotMark as FirstShotMark
from provenance.watermarks.tile2.scheme import Tile2
from tests.sites import photograph

KEYS = (WatermarkKey("own", bytes(range(32))),)


def test_a_payload_comes_back_with_its_bound():
    mark, plane = ClipMark(KEYS), np.asarray(photograph("coffee.png", 360).convert("L"))
    marked = mark.begin_shot(*plane.shape, 77, quality=STRONG).add(plane)
    reading = mark.read([FrameOfShot(marked, 0, True)])
    assert (reading.payload, reading.key_id, reading.alg) == (77, "own", "org.chopmark.tile.2")
    assert 0 < reading.false_positive_bound < 2e-8
    assert mark.read([FrameOfShot(plane, 0, True)]) is None


def test_a_frame_saved_as_a_picture_is_read_by_the_scheme_for_pictures():
    plane = np.asarray(photograph("coffee.png", 480).convert("L"))
    marked = ClipMark(KEYS).begin_shot(*plane.shape, 77, quality=STRONG).add(plane)
    assert Tile2(KEYS).extract(np.stack([marked] * 3, axis=2)).payload == 77


def test_what_earlier_versions_marked_is_read_and_told_how_it_was_laid():
    plane = np.asarray(photograph("coffee.png", 360).convert("L"))
    laid = FirstShotMark(build_layout(KEYS[0], "org.chopmark.tile.1"), 77, quality=STRONG).add(plane)
    reading = ClipMark(KEYS).read([FrameOfShot(laid, 0, True)])
    assert (reading.payload, reading.scheme, reading.alg) == (77, "tile", "org.chopmark.tile.1")
    assert ClipMark(KEYS).is_read_straight([FrameOfShot(laid, 0, True)])
    assert isinstance(ClipMark(KEYS).resume_shot(laid, STRONG), FirstShotMark)
    assert ClipMark(KEYS).resume_shot(plane, STRONG) is None


def test_it_says_what_it_cannot_do():
    with pytest.raises(UnmarkableError, match="160"):
        ClipMark(KEYS).begin_shot(100, 640, 1)
    with pytest.raises(WatermarkError):
        ClipMark(())
