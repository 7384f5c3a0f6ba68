"""Waves in cells, and what they add up to, against sums of exponentials."""

import numpy as np
import pytest

from provenance.watermarks.tile2._waves_kernel import analyse_cells, synthesise_cells

SIDE, MOST, HIGH = 16, 3, 2
MIDDLE = np.arange(SIDE) - (SIDE - 1) / 2
STEP = 2 * np.pi / SIDE


def tables():
    down = np.arange(1, HIGH + 1)[:, None] * -STEP * MIDDLE[: SIDE // 2]
    across = -STEP * MIDDLE[: SIDE // 2, None] * np.arange(MOST + 1)
    return (
        np.stack([np.cos(down), np.sin(down)]).astype(np.float32),
        np.stack([np.cos(across), np.sin(across)]).astype(np.float32),
    )


def test_each_wave_is_the_sum_of_its_cell():
    laid = np.random.default_rng(0).normal(size=(2 * SIDE, 3 * SIDE)).astype(np.float32)
    waves = np.empty((2, 3, HIGH, 2 * MOST + 1, 2), np.float32)
    analyse_cells(laid, *tables(), waves)
    for row, column, m, k in np.ndindex(2, 3, HIGH, 2 * MOST + 1):
        cell = laid[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
        expected = np.exp(-1j * STEP * (m + 1) * MIDDLE) @ cell @ np.exp(-1j * STEP * (k - MOST) * MIDDLE)
        assert waves[row, column, m, k] == pytest.approx([expected.real, expected.imag], abs=1e-3)


def test_a_plane_is_the_sum_of_its_waves():
    waves = np.random.default_rng(1).normal(size=(1, 2, HIGH, 2 * MOST + 1, 2)).astype(np.float32)
    waves[:, :, :, MOST] = 0  # the axis holds no line
    plane = np.empty((SIDE, 2 * SIDE), np.float32)
    synthesise_cells(waves, *tables(), plane)
    for column in range(2):
        expected = np.zeros((SIDE, SIDE))
        for m, k in np.ndindex(HIGH, 2 * MOST + 1):
            wave = complex(*waves[0, column, m, k])
            phase = STEP * ((m + 1) * MIDDLE[:, None] + (k - MOST) * MIDDLE[None])
            expected += (wave * np.exp(1j * phase)).real
        assert plane[:, column * SIDE : (column + 1) * SIDE] == pytest.approx(expected, abs=1e-3)
