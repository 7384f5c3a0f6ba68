"""An earlier mark goes before another is laid over it, wherever in the picture its cells lie."""

import numpy as np
import pytest

from provenance.watermarks.tile.canonical import middle
from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile2.embedding import take_off
from provenance.watermarks.tile2.removal import find_earlier, measure_gain
from tests.provenance.watermarks.photographs import photograph, psnr_db, through_jpeg
from tests.provenance.watermarks.tile2.samples import LAYOUT, OTHER, PAYLOAD, TILE, marked

PARTS = {
    "whole": (slice(None), slice(None)),
    "aligned with the cells": (slice(128, 384), slice(128, 576)),
    "anywhere": (slice(37, 350), slice(91, 500)),
}


def find(frame):
    return find_earlier(frame, build_residual(middle(frame, 320), in_colour=False), LAYOUT)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", ["coffee.png", "astronaut.png"])
def test_a_part_of_a_marked_picture_reads_its_new_id_alone(name, part):
    cut = np.ascontiguousarray(marked(name)[PARTS[part]])
    for frame in (cut, through_jpeg(cut, 85)):
        reading = TILE.extract(TILE.embed(frame, 0xFEED))
        assert (reading.payload, reading.others) == (0xFEED, ())


@pytest.mark.parametrize("part", PARTS)
def test_what_is_cleared_is_nearer_to_what_was_marked_and_reads_nothing(part):
    before = np.ascontiguousarray(photograph("coffee.png", 384, 576)[PARTS[part]])
    after = np.ascontiguousarray(marked()[PARTS[part]])
    cleared = TILE.take_off(after)
    assert psnr_db(before, cleared) > psnr_db(before, after) + 5
    assert TILE.extract(cleared) is None


def test_what_bears_no_mark_of_the_key_stays_itself():
    plain, others = (
        photograph("coffee.png", 384, 576),
        type(TILE)((OTHER,)).embed(photograph("coffee.png", 384, 576), 5),
    )
    assert TILE.take_off(plain) is plain
    assert TILE.take_off(others) is others
    assert find(plain) is None


def test_how_strong_a_mark_is_follows_how_strong_it_was_laid():
    before, after = photograph("coffee.png", 384, 576), marked()
    half = np.clip((before.astype(np.float32) + after) / 2, 0, 255).round().astype(np.uint8)
    assert psnr_db(before, take_off(half, LAYOUT)) > psnr_db(before, half) + 3
    plane = np.random.default_rng(1).standard_normal((384, 576)).astype(np.float32)
    assert measure_gain(before, plane, np.full((384, 576), 2, np.float32)) == pytest.approx(0, abs=0.1)


def test_an_earlier_mark_says_what_was_laid():
    found = find(np.ascontiguousarray(marked()[PARTS["anywhere"]]))
    assert (found.top, found.left) == (37 % 128, 91 % 128)
    assert TILE.extract(marked()).payload == PAYLOAD
