"""The bank of photographs is fitted on prototypes: limits lie between, tables go where they belong."""

import math

import numpy as np
import pytest

from detectors.chop.model import load_chop_clip, load_names
from detectors.concept_bank import load_concept_bank
from training import calibrate_photographs
from training.calibrate_photographs import (
    BANK,
    KIND,
    SCALE,
    Labelled,
    build_prototypes,
    load_classes,
    measure,
    pick,
    place_limit,
    place_offset,
    report,
    write_table,
)

NAMED = {"shows": ["rifle"], "unsure": ["bow"]}


def test_every_name_is_one_of_imagenets_and_every_category_one_of_the_banks():
    classes = load_classes()
    known, bank = set(load_names()), load_concept_bank(BANK)
    assert set(classes) == set(bank.by_kind[KIND]) <= {one.category for one in bank.concepts}
    for named in classes.values():
        assert {*named["shows"], *named["unsure"]} <= known
        assert not set(named["shows"]) & set(named["unsure"])


def test_a_limit_lies_midway_and_photographs_can_only_raise_it():
    prototypes = Labelled({"weapons": np.array([0.6, 0.2, 0.5])}, ("rifle", "cup", "bow"))
    assert place_limit(prototypes, None, "weapons", NAMED) == pytest.approx(0.4)
    photographs = Labelled({"weapons": np.array([0.45, 0.9])}, ("cup", "rifle"))
    assert place_limit(prototypes, photographs, "weapons", NAMED) == pytest.approx(0.47)
    told = report(photographs, "weapons", NAMED, 0.47)
    assert (told["shown"], told["area"], told["found"][0], told["held for nothing"][0]) == (1, 1.0, 1.0, 0.0)
    assert pick(photographs, np.array([True, False])).names == ("cup",)


def test_what_no_name_shows_is_held_from_just_above_all_of_them():
    prototypes = Labelled({"gore": np.array([0.1, 0.15, 0.3])}, ("cup", "stretcher", "bow"))
    nothing = {"shows": [], "unsure": ["bow"]}
    assert place_limit(prototypes, None, "gore", nothing) == pytest.approx(0.17)
    photographs = Labelled({"gore": np.array([0.2])}, ("cup",))
    assert place_limit(prototypes, photographs, "gore", nothing) == pytest.approx(0.22)
    told = report(photographs, "gore", nothing, 0.22)
    assert (told["shown"], told["area"], told["found"], told["missed"]) == (0, None, None, [])


def test_the_hold_limit_is_put_at_the_limit():
    offset = place_offset(0.4, 0.9)
    assert 1 / (1 + math.exp(-SCALE * (0.4 - offset))) == pytest.approx(0.9)
    assert place_offset(0.4, None) == pytest.approx(0.4)


def test_prototypes_of_weapons_lie_above_the_limit_and_all_others_below():
    """The table in the bank is what the prototypes say, whoever runs it."""
    model, names = load_chop_clip(), load_names()
    classes, bank = load_classes(), load_concept_bank(BANK)
    weights = np.zeros((1000, 1280), np.float32)  # what the names alone say, without the classifier's weights
    margins = measure(build_prototypes(model, weights))
    for category in ("weapons", "alcohol", "drugs"):
        unsure = {*classes[category]["shows"], *classes[category]["unsure"]}
        others = np.array([name not in unsure for name in names])
        assert margins[category][others].max() < bank.by_kind[KIND][category].offset + 0.1


def test_a_table_is_written_in_place_of_what_was_there(tmp_path, monkeypatch):
    monkeypatch.setattr(calibrate_photographs, "BANKS_DIR", tmp_path)
    path = tmp_path / f"{BANK}.yaml"
    path.write_text("by_kind:\n  photograph:\n    old: {scale: 1, offset: 0}\n  render: {}\ncategories:\n  old: 1\n")
    write_table("photograph", {"weapons": (30.0, 0.25)})
    write_table("render", {"alcohol": (30.0, 0.5)})
    assert path.read_text() == (
        "by_kind:\n  photograph:\n    weapons: {scale: 30.00, offset: 0.2500}\n"
        "  render:\n    alcohol: {scale: 30.00, offset: 0.5000}\ncategories:\n  old: 1\n"
    )
