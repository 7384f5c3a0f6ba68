"""What every registered watermark scheme keeps to, built-in or not."""

import re
from importlib.metadata import entry_points
from math import isfinite

import numpy as np
import pytest

from provenance.errors import PayloadTooLargeError, UnmarkableError, WatermarkError
from provenance.watermarks.base import WATERMARKS, Reading, WatermarkKey
from tests.provenance.watermarks.photographs import photograph, psnr_db, through_jpeg

NAMES = sorted({*WATERMARKS.builtins, *(point.name for point in entry_points(group="chopmark.watermarks"))})
KEY = WatermarkKey("first", bytes(range(32)))
OTHER = WatermarkKey("second", bytes(range(100, 132)))
HEIGHT, WIDTH = 400, 404


@pytest.fixture(scope="module", params=NAMES)
def factory(request):
    return WATERMARKS.load(request.param)


@pytest.fixture(scope="module")
def scheme(factory):
    return factory((KEY,))


@pytest.fixture(scope="module")
def payload(scheme):
    """Version 1 and an id, as long as the scheme carries."""
    bits = scheme.capacity_bits(HEIGHT, WIDTH)
    return 0x01_13_57_9B_DF_02_46_8A & ((1 << bits) - 1)


@pytest.fixture(scope="module")
def original():
    return photograph("astronaut.png", HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def marked(scheme, original, payload):
    before = original.copy()
    frame = scheme.embed(original, payload)
    # A read-only frame, as pictures hold, was enough, and was left alone.
    assert np.array_equal(original, before)
    return frame


def test_the_names_are_those_of_the_seam(scheme):
    assert scheme.name in NAMES
    assert re.fullmatch(r"[a-z]+(\.[a-z0-9]+)+\.[0-9]+", scheme.alg)


def test_capacity_is_64_32_or_0(scheme):
    assert scheme.capacity_bits(1024, 1024) in {64, 32}
    assert scheme.capacity_bits(4096, 4096) in {64, 32}
    assert scheme.capacity_bits(1, 1) == 0


def test_a_marked_picture_is_a_picture_of_the_same_size_that_looks_the_same(marked, original):
    assert marked.dtype == np.uint8
    assert marked.shape == original.shape
    assert not np.shares_memory(marked, original)
    assert not np.array_equal(marked, original)
    assert psnr_db(original, marked) >= 40


def test_the_payload_comes_back_with_what_it_was_read_by(scheme, marked, payload):
    reading = scheme.extract(marked)

    assert isinstance(reading, Reading)
    assert reading.payload == payload
    assert (reading.scheme, reading.alg, reading.key_id) == (scheme.name, scheme.alg, "first")
    assert isfinite(reading.false_positive_bound)
    assert 0 < reading.false_positive_bound <= 2.0**-16
    assert reading.corrected_bits >= 0


def test_embedding_is_deterministic(scheme, marked, original, payload):
    assert np.array_equal(scheme.embed(original, payload), marked)


def test_another_key_reads_nothing(factory, marked):
    assert factory((OTHER,)).extract(marked) is None


def test_every_key_held_opens_after_what_every_platform_does(factory, marked, payload):
    """Through JPEG 90, as a strided view, under the second of two keys: each call costs a neural scheme seconds."""
    wide = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    wide[..., :3] = through_jpeg(marked, 90)
    reading = factory((OTHER, KEY)).extract(wide[..., :3])

    assert reading is not None
    assert (reading.payload, reading.key_id) == (payload, "first")


def test_an_unmarked_picture_reads_nothing(scheme):
    assert scheme.extract(photograph("coffee.png", 384, 512)) is None


def test_an_unmarked_even_picture_reads_nothing(scheme):
    assert scheme.extract(np.full((300, 300, 3), 128, np.uint8)) is None


@pytest.mark.parametrize("too_large", [-1, 2**64])
def test_a_payload_that_does_not_fit_is_refused(scheme, original, too_large):
    with pytest.raises(PayloadTooLargeError):
        scheme.embed(original, too_large)


def test_a_picture_without_capacity_is_unmarkable(scheme):
    with pytest.raises(UnmarkableError):
        scheme.embed(np.zeros((16, 16, 3), np.uint8), 1)


def test_a_tiny_picture_is_read_without_a_crash(scheme):
    assert scheme.extract(np.zeros((1, 1, 3), np.uint8)) is None
    assert scheme.extract(np.zeros((3, 700, 3), np.uint8)) is None


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(np.full((300, 300, 3), np.nan), id="not a number"),
        pytest.param(np.zeros((300, 300, 3), np.float32), id="float"),
        pytest.param(np.zeros((300, 300, 3), np.uint16), id="16 bit"),
        pytest.param(np.zeros((300, 300), np.uint8), id="plane"),
        pytest.param(np.zeros((300, 300, 4), np.uint8), id="with alpha"),
        pytest.param(np.zeros((0, 300, 3), np.uint8), id="empty"),
        pytest.param(None, id="nothing"),
    ],
)
def test_what_is_no_frame_is_refused(scheme, bad):
    with pytest.raises(WatermarkError):
        scheme.embed(bad, 1)
    with pytest.raises(WatermarkError):
        scheme.extract(bad)
