"""Laying a tile into a picture."""

import cv2
import numpy as np
import pytest

from provenance.errors import UnmarkableError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile.code import encode_salted
from provenance.watermarks.tile.mask import Quality
from provenance.watermarks.tile2 import embedding
from provenance.watermarks.tile2.embedding import add_plane, build_plane
from provenance.watermarks.tile2.layout import build_cell_layout
from tests.provenance.watermarks.photographs import photograph, psnr_db
from tests.provenance.watermarks.tile2.samples import LAYOUT, PAYLOAD, TILE, VECTORS, marked


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["secret"][:4])
def test_a_plane_is_that_of_the_vectors(vector):
    layout = build_cell_layout(WatermarkKey("k", bytes.fromhex(vector["secret"])))
    code = encode_salted(layout.lines, int(vector["payload"], 16))[vector["salt"]]
    plane = build_plane(layout, code, tuple(vector["origin"]), 2, 3)
    samples = {f"{y},{x}": round(float(plane[y, x]), 3) for y, x in ((0, 0), (5, 9), (127, 128), (200, 383))}
    assert samples == pytest.approx(vector["samples"], abs=2e-3)


def test_a_plane_has_variance_one_and_sync_alone_repeats():
    plane = build_plane(LAYOUT, encode_salted(LAYOUT.lines, PAYLOAD)[0], (0, 0), 4, 4)
    assert plane.var() == pytest.approx(1, abs=1e-3)
    one, other = plane[:128, :128], plane[256:384, 128:256]
    assert np.mean(one * other) == pytest.approx(0.25, abs=0.1), "a quarter is sync"


def test_quality_is_kept_and_the_picture_alone():
    before = photograph("coffee.png", 384, 576)
    after = marked()
    assert psnr_db(before, after) >= 42
    assert np.abs(after.astype(int) - before).max() < 48


def test_a_larger_picture_is_marked_as_its_smaller_self_would_be():
    large = cv2.resize(photograph("coffee.png"), (1600, 1100), interpolation=cv2.INTER_CUBIC)
    copy = TILE.embed(large, PAYLOAD)
    assert TILE.extract(copy).payload == PAYLOAD
    assert TILE.extract(cv2.resize(copy, (1024, 704), interpolation=cv2.INTER_AREA)).payload == PAYLOAD


def test_strips_of_a_larger_picture_meet():
    frame = np.full((600, 700, 3), 128, np.uint8)
    plane = np.random.default_rng(0).normal(size=(384, 512)).astype(np.float32)
    plane = cv2.GaussianBlur(plane, (0, 0), 2)
    mask = np.full((75, 88), 40, np.float32)
    made = add_plane(frame, 0.5, plane, mask, (1.0, 1.0, 1.0)).astype(int)
    steps = np.abs(np.diff(made[..., 0], axis=0)).mean(axis=1)
    assert steps[255] < 2 * np.median(steps)
    assert steps[511] < 2 * np.median(steps)


def test_grey_stays_grey():
    grey = np.repeat(photograph("rocket.jpg", 256, 384)[..., 1:2], 3, axis=2)
    copy = TILE.embed(grey, PAYLOAD)
    assert np.array_equal(copy[..., 0], copy[..., 2])
    assert TILE.extract(copy).payload == PAYLOAD


def test_what_may_not_be_marked_strongly_enough_is_refused(monkeypatch):
    for name in ("USUAL", "_STRONG", "_STRONGEST"):
        monkeypatch.setattr(embedding, name, Quality(80.0, 0.0001, 1.0))
    with pytest.raises(UnmarkableError, match="does not read back"):
        embedding.embed_tile(photograph("chelsea.png", 256, 256), PAYLOAD, LAYOUT)


def test_what_is_smaller_than_most_is_found_or_refused():
    """Where the tile is known to lie more reads than a reader finds: only what is found counts as marked."""
    done = 0
    for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"):
        for side in (160, 184):
            try:
                copy = TILE.embed(photograph(name, side, side + 20), PAYLOAD)
            except UnmarkableError:
                continue
            assert TILE.extract(copy).payload == PAYLOAD
            done += 1
    assert done >= 6


def test_what_the_reader_does_not_find_is_refused(monkeypatch):
    monkeypatch.setattr(embedding, "detect", lambda _frame, _layouts: None)
    with pytest.raises(UnmarkableError, match="does not read back"):
        embedding.embed_tile(photograph("chelsea.png", 180, 180), PAYLOAD, LAYOUT)
