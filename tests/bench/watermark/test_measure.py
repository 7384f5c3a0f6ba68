import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.watermark import measure
from tests.bench.watermark.pictures import photograph


@given(st.integers(1, 10_000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_wilson_solves_its_equation(counts):
    """Both bounds p are where (share - p)^2 = z^2 p (1 - p) / n, which is what the interval is."""
    successes, trials = counts
    low, high = measure.wilson(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    for bound in (low, high):
        distance = (successes / trials - bound) ** 2
        assert math.isclose(distance, measure.Z**2 * bound * (1 - bound) / trials, rel_tol=1e-6, abs_tol=1e-12)


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_is_symmetric_and_narrows(successes, more):
    trials = successes + more
    low, high = measure.wilson(successes, trials)
    mirrored = measure.wilson(more, trials)
    assert low == pytest.approx(1 - mirrored[1])
    assert high == pytest.approx(1 - mirrored[0])
    wider = measure.wilson(10 * successes, 10 * trials)
    assert wider[1] - wider[0] < high - low


def test_wilson_known_answers():
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81/263, 15/148, 0/20, 1/29.
    assert measure.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert measure.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert measure.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert measure.wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert measure.wilson(0, 0) == (0.0, 1.0)


def test_psnr_is_over_all_channels():
    frame = photograph()
    moved = np.where(frame < 255, frame + 1, frame).astype(np.uint8)
    assert measure.psnr_db(frame, moved) == pytest.approx(10 * math.log10(255**2), abs=0.3)
    assert measure.psnr_db(frame, frame) == 99.0
    assert measure.ssim(frame, frame) == 1.0


def test_perceptual_measures_know_more_noise_from_less():
    frame, rng = photograph(), np.random.default_rng(0)
    noise = rng.normal(0, 1, frame.shape)
    little, much = (np.clip(np.rint(frame + scale * noise), 0, 255).astype(np.uint8) for scale in (1, 6))
    one, two = (measure.quality(frame, noisy, perceptual=True) for noisy in (little, much))
    assert one["ssimulacra2"] > two["ssimulacra2"]
    assert one["flip"] < two["flip"]
    assert one["worst_block"] > two["worst_block"]
    assert one["ssim"] > two["ssim"]
    assert one["psnr_db"] > two["psnr_db"]
    assert measure.quality(frame, little, perceptual=False).keys() == {"psnr_db", "ssim"}


def test_the_worst_block_is_where_the_change_is():
    frame = photograph()
    changed = frame.copy()
    noise = np.random.default_rng(0).normal(0, 12, (64, 64, 3))
    here = slice(64, 128), slice(128, 192)
    changed[here] = np.clip(changed[here] + noise, 0, 255).astype(np.uint8)
    assert measure.worst_block(frame, changed) == measure.ssimulacra2(frame[here], changed[here]) < 90
    assert measure.worst_block(frame, frame) == pytest.approx(100)
