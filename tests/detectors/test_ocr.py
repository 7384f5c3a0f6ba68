"""What is written over photographs is read, judged, and not repeated."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from detectors.base import Status
from detectors.ocr import OcrDetector, _Room
from detectors.personal_data import Kind
from detectors.writing import reader
from provenance.errors import ConfigurationError
from provenance.media.picture.raster import Picture
from tests.detectors.subjects import drawing, photo, subject_of, toolbox_of

pytestmark = pytest.mark.skipif(not reader.has_reader(), reason="needs the extra 'ocr'")

PASSPORT = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
CHINESE = "provenance/labels/fonts/label-sans-bold.otf"


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    made = OcrDetector(toolbox_of(tmp_path_factory.mktemp("ocr")))
    made.warm()
    return made


def written(text, *, size=30, at=(40, 60), angle=0, name="coffee.png", plain=False, chinese=False):
    """Return a photograph with `text` on it, white with a dark edge, or dark on a light strip."""
    picture = Image.fromarray(photo(name, (800, 600)).frame)
    font = ImageFont.truetype(CHINESE, size) if chinese else ImageFont.load_default(size)
    _, _, right, bottom = ImageDraw.Draw(picture).multiline_textbbox((0, 0), text, font=font)
    layer = Image.new("RGBA", (int(right) + 20, int(bottom) + 20), (245, 245, 240, 255) if plain else (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    ink = {"fill": (20, 20, 20, 255)} if plain else {"fill": "white", "stroke_width": 3, "stroke_fill": "black"}
    pen.multiline_text((10, 10), text, font=font, **ink)
    layer = layer.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    picture.paste(layer, at, layer)
    return np.asarray(picture)


def asked(detector, frame, alpha=None):
    signal = detector.detect(subject_of(Picture.from_frame(frame, alpha)))
    assert signal.status is Status.OK
    return signal


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("4111 1111 1111 1111", "personal.payment_card"),
        ("ID 11010519491231002X", "personal.identity_number"),
        ("DE89 3704 0044 0532 0130 00", "personal.bank_account"),
        ("jane.doe@example.com", "personal.email"),
        ("tel. +44 20 7946 0958", "personal.phone"),
    ],
)
def test_personal_data_is_found_where_it_stands_and_never_told(detector, text, category):
    signal = asked(detector, written(text, at=(100, 300)))
    assert signal.scores[category] >= 0.6
    record = next(one for one in signal.evidence if one.get("category") == category)
    left, top, right, bottom = record["box"]
    assert 0.08 < left < right
    assert 0.45 < top < bottom < 0.65
    said = json.dumps([signal.evidence, signal.reason, dict(signal.scores)])
    for part in ("4111", "1101", "8937", "jane", "7946"):
        assert part not in said
    assert category.partition(".")[2].replace("_", " ") in signal.reason


def test_a_number_whose_check_digit_is_wrong_is_none(detector):
    signal = asked(detector, written("4111 1111 1111 1112", at=(100, 300)))
    assert signal.evidence[0]["lines"] == 1
    assert not any(score for name, score in signal.scores.items() if name.startswith("personal."))


@pytest.mark.parametrize(
    ("text", "category", "chinese"),
    [
        ("buy cocaine here", "written.drugs", False),
        ("出售冰毒", "written.drugs", True),
        ("kill yourself", "written.self_harm", False),
    ],
)
def test_words_meet_the_banks(detector, text, category, chinese):
    signal = asked(detector, written(text, size=44, chinese=chinese))
    assert signal.scores[category] >= 0.5
    assert f"terms of {category.partition('.')[2].replace('_', ' ')}" in signal.reason
    assert text not in json.dumps([signal.evidence, signal.reason], ensure_ascii=False)
    assert signal.scores["documents"] == 0.0


def test_a_passports_zone_is_a_document(detector):
    frame = written("PASSPORT", size=28, plain=True)
    mono = ImageFont.truetype("DejaVuSansMono.ttf", 24) if _has_mono() else ImageFont.load_default(24)
    picture = Image.fromarray(frame)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((20, 470, 780, 580), fill=(240, 240, 236))
    pen.multiline_text((40, 490), PASSPORT, font=mono, fill=(20, 20, 20), spacing=16)
    signal = asked(detector, np.asarray(picture))
    assert signal.scores["personal.passport"] == signal.scores["documents"] == 0.95
    assert "looks like an identity document" in signal.reason
    assert "ERIKSSON" not in json.dumps([signal.evidence, signal.reason])


def test_a_card_by_its_labels(detector):
    frame = written("居民身份证\n姓名 李雷\n性别 男 民族 汉\n签发机关 某市公安局", size=34, plain=True, chinese=True)
    signal = asked(detector, frame)
    assert signal.scores["documents"] == 0.8


def test_a_tilted_line_is_read(detector):
    signal = asked(detector, written("4111 1111 1111 1111", angle=20, at=(100, 100)))
    assert signal.scores["personal.payment_card"] == 0.95


def test_writing_that_only_a_dark_background_shows(detector):
    ink = Image.new("L", (800, 200), 0)
    ImageDraw.Draw(ink).text((40, 60), "4111 1111 1111 1111", font=ImageFont.load_default(40), fill=255)
    white = np.full((200, 800, 3), 255, np.uint8)
    signal = asked(detector, white, np.asarray(ink))
    assert signal.scores["personal.payment_card"] == 0.95
    assert signal.evidence[1]["view"] == "on black"


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "page.png", "brick.png"])
def test_ordinary_pictures_have_nothing_to_hold(detector, name):
    signal = detector.detect(subject_of(photo(name)))
    assert max(signal.scores.values()) < 0.5
    assert detector.detect(subject_of(drawing())).evidence == ({"lines": 0, "unread": 0.0},)


def test_a_wall_of_text_is_read_in_part_and_says_so(detector, monkeypatch):
    monkeypatch.setattr("detectors.ocr._Room", lambda: _Room(width=1200))
    text = "\n".join("the quick brown fox jumps over it" for _ in range(12))
    signal = asked(detector, written(text, size=24, plain=True))
    assert signal.scores["written.unread"] > 0.5
    assert "was too much to read" in signal.reason


def test_a_page_has_room_of_its_own(detector, monkeypatch):
    """Written from side to side it holds more than a picture does: most of it was left out, so that it was held."""
    monkeypatch.setattr("detectors.ocr._Room", lambda **given: _Room(**{"width": 600, **given}))
    frame = written("\n".join("the quick brown fox jumps" for _ in range(3)), size=24, plain=True)
    asked_about = subject_of(Picture.from_frame(np.asarray(frame)))
    pages = [replace(asked_about, view=replace(asked_about.view, is_page=is_page)) for is_page in (False, True)]
    unread = [detector.detect(page).scores["written.unread"] for page in pages]
    assert unread[0] > 0.5
    assert unread[1] == 0.0


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (33, 17), (500, 20_000)])
def test_pictures_of_any_shape_are_answered(detector, shape):
    signal = asked(detector, np.full((*shape, 3), 128, np.uint8))
    assert signal.reason == "nothing legible is written in it"
    assert max(signal.scores.values()) == 0.0


def test_noise_says_nothing(detector):
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    assert max(asked(detector, noise).scores.values()) < 0.5


def test_an_option_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="detector 'ocr' has no option 'languages'; known: terms"):
        OcrDetector(toolbox_of(tmp_path, languages="en"))


def test_every_kind_of_personal_data_is_on_the_card(tmp_path):
    categories = set(OcrDetector(toolbox_of(tmp_path)).card.categories)
    assert {f"personal.{kind}" for kind in Kind} <= categories


def _has_mono():
    try:
        ImageFont.truetype("DejaVuSansMono.ttf", 20)
    except OSError:
        return False
    return True
