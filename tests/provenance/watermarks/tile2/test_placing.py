"""What sync tells: where, which way round, and whether in negative."""

import numpy as np
import pytest

from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile.reading import IDENTITY, fold
from provenance.watermarks.tile2.layout import build_cell_layout
from provenance.watermarks.tile2.placing import SENSES, find_low, measure_sync, place
from tests.provenance.watermarks.tile2.samples import LAYOUT, OTHER, marked


def placed_of(frame):
    return place(fold(build_residual(np.ascontiguousarray(frame)), IDENTITY), LAYOUT.lines, SENSES)[0]


@pytest.mark.parametrize(("top", "left"), [(0, 0), (17, 90)])
def test_a_crop_moves_the_corner(top, left):
    placed = placed_of(marked()[top:, left:])
    assert placed.sync > 10
    assert np.array_equal(placed.sense, np.eye(2))
    assert np.allclose(np.rint(placed.origin) % 128, [-left % 128, -top % 128])
    assert not placed.is_negative


def test_turns_and_negatives_are_told_apart():
    assert placed_of(255 - marked()).is_negative
    assert np.linalg.det(placed_of(marked()[:, ::-1]).sense) == pytest.approx(-1)


def test_an_upright_plane_begins_at_its_first_pixel():
    assert find_low(np.zeros((100, 200), np.float32), IDENTITY).tolist() == [0, 0]
    assert find_low(np.zeros((100, 200), np.float32), np.diag([-1.0, 1.0])).tolist() == [-200, 0]


def test_sync_agrees_where_it_was_laid_without_a_search():
    def measured(frame, layout=LAYOUT):
        return measure_sync(fold(build_residual(np.ascontiguousarray(frame)), IDENTITY), layout.lines)

    assert measured(marked()) == pytest.approx(placed_of(marked()).sync, rel=0.05)
    assert measured(255 - marked()) < -10
    assert abs(measured(marked()[17:, 90:])) < measured(marked()) / 2
    assert abs(measured(marked(), build_cell_layout(OTHER))) < 4
