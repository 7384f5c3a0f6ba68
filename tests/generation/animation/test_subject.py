import numpy as np

from generation.animation.subject import find_subject
from tests.generation.animation.pictures import photograph, thing


def test_a_thing_before_a_plain_ground_is_cut_out():
    found = find_subject(thing())
    assert found is not None
    assert found.is_cut
    assert found.matte.shape == thing().shape[:2]
    assert 0 <= found.matte.min() <= found.matte.max() <= 1
    is_orange = thing()[..., 2] < 100
    assert found.matte[is_orange].mean() > 0.9
    assert found.matte[~is_orange].mean() < 0.06


def test_a_photograph_is_never_cut_through():
    found = find_subject(photograph())
    assert found is None or not found.is_cut


def test_nothing_stands_out_of_an_even_ground():
    assert find_subject(np.full((90, 120, 3), 128, np.uint8)) is None


def test_one_picture_has_one_subject():
    assert np.array_equal(find_subject(thing()).matte, find_subject(thing().copy()).matte)
