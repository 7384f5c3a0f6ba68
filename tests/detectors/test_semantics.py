"""Likeness of meaning: runs of words, what a phrase exempts, and weights like those of any CLIP model."""

import re

import pytest

from detectors.cards import load_card
from detectors.semantics import build_runs, load_semantics
from provenance.errors import ConfigurationError, DetectorUnavailableError
from tests.detectors import tiny_clip


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    return load_semantics({}, tmp_path_factory.mktemp("models"), load_card("clip").weights)


def runs_of(prompt):
    return [prompt[start:end] for start, end in build_runs(prompt)]


def test_runs_overlap_and_cover_every_word():
    prompt = "an old sailor lights his pipe, then he looks at the sea from the pier"
    runs = runs_of(prompt)
    assert {"old sailor", "lights his pipe, then", "pipe, then he looks at the sea"} <= set(runs)
    assert {word for run in runs for word in re.findall(r"\w+", run)} >= {"sailor", "pipe", "sea", "pier"}
    assert "at the" not in runs


def test_a_short_prompt_is_a_run_itself_and_chinese_is_cut_by_characters():
    assert runs_of("a cat, asleep") == ["a cat", "a cat, asleep", "cat, asleep"]
    assert {"一把", "手枪", "一把手枪"} <= set(runs_of("一把手枪"))
    assert runs_of(" ...! ") == []
    assert runs_of("of the") == []


def test_an_endless_prompt_is_sampled():
    assert 1000 < len(build_runs("word " * 4000)) <= 2048


def test_a_paraphrase_is_nearer_than_something_else(embedded):
    def margin(prompt, category):
        return {one.margin.category: one.margin.margin for one in embedded.measure(prompt)}[category]

    assert margin("a musket", "weapons") > margin("a lamp", "weapons")
    assert margin("hashish", "drugs") > margin("parsley", "drugs") + 0.1
    assert margin("blackjack", "gambling") > margin("gardening", "gambling") + 0.1
    assert embedded.measure("") == ()


def test_an_exempt_place_does_not_count_for_its_category_alone(embedded):
    prompt = "a pistol"
    whole = {one.margin.category: one for one in embedded.measure(prompt)}
    spared = {one.margin.category: one for one in embedded.measure(prompt, [("weapons", 0, len(prompt))])}
    assert set(whole) - set(spared) == {"weapons"}
    assert prompt[whole["weapons"].start : whole["weapons"].end] == "a pistol"


def test_any_other_text_tower_takes_its_place(tmp_path):
    tiny_clip.build(tmp_path)
    given = {"model": tiny_clip.NAME, "checkpoint": str(tmp_path / "tiny.safetensors")}
    one = load_semantics(given, tmp_path, {})
    assert one.texts.shape[1] == 32
    assert one.measure("a cat")
    assert one.digest != load_semantics({**given, "bank": "embedded"}, tmp_path, {}).digest


def test_missing_weights_and_unknown_options_are_said(tmp_path):
    with pytest.raises(DetectorUnavailableError, match=r"x\.pt are not there"):
        load_semantics({"checkpoint": str(tmp_path / "x.pt")}, tmp_path, {})
    with pytest.raises(ConfigurationError, match="semantics has no option 'heads'"):
        load_semantics({"heads": []}, tmp_path, {})
