"""Explicit labels: measured in the picture that comes out, not in font sizes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.asset import MediaType
from provenance.errors import LabelError
from provenance.media.picture.label import (
    CORNERS,
    MIN_LEGIBLE_PX,
    draw_label,
    has_required_elements,
    measure_ink_height,
)
from provenance.media.picture.raster import Picture


def flat(height, width, grey=128, **more):
    return Picture.from_frame(np.full((height, width, 3), grey, np.uint8), **more)


def changed(before, after):
    """Return top, bottom, left, right of what changed."""
    mask = (before.frame != after.frame).any(axis=2)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


def ink_rows(picture):
    return np.count_nonzero((picture.frame.min(axis=2) > 180).any(axis=1))


@pytest.mark.parametrize("size", [(200, 300), (512, 512), (1024, 1024), (1080, 1920), (3000, 1200)])
@pytest.mark.parametrize("text", ["AI", "AI生成", "人工智能生成", "o"])
def test_ink_is_at_least_five_per_cent_of_the_shortest_side(size, text):
    labelled = draw_label(flat(*size), text=text)
    assert ink_rows(labelled) >= math.ceil(0.05 * min(size))
    assert ink_rows(labelled) < 0.11 * min(size) + 6


def test_each_character_alone_reaches_the_bound():
    for char in "AI生成人工智能":
        assert ink_rows(draw_label(flat(1000, 1000), text=char)) >= 50
    size = next(size for size in range(30, 200) if measure_ink_height("AI生成", size) >= 50)
    assert min(measure_ink_height(char, size) for char in "AI生成") >= 50
    assert measure_ink_height("AI生成", 50) < 50


def test_flat_characters_count_as_ordinary_ones():
    assert measure_ink_height("一", 100) == measure_ink_height("国", 100)
    assert measure_ink_height("工", 100) < measure_ink_height("国", 100)
    assert measure_ink_height("Ao", 100) == measure_ink_height("o", 100) < measure_ink_height("A", 100)
    assert measure_ink_height(" -.", 100) == 0


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("size", [(400, 300), (300, 400), (100, 90)])
def test_the_label_lies_inside_its_corner(corner, size):
    before = flat(*size)
    top, bottom, left, right = changed(before, draw_label(before, corner=corner))
    height, width = size
    near_top, near_left = corner.startswith("top"), corner.endswith("left")
    assert (top if near_top else height - bottom) <= 0.06 * min(size) + 3
    assert (left if near_left else width - right) <= 0.06 * min(size) + 3
    assert 0 <= top < bottom <= height
    assert 0 <= left < right <= width


def luminance(pixels):
    """WCAG 2.2 relative luminance."""
    part = pixels / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("background", ["white", "black", "grey", "noise", "red"])
def test_the_label_stands_out_on_any_background(background):
    frames = {"white": 255, "black": 0, "grey": 128}
    if background == "noise":
        frame = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    elif background == "red":
        frame = np.full((300, 300, 3), (255, 0, 0), np.uint8)
    else:
        frame = np.full((300, 300, 3), frames[background], np.uint8)
    before = Picture.from_frame(frame)
    after = draw_label(before)
    top, bottom, left, right = changed(before, after)
    shades = luminance(after.frame[top:bottom, left:right].astype(float))
    light, plate = np.quantile(shades, 0.99), np.quantile(shades, 0.5)
    assert (light + 0.05) / (plate + 0.05) >= 4.5  # WCAG 2.2 success criterion 1.4.3


def test_everything_else_is_untouched():
    frame = np.random.default_rng(2).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    before = Picture.from_frame(frame, media_type=MediaType.WEBP)
    after = draw_label(before)
    assert np.array_equal(before.frame, frame)
    assert after.media_type is MediaType.WEBP
    assert np.array_equal(after.frame[:200], frame[:200])
    assert np.array_equal(after.frame[:, :100], frame[:, :100])


def test_transparent_pictures_become_opaque_under_the_label_only():
    before = flat(200, 300, 255, alpha=np.zeros((200, 300), np.uint8))
    after = draw_label(before)
    visible = after.alpha == 255
    assert visible[-20, -40]
    assert not after.alpha[:100].any()
    assert 0.01 < visible.mean() < 0.15
    shown = after.frame[visible]
    assert np.quantile(shown.max(axis=1), 0.3) < 40, "the plate is dark although white lies hidden under it"
    assert shown.min(axis=1).max() == 255


def test_drawing_is_repeatable():
    assert np.array_equal(draw_label(flat(333, 444)).frame, draw_label(flat(333, 444)).frame)


def test_small_pictures_get_a_legible_label_or_none():
    assert ink_rows(draw_label(flat(80, 80))) >= MIN_LEGIBLE_PX
    for size in ((1, 1), (16, 16), (40, 40), (2000, 30), (12, 4000)):
        with pytest.raises(LabelError, match="takes"):
            draw_label(flat(*size))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("AI🙂生成", "U\\+1F642"),
        ("龘", "U\\+9F98"),
        ("AI\n生成", "U\\+000A"),
        ("\u202eIA", "U\\+202E"),
        ("x\u0335", "U\\+0335"),
        ("", "1 to 64"),
        ("生" * 65, "1 to 64"),
        ("   ", "no letters"),
        ("...", "no letters"),
    ],
)
def test_texts_that_cannot_be_drawn_are_named(text, problem):
    with pytest.raises(LabelError, match=problem):
        draw_label(flat(400, 400), text=text)


@pytest.mark.parametrize(
    "text",
    [
        "AI generated",
        "人工智能生成合成內容",
        "由AI生成",
        "AI로 생성됨",
        "Généré par IA",
        "Создано ИИ",
        "ΠΑΡΑΓΩΓΗ ΜΕ AI",
        "AI によって生成",
        "Do AI tạo ra",
        "e\u0301",
    ],
)
def test_labels_of_many_languages_are_drawn(text):
    assert ink_rows(draw_label(flat(200, 1200), text=text)) >= 10


@pytest.mark.parametrize("more", [{"corner": "middle"}, {"min_height_ratio": 0}, {"min_height_ratio": 0.3}])
def test_senseless_options_are_refused(more):
    with pytest.raises(LabelError):
        draw_label(flat(400, 400), **more)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 600), st.integers(1, 600), st.sampled_from(CORNERS), st.booleans())
def test_any_size_gives_a_label_or_a_label_error(height, width, corner, has_alpha):
    alpha = np.zeros((height, width), np.uint8) if has_alpha else None
    try:
        labelled = draw_label(flat(height, width, 90, alpha=alpha), corner=corner)
    except LabelError:
        return
    assert labelled.frame.shape == (height, width, 3)
    assert ink_rows(labelled) >= max(10, 0.05 * min(height, width))


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("AI生成", True),
        ("人工智能合成", True),
        ("ＡＩ生成", True),
        ("本图由 AI 生成", True),
        ("AI", False),
        ("生成", False),
        ("MAIL生成", False),
        ("AI generated", False),
        ("", False),
    ],
)
def test_required_elements(text, has):
    assert has_required_elements(text) is has
