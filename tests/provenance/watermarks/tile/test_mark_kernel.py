"""The loop that adds a tile."""

import numpy as np

from provenance.watermarks.tile._mark_kernel import add_mark

NEARLY = (0.999, 1.0, 1.001)


def add(frame, tile, mask, colour=(1.0, 1.0, 1.0)):
    height, width = frame.shape[:2]
    marked = np.empty_like(frame)
    grid = [
        np.linspace(0, count - 1, side).astype(np.float32)
        for count, side in zip(mask.shape, (height, width), strict=True)
    ]
    rows, columns = (np.arange(side, dtype=np.int32) % len(tile) for side in (height, width))
    source, sink = frame.reshape(len(frame), -1), marked.reshape(len(frame), -1)
    add_mark(source, tile, rows, columns, mask, grid[0], grid[1], np.array(colour, np.float32), sink)
    return marked


def test_it_adds_mask_times_tile_times_colour():
    frame = np.full((16, 24, 3), 100, np.uint8)
    tile = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    marked = add(frame, tile, np.full((2, 3), 6, np.float32), (0.5, 1.0, -1.0)).astype(float)
    exact = 6 * np.tile(tile, (2, 3))
    for channel, share in enumerate((0.5, 1.0, -1.0)):
        assert np.abs(marked[..., channel] - 100 - share * exact).max() <= 0.5 + 1 / 3 + 1e-3


def test_the_mask_is_interpolated():
    frame, tile = np.full((2, 101, 3), 100, np.uint8), np.ones((4, 4), np.float32)
    marked = add(frame, tile, np.array([[0, 100], [0, 100]], np.float32))
    assert np.abs(marked[0, :, 1].astype(int) - 100 - np.arange(101)).max() <= 1


def test_levels_end_at_black_and_white():
    tile = np.array([[50.0, -50.0]] * 2, np.float32)
    frame = np.array([[[250, 5, 128]] * 4] * 4, np.uint8)
    marked = add(frame, tile, np.full((2, 2), 1, np.float32))
    assert marked[0, 0].tolist() == [255, 55, 178]
    assert marked[0, 1].tolist() == [200, 0, 78]


def test_grey_stays_grey():
    frame = np.repeat(np.random.default_rng(0).integers(0, 256, (40, 30, 1), dtype=np.uint8), 3, axis=2)
    marked = add(frame, np.random.default_rng(1).normal(size=(8, 8)).astype(np.float32), np.full((2, 2), 3, np.float32))
    assert (marked == marked[..., :1]).all()


def test_channels_round_a_third_of_a_level_apart():
    """A mark of a third of a level changes one channel in three, and so the mean by a third of a level."""
    frame = np.full((8, 8, 3), 100, np.uint8)
    mask = np.ones((2, 2), np.float32)
    up = add(frame, np.full((4, 4), 0.34, np.float32), mask, NEARLY).astype(int) - 100
    down = add(frame, np.full((4, 4), -0.34, np.float32), mask, NEARLY).astype(int) - 100
    assert up[0, 0].tolist() == [0, 0, 1]
    assert down[0, 0].tolist() == [-1, 0, 0]
