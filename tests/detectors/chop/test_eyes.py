"""The shipped banks, and banks and heads of one's own, on what chop-clip sees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.chop import eyes as eyes_of
from detectors.chop.eyes import WORLDS, open_chop_eyes
from detectors.chop.model import KINDS
from detectors.concept_bank import Margin, load_concept_bank, parse_concept_bank
from detectors.heads import load_head
from detectors.weights import EMBEDDED_BANKS
from provenance.errors import ConfigurationError, DetectorUnavailableError
from tests.detectors.subjects import drawing, photo

OWN = {
    "name": "own",
    "templates": ["{}"],
    "scale": 20,
    "offset": 0.1,
    "categories": {
        "drinks": {"positive": ["a cup of coffee"], "contrast": ["a cat", "a house"]},
        "houses": {"positive": ["一座房子", "a house"], "contrast": ["a cat", "a cup of coffee"]},
    },
}


def shipped(tmp_path, heads=()):
    return open_chop_eyes([load_concept_bank(name) for name in EMBEDDED_BANKS], tuple(heads), tmp_path, "key")


def test_each_shipped_bank_is_asked_in_its_world_of_every_kind(tmp_path):
    eyes = shipped(tmp_path)
    assert tuple(part.world for part in eyes.parts) == WORLDS == EMBEDDED_BANKS
    assert {part.texts.shape[1] for part in eyes.parts} == {384, 256}
    assert all(part.kinds == frozenset(KINDS) for part in eyes.parts)
    assert not any(tmp_path.iterdir())  # nothing had to be embedded


def test_a_photograph_is_scored_by_the_one_bank_and_a_drawing_by_the_other(tmp_path):
    eyes = shipped(tmp_path)
    for picture, bank in ((photo("coffee.png"), "photographs"), (drawing(), "drawings")):
        glance = eyes.look(picture)
        assert {record["by"] for record in glance.records if record["makes_score"]} == {bank}
        assert {record["by"] for record in glance.records} == set(EMBEDDED_BANKS)


def test_kind_and_likeliest_names_are_evidence(tmp_path):
    glance = shipped(tmp_path).look(photo("coffee.png"))
    kind, names = glance.evidence
    assert kind["kind"] == "photograph"
    assert sum(kind["kinds"].values()) == pytest.approx(1, abs=1e-3)
    assert names["names"][0]["name"] == "espresso"
    assert glance.words.startswith("a photograph, looks like espresso (")


def test_a_bank_of_ones_own_is_asked_in_the_world_of_the_kind(tmp_path):
    bank = parse_concept_bank(OWN)
    eyes = open_chop_eyes([bank], (), tmp_path, "key")
    for picture, best in ((photo("coffee.png"), "drinks"), (drawing(), "houses")):
        records = eyes.look(picture).records
        assert {record["category"] for record in records} == set(OWN["categories"])
        assert max(records, key=lambda one: one["raw"])["category"] == best
    assert len(list(tmp_path.iterdir())) == len(WORLDS)  # kept for the next start


def test_heads_read_a_photographs_direction_and_their_width_is_checked(tmp_path):
    np.savez(tmp_path / "own.npz", weight=np.zeros((1, 384), np.float32), bias=np.zeros(1, np.float32))
    np.save(tmp_path / "wide.npy", np.ones((2, 512), np.float32))
    own = load_head({"name": "own", "category": "cuteness", "file": str(tmp_path / "own.npz")})
    records = shipped(tmp_path, [own]).look(photo("coffee.png")).records
    assert [record["score"] for record in records if record["by"] == "own"] == [0.5]
    wide = load_head({"name": "wide", "category": "violence", "file": str(tmp_path / "wide.npy")})
    with pytest.raises(ConfigurationError, match="takes 512 values, chop-clip yields 384"):
        shipped(tmp_path, [wide])


def test_rows_of_other_texts_hold(tmp_path, monkeypatch):
    monkeypatch.setattr(eyes_of, "load_bank_rows", dict)
    with pytest.raises(DetectorUnavailableError, match="has other texts than were embedded"):
        shipped(tmp_path)


def test_a_photograph_whose_pixels_look_drawn_is_asked_as_a_drawing_with_doubt(tmp_path):
    eyes = shipped(tmp_path)
    picture = photo("moon.png")
    glance = eyes.look(picture)
    assert glance.evidence[0]["asked_as"] == ["drawing", "photograph"]
    assert glance.evidence[0]["kind"] == "photograph"
    drawings = next(part for part in eyes.parts if part.bank.name == "drawings")
    (row,) = eyes.model.see(picture).drawing[np.newaxis]
    plain = {one.category: one.score for one in drawings.bank.measure(row, drawings.texts, "drawing")}
    shown = {one["category"]: one["score"] for one in glance.records if one["by"] == "drawings" and one["makes_score"]}
    assert shown
    assert all(shown[category] < plain[category] for category in shown)


@given(score=st.floats(0, 1), other=st.floats(0, 1))
def test_doubt_lowers_every_score_and_changes_no_order(score, other):
    one, two = (eyes_of._doubt(Margin("weapons", 0.1, value, 0)).score for value in sorted((score, other)))
    assert 0 <= one <= two <= 1
    assert two <= max(score, other) + 1e-9
