"""What schemes ask of arrays."""

import numpy as np
import pytest

from provenance.errors import WatermarkError
from provenance.watermarks.frames import require_frame


def test_a_good_frame_comes_back_as_it_is():
    frame = np.zeros((4, 5, 3), np.uint8)
    frame.flags.writeable = False

    assert require_frame(frame) is frame


def test_a_view_comes_back_contiguous():
    view = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)[:, ::-1]

    contiguous = require_frame(view)

    assert contiguous.flags.c_contiguous
    assert np.array_equal(contiguous, view)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (None, "expected a numpy array of shape (H, W, 3), got NoneType"),
        ([[[0, 0, 0]]], "expected a numpy array of shape (H, W, 3), got list"),
        (np.full((9, 9, 3), np.nan), "expected dtype uint8, got float64"),
        (np.zeros((9, 9, 3), np.int16), "expected dtype uint8, got int16"),
        (np.zeros((9, 9), np.uint8), "expected shape (H, W, 3) with H, W >= 1, got (9, 9)"),
        (np.zeros((9, 9, 4), np.uint8), "expected shape (H, W, 3) with H, W >= 1, got (9, 9, 4)"),
        (np.zeros((0, 9, 3), np.uint8), "expected shape (H, W, 3) with H, W >= 1, got (0, 9, 3)"),
    ],
)
def test_anything_else_is_refused_by_name(bad, message):
    with pytest.raises(WatermarkError) as caught:
        require_frame(bad)

    assert str(caught.value) == message
