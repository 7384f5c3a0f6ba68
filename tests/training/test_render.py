import numpy as np
import pytest

from training.render import render
from training.sources import SOURCES

pytest.importorskip("resvg_py")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><rect width="20" height="10" fill="#f00"/></svg>'


def test_a_wide_picture_is_centred():
    made = np.asarray(render({"svg": SVG}, 32, None))
    assert made.shape == (32, 32, 4)
    assert made[16, 16].tolist() == [255, 0, 0, 255]
    assert made[2, 16, 3] == 0


def test_what_cannot_be_drawn_is_empty():
    assert np.asarray(render({"svg": "<svg"}, 16, None)).max() == 0


def test_one_family_is_held_out_of_everything():
    assert [source.family for source in SOURCES if source.role == "test"] == ["twemoji"]


def test_chop_draw_learns_from_apache_and_mit_pictures_alone():
    assert {source.licence for source in SOURCES if source.role == "train"} == {"Apache-2.0", "MIT"}
