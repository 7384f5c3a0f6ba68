"""The scheme: against the library both ways, after what happens to pictures, and on pictures that resist."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import PayloadTooLargeError, UnmarkableError, WatermarkError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.dwt_dct_svd import SCALE, DwtDctSvd
from provenance.watermarks.payload import CHANNEL_BITS, PayloadCode
from tests.provenance.watermarks.photographs import NAMES, enhanced, photograph, psnr_db, scaled, through_jpeg

KEY = WatermarkKey("k1", bytes(range(32)))
OTHER = WatermarkKey("k2", bytes(range(1, 33)))
SCHEME = DwtDctSvd((KEY,))
PAYLOAD = 0x01_00_5E_ED_00_C0_FF_EE


@pytest.fixture(scope="module")
def marked():
    return {name: SCHEME.embed(photograph(name), PAYLOAD) for name in NAMES}


@pytest.fixture(scope="module")
def marked_square():
    return SCHEME.embed(photograph("coffee.png", 512, 768), PAYLOAD)


def bgr(frame):
    return np.ascontiguousarray(frame[..., ::-1])


@pytest.mark.parametrize("shape", [(512, 512), (300, 401), (427, 640)])
def test_the_library_reads_what_we_embed(shape):
    from imwatermark import WatermarkDecoder

    frame = SCHEME.embed(photograph("coffee.png", *shape), PAYLOAD)

    bits = WatermarkDecoder("bits", CHANNEL_BITS).decode(bgr(frame), "dwtDctSvd", scales=[0, SCALE, 0])

    assert np.array_equal(np.asarray(bits, np.uint8), PayloadCode(KEY, SCHEME.alg).encode(PAYLOAD))


@pytest.mark.parametrize("shape", [(512, 512), (300, 401), (427, 640)])
def test_we_read_what_the_library_embeds(shape):
    from imwatermark import WatermarkEncoder

    encoder = WatermarkEncoder()
    encoder.set_by_bits(PayloadCode(KEY, SCHEME.alg).encode(PAYLOAD).tolist())
    frame = encoder.encode(bgr(photograph("chelsea.png", *shape)), "dwtDctSvd", scales=[0, SCALE, 0])

    reading = SCHEME.extract(bgr(frame))

    assert reading is not None
    assert reading.payload == PAYLOAD


@given(payload=st.integers(0, 2**56 - 1))
@settings(max_examples=10, deadline=None)
def test_every_id_comes_back(payload):
    marked = SCHEME.embed(photograph("astronaut.png", 256, 300), 0x01 << 56 | payload)

    reading = SCHEME.extract(marked)

    assert reading is not None
    assert reading.payload == 0x01 << 56 | payload
    assert (reading.scheme, reading.alg, reading.key_id) == ("dwt_dct_svd", "org.chopmark.dwtdctsvd.1", "k1")


@pytest.mark.parametrize("name", NAMES)
def test_photographs_keep_their_quality(marked, name):
    assert psnr_db(photograph(name), marked[name]) > 42.5


ATTACKS = {
    "jpeg 90": lambda frame: through_jpeg(frame, 90),
    "jpeg 75": lambda frame: through_jpeg(frame, 75),
    "jpeg 50": lambda frame: through_jpeg(frame, 50),
    "jpeg 40": lambda frame: through_jpeg(frame, 40),
    "brighter": lambda frame: enhanced(frame, "Brightness", 1.3),
    "darker": lambda frame: enhanced(frame, "Brightness", 0.7),
    "more contrast": lambda frame: enhanced(frame, "Contrast", 1.3),
    "less colour": lambda frame: enhanced(frame, "Color", 0.8),
    "two levels brighter": lambda frame: np.minimum(frame, 253) + np.uint8(2),
    "blur": lambda frame: cv2.GaussianBlur(frame, (0, 0), 1.0),
    "noise": lambda frame: np.clip(frame + np.random.default_rng(0).normal(0, 5, frame.shape).round(), 0, 255).astype(
        np.uint8
    ),
    "half and back": lambda frame: cv2.resize(scaled(frame, 0.5), frame.shape[1::-1], interpolation=cv2.INTER_CUBIC),
    "flip": lambda frame: np.ascontiguousarray(frame[:, ::-1]),
    "upside down": lambda frame: np.ascontiguousarray(frame[::-1]),
    "quarter turn": lambda frame: np.ascontiguousarray(np.rot90(frame)),
    "half turn": lambda frame: np.ascontiguousarray(np.rot90(frame, 2)),
    "three quarters": lambda frame: np.ascontiguousarray(np.rot90(frame, 3)),
    "transpose": lambda frame: np.ascontiguousarray(frame.transpose(1, 0, 2)),
    "transverse": lambda frame: np.ascontiguousarray(np.rot90(frame, 2).transpose(1, 0, 2)),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", NAMES)
def test_the_mark_survives(marked, name, attack):
    """Sides of these photographs leave rests of 0, 3, 4 and 5 from 8, so that turned grids start off the corner."""
    reading = SCHEME.extract(ATTACKS[attack](marked[name]))

    assert reading is not None
    assert reading.payload == PAYLOAD


@pytest.mark.parametrize("factor", [0.5, 2 / 3, 0.75, 1.25, 2.0])
def test_a_usual_size_is_found_again(marked_square, factor):
    reading = SCHEME.extract(through_jpeg(scaled(marked_square, factor), 90))

    assert reading is not None
    assert reading.payload == PAYLOAD


def test_marking_again_replaces_the_mark(marked):
    reading = SCHEME.extract(SCHEME.embed(marked["coffee.png"], 77))

    assert reading is not None
    assert reading.payload == 77


def test_unmarked_pictures_read_nothing():
    """Every crop of every photograph, and what editing makes of them: no payload ever."""
    both = DwtDctSvd((KEY, OTHER))
    for name in NAMES:
        frame = photograph(name)
        for top, left in ((0, 0), (3, 5), (40, 90)):
            crop = np.ascontiguousarray(frame[top : top + 300, left : left + 300])
            assert both.extract(crop) is None
            assert both.extract(through_jpeg(crop, 60)) is None


def test_the_bound_counts_keys_and_attempts():
    one, two = (
        DwtDctSvd(keys).extract(DwtDctSvd((KEY,)).embed(photograph("rocket.jpg"), 1)) for keys in ((KEY,), (OTHER, KEY))
    )

    assert one is not None
    assert two is not None
    assert two.key_id == "k1"
    assert two.false_positive_bound == 2 * one.false_positive_bound
    assert one.false_positive_bound <= 2.0**-32


def test_half_a_picture_may_be_covered(marked):
    covered = marked["astronaut.png"].copy()
    covered[200:] = 200

    reading = SCHEME.extract(covered)

    assert reading is not None
    assert reading.payload == PAYLOAD


FLAT = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
}


@pytest.mark.parametrize("colour", FLAT)
def test_flat_pictures_carry_the_mark_through_jpeg_or_say_no(colour):
    frame = np.full((320, 320, 3), FLAT[colour], np.uint8)
    try:
        marked = SCHEME.embed(frame, PAYLOAD)
    except UnmarkableError:
        return
    reading = SCHEME.extract(through_jpeg(marked, 75))

    assert reading is not None
    assert reading.payload == PAYLOAD
    assert psnr_db(frame, marked) > 33


def test_a_graphic_on_white_carries_the_mark_through_jpeg():
    frame = np.full((400, 400, 3), 255, np.uint8)
    frame[100:300, 100:300] = (20, 90, 200)

    reading = SCHEME.extract(through_jpeg(SCHEME.embed(frame, PAYLOAD), 75))

    assert reading is not None
    assert reading.payload == PAYLOAD


@pytest.mark.parametrize("shape", [(255, 256), (8, 8), (1, 1), (4, 20_000), (20_000, 7), (7, 7)])
def test_a_small_picture_has_no_capacity(shape):
    assert SCHEME.capacity_bits(*shape) == 0
    with pytest.raises(UnmarkableError, match="expected at least 65536 pixels and 832 whole 8x8 blocks"):
        SCHEME.embed(np.zeros((*shape, 3), np.uint8), 1)
    assert SCHEME.extract(np.zeros((*shape, 3), np.uint8)) is None


def test_the_library_has_the_same_lower_bound():
    from imwatermark import WatermarkDecoder

    with pytest.raises(RuntimeError, match="256x256"):
        WatermarkDecoder("bits", 8).decode(np.zeros((255, 256, 3), np.uint8), "dwtDctSvd")


def test_too_large_a_payload_is_refused_before_anything_else():
    with pytest.raises(PayloadTooLargeError):
        SCHEME.embed(np.zeros((8, 8, 3), np.uint8), 2**64)


def test_a_scheme_needs_a_key():
    with pytest.raises(WatermarkError, match="at least one key"):
        DwtDctSvd(())


def test_neither_the_library_nor_torch_is_imported():
    import subprocess
    import sys

    script = (
        "import sys, numpy as np\n"
        "from provenance.watermarks.dwt_dct_svd import DwtDctSvd\n"
        "from provenance.watermarks.base import WatermarkKey\n"
        "assert 'cv2' not in sys.modules\n"
        "scheme = DwtDctSvd((WatermarkKey('k', bytes(32)),))\n"
        "frame = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)\n"
        "assert scheme.extract(scheme.embed(frame, 5)).payload == 5\n"
        "print(sorted({'torch', 'imwatermark', 'pywt', 'numba', 'scipy'} & set(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
