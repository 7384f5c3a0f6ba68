"""The neural scheme; few calls, since each takes seconds on a slow machine."""

import numpy as np
import pytest

from provenance.errors import PayloadTooLargeError, UnmarkableError, WatermarkError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.riva_gan import RivaGan
from tests.provenance.watermarks.photographs import enhanced, photograph, psnr_db, scaled, through_jpeg

KEY = WatermarkKey("k1", bytes(range(32)))
SCHEME = RivaGan((KEY,))
PAYLOAD = 0x01_00_5E_ED_00_C0_FF_EE


@pytest.fixture(scope="module")
def marked():
    return SCHEME.embed(photograph("motorcycle_left.png"), PAYLOAD)


def test_quality_is_kept(marked):
    assert psnr_db(photograph("motorcycle_left.png"), marked) > 41.5


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(lambda frame: scaled(through_jpeg(frame, 75), 0.6), id="jpeg 75, then scaled"),
        pytest.param(lambda frame: enhanced(frame, "Brightness", 1.3), id="brighter"),
    ],
)
def test_the_mark_survives(marked, attack):
    reading = SCHEME.extract(attack(marked))

    assert reading is not None
    assert reading.payload == PAYLOAD
    assert reading.alg == "org.chopmark.rivagan.1"
    assert reading.false_positive_bound == 2.0**-40


def test_a_small_picture_has_no_capacity():
    assert SCHEME.capacity_bits(255, 4000) == 0
    with pytest.raises(UnmarkableError, match="expected sides of at least 256 pixels, got 300x200"):
        SCHEME.embed(np.zeros((200, 300, 3), np.uint8), 1)


def test_too_large_a_payload_is_refused():
    with pytest.raises(PayloadTooLargeError):
        SCHEME.embed(np.zeros((300, 300, 3), np.uint8), 2**64)


def test_a_scheme_needs_a_key():
    with pytest.raises(WatermarkError, match="at least one key"):
        RivaGan(())


def test_cutting_and_joining_are_inverse():
    from provenance.watermarks.riva_gan import _cut, _join

    frame = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)

    assert np.allclose((_join(_cut(frame)) + 1) * 127.5, frame, atol=1e-4)
