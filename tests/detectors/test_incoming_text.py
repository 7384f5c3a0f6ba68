"""What a text already carries: labels, our mark, hidden characters, a manifest; each recorded in its own words."""

import json

import pytest

from detectors.base import Status, Subject, Toolbox
from detectors.incoming_marks import IncomingMarksDetector
from detectors.incoming_text import read_text_manifest, read_text_marks
from provenance.asset import Asset, MediaType, new_asset_id
from provenance.errors import DetectorError
from provenance.media.media import Media
from provenance.media.medium import Kit
from provenance.media.pdf.medium import PdfMedium
from provenance.media.text.hidden import spell_block
from provenance.media.text.medium import build_medium
from provenance.media.view import TEXT, View
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from tests.letters import letter, sentences
from tests.papers import paper

KEYS = (WatermarkKey("own", bytes(range(32))),)
MEDIUM = build_medium(Kit(KEYS))
AIGC = '---\nAIGC: {"Label":"1","ContentProducer":"x","ProduceID":"1"}\n---\n'


MEDIA = Media([MEDIUM])


def detect(tmp_path, text, media=MEDIA):
    detector = IncomingMarksDetector(Toolbox(works=None, models_dir=tmp_path, media=media))
    file = Blob.from_bytes(text.encode())
    asset = Asset(new_asset_id(), file.sha256, MediaType.add("text/markdown", extension=".md"), file.size_bytes, {})
    signal = detector.detect(Subject(asset, View(TEXT, text), file))
    assert signal.status is Status.OK
    json.dumps(signal.evidence, allow_nan=False)
    return {name for name, score in signal.scores.items() if score}, signal


def test_a_plain_text_has_no_marks(tmp_path):
    assert detect(tmp_path, letter().decode())[0] == set()


def test_each_mark_is_found(tmp_path):
    text = letter().decode()
    assert detect(tmp_path, AIGC + text)[0] == {"incoming_ai"}
    assert detect(tmp_path, MEDIUM.watermark.embed(" ".join(sentences(14)), 5))[0] == {
        "incoming_own_mark",
        "incoming_ai",
    }
    found, signal = detect(tmp_path, text.replace(" ", " \u200b\u202e", 2))
    assert found == {"incoming_hidden"}
    assert "2 invisible characters" in signal.evidence[0]["found"]


def test_what_the_words_of_a_pdf_hide_is_told_too(tmp_path):
    medium = PdfMedium(None, {})
    found = {}
    for title in ("A letter", "A \u202eletter\U000e0041"):
        scores, records, _ = read_text_marks(Media([medium]), Blob.from_bytes(paper(title=title)))
        found[title.isascii()] = scores["incoming_hidden"], records
    assert found[True] == (0.0, [])
    score, (record,) = found[False]
    assert score == 1.0
    assert record["found"] == ["1 characters that turn the direction of a line", "1 hidden tag characters"]


def test_a_manifest_in_the_text_is_judged(tmp_path):
    block = spell_block(b"C2PATXT\0\1" + (12).to_bytes(4) + b"no manifest!")
    found, signal = detect(tmp_path, letter().decode() + block)
    assert found == {"incoming_hidden", "incoming_invalid_manifest"}
    assert any(record["mark"] == "c2pa manifest" for record in signal.evidence)
    assert read_text_manifest(Blob.from_bytes(b"words"), "text/plain") is None


def test_where_nobody_knows_texts_it_cannot_answer(tmp_path):
    with pytest.raises(DetectorError, match="medium"):
        detect(tmp_path, letter().decode(), media=None)
