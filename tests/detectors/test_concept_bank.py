"""Concept banks: margins, scores, and what a bank file may look like."""

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from detectors.concept_bank import BANKS_DIR, load_concept_bank, logistic, parse_concept_bank
from provenance.errors import ConfigurationError

BANK = {
    "name": "two",
    "scale": 10,
    "offset": 0.1,
    "neutral": ["nothing"],
    "categories": {
        "red": {"positive": ["a", "b"], "contrast": ["c"]},
        "blue": {"positive": ["c"], "pool": "mean", "scale": 5, "offset": 0},
    },
}


def unit(*values):
    return np.asarray(values, np.float32) / np.float32(np.linalg.norm(values))


def test_margins_are_best_positive_less_best_contrast():
    bank = parse_concept_bank(BANK)
    assert bank.texts == ("a", "b", "c", "nothing")
    texts = np.eye(4, dtype=np.float32)
    picture = unit(1, 2, 3, 4)
    red, blue = bank.measure(picture, texts)
    assert red.margin == pytest.approx(picture[1] - picture[3])
    assert red.score == pytest.approx(1 / (1 + np.exp(-10 * (red.margin - 0.1))))
    assert red.nearest == 1
    assert blue.margin == pytest.approx(picture[2] - picture[3])
    assert blue.score == pytest.approx(1 / (1 + np.exp(-5 * blue.margin)))


def test_a_share_of_the_best_contrast_is_taken_off():
    bank = parse_concept_bank({**BANK, "contrast_weight": 0.5})
    picture = unit(1, 2, 3, 4)
    red, _ = bank.measure(picture, np.eye(4, dtype=np.float32))
    assert red.margin == pytest.approx(picture[1] - 0.5 * picture[3])


def test_a_category_may_be_evidence_only_but_not_all_of_them():
    weak = {**BANK["categories"]["red"], "makes_score": False}
    bank = parse_concept_bank({**BANK, "categories": {**BANK["categories"], "red": weak}})
    red, blue = bank.measure(unit(1, 2, 3, 4), np.eye(4, dtype=np.float32))
    assert (red.makes_score, blue.makes_score) == (False, True)
    with pytest.raises(ConfigurationError, match="at least one that makes a score"):
        parse_concept_bank({**BANK, "categories": {"red": weak}})


def test_a_kind_has_a_calibration_of_its_own_and_lacks_what_its_table_lacks():
    table = {"photograph": {"red": {"scale": 10, "offset": 0.5}}, "drawing": {}}
    bank = parse_concept_bank({**BANK, "by_kind": table})
    texts, row = np.eye(4, dtype=np.float32), unit(1, 2, 3, 4)
    plain, photographs, drawings = (bank.measure(row, texts, kind) for kind in ("", "photograph", "drawing"))
    assert [one.makes_score for one in plain] == [True, True]
    assert [one.makes_score for one in photographs] == [True, False]
    assert [one.makes_score for one in drawings] == [False, False]
    assert photographs[0].score == pytest.approx(1 / (1 + np.exp(-10 * (photographs[0].margin - 0.5))))
    # A render has no table here, so that it takes every category as it stands.
    assert bank.scored == ("red", "blue")
    assert parse_concept_bank({**BANK, "by_kind": {**table, "render": {}}}).scored == ("red",)
    assert parse_concept_bank(BANK).scored == ("red", "blue")
    assert bank.texts_digest == parse_concept_bank(BANK).texts_digest
    assert bank.digest != parse_concept_bank(BANK).digest


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ([], "by_kind: expected a mapping"),
        ({"photograph": None}, "by_kind: expected a mapping"),
        ({"photograph": {"green": {"scale": 1, "offset": 0}}}, "by_kind.photograph: the bank has no category 'green'"),
        ({"photograph": {"red": {"scale": 1}}}, "by_kind.photograph.red: expected scale and offset"),
        ({"photograph": {"red": {"scale": 0, "offset": 0}}}, "by_kind.photograph.red: expected a positive scale"),
    ],
)
def test_a_malformed_table_of_kinds_is_refused(table, problem):
    with pytest.raises(ConfigurationError, match=problem):
        parse_concept_bank({**BANK, "by_kind": table})


@pytest.mark.parametrize("name", ["drawings", "prompts"])
def test_the_banks_of_the_embedded_model_are_fitted(name):
    bank = load_concept_bank(name)
    assert "not fitted" not in bank.calibration
    vocabulary = {concept.category for concept in load_concept_bank("baseline").concepts}
    assert {concept.category for concept in bank.concepts} <= vocabulary
    fitted = [(one.scale, one.offset) for one in bank.concepts if one.makes_score]
    assert len(set(fitted)) == len(fitted)


def test_mean_pooling_averages_the_positives():
    bank = parse_concept_bank(
        {**BANK, "categories": {"red": {"positive": ["a", "b"], "contrast": ["c"], "pool": "mean"}}}
    )
    texts = np.eye(4, dtype=np.float32)
    (red,) = bank.measure(unit(1, 3, 0, 0), texts)
    assert red.margin == pytest.approx(2 / np.sqrt(10), abs=1e-6)


@given(st.floats(allow_nan=False))
def test_the_logistic_stays_within_bounds(logit):
    assert 0 <= logistic(logit) <= 1


def test_the_baseline_bank_covers_the_vocabulary():
    bank = load_concept_bank("baseline")
    assert len(bank.concepts) == 16
    assert all(len(concept.positive) >= 4 and len(concept.contrast) >= 5 for concept in bank.concepts)
    assert "not fitted" in bank.calibration


def test_the_digest_follows_the_content():
    data = yaml.safe_load((BANKS_DIR / "baseline.yaml").read_text())
    first = parse_concept_bank(data).digest
    data["categories"]["weapons"]["offset"] = 0.03
    assert parse_concept_bank(data).digest != first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"contrast_weight": 2}, "contrast_weight is 0 to 1, got 2"),
        ({"categories": {"red": {"positive": ["a"], "makes_score": "no"}}}, "makes_score is true or false, got 'no'"),
        ({"categories": {}}, "expected a mapping"),
        ({"categories": {"red": {"positive": []}}}, "at least one text"),
        ({"categories": {"red": {"positive": ["a"], "colour": 1}}}, "red: expected a mapping with only"),
        ({"categories": {"red": {"positive": ["a"], "scale": 0}}}, "positive scale"),
        ({"categories": {"red": {"positive": ["a"], "pool": "min"}}}, "pool"),
        ({"categories": {"red": {"positive": ["nothing"]}}}, "positive and contrast at once"),
        ({"neutral": [], "categories": {"red": {"positive": ["a"]}}}, "every picture looks like it"),
        ({"templates": ["a photo"]}, "hold {} once"),
        ({"neutral": [1]}, "list of texts"),
    ],
)
def test_malformed_banks_are_refused(change, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_concept_bank({**BANK, **change})


def test_a_bank_may_be_a_file_of_your_own(tmp_path):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(BANK))
    assert load_concept_bank(str(tmp_path / "mine.yaml")).name == "two"
    with pytest.raises(ConfigurationError, match=r"yours\.yaml cannot be read"):
        load_concept_bank(str(tmp_path / "yours.yaml"))
    (tmp_path / "bad.yaml").write_text("[]")
    with pytest.raises(ConfigurationError, match=r"bad\.yaml: expected"):
        load_concept_bank(str(tmp_path / "bad.yaml"))
