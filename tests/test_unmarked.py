"""What the suite takes for unmarked is a photograph as it came, and nothing that was made of one."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile2.scheme import Tile2
from tests.sites import encode, photograph
from tests.unmarked import is_known


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_photograph_as_it_came_is_known_whatever_it_is_encoded_as(kind):
    assert is_known(decoded(encode(photograph("coffee.png", side=264), kind)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_was_made_of_one_is_searched_as_ever(kind):
    picture = photograph("chelsea.png", side=264)
    marked = Tile2((WatermarkKey("k", bytes(range(32))),)).embed(np.asarray(picture), 5)
    for made in (Image.fromarray(marked), ImageOps.mirror(picture), picture.crop((0, 0, 250, 250))):
        assert not is_known(decoded(encode(made, kind)))
    picture.paste(0, (0, 0, 8, 8))
    assert not is_known(decoded(encode(picture, kind)))
    assert is_known(decoded(encode(photograph("chelsea.png", side=264), kind))), (
        "a copy that was changed is not the photograph"
    )
