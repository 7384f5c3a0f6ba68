"""The front end's loops, against a plain rendering of what they compute."""

import cv2
import numpy as np
import pytest

from provenance.watermarks.tile._score_kernel import PAD, add_scores, build_basis, load_details, store_plane

FLOOR = 0.5


def deal(plane):
    height, width = plane.shape
    return np.ascontiguousarray(plane.reshape(height, width // 4, 4).transpose(0, 2, 1))


def plain_scores(plane):
    """Return the same by slices: overlapping blocks, their scales, the score, and back."""
    basis, (height, width) = build_basis(), plane.shape
    rows, columns = (height - 8) // 4 + 1, (width - 8) // 4 + 1
    blocks = np.array([[plane[4 * r : 4 * r + 8, 4 * c : 4 * c + 8] for c in range(columns)] for r in range(rows)])
    coefficients = basis @ blocks @ basis.T
    sizes = np.abs(coefficients)
    near = lambda i, step, count: i + step if 0 <= i + step < count else i  # noqa: E731
    scales = np.zeros_like(sizes)
    for r in range(rows):
        for c in range(columns):
            around = [sizes[near(r, i, rows), near(c, j, columns)] for i in (-2, 0, 2) for j in (-2, 0, 2)]
            scales[r, c] = sum(around) / 9 + FLOOR
    scored = coefficients * scales / (coefficients**2 + scales**2)
    scored[..., 0, 0] = scored[..., 0, 1] = scored[..., 1, 0] = 0
    total = np.zeros_like(plane)
    for r in range(rows):
        for c in range(columns):
            total[4 * r : 4 * r + 8, 4 * c : 4 * c + 8] += basis.T @ scored[r, c] @ basis
    return total


def test_scores_are_those_of_the_definition():
    plane = np.random.default_rng(0).normal(100, 30, (48, 64)).astype(np.float32)
    total, strip = np.zeros((48, 4, 16), np.float32), np.empty((8, 4, 16), np.float32)
    add_scores(deal(plane).reshape(48, -1), build_basis(), FLOOR, total.reshape(48, -1), strip.reshape(8, -1), strip)
    assert np.allclose(total, deal(plain_scores(plane)), atol=1e-4)


def test_windows_add_up_to_one():
    """Twice an analysis and a synthesis window, over blocks half apart, is one."""
    basis = build_basis()
    window = (basis**2).sum(axis=0)
    assert np.allclose(window[:4] + window[4:], 1, atol=1e-6)


@pytest.mark.parametrize("shape", [(21, 30), (64, 40), (3, 5), (1, 9)])
def test_details_are_sums_less_their_local_mean_mirrored_round_the_picture(shape):
    height, width = shape
    frame = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    weights = np.array([1, 0.5, -0.25], np.float32)
    rows, groups = -(-(height + 2 * PAD) // 4) * 4, -(-(width + 2 * PAD) // 4)
    dealt = np.full((rows, 4, groups), np.nan, np.float32)
    load_details(frame, weights, dealt)
    assert np.isfinite(dealt).all()
    whole = dealt.transpose(0, 2, 1).reshape(rows, 4 * groups)
    inside = whole[PAD : PAD + height, PAD : PAD + width]
    if min(shape) > 9:
        plane = frame.astype(np.float32) @ weights
        expected = plane - cv2.blur(plane, (9, 9), borderType=cv2.BORDER_REFLECT_101)
        assert np.allclose(inside, expected, atol=1e-3)
        assert np.array_equal(whole[PAD - 3, PAD : PAD + width], inside[3])
        assert np.array_equal(whole[PAD : PAD + height, PAD + width], inside[:, width - 2])
    cut = np.empty(shape, np.float32)
    store_plane(dealt, cut)
    assert np.array_equal(cut, inside)
