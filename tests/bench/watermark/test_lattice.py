"""Attacks with the scheme's own code: they take out what repeats, and leave what does not."""

import numpy as np
import pytest

from bench.watermark import lattice
from bench.watermark.measure import psnr_db
from bench.watermark.schemes import load, payload_of
from tests.bench.watermark.pictures import photograph

FRAME = photograph("astronaut.png", 512, 384)
PAYLOAD = payload_of("astronaut", 64)


@pytest.fixture(scope="module", params=["tile", "tile2"])
def case(request):
    scheme = load(request.param)
    return scheme, scheme.embed(FRAME, PAYLOAD, 0)


def test_phases_that_cells_have_in_common_take_a_period_out_and_nothing_else(case):
    scheme, marked = case
    made = lattice.lay_waves(marked, lattice.in_common(lattice.read_waves(marked)), 1)
    assert psnr_db(marked, made) > 40
    assert (scheme.extract(made, 0) == PAYLOAD) is (scheme.name == "tile2")


def test_the_same_is_the_part_of_rank_one(case):
    scheme, marked = case
    waves = lattice.read_waves(marked)
    made = lattice.lay_waves(marked, lattice.low_rank(waves, 1), 1)
    assert (scheme.extract(made, 0) == PAYLOAD) is (scheme.name == "tile2")
    assert np.allclose(lattice.low_rank(waves, 12), waves, atol=1e-2), "there are only twelve cells"


def test_signs_that_pictures_share_are_learnt():
    rng = np.random.default_rng(0)
    count, cells = len(lattice.LINES), 6
    signs = rng.choice([-1, 1], (count, cells))
    codes = rng.choice([-1, 1], (40, count))
    collected = [
        (signs.T * code + rng.normal(size=(cells, count)) * 1.5).reshape(2, 3, count).astype(np.complex64)
        for code in codes
    ]
    patterns = lattice.learn_signs(collected)
    likeness = np.abs((patterns * signs).sum(axis=1)) / np.sqrt(cells)
    assert np.median(likeness) > 0.95
    kept = lattice.agree_with(collected[0], patterns)
    right = np.sign(kept.reshape(cells, count).real) == signs.T * codes[0]
    assert right.mean() > 0.85
