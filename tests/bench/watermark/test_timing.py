import numpy as np

from bench.watermark import timing
from bench.watermark.pictures import load_set
from bench.watermark.results import Journal
from bench.watermark.schemes import load
from bench.watermark.tables import timing as table
from tests.bench.watermark.pictures import photograph, write_sets


def test_times_are_written_for_each_case(tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "LARGE", 1100)
    pictures = load_set(write_sets(tmp_path / "pictures"), "heldout/500", 1)
    for _ in range(2):
        timing.run([load("dwt_dct_svd")], pictures, tmp_path / "results", repeats=1)
    rows = [row for row in Journal(tmp_path / "results", "timing").rows() if row["side"] == 1024]
    assert {row["what"] for row in rows} >= {"embed", "untouched", "unmarked", "jpeg75", "rot5"}
    assert len(rows) == len({row["what"] for row in rows}), "nothing is measured twice"
    assert all(row["processor_ms"][0] > 0 for row in rows)
    assert table(tmp_path / "results")[1][:2] == ["dwt_dct_svd", "1024"]


def test_a_square_is_a_part_or_a_mirror_never_larger_pixels(tmp_path):
    (picture,) = load_set(write_sets(tmp_path), "heldout/500", 1)
    large = timing.square(picture, 600)
    assert large.shape == (600, 600, 3)
    assert np.array_equal(large[:320, :384], photograph())
    assert timing.square(picture, 256).shape == (256, 256, 3)
