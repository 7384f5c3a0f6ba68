"""Where pictures lie in a picture: what is pasted is found to the pixel, and photographs as they are show little."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from provenance.media.picture.image import Picture
from provenance.media.picture.panels import MOST_PANELS, PANELS_SIDE, find_panels
from tests.sites import photograph

NEAR = 0.02


def panels_of(image):
    return find_panels(Picture.from_frame(np.asarray(image.convert("RGB")).copy()).reduced(PANELS_SIDE))


def is_near(box, wanted):
    return all(abs(one - other) <= NEAR for one, other in zip(box, wanted, strict=True))


def has(panels, wanted):
    return any(is_near(box, wanted) for box in panels)


@pytest.mark.parametrize("place", [(0, 0), (300, 200), (582, 453), (0, 120)])
def test_a_picture_on_another_is_found_where_it_lies_an_eighth_of_it_as_well(place):
    ground = photograph("motorcycle_left.png").resize((900, 700))
    ground.paste(photograph("chelsea.png").resize((318, 247)), place)
    left, top = place
    assert has(panels_of(ground), (left / 900, top / 700, (left + 318) / 900, (top + 247) / 700))


def test_each_picture_of_a_collage_is_found_and_no_half_of_it():
    made, names = Image.new("RGB", (800, 800)), ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg")
    for number, name in enumerate(names):
        made.paste(photograph(name).resize((400, 400)), (number % 2 * 400, number // 2 * 400))
    panels = panels_of(made)
    assert all(has(panels, (across, down, across + 0.5, down + 0.5)) for across in (0.0, 0.5) for down in (0.0, 0.5))
    assert not has(panels, (0.0, 0.0, 1.0, 0.5))


def test_two_pictures_side_by_side_are_told_apart():
    made = Image.new("RGB", (1000, 400))
    made.paste(photograph("coffee.png").resize((600, 400)), (0, 0))
    made.paste(photograph("chelsea.png").resize((400, 400)), (600, 0))
    panels = panels_of(made)
    assert has(panels, (0, 0, 0.6, 1))
    assert has(panels, (0.6, 0, 1, 1))


def test_nine_pictures_on_one_page_with_gutters_are_found():
    made = Image.new("RGB", (640, 640), "white")
    cell = photograph("chelsea.png").resize((190, 190))
    for number in range(9):
        made.paste(cell, (20 + number % 3 * 205, 20 + number // 3 * 205))
    found = panels_of(made)
    assert len(found) <= MOST_PANELS
    assert (
        sum(
            has(found, ((20 + x * 205) / 640, (20 + y * 205) / 640, (210 + x * 205) / 640, (210 + y * 205) / 640))
            for x in range(3)
            for y in range(3)
        )
        >= 6
    )


@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg", "hubble_deep_field.jpg"])
def test_a_photograph_as_it_is_has_no_picture_in_it(name):
    assert panels_of(photograph(name)) == ()


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (500, 4), (16, 16)])
def test_even_and_tiny_surfaces_have_none(shape):
    assert find_panels(np.full((*shape, 3), 90, np.uint8)) == ()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_whatever_is_shown_panels_lie_in_it_and_are_few(rows, columns, seed, block):
    noise = np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), np.uint8)
    frame = noise.repeat(block, axis=0).repeat(block, axis=1)[:PANELS_SIDE, :PANELS_SIDE].copy()
    panels = find_panels(frame)
    assert len(panels) <= MOST_PANELS
    assert all(0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1 for box in panels)


def test_a_chessboard_of_lines_takes_no_more_than_the_bound():
    frame = (np.indices((512, 512)).sum(axis=0) // 8 % 2 * 255).astype(np.uint8)
    assert len(find_panels(np.ascontiguousarray(np.repeat(frame[..., None], 3, axis=2)))) <= MOST_PANELS
