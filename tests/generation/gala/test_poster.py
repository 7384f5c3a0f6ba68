"""The poster: every piece in its place, whatever its shape, and titles that fit."""

import numpy as np
import pytest

from generation.gala.poster import WIDTH, Shown, draw_poster


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (2, 1), (3, 2), (5, 2), (50, 7)])
def test_as_many_rows_as_there_are_columns_or_one_less(count, rows):
    colours = np.random.default_rng(1).integers(60, 255, (count, 3))
    shown = [Shown(at + 1, f"Piece {at}", np.full((90 + at, 160, 3), colours[at], np.uint8)) for at in range(count)]
    poster = draw_poster("A gala", shown)
    assert poster.shape[1:] == (WIDTH, 3)
    for colour in colours:
        assert (np.abs(poster.reshape(-1, 3).astype(int) - colour).max(axis=1) <= 1).any()
    columns = -(-count // rows)
    assert (poster.shape[0] - 120) // rows == pytest.approx(WIDTH / max(2, columns) * 9 / 16 + 60, abs=30)


def test_it_is_the_same_each_time_and_long_titles_are_cut():
    still = np.zeros((40, 40, 3), np.uint8)
    long = draw_poster("T" * 300, [Shown(1, "W" * 300, still)])
    assert np.array_equal(long, draw_poster("T" * 300, [Shown(1, "W" * 300, still)]))
    assert np.array_equal(long[:, -20:], np.broadcast_to(long[0, 0], long[:, -20:].shape))
