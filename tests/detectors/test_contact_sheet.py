"""Contact sheets: each picture by itself, and no sheet where there is none."""

import numpy as np
import pytest
from PIL import Image

from detectors.contact_sheet import MOST_CELLS, list_cells
from provenance.media.picture.image import Picture
from tests.detectors.subjects import drawing, photo

NAMES = ("coffee.png", "chelsea.png", "astronaut.png", "rocket.jpg")


def sheet(across, down, size=160, gutter=12, ground="white"):
    image = Image.new("RGB", (across * (size + gutter) + gutter, down * (size + gutter) + gutter), ground)
    for index in range(across * down):
        cell = Image.fromarray(photo(NAMES[index % len(NAMES)], (size, size)).frame)
        place = (gutter + index % across * (size + gutter), gutter + index // across * (size + gutter))
        image.paste(cell, place)
    return Picture.from_frame(np.asarray(image))


@pytest.mark.parametrize("ground", ["white", "black", "#334455"])
def test_each_picture_is_found_at_its_size(ground):
    cells = list_cells(sheet(4, 3, ground=ground))
    assert len(cells) == 12
    assert all(abs(cell.width - 160) <= 4 and abs(cell.height - 160) <= 4 for cell in cells)
    ours = np.asarray(Image.fromarray(cells[1].frame).resize((32, 32)), int)
    known = np.asarray(Image.fromarray(photo("chelsea.png", (160, 160)).frame).resize((32, 32)), int)
    assert np.abs(ours - known).mean() < 12


def test_a_large_sheet_is_looked_at_in_part():
    assert 18 <= len(list_cells(sheet(9, 8, size=60, gutter=6))) <= MOST_CELLS


@pytest.mark.parametrize("name", NAMES)
def test_one_picture_is_no_sheet(name):
    assert list_cells(photo(name)) == ()


def test_neither_is_a_strip_a_drawing_or_an_even_surface():
    assert list_cells(sheet(5, 1)) == ()
    assert list_cells(drawing()) == ()
    assert list_cells(Picture.from_frame(np.full((40, 3, 3), 7, np.uint8))) == ()
