"""Presets are data: every one of ours can be used, and a wrong one is named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import policies
from generation.painting.styles import STYLES
from generation.presets.preset import (
    GROUPS,
    LANGUAGES,
    MOST_WORDS,
    PresetError,
    UnknownPresetError,
    find_preset,
    load_presets,
    of_group,
    parse_preset,
)
from provenance.errors import ConfigurationError

PACKS = {path.stem for path in (Path(policies.__file__).parent / "packs").glob("*.yaml")}
TEXTS = "title: {en: a, zh: b}\nabout: {en: a, zh: b}\nasks: {en: a, zh: b}\nexample: {en: a, zh: b}\n"
GOOD = f"groups: [students]\n{TEXTS}prompt: '{{words}}, drawn'\n"


@pytest.mark.parametrize("preset", load_presets().values(), ids=lambda one: one.name)
def test_each_of_ours_makes_a_request_of_its_own_example(preset):
    request = preset.build_request(preset.example["en"], seed=7)
    assert preset.example["en"] in request.prompt
    assert (request.width, request.height, request.seed) == (*preset.size, 7)
    assert set(preset.packs) <= PACKS
    assert all(text[language] for text in (preset.title, preset.about, preset.asks) for language in LANGUAGES)


@pytest.mark.parametrize(
    "preset", [one for one in load_presets().values() if one.needs_photo], ids=lambda one: one.name
)
def test_one_that_begins_with_a_photograph_asks_for_a_consent_of_its_purpose(preset):
    assert preset.name == f"avatar-{preset.style}"
    assert (preset.purpose, preset.packs) == ("avatar", ("portraits",))


def test_there_is_one_for_each_style():
    assert {one.style for one in load_presets().values()} - {""} == set(STYLES)


@pytest.mark.parametrize(
    "photo", ["{style: nonesuch, purpose: avatar}", "{style: ink}", "ink", "{style: ink, purpose: 7}"]
)
def test_a_photograph_needs_a_style_that_there_is_and_a_purpose(photo):
    with pytest.raises(ConfigurationError, match="photo|purpose"):
        parse_preset("own", f"{GOOD}photo: {photo}\n")


def test_every_group_has_some():
    for group in GROUPS:
        assert of_group(group), group
    assert find_preset("greeting") in of_group("marketing")
    with pytest.raises(UnknownPresetError, match="flashcard"):
        find_preset("nonesuch")


@given(st.text(max_size=MOST_WORDS))
def test_a_sentence_stands_in_the_prompt_once_and_changes_nothing_around_it(words):
    preset = parse_preset("own", GOOD)
    try:
        prompt = preset.build_prompt(words)
    except PresetError:
        assert not any(char.isprintable() and not char.isspace() for char in words)
        return
    assert prompt == " ".join(words.split()) + ", drawn"


def test_what_is_no_sentence_is_refused():
    with pytest.raises(PresetError, match="1 to 400"):
        parse_preset("own", GOOD).build_prompt("x" * (MOST_WORDS + 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "YAML"),
        ("- a", "fields"),
        (GOOD + "more: 1", "fields"),
        (GOOD.replace("students", "cats"), "groups"),
        (GOOD.replace("groups: [students]\n", ""), "groups"),
        (GOOD.replace("{words}, drawn", "drawn"), "once"),
        (GOOD.replace("title: {en: a, zh: b}", "title: a"), "title"),
        (GOOD + "size: [1, 2]", "size"),
        (GOOD + "size: 512", "size"),
        (GOOD + "packs: baseline", "packs"),
    ],
)
def test_a_wrong_file_is_named(text, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        parse_preset("own", text)
    assert "own" in str(caught.value)


def test_a_folder_without_presets_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no presets"):
        load_presets(tmp_path)
