"""Origins and codes out of lines in cells."""

from dataclasses import replace

import numpy as np
import pytest

from provenance.watermarks.tile.code import encode_salted
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile2.cells import analyse
from provenance.watermarks.tile2.embedding import build_plane
from provenance.watermarks.tile2.reading import (
    agree_phases,
    find_held,
    fold_signed,
    rank_origins,
    read,
    read_anywhere,
    weigh,
    weigh_waves,
)
from tests.provenance.watermarks.tile2.samples import LAYOUT, PAYLOAD

CODE = encode_salted(LAYOUT.lines, PAYLOAD)[9]


def waves(noise, origin=(3, 14), rows=3, columns=4, seed=0):
    plane = build_plane(LAYOUT, CODE, origin, rows, columns)
    plane += np.random.default_rng(seed).normal(0, noise, plane.shape).astype(np.float32)
    return analyse(plane, LAYOUT.lines.data, PERIOD)


def laid(*arguments, **options):
    return weigh_waves(waves(*arguments, **options), LAYOUT.lines)


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


def test_one_cell_is_read_though_its_energy_is_the_same_under_every_origin():
    found = laid(4, rows=1, columns=1)
    ranks = [one.rank for one in rank_origins(found, LAYOUT, 256)]
    assert max(ranks) - min(ranks) < 1e-3
    match = read_anywhere(found, LAYOUT, tests=4)
    assert match.payload == PAYLOAD
    assert np.array_equal(match.code, CODE)
    assert match.score == pytest.approx(read(found, LAYOUT, (3, 14), paths=32).score, rel=0.01)
    assert read_anywhere(laid(500, rows=1, columns=1), LAYOUT, tests=64) is None


def test_a_part_of_four_cells_is_read_wherever_it_lies():
    for origin in ((0, 0), (15, 15), (7, 2)):
        found = laid(9, origin=origin, rows=2, columns=2)
        assert read_anywhere(found, LAYOUT, tests=16).payload == PAYLOAD


def test_anywhere_too_what_is_not_held_says_nothing():
    found, held = laid(1, rows=1, columns=1), np.random.default_rng(1).random(1024) < 0.6
    spoilt = replace(found, values=found.values.copy())
    spoilt.values[~held[LAYOUT.lines.code_bits]] *= -1
    assert read_anywhere(spoilt, LAYOUT, tests=16) is None
    assert read_anywhere(spoilt, LAYOUT, tests=16, held=held).payload == PAYLOAD


def test_phases_agree_where_the_tile_lies_whatever_it_says():
    lies = agree_phases(waves(3), LAYOUT.lines)
    assert lies > 6
    assert agree_phases(-waves(3), LAYOUT.lines) == pytest.approx(lies)
    assert agree_phases(1j * waves(3), LAYOUT.lines) == pytest.approx(-lies, rel=1e-3)
    noise = [agree_phases(waves(1e4, seed=seed), LAYOUT.lines) for seed in range(40)]
    assert abs(np.mean(noise)) < 0.6
    assert 0.6 < np.std(noise) < 1.5
