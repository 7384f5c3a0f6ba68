"""The clip detector: one embedding, bank and heads on it, versions that follow what answered."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import save_file

from detectors._clip_net import open_clip
from detectors.base import Status
from detectors.cards import load_card
from detectors.chop import model, tables
from detectors.clip import EMBEDDED_BANKS, ClipDetector
from detectors.concept_bank import BANKS_DIR, KINDS, load_concept_bank
from provenance.errors import ConfigurationError, DetectorUnavailableError
from provenance.media.picture.image import Picture
from tests.detectors import tiny_clip
from tests.detectors.subjects import DATA, PHOTOS, drawing, photo, subject_of, toolbox_of

PHOTOGRAPHS = DATA / "photographs"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    return tiny_clip.build(folder), folder


@pytest.fixture(scope="module")
def detector(tiny):
    detector = build(tiny[1])
    detector.warm()
    return detector


def build(folder, **options):
    chosen = {"model": tiny_clip.NAME, "checkpoint": str(folder / "tiny.safetensors"), **options}
    return ClipDetector(toolbox_of(folder / "models", **chosen))


@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg"])
def test_embeds_what_open_clip_s_own_pipeline_does(tiny, detector, name):
    transform = open_clip.transform.image_transform_v2(open_clip.transform.PreprocessCfg(size=64), is_train=False)
    with torch.no_grad():
        theirs = (
            tiny[0].encode_image(transform(Image.fromarray(photo(name).frame)).unsqueeze(0), normalize=True)[0].numpy()
        )
    ours = detector.embed(photo(name))
    assert ours.shape == (32,)
    assert float(np.linalg.norm(ours)) == pytest.approx(1, abs=1e-5)
    # Half a pixel of 64: open_clip rounds the scaled size and the cut to whole pixels, we do neither.
    assert float(ours @ theirs) > 0.995


def test_scores_every_category_of_the_bank(detector):
    signal = detector.detect(subject_of(photo("coffee.png")))
    assert signal.status is Status.OK
    assert set(signal.scores) == set(detector.card.categories)
    assert all(0 <= score <= 1 for score in signal.scores.values())
    assert {record["category"] for record in signal.evidence} == set(signal.scores)
    assert signal.version == detector.card.version


def test_an_uncertain_bank_follows_its_margins(tiny, detector):
    """Recompute one category by hand from open_clip's own text and image towers."""
    model = tiny[0]
    bank = yaml.safe_load((BANKS_DIR / "baseline.yaml").read_text())
    tokenizer = open_clip.get_tokenizer(tiny_clip.NAME)

    def texts(prompts):
        with torch.no_grad():
            rows = sum(
                model.encode_text(tokenizer([t.format(p) for p in prompts]), normalize=True) for t in bank["templates"]
            )
        return (rows / rows.norm(dim=1, keepdim=True)).numpy()

    picture = detector.embed(photo("coffee.png"))
    weapons = bank["categories"]["weapons"]
    margin = (texts(weapons["positive"]) @ picture).max() - (
        texts(weapons["contrast"] + bank["neutral"]) @ picture
    ).max()
    score = detector.detect(subject_of(photo("coffee.png"))).scores["weapons"]
    assert score == pytest.approx(1 / (1 + np.exp(-100 * (margin - 0.02))), abs=1e-4)


def test_heads_share_the_embedding_and_may_share_a_category(tiny):
    folder = tiny[1]
    weight = np.zeros((1, 32), np.float32)
    np.savez(folder / "sure.npz", weight=weight, bias=np.array([20.0], np.float32))
    np.savez(folder / "own.npz", weight=weight, bias=np.array([0.0], np.float32))
    heads = [
        {"name": "sure", "category": "weapons", "file": str(folder / "sure.npz")},
        {"name": "own", "category": "cuteness", "file": str(folder / "own.npz")},
    ]
    detector = build(folder, heads=heads)
    detector.warm()
    signal = detector.detect(subject_of(photo("coffee.png")))
    assert signal.scores["weapons"] > 0.999
    assert signal.scores["cuteness"] == 0.5
    assert "cuteness" in detector.card.categories
    assert set(detector.card.weights) == {"tiny.safetensors", "head:sure", "head:own"}


def test_a_head_of_another_width_is_refused(tiny):
    folder = tiny[1]
    np.save(folder / "wide.npy", np.ones((2, 512), np.float32))
    detector = build(folder, heads=[{"name": "wide", "category": "violence", "file": str(folder / "wide.npy")}])
    with pytest.raises(ConfigurationError, match=r"takes 512 values, .* yields 32"):
        detector.warm()


def test_other_weights_banks_or_heads_are_another_version(tiny, detector, tmp_path):
    folder = tiny[1]
    same = build(folder)
    other = build(folder, checkpoint=str(folder / "tiny.pt"))
    bank = yaml.safe_load((BANKS_DIR / "baseline.yaml").read_text())
    bank["offset"] = 0.05
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(bank))
    banked = build(folder, bank=str(tmp_path / "mine.yaml"))
    versions = set()
    for one in (same, other, banked):
        one.warm()
        versions.add(one.card.version)
    assert same.card.version == detector.card.version
    assert len(versions) == 3


def test_texts_are_embedded_once_and_kept_on_disk(tiny, tmp_path):
    options = {"model": tiny_clip.NAME, "checkpoint": str(tiny[1] / "tiny.safetensors")}
    first = ClipDetector(toolbox_of(tmp_path, **options))
    first.warm()
    (cache,) = (tmp_path / "cache").iterdir()
    kept = cache.read_bytes()
    again = ClipDetector(toolbox_of(tmp_path, **options))
    again.warm()
    assert cache.read_bytes() == kept
    picture = subject_of(photo("chelsea.png"))
    assert again.detect(picture).scores == first.detect(picture).scores
    cache.write_bytes(b"damaged")
    repaired = ClipDetector(toolbox_of(tmp_path, **options))
    repaired.warm()
    assert repaired.detect(picture).scores == first.detect(picture).scores


def test_of_a_transparent_picture_the_worse_background_counts(detector):
    frame = photo("coffee.png").frame
    picture = Picture.from_frame(frame, np.full(frame.shape[:2], 128, np.uint8))
    whole = detector.detect(subject_of(picture)).scores
    views = [detector.detect(subject_of(picture.flattened(background))).scores for background in (255, 0)]
    for category, score in whole.items():
        assert score == pytest.approx(max(view[category] for view in views), abs=1e-5)


def test_missing_weights_teach_how_to_get_them(tmp_path):
    with pytest.raises(DetectorUnavailableError, match="chopmark models pull clip ViT-B-32 laion2b"):
        ClipDetector(toolbox_of(tmp_path, model="ViT-B-32")).warm()
    with pytest.raises(DetectorUnavailableError, match=r"nothing\.pt are not there"):
        ClipDetector(toolbox_of(tmp_path, checkpoint=str(tmp_path / "nothing.pt"))).warm()


def test_weights_with_another_digest_are_refused(tiny):
    with pytest.raises(DetectorUnavailableError, match="expected SHA-256 ffffffffffff"):
        build(tiny[1], sha256="f" * 64).warm()


def test_unknown_options_and_banks_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no option 'weights'"):
        ClipDetector(toolbox_of(tmp_path, weights="x"))
    with pytest.raises(ConfigurationError, match=r"concept bank nobody\.yaml"):
        ClipDetector(toolbox_of(tmp_path, bank="nobody"))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    detector = ClipDetector(toolbox_of(tmp_path_factory.mktemp("models")))
    detector.warm()
    return detector


def test_without_options_the_embedded_model_answers_with_its_own_banks(embedded):
    assert {"drawings.onnx.xz", "tables.npz", "banks.npz"} <= set(embedded.card.weights)
    assert embedded.card.weights == load_card("clip").weights
    of_drawings, of_photographs = load_concept_bank("drawings"), load_concept_bank("photographs")
    signal = embedded.detect(subject_of(drawing()))
    assert signal.status is Status.OK
    assert set(signal.scores) == {concept.category for concept in of_drawings.concepts if concept.makes_score}
    signal = embedded.detect(subject_of(photo("coffee.png")))
    assert set(signal.scores) == set(of_photographs.by_kind["photograph"])
    assert set(embedded.card.categories) == {*of_drawings.scored, *of_photographs.scored}


def test_what_the_embedded_model_is_too_weak_for_is_evidence_and_no_score(embedded):
    weak = {"sexual", "hate", "minors"}
    for picture in (drawing(), photo("coffee.png")):
        signal = embedded.detect(subject_of(picture))
        aside = {record["category"] for record in signal.evidence if record.get("is_evidence_only")}
        assert weak <= aside
        assert not weak & set(signal.scores)


@pytest.mark.parametrize(
    "path", sorted(PHOTOS.glob("*.png")) + sorted(PHOTOS.glob("*.jpg")), ids=lambda path: path.name
)
def test_the_embedded_model_holds_no_photograph_of_scikit_image(embedded, path):
    limits = yaml.safe_load((BANKS_DIR.parents[1] / "policies" / "packs" / "baseline.yaml").read_text())["thresholds"]
    scores = embedded.detect(subject_of(photo(path.name))).scores
    assert [name for name, score in scores.items() if name in limits and score >= limits[name]["hold"]] == []


def test_a_photograph_is_named_and_its_kind_told(embedded):
    signal = embedded.detect(subject_of(photo("coffee.png")))
    assert signal.status is Status.OK
    assert signal.reason.startswith("a photograph, looks like espresso (")
    assert "highest is" in signal.reason
    (kind,) = [record for record in signal.evidence if "kind" in record]
    assert kind["kind"] == "photograph"


@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason="needs ../shared/data/photographs")
@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("revolver", "weapons"),
        ("missile", "weapons"),
        ("wine_bottle", "alcohol"),
        ("syringe", "drugs"),
        ("maillot", "swimwear"),
    ],
)
def test_a_photograph_of_such_a_thing_is_past_every_packs_limit(embedded, name, category):
    with Image.open(PHOTOGRAPHS / f"{name}.jpg") as opened:
        signal = embedded.detect(subject_of(Picture.from_frame(np.asarray(opened.convert("RGB")))))
    assert signal.scores[category] > 0.95
    policed = ("weapons", "alcohol", "drugs", "tobacco", "gambling")
    assert max(signal.scores[other] for other in policed if other != category) < 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_shipped_bank_scores_of_any_kind_is_on_the_card(embedded, kind):
    row = np.full(8, 8**-0.5, np.float32)
    for name in EMBEDDED_BANKS:
        bank = load_concept_bank(name)
        margins = bank.measure(row, np.tile(row, (len(bank.texts), 1)), kind)
        assert {one.category for one in margins if one.makes_score} <= set(embedded.card.categories)


def test_one_colour_is_held_for_nothing(embedded):
    for level in (0, 128, 255):
        signal = embedded.detect(subject_of(Picture.from_frame(np.full((300, 300, 3), level, np.uint8))))
        assert max(signal.scores.values()) < 0.7


def test_embedded_weights_that_were_changed_are_refused(tmp_path, monkeypatch):
    changed = tmp_path / tables.TABLES
    changed.write_bytes((tables.FOLDER / tables.TABLES).read_bytes()[:-1] + b"\x01")
    monkeypatch.setattr(
        model,
        "read_file",
        lambda name, digests: tables.read_file(name, digests, tmp_path if name == tables.TABLES else tables.FOLDER),
    )
    model._load.cache_clear()
    try:
        with pytest.raises(DetectorUnavailableError, match="expected SHA-256"):
            ClipDetector(toolbox_of(tmp_path)).warm()
    finally:
        model._load.cache_clear()


def test_the_embedded_model_needs_no_framework_of_learning(tmp_path):
    code = (
        "import sys; from pathlib import Path; from detectors.base import Toolbox; from detectors.clip import ClipDetector;"
        f"ClipDetector(Toolbox(None, Path({str(tmp_path)!r}))).warm();"
        "print(sorted({'torch', 'torchvision', 'open_clip', 'transformers', 'timm'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=BANKS_DIR.parents[1]
    )
    assert run.stdout.strip() == "[]"


def test_an_option_for_weights_of_ones_own_is_refused_without_any(tmp_path):
    with pytest.raises(ConfigurationError, match="option 'precision' of detector 'clip' is for weights of your own"):
        ClipDetector(toolbox_of(tmp_path, precision="bf16"))


def test_half_precision_files_are_read_like_any_other(tiny, detector, tmp_path):
    state = {key: value.half() if value.is_floating_point() else value for key, value in tiny[0].state_dict().items()}
    save_file(state, tmp_path / "half.safetensors")
    half = build(tmp_path, checkpoint=str(tmp_path / "half.safetensors"))
    assert float(half.embed(photo("coffee.png")) @ detector.embed(photo("coffee.png"))) > 0.999
