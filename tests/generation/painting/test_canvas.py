"""Layers on a canvas."""

import numpy as np
import pytest

from generation.painting.canvas import Canvas, blur, mix, to_frame


def test_laying_covers_and_puts_sparks_out():
    canvas = Canvas.blank(4, 8)
    canvas.sparks[:] = 1
    cover = np.zeros((4, 8), np.float32)
    cover[0] = 1
    canvas.lay((1.0, 0.5, 0.0), cover)
    assert canvas.light[0].tolist() == [[1.0, 0.5, 0.0]] * 8
    assert not canvas.light[1:].any()
    assert not canvas.sparks[0].any()
    assert canvas.sparks[1:].all()


def test_geometry_is_in_units_of_the_height():
    canvas = Canvas.blank(100, 200)
    assert canvas.aspect == 2
    disc = canvas.disc(1.0, 0.5, 0.25)
    assert disc.sum() == pytest.approx(np.pi * 25**2, rel=0.02)
    below = canvas.below(np.full(200, 0.5, np.float32))
    assert (below[0, 0], below[-1, 0]) == (0, 1)
    assert below.mean() == pytest.approx(0.5, abs=0.01)


def test_glow_adds():
    canvas = Canvas.blank(2, 2)
    canvas.glow((0.2, 0.4, 0.6), np.ones((2, 2), np.float32))
    assert canvas.light[0, 0] == pytest.approx([0.2, 0.4, 0.6])


def test_mixing_blurring_and_pixels():
    assert mix((0, 0, 0), (1, 0.5, 0), 0.5) == (0.5, 0.25, 0)
    assert to_frame(np.array([[[-1, 0.5, 2]]], np.float32)).tolist() == [[[0, 128, 255]]]
    edge = np.zeros((20, 20, 3), np.float32)
    edge[:, 10:] = 1
    assert 0.3 < blur(edge, 3)[10, 10, 0] < 0.7
