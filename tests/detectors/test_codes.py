"""Codes in pictures, drawn by code: turned, inverted, small, over photographs; and what becomes of them."""

import json

import cv2
import numpy as np
import pytest
import zxingcpp

from detectors.base import Status
from detectors.codes import CodesDetector
from provenance.errors import ConfigurationError
from provenance.media.picture.raster import Picture
from tests.detectors.subjects import DATA, photo, subject_of, toolbox_of

SAFE = "https://example.com/menu"
KINDS = zxingcpp.BarcodeFormat


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    made = CodesDetector(toolbox_of(tmp_path_factory.mktemp("codes")))
    made.warm()
    return made


def drawn(text, kind=KINDS.QRCode, scale=6):
    luma = np.asarray(zxingcpp.create_barcode(text, kind).to_image(scale=scale, add_quiet_zones=True))
    return cv2.cvtColor(luma, cv2.COLOR_GRAY2RGB)


def pasted(code, *, angle=0.0, side=200, at=(0.5, 0.5), size=(768, 768), name="astronaut.png"):
    """Return a photograph with `code` on it, its middle at shares `at`, its longer side of `side` pixels."""
    frame = photo(name, size).frame.copy()
    height, width = code.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, side / max(height, width))
    matrix[:, 2] += np.array([at[0] * size[0] - width / 2, at[1] * size[1] - height / 2])
    where = cv2.warpAffine(np.full((height, width), 255, np.uint8), matrix, size)
    laid = cv2.warpAffine(code, matrix, size, flags=cv2.INTER_AREA)
    frame[where > 127] = laid[where > 127]
    return frame


def asked(detector, frame, alpha=None):
    return detector.detect(subject_of(Picture.from_frame(frame, alpha)))


@pytest.mark.parametrize(
    ("angle", "side"), [(0, 200), (30, 220), (45, 220), (170, 160), (7, 110)]
)  # fmt: skip
def test_a_code_is_read_and_its_place_told(detector, angle, side):
    signal = asked(detector, pasted(drawn(SAFE), angle=angle, side=side, at=(0.3, 0.6)))
    assert signal.status is Status.OK
    assert signal.scores == {"codes": 1.0, "codes_hazard": 0.0, "codes_link": 1.0}
    (record,) = signal.evidence
    assert record["says"] == SAFE
    left, top, right, bottom = record["box"]
    assert left < 0.3 < right
    assert top < 0.6 < bottom
    assert right - left < 0.45
    assert signal.reason == "1 code, of nothing that worries"


def test_an_inverted_code_is_read(detector):
    assert asked(detector, pasted(255 - drawn(SAFE))).scores["codes"] == 1.0


@pytest.mark.parametrize(
    ("text", "worry"),
    [
        ("http://example.com/x", "not https"),
        ("https://xn--pple-43d.com/", "look-alike host"),
        ("https://10.0.0.7/", "private host"),
        ("bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "payment"),
        ("WIFI:T:WPA;S:home;P:hunter22;;", "secret"),
    ],
)
def test_where_it_leads_is_weighed(detector, text, worry):
    signal = asked(detector, pasted(drawn(text)))
    assert signal.scores["codes_hazard"] >= 0.5
    assert worry in signal.evidence[0]["worries"]
    assert worry in signal.reason
    said = json.dumps([signal.evidence, signal.reason])
    assert "hunter22" not in said
    assert "1Boat" not in said


def test_barcodes_of_goods_are_read(detector):
    signal = asked(detector, pasted(drawn("4006381333931", KINDS.EAN13, 3), side=400))
    assert signal.scores == {"codes": 1.0, "codes_hazard": 0.0, "codes_link": 0.0}
    assert signal.evidence[0]["sort"] == "number"


def test_the_gravest_of_several_counts_and_comes_first(detector):
    frame = pasted(drawn(SAFE), side=180, at=(0.25, 0.25))
    other = pasted(drawn("http://192.168.1.1/"), side=180, at=(0.75, 0.7))
    frame[384:] = other[384:]
    signal = asked(detector, frame)
    assert len(signal.evidence) == 2
    assert signal.evidence[0]["score"] == signal.scores["codes_hazard"] == 0.8


def test_a_code_that_only_a_dark_background_shows_is_read(detector):
    code = drawn(SAFE)
    ink = np.where(code[..., 0] > 127, 255, 0).astype(np.uint8)
    white = np.full(code.shape, 255, np.uint8)
    signal = asked(detector, white, ink)
    assert signal.evidence[0]["view"] == "on black"


@pytest.mark.parametrize(
    "name", ["astronaut.png", "chelsea.png", "coffee.png", "page.png", "chessboard_RGB.png", "brick.png"]
)
def test_pictures_without_codes_have_none(detector, name):
    signal = detector.detect(subject_of(photo(name)))
    assert signal.scores == {"codes": 0.0, "codes_hazard": 0.0, "codes_link": 0.0}
    assert signal.reason == "no code was read"


@pytest.mark.parametrize("shape", [(1, 1), (1, 20_000), (20_000, 1), (33, 17), (1000, 20_000), (2, 100_000)])
def test_pictures_of_any_shape_are_answered(detector, shape):
    for level in (0, 255):
        assert asked(detector, np.full((*shape, 3), level, np.uint8)).status is Status.OK


def test_a_panorama_keeps_its_codes_legible(detector):
    frame = np.full((1000, 20_000, 3), 200, np.uint8)
    code = drawn(SAFE, scale=14)
    frame[100 : 100 + code.shape[0], 15_000 : 15_000 + code.shape[1]] = code
    assert asked(detector, frame).scores["codes"] == 1.0


def test_stripes_take_their_time_and_find_nothing(detector):
    stripes = np.repeat(np.random.default_rng(1).integers(0, 2, (1, 1600), dtype=np.uint8) * 255, 1600, axis=0)
    assert asked(detector, cv2.cvtColor(stripes, cv2.COLOR_GRAY2RGB)).status is Status.OK


@pytest.mark.skipif(not (DATA / "kodak").is_dir(), reason="needs ../shared/data/kodak")
def test_photographs_have_none(detector):
    from PIL import Image

    for path in sorted((DATA / "kodak").glob("*.png"))[:8]:
        with Image.open(path) as opened:
            assert asked(detector, np.asarray(opened.convert("RGB"))).scores["codes"] == 0.0


def test_an_option_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="detector 'codes' has no option 'threads'"):
        CodesDetector(toolbox_of(tmp_path, threads=1))


def test_every_worry_has_a_weight():
    from detectors.payload import WORRIES

    weights = CodesDetector(toolbox_of(".")).card.thresholds
    assert set(weights) == {worry.replace(" ", "_") for worry in WORRIES}
    assert min(weights.values()) >= 0.5
