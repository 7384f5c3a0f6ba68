"""The words of a work are in its copies, and not in another work on the same photograph."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from provenance.works.lettering import MOST_OTHER_LETTERING, find_lettering, measure_other_lettering
from tests.provenance.works.flat import copies, meme, picture


@pytest.fixture
def photograph(photo):
    return Image.fromarray(photo("astronaut.png").frame)


@pytest.fixture
def work(photograph):
    return meme(photograph, "nobody told me", "about the gravity")


def other(image, work):
    return measure_other_lettering(picture(image), picture(work))


def test_copies_keep_the_words(work):
    edited = [*copies(work), ("mirrored", ImageOps.mirror(work)), ("tilted", work.rotate(4, expand=True))]
    assert [edit for edit, copy in edited if other(copy, work) > MOST_OTHER_LETTERING] == []


def test_other_words_are_seen(photograph, work):
    assert other(meme(photograph, "when lunch is", "finally there"), work) > MOST_OTHER_LETTERING
    assert other(photograph, work) > MOST_OTHER_LETTERING


def test_a_photograph_without_words_has_none_to_lose(photograph):
    assert other(meme(photograph, "any words", "at all"), photograph) in (None, pytest.approx(0.0, abs=0.2))


def test_what_shares_nothing_says_nothing(work):
    assert measure_other_lettering(picture(Image.new("RGB", (300, 300), "grey")), picture(work)) is None


def test_lettering_is_two_far_tones():
    image = Image.new("L", (200, 100), 128)
    assert not find_lettering(np.asarray(image, np.float32)).any()
    ImageDraw.Draw(image).rectangle((50, 40, 150, 60), fill=255, outline=0, width=3)
    found = find_lettering(np.asarray(image, np.float32))
    assert found[36:64, 48:152].mean() > 0.3
    assert not found[:20].any()
