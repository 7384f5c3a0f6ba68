"""Incoming marks: every kind recorded, broken ones too, nothing believed towards harmlessness."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL.PngImagePlugin import PngInfo

from detectors.base import Status
from detectors.incoming_marks import IncomingMarksDetector
from detectors.looking import look_at
from provenance.asset import MediaType
from provenance.errors import ConfigurationError
from provenance.labels.aigc import AigcItem
from provenance.labels.implicit import ImplicitLabels, IptcFields, write_labels
from provenance.manifests.signing import sign_manifest
from provenance.media.limits import IntakeLimits
from provenance.media.picture.image import Picture
from provenance.media.sound.kind import FLAC
from provenance.media.sound.sound import parse_sound
from provenance.watermarks.base import WATERMARKS, WatermarkKey
from tests.detectors.subjects import DATA, file_of, photo, subject_of, toolbox_of
from tests.detectors.test_mirage import mirage
from tests.end_to_end.attackers import sign
from tests.provenance.manifests.samples import SKETCH, define, photograph
from tests.provenance.media.sound.samples import blob as sound_file

FIXTURES = DATA / "c2pa-rs-fixtures"
PRODUCER = "001191440300708461136T1XGW3"


@pytest.fixture
def detector(tmp_path):
    detector = IncomingMarksDetector(toolbox_of(tmp_path))
    detector.warm()
    return detector


def detect(detector, data, media_type=MediaType.JPEG, picture=None, **told):
    subject = subject_of(picture or photo("astronaut.png", (256, 256)), data=data, media_type=media_type)
    signal = detector.detect(replace(subject, **told))
    assert signal.status is Status.OK
    json.dumps(signal.evidence, allow_nan=False)
    return {name for name, score in signal.scores.items() if score}, signal


def labelled(**fields):
    return write_labels(photograph(MediaType.JPEG), MediaType.JPEG, ImplicitLabels(**fields))


def test_a_plain_file_has_no_marks(detector):
    found, signal = detect(detector, photograph(MediaType.JPEG))
    assert found == set()
    assert signal.evidence == ()
    assert signal.reason == "no mark came with it"


def test_a_manifest_that_says_ai_is_recorded(detector, identity, trust):
    signed = sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, define(), identity, trust=trust)
    found, signal = detect(detector, signed.file.read())
    assert found == {"incoming_ai"}
    (record,) = signal.evidence
    assert record["mark"] == "c2pa manifest"
    assert record["integrity"] == "ok"
    assert any(uri.endswith("/trainedAlgorithmicMedia") for uri in record["digital_source_types"])


def test_a_manifest_that_does_not_say_ai_is_recorded_without_a_score(detector, identity, trust):
    definition = define(recipe=SKETCH)
    signed = sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, definition, identity, trust=trust)
    _, signal = detect(detector, signed.file.read())
    assert signal.scores["incoming_invalid_manifest"] == 0.0
    assert any(uri.endswith("/algorithmicMedia") for uri in signal.evidence[0]["digital_source_types"])


def test_a_broken_manifest_is_evidence_not_a_crash(detector, identity, trust):
    signed = sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, define(), identity, trust=trust)
    data = bytearray(signed.file.read())
    data[-200] ^= 1
    found, signal = detect(detector, bytes(data))
    assert "incoming_invalid_manifest" in found
    assert "assertion.dataHash.mismatch" in signal.evidence[0]["failure_codes"]


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="../shared/data is not here")
@pytest.mark.parametrize(
    ("name", "media_type", "is_invalid"),
    [
        ("C.jpg", MediaType.JPEG, False), ("CA.jpg", MediaType.JPEG, False), ("E-sig-CA.jpg", MediaType.JPEG, True),
        ("XCA.jpg", MediaType.JPEG, True), ("CACAE-uri-CA.jpg", MediaType.JPEG, None), ("no_manifest.jpg", MediaType.JPEG, False),
        ("cloud.jpg", MediaType.JPEG, False), ("sample1.png", MediaType.PNG, False), ("sample1.heic", MediaType.HEIC, False),
        ("tiff_poc.tiff", MediaType.TIFF, None), ("sample1.gif", MediaType.GIF, False),
    ],
)  # fmt: skip
def test_files_of_others_are_recorded(detector, name, media_type, is_invalid):
    found, _ = detect(detector, (FIXTURES / name).read_bytes(), media_type)
    if is_invalid is not None:
        assert ("incoming_invalid_manifest" in found) is is_invalid


@pytest.mark.parametrize(("label", "score"), [("1", 1.0), ("2", 0.7), ("3", 0.5)])
def test_an_aigc_label_counts_by_its_value(detector, label, score):
    item = AigcItem(content_producer=PRODUCER, produce_id="42", label=label)
    _, signal = detect(detector, labelled(aigc=item))
    assert signal.scores["incoming_ai"] == score
    (record,) = signal.evidence
    assert record["mark"] == "aigc label"
    assert record["item"]["label"] == label


def test_endless_and_hostile_label_texts_are_cut_and_cleaned(detector):
    item = AigcItem(content_producer="x" * 5000, produce_id="\u202ereversed", label="1")
    _, signal = detect(detector, labelled(aigc=item))
    said = signal.evidence[0]["item"]
    assert len(said["content_producer"]) == 256
    assert "\u202e" not in said["produce_id"]


@pytest.mark.parametrize(
    ("source", "scored"),
    [
        ("trainedAlgorithmicMedia", {"incoming_ai"}),
        ("compositeWithTrainedAlgorithmicMedia", {"incoming_ai"}),
        ("digitalCapture", {"incoming_human_claim"}),
        ("algorithmicMedia", set()),
    ],
)
def test_an_iptc_source_type_is_believed_only_towards_caution(detector, source, scored):
    found, signal = detect(detector, labelled(iptc=IptcFields(digital_source_type=source)))
    assert found == scored
    assert signal.evidence[0]["digital_source_type"] == source


def test_an_intact_claim_of_a_camera_is_a_contradiction(detector):
    found, signal = detect(
        detector, sign(file_of(photo("coffee.png", (64, 64)), "JPEG"), MediaType.JPEG, "digitalCapture")
    )
    assert found == {"incoming_human_claim"}
    assert signal.evidence[0]["claims_human_capture"]


def test_what_is_hidden_and_what_does_not_ship_is_evidence(detector):
    frame = photo("coffee.png", (64, 64)).frame
    alpha = np.full((64, 64), 255, np.uint8)
    alpha[:, :32] = 0
    picture = Picture.from_frame(frame, alpha, left_out=("a gain map (HDR brightness)",))
    _, signal = detect(detector, file_of(photo("coffee.png", (64, 64))), MediaType.PNG, picture)
    assert signal.scores["incoming_hidden"] == 1.0
    assert signal.scores["incoming_mirage"] < 0.5
    records = {record["mark"]: record for record in signal.evidence}
    assert records["hidden content"]["found"] == ["colour under transparent pixels"]
    assert records["parts that do not ship"]["parts"] == ["a gain map (HDR brightness)"]
    assert "hidden content" in signal.reason


def test_a_picture_that_changes_with_its_background_is_scored(detector):
    data = file_of(photo("coffee.png", (64, 64)))
    _, signal = detect(detector, data, MediaType.PNG, mirage("coffee.png", "astronaut.png"))
    assert signal.scores["incoming_mirage"] > 0.9


def test_vendor_metadata_is_recorded_without_its_content(detector):
    info = PngInfo()
    info.add_text("parameters", "zyxwv prompt\nSteps: 20")
    found, signal = detect(detector, file_of(photo("coffee.png", (64, 64)), pnginfo=info), MediaType.PNG)
    assert found == {"incoming_ai"}
    assert signal.evidence == (
        {"mark": "vendor metadata", "vendor": "stable diffusion webui", "place": "png text parameters"},
    )
    assert "zyxwv" not in repr(signal)


@pytest.mark.parametrize("name", ["tile", "dwt_dct_svd"])
def test_our_own_watermark_is_known_again(tmp_path, name):
    scheme = WATERMARKS.load(name)((WatermarkKey("test", bytes(range(32))),))
    detector = IncomingMarksDetector(toolbox_of(tmp_path, marks={name: scheme}))
    detector.warm()
    plain = photo("astronaut.png")
    data = photograph(MediaType.JPEG)
    assert detect(detector, data, picture=plain)[0] == set()
    marked = Picture.from_frame(scheme.embed(plain.frame, 0x0123456789ABCDEF))
    found, signal = detect(detector, data, picture=marked)
    assert found == {"incoming_own_mark", "incoming_ai"}
    (record,) = signal.evidence
    assert (record["mark"], record["scheme"], record["payload"]) == ("watermark", name, "0123456789abcdef")
    assert 0 < record["false_positive_bound"] < 1e-8


def test_the_mark_of_what_it_was_openly_made_from_hides_nothing(tmp_path):
    tile = WATERMARKS.load("tile")((WatermarkKey("test", bytes(range(32))),))
    detector = IncomingMarksDetector(toolbox_of(tmp_path, marks={"tile": tile}))
    marked = Picture.from_frame(tile.embed(photo("astronaut.png").frame, 7))
    for sources, expected in (
        (frozenset({7}), {"incoming_ai"}),
        (frozenset({8}), {"incoming_own_mark", "incoming_ai"}),
    ):
        found, signal = detect(detector, photograph(MediaType.JPEG), picture=marked, sources=sources)
        assert found == expected
        assert ("of" in signal.evidence[0]) == (7 in sources)


def test_a_part_of_a_marked_picture_is_known_again(tmp_path):
    """A crop handed in again would be marked over otherwise."""
    tile = WATERMARKS.load("tile")((WatermarkKey("test", bytes(range(32))),))
    detector = IncomingMarksDetector(toolbox_of(tmp_path, marks={"tile": tile}))
    marked = tile.embed(photo("astronaut.png").frame, 7)
    part = Picture.from_frame(np.ascontiguousarray(marked[100:400, 60:420]))
    found, signal = detect(detector, photograph(MediaType.JPEG), picture=part)
    assert found == {"incoming_own_mark", "incoming_ai"}
    assert signal.evidence[0]["payload"] == "0000000000000007"
    assert signal.evidence[0]["score"] > 10


def test_hostile_bytes_are_at_most_evidence(detector):
    for data in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, photograph(MediaType.PNG)[:500]):
        for media_type in MediaType:
            detect(detector, data, media_type)


def test_options_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no option 'strip'"):
        IncomingMarksDetector(toolbox_of(tmp_path, strip=True))


def test_of_sound_what_the_file_says_is_read(detector):
    """Nothing looks for a watermark in its samples here, and nothing fails for want of pixels."""
    item = '{"Label":"1","ContentProducer":"somebody","ProduceID":"7"}'
    for tags, score in (((("AIGC", item),), 1.0), ((), 0.0)):
        file = sound_file(FLAC, 2.0, tags=tags)
        sound = parse_sound(file, IntakeLimits())
        subject = subject_of(photo("astronaut.png"))
        asset = replace(subject.asset, media_type=FLAC, sha256=file.sha256)
        found = look_at(detector, replace(subject, asset=asset, unverified_file=file), tuple(sound.views()))
        assert (found.status, found.scores["incoming_ai"]) == (Status.OK, score)
        assert found.looked_at == (), "reading what comes along is no listening"
