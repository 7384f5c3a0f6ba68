"""Faces, writing, documents and codes in a picture: what is done about each, with words that a person understands.

And what was read is repeated nowhere: not in answers, logs, the database or the ledger.
"""

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from detectors.base import Toolbox
from detectors.codes import CodesDetector
from detectors.faces import FacesDetector
from detectors.isolation import IsolatedDetector
from detectors.ocr import OcrDetector
from detectors.writing.reader import has_reader
from provenance.errors import DetectorUnavailableError
from provenance.media.picture.raster import Picture
from tests.detectors.subjects import photo, subject_of, toolbox_of
from tests.outside.asking import ask
from tests.sites import DETECTORS, encode, photograph

needs_reader = pytest.mark.skipif(not has_reader(), reason="needs the extra 'ocr'")
EYES = {"CHOPMARK_DETECTORS": ",".join((*DETECTORS, "ocr"))}
CARD = "5555 5555 5555 4444"
WORDS = "buy cocaine here"


def saved(folder, picture, name="picture.png"):
    path = folder / name
    path.write_bytes(encode(picture, "PNG"))
    return path


def lettered(*lines, size=34):
    picture = photograph("chelsea.png", 600)
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        pen.text(
            (40, 60 + 90 * number),
            line,
            font=ImageFont.load_default(size),
            fill="white",
            stroke_width=3,
            stroke_fill="black",
        )
    return picture


def coded(text):
    picture = photograph("coffee.png", 600)
    luma = np.asarray(
        zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=6, add_quiet_zones=True)
    )
    picture.paste(
        Image.fromarray(cv2.cvtColor(luma, cv2.COLOR_GRAY2RGB)).resize((200, 200)).rotate(8, expand=True), (60, 80)
    )
    return picture


def test_a_code_that_leads_to_a_bare_http_address_is_held_and_shown(tmp_path):
    home = tmp_path / "home"
    told = ask(home, "release", saved(tmp_path, coded("http://192.168.7.7/setup?key=s3cr3t")), "--json")
    assert told.result["outcome"] == "held"
    shown = ask(home, "review", "show", told.result["asset_id"])
    assert "http://192.168.7.7/setup" in shown.words
    assert "not https, numeric host, private host" in shown.words
    assert "s3cr3t" not in told.out + told.err + shown.out


def test_a_code_for_a_menu_is_released(tmp_path):
    told = ask(
        tmp_path / "home",
        "release",
        saved(tmp_path, coded("https://example.com/menu")),
        "-o",
        tmp_path / "out.png",
        "--json",
    )
    assert told.result["outcome"] == "released"


@needs_reader
def test_a_card_number_and_forbidden_words_are_held_and_stand_nowhere(tmp_path):
    home = tmp_path / "home"
    told = ask(home, "release", saved(tmp_path, lettered(CARD, WORDS)), "--json", **EYES)
    assert told.result["outcome"] == "held"
    shown = ask(home, "review", "show", told.result["asset_id"], **EYES)
    assert "the number of a payment card stands in the picture" in shown.words
    assert "words for drugs are written in the picture" in shown.words
    assert "payment card (mastercard)" in shown.words
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file() and "quarantine" not in path.parts)
    for said in (told.out, told.err, shown.out, shown.err, kept.decode("latin-1")):
        for secret in (CARD, CARD.replace(" ", ""), WORDS, WORDS.replace(" ", "")):
            assert secret not in said


@needs_reader
def test_a_number_that_no_network_issues_is_released(tmp_path):
    told = ask(
        tmp_path / "home",
        "release",
        saved(tmp_path, lettered("5555 5555 5555 4445", "fresh bread")),
        "-o",
        tmp_path / "out.png",
        "--json",
        **EYES,
    )
    assert told.result["outcome"] == "released"


PORTRAITS = """\
name: faces-of-the-house
version: 1.0.0
title: Portraits
description: Faces are for a person to look at.
jurisdiction: any
effective: {from: 2026-11-01}
sources:
  Rules: {title: Rules of the gallery, url: https://gallery.example/rules}
thresholds:
  faces_large: {hold: 0.03, clause: Rules 1, text: a face can be made out}
rules:
  - id: group
    when: signals.faces.evidence.exists(one, "faces" in one && one.faces >= 5)
    outcome: block
    clause: Rules 2
    text: the picture shows a group
"""


def test_a_pack_of_ones_own_has_rules_about_faces(tmp_path):
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "faces-of-the-house.yaml").write_text(PORTRAITS)
    setting = {"CHOPMARK_PACK_FOLDERS": str(packs), "CHOPMARK_PACKS": "faces-of-the-house"}
    assert ask(tmp_path / "home", "policies", "check", packs / "faces-of-the-house.yaml").code == 0
    face = photo("astronaut.png").frame[20:220, 120:320]
    crowd = Image.fromarray(np.vstack([np.hstack([face, face[:, ::-1], face])] * 2))
    told = ask(
        tmp_path / "home", "release", saved(tmp_path, photograph("astronaut.png"), "one.png"), saved(tmp_path, crowd, "group.png"),
        saved(tmp_path, photograph("coffee.png"), "none.png"), "-o", tmp_path / "out", "--json", **setting,
    )  # fmt: skip
    assert [item["outcome"] for item in told.results] == ["held", "blocked", "released"]


@pytest.mark.parametrize("made", [FacesDetector, CodesDetector, pytest.param(OcrDetector, marks=needs_reader)])
def test_a_process_of_its_own_answers_alike_and_survives_hostile_shapes(tmp_path, made):
    name = made(toolbox_of(tmp_path)).card.name
    here, apart = made(toolbox_of(tmp_path)), IsolatedDetector(name, Toolbox(works=None, models_dir=tmp_path))
    try:
        for frame in (np.asarray(lettered(CARD)), np.zeros((1, 1, 3), np.uint8), np.full((5, 9000, 3), 255, np.uint8)):
            subject = subject_of(Picture.from_frame(frame))
            one, other = here.detect(subject), apart.detect(subject)
            assert (one.scores, one.reason, list(one.evidence)) == (other.scores, other.reason, list(other.evidence))
    finally:
        apart.close()


@needs_reader
def test_memory_of_a_large_picture_is_bounded(tmp_path):
    apart = IsolatedDetector("ocr", Toolbox(works=None, models_dir=tmp_path), memory_limit_bytes=1 << 30, deadline_s=60)
    try:
        frame = np.tile(np.asarray(lettered(*["fresh bread and butter"] * 6, size=30)), (7, 5, 1))
        assert apart.detect(subject_of(Picture.from_frame(frame))).evidence[0]["lines"] > 20
    except DetectorUnavailableError as exc:
        pytest.fail(str(exc))
    finally:
        apart.close()
