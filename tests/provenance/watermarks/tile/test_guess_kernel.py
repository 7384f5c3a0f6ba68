"""Waves looked up between the cells of a spectrum, against sums over the plane itself."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.watermarks.tile._guess_kernel import TAPS, guess_sync, look_up

SIZE = 128
LINES = np.array([[9, 4], [-7, 12], [15, 3], [4, 18], [-16, 9], [8, 15]])


def look(packed, shape, x, y):
    wave, scratch = np.empty(2, np.float32), np.empty((2, TAPS, 2), np.float32)
    look_up(packed, x, y, ((shape[0] - 1) / 2, (shape[1] - 1) / 2), wave, scratch)
    return complex(*wave)


def packed_of(plane):
    room = np.zeros((SIZE, SIZE), np.float32)
    room[: plane.shape[0], : plane.shape[1]] = plane
    return cv2.dft(room)


@settings(max_examples=30, deadline=None)
@given(st.floats(6, 55), st.floats(-55, 55))
def test_a_wave_between_cells_is_nearly_the_sum_over_the_plane(x, y):
    plane = np.random.default_rng(0).normal(size=(80, 100)).astype(np.float32)
    rows, columns = np.mgrid[:80, :100]
    plane += 2 * np.cos(2 * np.pi * (x * columns + y * rows) / SIZE + 0.7).astype(np.float32)
    expected = (plane * np.exp(-2j * np.pi * (x * columns + y * rows) / SIZE)).sum()
    assert abs(look(packed_of(plane), plane.shape, x, y) - expected) < 0.1 * abs(expected)


def test_on_a_cell_it_is_the_cell():
    plane = np.random.default_rng(1).normal(size=(SIZE, SIZE)).astype(np.float32)
    assert look(packed_of(plane), plane.shape, 12, -30) == pytest.approx(np.fft.fft2(plane)[-30, 12], rel=1e-3)


def guesses_of(sign):
    phases = np.arange(6) * 1.1
    rows, columns = np.mgrid[:SIZE, :SIZE]
    geometry = np.array([[1.31, 0.2], [-0.15, 1.22]])
    plane = np.random.default_rng(2).normal(size=(SIZE, SIZE))
    for line, phase in zip(LINES @ geometry.T, phases, strict=True):
        plane += sign * 0.1 * np.cos(2 * np.pi * (line[0] * (columns - 40) + line[1] * (rows - 9)) / 128 + phase)
    packed = packed_of(plane.astype(np.float32))
    usual = np.full((SIZE, SIZE // 2 + 1), np.sqrt(np.pi / 4) * SIZE, np.float32)
    guesses = np.empty((3, 2))
    turned = np.stack([geometry, -geometry, geometry * 0.8])
    waves = np.stack([np.cos(phases), np.sin(phases)], axis=1).astype(np.float32)
    guess_sync(packed, usual, ((SIZE - 1) / 2, (SIZE - 1) / 2), LINES, waves, turned, guesses)
    return guesses


def test_sync_is_guessed_where_it_lies_and_in_negative_too():
    there, upside_down, elsewhere = guesses_of(1)
    expected = 0.1 / 2 * SIZE * np.sqrt(2 * len(LINES))
    assert there[0] == pytest.approx(expected, abs=2.5)
    assert upside_down[0] < there[0] - 1
    assert elsewhere[0] < there[0] - 4
    assert guesses_of(-1)[0, 1] == pytest.approx(expected, abs=2.5)
