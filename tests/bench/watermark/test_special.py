import cv2
import numpy as np
from PIL import Image

from bench.watermark import pictures, special
from tests.bench.watermark.pictures import photograph


def test_what_is_drawn_is_a_frame_and_the_same_each_time():
    first, again = dict(special.drawn()), dict(special.drawn())
    for name, frame in first.items():
        assert frame.dtype == np.uint8
        assert frame.shape[2] == 3
        assert np.array_equal(frame, again[name])
    assert 0.02 < (first["text-light"] < 128).mean() < 0.4
    assert (first["line-plain"] > 250).mean() > 0.7


def test_each_kind_is_written_as_it_is(tmp_path, monkeypatch):
    (tmp_path / "unpacked" / "one").mkdir(parents=True)
    Image.fromarray(photograph(width=1600, height=1000)).convert("RGBA").save(tmp_path / "unpacked" / "one" / "a.png")
    listed = tmp_path / "pictures.toml"
    rows = "".join(
        f'{kind} = ["one", "a.png", "{kind}", 10, 20, 300, 200]\n' for kind in ("alpha", "grey", "crop", "deep")
    )
    listed.write_text(f"[pictures]\n[special]\n{rows}")
    monkeypatch.setattr(special, "LIST", listed)
    special.write(tmp_path / "unpacked", tmp_path / "special")
    for name, mode, size in (("alpha", "RGBA", (1024, 640)), ("grey", "L", (1024, 640)), ("crop", "RGB", (300, 200))):
        with Image.open(tmp_path / "special" / f"{name}.png") as image:
            assert (image.mode, image.size) == (mode, size)
    deep = cv2.imread(str(tmp_path / "special" / "deep.png"), cv2.IMREAD_UNCHANGED)
    assert deep.dtype == np.uint16
    assert (deep % 257 != 0).mean() > 0.5, "it holds more than 8 bits"
    assert pictures.LIST.is_file()
