"""What a key fixes, held against known answers and laws."""

import hashlib

import numpy as np
import pytest

from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile2.layout import SQUARE, build_cell_layout, choose_origin
from tests.provenance.watermarks.photographs import photograph
from tests.provenance.watermarks.tile2.samples import KEY, LAYOUT, OTHER, VECTORS


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["secret"][:4])
def test_a_layout_is_that_of_the_vectors(vector):
    layout = build_cell_layout(WatermarkKey("k", bytes.fromhex(vector["secret"])))
    assert layout.lines.check_key.hex() == vector["check_key"]
    assert layout.lines.sync[:4].tolist() == vector["first_sync"]
    assert layout.lines.code_bits[:8].tolist() == vector["first_code_bits"]
    assert layout.origin_key.hex() == vector["origin_key"]
    square = layout.signs[:, :SQUARE, :SQUARE]
    assert square[0, 0].tolist() == vector["first_signs"]
    assert hashlib.sha256(np.packbits(square < 0).tobytes()).hexdigest() == vector["signs_sha256"]


def test_the_square_is_laid_twice_each_way_and_has_as_many_of_each_sign():
    assert np.array_equal(LAYOUT.signs[:, :SQUARE], LAYOUT.signs[:, SQUARE:])
    assert np.array_equal(LAYOUT.signs[:, :, :SQUARE], LAYOUT.signs[:, :, SQUARE:])
    assert set(np.unique(LAYOUT.signs)) == {-1, 1}
    assert abs(LAYOUT.signs.mean()) < 0.01


def test_no_two_lines_and_no_two_keys_share_a_pattern():
    patterns = LAYOUT.signs[:, :SQUARE, :SQUARE].reshape(len(LAYOUT.signs), -1).astype(np.int64)
    likeness = np.abs(patterns @ patterns.T)
    np.fill_diagonal(likeness, 0)
    assert likeness.max() < 100, "of 256; six deviations"
    other = build_cell_layout(OTHER).signs[:, :SQUARE, :SQUARE].reshape(patterns.shape)
    assert np.abs((patterns * other).sum(axis=1)).max() < 100


def test_an_origin_depends_on_picture_payload_and_key_and_on_nothing_else():
    frame, other = photograph("coffee.png", 256, 256), photograph("chelsea.png", 256, 256)
    origins = {choose_origin(LAYOUT, frame, payload) for payload in range(64)}
    assert len(origins) > 40
    assert all(0 <= place < SQUARE for origin in origins for place in origin)
    assert choose_origin(LAYOUT, frame.copy(), 7) == choose_origin(build_cell_layout(KEY), frame, 7)
    assert [choose_origin(LAYOUT, frame, n) for n in range(8)] != [choose_origin(LAYOUT, other, n) for n in range(8)]


def test_a_layout_does_not_show_its_secrets():
    assert repr(LAYOUT) == "CellLayout('first')"
