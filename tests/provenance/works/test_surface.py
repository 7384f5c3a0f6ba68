"""Most of what a copy shows is the work; a strip in common is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from provenance.media.picture.overlap import LEAST_SHARED, Detailed, find_overlap
from provenance.works.likeness import CERTAIN_SHARED
from provenance.works.registry import Action
from provenance.works.surface import MOST_OTHER_SURFACE, correlate_windows, measure_other_surface
from tests.provenance.works.flat import meme, picture
from tests.sites import photograph

SIDE = (400, 320)


def other(image, work):
    return measure_other_surface(Detailed(np.asarray(image).copy()), picture(work))


def strip(name, over):
    """Return a photograph whose lowest fifth is that of another picture: a panel of a template."""
    made, panel = photograph(name).resize(SIDE), over.resize(SIDE)
    box = (0, SIDE[1] * 4 // 5, *SIDE)
    made.paste(panel.crop(box), box)
    return made


@pytest.fixture(scope="module")
def panel():
    return photograph("motorcycle_left.png")


@pytest.mark.parametrize(
    "edit",
    [
        lambda image: image.rotate(12, Image.Resampling.BICUBIC),
        lambda image: ImageOps.mirror(image.crop((0, 0, 240, 200))),
        lambda image: strip_over(image, 0.3),
        lambda image: ImageOps.expand(image, 60, "black"),
    ],
    ids=["tilted", "mirrored corner", "bar over three tenths", "framed"],
)
def test_a_copy_shows_the_work_in_most_of_what_it_shows(edit):
    work = photograph("coffee.png").resize(SIDE)
    assert other(edit(work), work) <= MOST_OTHER_SURFACE - 0.1


def strip_over(image, share):
    made = image.copy()
    ImageDraw.Draw(made).rectangle((0, round(image.height * (1 - share)), *image.size), fill="white")
    return made


def test_pictures_that_share_a_panel_are_not_each_other(panel, sqlite_works):
    work, picture_ = strip("chelsea.png", panel), strip("astronaut.png", panel)
    assert find_overlap(Detailed(np.asarray(picture_)), Detailed(np.asarray(work))).shared >= CERTAIN_SHARED
    assert other(picture_, work) > MOST_OTHER_SURFACE + 0.1
    sqlite_works.register(picture(work), title="work", owner="somebody")
    for match in sqlite_works.match(picture(picture_)).matches:
        assert match.action is Action.HOLD
        assert match.witness.other_surface > match.witness.surface_limit
    (found,) = sqlite_works.match(picture(work.crop((0, 0, 300, 320)))).matches
    assert found.action is Action.BLOCK


def test_a_line_of_a_meme_in_common_is_no_copy():
    one, two = (
        meme(photograph(name).resize(SIDE), "one day in may", "nobody told me")
        for name in ("coffee.png", "chelsea.png")
    )
    shared = find_overlap(Detailed(np.asarray(one)), Detailed(np.asarray(two))).shared
    assert shared < LEAST_SHARED or other(one, two) > MOST_OTHER_SURFACE


def test_what_cannot_be_laid_over_says_nothing():
    work = photograph("coffee.png").resize(SIDE)
    assert other(Image.new("RGB", SIDE, "grey"), work) is None
    assert other(work, Image.new("RGB", SIDE, "grey")) is None


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(0.4, 2.0), offset=st.floats(-40, 40), seed=st.integers(0, 99))
def test_tone_changes_nothing_and_what_is_alike_one_way_is_alike_the_other(gain, offset, seed):
    random = np.random.default_rng(seed)
    one = random.uniform(60, 190, (40, 48)).astype(np.float32)
    alike, structured = correlate_windows(one, one * np.float32(gain) + np.float32(offset))
    assert structured.all()
    assert alike[8:-8, 8:-8].min() > 0.99
    two = random.uniform(60, 190, (40, 48)).astype(np.float32)
    assert (correlate_windows(one, two)[0] < 0.6).mean() == pytest.approx(
        (correlate_windows(two, one)[0] < 0.6).mean(), abs=0.2
    )
