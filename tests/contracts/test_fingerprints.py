"""What every registered fingerprint scheme keeps to, built-in or not."""

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from provenance.fingerprints.base import FINGERPRINTS, Fingerprint, Unhashable
from provenance.media.picture.image import Picture
from tests.provenance.watermarks.photographs import NAMES as PHOTOGRAPHS
from tests.provenance.watermarks.photographs import photograph, scaled, through_jpeg

NAMES = sorted({*FINGERPRINTS.builtins, *(point.name for point in entry_points(group="chopmark.fingerprints"))})


@pytest.fixture(params=NAMES)
def scheme(request):
    return FINGERPRINTS.load(request.param)()


def distance_bits(one, other):
    return (int.from_bytes(one.value, "big") ^ int.from_bytes(other.value, "big")).bit_count()


def test_the_alg_is_the_plugins_name(scheme):
    assert scheme.alg in NAMES


def test_the_confident_distance_is_well_under_chance(scheme):
    """Codes of unrelated pictures lie about half of the bits apart."""
    assert scheme.bits % 8 == 0
    assert 0 < scheme.confident_distance_bits < scheme.bits / 4


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_has_a_code(scheme, name):
    code = scheme.compute(Picture.from_frame(photograph(name)))

    assert isinstance(code, Fingerprint)
    assert code.alg == scheme.alg
    assert len(code.value) * 8 == scheme.bits
    assert 0 <= code.quality <= 100


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_copy_is_near_and_another_picture_is_not(scheme, name):
    frame = photograph(name)
    code = scheme.compute(Picture.from_frame(frame))
    copy = scheme.compute(Picture.from_frame(through_jpeg(scaled(frame, 0.6), 50)))
    others = [scheme.compute(Picture.from_frame(photograph(other))) for other in PHOTOGRAPHS if other != name]

    assert distance_bits(code, copy) <= scheme.confident_distance_bits
    assert all(distance_bits(code, other) > scheme.confident_distance_bits for other in others)


def test_the_picture_is_left_alone_and_the_answer_repeats(scheme):
    frame = photograph("coffee.png")
    before = frame.copy()
    picture = Picture.from_frame(frame)

    assert scheme.compute(picture) == scheme.compute(picture)
    assert np.array_equal(frame, before)


def test_variants_have_names_of_their_own_and_codes_of_the_scheme(scheme):
    variants = scheme.compute_variants(Picture.from_frame(photograph("rocket.jpg")))
    names = [name for name, _ in variants]

    assert len(set(names)) == len(names)
    assert "identity" not in names
    assert all(name and name.isidentifier() and len(name) <= 32 for name in names)
    assert all(code.alg == scheme.alg and len(code.value) * 8 == scheme.bits for _, code in variants)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 3), (5, 5), (300, 300)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_even_picture_is_unhashable_and_says_why(scheme, shape, value):
    picture = Picture.from_frame(np.full((*shape, 3), value, np.uint8))
    answer = scheme.compute(picture)

    assert isinstance(answer, Unhashable)
    assert answer.alg == scheme.alg
    assert 0 <= answer.quality <= 100
    assert answer.reason.startswith("expected ")
    assert scheme.compute_variants(picture) == ()


@given(frame=arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
@settings(max_examples=30, deadline=None)
def test_any_picture_has_an_answer(frame):
    for name in FINGERPRINTS.builtins:
        scheme = FINGERPRINTS.load(name)()
        answer = scheme.compute(Picture.from_frame(frame))

        assert isinstance(answer, Fingerprint | Unhashable)
        assert 0 <= answer.quality <= 100


def test_what_lies_under_full_transparency_does_not_count(scheme):
    """A viewer never shows it, so it must neither hide a copy nor make one."""
    frame = photograph("coffee.png", 300, 300)
    alpha = np.full((300, 300), 255, np.uint8)
    alpha[:150] = 0
    seen = frame.copy()
    seen[:150] = 255

    assert scheme.compute(Picture.from_frame(frame, alpha)) == scheme.compute(Picture.from_frame(seen))


def test_threads_share_a_scheme(scheme):
    pictures = [Picture.from_frame(photograph(name)) for name in PHOTOGRAPHS]
    alone = [scheme.compute(picture) for picture in pictures]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(scheme.compute, pictures * 4))

    assert together == alone * 4
