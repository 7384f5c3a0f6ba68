import numpy as np
import pytest

from bench.watermark import capture
from tests.bench.watermark.pictures import photograph


@pytest.fixture(scope="module")
def frame():
    return photograph()


@pytest.mark.parametrize("strength", [0.5, 1.0])
@pytest.mark.parametrize("make", [capture.print_and_photograph, capture.screen_and_photograph])
def test_a_photographed_copy_keeps_its_tones_and_about_its_size(make, strength, frame):
    made = make(frame, np.random.default_rng(3), strength=strength)
    assert 0.7 < made.shape[0] / frame.shape[0] < 1.2
    assert made.mean() == pytest.approx(frame.mean(), rel=0.35)
    assert made.std() > 0.6 * frame.std()
    assert not np.array_equal(made, make(frame, np.random.default_rng(4), strength=strength))


def test_a_screenshot_holds_the_picture_among_bars(frame):
    made = capture.screenshot(frame, np.random.default_rng(0), across=0.9)
    assert made.shape[0] > 0.9 * frame.shape[0]
    assert (made[0] == 245).all()
