"""Origins and codes out of lines in cells."""

from dataclasses import replace

import numpy as np

from provenance.watermarks.tile.code import encode_salted
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile2.cells import analyse
from provenance.watermarks.tile2.embedding import build_plane
from provenance.watermarks.tile2.reading import find_held, fold_signed, rank_origins, read, weigh, weigh_waves
from tests.provenance.watermarks.tile2.samples import LAYOUT, PAYLOAD

CODE = encode_salted(LAYOUT.lines, PAYLOAD)[9]


def laid(noise, origin=(3, 14), rows=3, columns=4, seed=0):
    plane = build_plane(LAYOUT, CODE, origin, rows, columns)
    plane += np.random.default_rng(seed).normal(0, noise, plane.shape).astype(np.float32)
    return weigh_waves(analyse(plane, LAYOUT.lines.data, PERIOD), LAYOUT.lines)


def test_the_origin_stands_out_and_the_code_is_read():
    for noise in (0.1, 8):
        found = laid(noise)
        best, other = rank_origins(found, LAYOUT, 2)
        assert best.origin == (3, 14)
        assert best.rank > other.rank + 3
        match = read(found, LAYOUT, best.origin, paths=32)
        assert match.payload == PAYLOAD
        assert np.array_equal(match.code, CODE)


def test_a_wrong_origin_and_noise_read_nothing():
    assert read(laid(0.1), LAYOUT, (3, 13), paths=32) is None
    assert read(laid(500), LAYOUT, (3, 14), paths=32) is None


def test_a_negative_says_the_opposite_of_every_bit():
    found = laid(2)
    one = weigh(fold_signed(found, LAYOUT, (3, 14)), LAYOUT.lines)
    other = weigh(fold_signed(replace(found, values=-found.values), LAYOUT, (3, 14)), LAYOUT.lines)
    assert np.allclose(one, -other)


def test_waves_finer_than_two_pixels_are_held_by_no_picture():
    assert find_held(LAYOUT.lines, np.eye(2)).all()
    held = find_held(LAYOUT.lines, np.diag([3.2, 3.2]))[LAYOUT.lines.code_bits]
    assert np.array_equal(held, np.abs(LAYOUT.lines.data).max(axis=1) < 20)


def test_what_is_not_held_says_nothing():
    found, held = laid(2), np.random.default_rng(1).random(1024) < 0.6
    spoilt = replace(found, values=found.values.copy())
    spoilt.values[~held[LAYOUT.lines.code_bits]] *= -1
    assert read(spoilt, LAYOUT, (3, 14), paths=32) is None
    assert read(spoilt, LAYOUT, (3, 14), paths=32, held=held).payload == PAYLOAD
