import numpy as np
from PIL import Image

from bench.watermark import crops
from bench.watermark.__main__ import main
from tests.bench.watermark.pictures import photograph


def test_a_row_shows_both_and_the_difference():
    before = photograph()
    after = before.copy()
    after[..., 1] = np.where(before[..., 1] < 250, before[..., 1] + 2, before[..., 1])
    made = crops.row(before, after, 0.5, 0.5)
    assert made.shape == (3 * crops.HEIGHT, 7 * crops.WIDTH, 3)
    difference = made[2 * crops.HEIGHT :, : crops.WIDTH]
    assert np.median(difference[..., 1]) == 128 + 32
    assert (difference[..., 0] == 128).all()


def test_sheets_are_written(tmp_path, monkeypatch):
    (tmp_path / "special").mkdir()
    Image.fromarray(photograph()).save(tmp_path / "special" / "one.png")
    monkeypatch.setattr(crops, "SHEETS", {"sky": (("special/one", 0.0, 1.0),)})
    main(["crops", "--pictures", str(tmp_path), "--schemes", "dwt_dct_svd", "--into", str(tmp_path / "sheets")])
    with Image.open(tmp_path / "sheets" / "watermark-sky-dwt-dct-svd.png") as sheet:
        assert sheet.size == (7 * crops.WIDTH, 3 * crops.HEIGHT)
