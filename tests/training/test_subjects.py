import numpy as np
import torch

from generation._chop_draw_net import SIDE
from training.subjects import choose_subjects, draw_layers, fit_basis


def record(family, key, name):
    return {"family": family, "key": key, "names": [name]}


def shapes(count=6):
    rng = np.random.default_rng(3)
    pixels = np.zeros((count, 256, 256, 4), np.uint8)
    for row in range(count):
        top, left = rng.integers(20, 100, 2)
        pixels[row, top : top + 120, left : left + 100] = [*rng.integers(0, 256, 3), 255]
    return pixels


def test_things_are_chosen_that_noto_has_too():
    cat, flat = record("noto", "1f408", "cat"), record("fluent-flat", "1f408", "cat")
    others = [
        record("fluent-flat", "1f999", "llama"),
        record("noto", "1f1e6-1f1e8", "flag of Ascension Island"),
        record("noto", "1f600", "grinning face"),
        record("noto", "1f468-200d-1f33e", "man farmer"),
        record("noto", "1f518", "radio button"),
    ]
    assert choose_subjects([cat, flat, *others]) == [cat, flat]


def test_layers_are_premultiplied_and_never_the_same_twice():
    torch.manual_seed(0)
    rows = np.arange(6)
    first, second = (draw_layers(shapes(), rows) for _ in range(2))
    assert first.shape == (6, 4, SIDE, SIDE)
    assert (first[:, :3] <= first[:, 3:] + 1e-5).all()
    assert not torch.equal(first, second)


def test_components_are_orthonormal_and_most_is_in_the_first():
    torch.manual_seed(0)
    mean, basis, scale = fit_basis(shapes(), 12)
    assert mean.shape == (1024,)
    assert torch.allclose(basis @ basis.T, torch.eye(12), atol=1e-4)
    assert (scale.diff() <= 1e-6).all()
