"""Likeness of meaning by a CLIP model: runs of words, what a phrase exempts, and weights like those of any model."""

import math
import re

import pytest

from detectors.concept_bank import logistic
from detectors.semantics import MOST_WORDS, build_runs, is_too_long, load_semantics
from provenance.errors import ConfigurationError, DetectorUnavailableError
from tests.detectors import tiny_clip


@pytest.fixture(scope="module")
def tower(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tower")
    tiny_clip.build(folder)
    return {"model": tiny_clip.NAME, "checkpoint": str(folder / "tiny.safetensors")}


@pytest.fixture(scope="module")
def embedded(tower, tmp_path_factory):
    return load_semantics(tower, tmp_path_factory.mktemp("models"))


def runs_of(prompt):
    return [prompt[start:end] for start, end in build_runs(prompt)]


def test_runs_overlap_cover_every_telling_word_and_stay_within_a_part_of_a_sentence():
    prompt = "an old sailor lights his pipe, then he looks at the sea from the pier. Gulls cry"
    runs = runs_of(prompt)
    assert {"sailor lights", "sailor lights his pipe", "lights his pipe", "sea from the pier", "Gulls cry"} <= set(runs)
    assert {word for run in runs for word in re.findall(r"\w+", run)} >= {"sailor", "pipe", "sea", "pier", "Gulls"}
    assert not any(mark in run for run in runs for mark in ",.")


def test_words_that_stand_in_every_prompt_make_no_run_and_no_end_of_one():
    assert runs_of("The scene shows a kitchen") == ["kitchen"]
    assert runs_of("a dog with white fur") == ["dog with white fur"]
    assert runs_of(" ...! ") == []
    assert runs_of("a person in a red coat of the") == ["coat"]


def test_chinese_is_cut_by_its_words():
    assert runs_of("一把手枪") == ["一把手枪"]
    assert "口交" not in runs_of("十字路口交警执勤")


def test_a_long_prompt_is_not_compared(embedded):
    assert not is_too_long("word " * MOST_WORDS)
    assert is_too_long("word " * (MOST_WORDS + 1))
    assert is_too_long("词" * (2 * MOST_WORDS + 1))
    assert embedded.measure("a musket " * MOST_WORDS) == ()


def test_the_more_runs_the_nearer_one_has_to_come(embedded):
    prompt = "musket, lamp, parsley, a wooden table"
    runs = build_runs(prompt)
    assert len(runs) > 3
    offered = {one.category: one for one in embedded.bank.concepts}
    for one in embedded.measure(prompt):
        concept = offered[one.margin.category]
        alone = concept.scale * (one.margin.margin - concept.offset)
        assert one.margin.score == pytest.approx(logistic(alone - math.log(len(runs))))
    assert embedded.measure("") == ()


def test_an_exempt_place_does_not_count_for_its_category_alone(embedded):
    prompt = "a pistol"
    whole = {one.margin.category: one for one in embedded.measure(prompt)}
    spared = {one.margin.category: one for one in embedded.measure(prompt, [("weapons", 0, len(prompt))])}
    assert set(whole) - set(spared) == {"weapons"}
    assert prompt[whole["weapons"].start : whole["weapons"].end] == "pistol"


def test_another_bank_is_another_answer(tower, embedded, tmp_path):
    assert embedded.texts.shape[1] == 32
    assert embedded.digest != load_semantics({**tower, "bank": "drawings"}, tmp_path).digest


def test_missing_weights_and_unknown_options_are_said(tmp_path):
    with pytest.raises(DetectorUnavailableError, match=r"x\.pt are not there"):
        load_semantics({"checkpoint": str(tmp_path / "x.pt")}, tmp_path)
    with pytest.raises(DetectorUnavailableError, match="chopmark models pull clip ViT-B-32"):
        load_semantics({}, tmp_path)
    with pytest.raises(ConfigurationError, match="set semantics to true"):
        load_semantics({"model": "chop-clip"}, tmp_path)
    with pytest.raises(ConfigurationError, match="semantics has no option 'heads'"):
        load_semantics({"heads": []}, tmp_path)
