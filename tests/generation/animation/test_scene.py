import numpy as np

from generation.animation.scene import build_scene, paint_backdrop
from generation.animation.subject import find_subject
from tests.generation.animation.pictures import photograph, thing


def test_a_photograph_stays_in_one_piece():
    scene = build_scene(photograph())
    assert scene.subject is None
    assert scene.ground is photograph()
    assert 0.2 < scene.pivot < 1


def test_a_thing_is_taken_off_its_ground_and_laid_over_it_is_the_picture_again():
    scene = build_scene(thing())
    assert scene.subject is not None
    assert scene.ground.min() > 150  # nothing orange is left
    alpha = scene.subject[..., 3:].astype(float) / 255
    again = scene.ground * (1 - alpha) + scene.subject[..., :3]
    assert np.abs(again - thing()).mean() < 3
    x, y = scene.foot
    assert abs(x) < 0.1
    assert 0.6 < y < 0.8


def test_kept_whole_nothing_is_cut():
    assert build_scene(thing(), whole=True).subject is None


def test_a_backdrop_is_chosen_by_the_seed_and_has_another_colour_than_the_subject():
    matte = find_subject(thing()).matte
    one, same, other = (paint_backdrop(thing(), matte, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    red, _, blue = one.reshape(-1, 3).mean(axis=0)
    assert blue > red  # the thing is orange
