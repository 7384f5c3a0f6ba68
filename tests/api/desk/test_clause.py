"""A clause that a verdict may cite says what it is about, in the language of the page."""

import re
from types import SimpleNamespace

import pytest

from api.desk.clause import list_choices
from policies.review.judgement import list_clauses
from policies.rules.loader import builtin_packs


def ask(language):
    return SimpleNamespace(cookies={"chopmark_language": language}, headers={})


@pytest.fixture(scope="module")
def packs():
    return builtin_packs()


def test_each_clause_says_what_it_is_about(packs):
    clauses = list_clauses(packs)
    choices = dict(list_choices(ask("en"), packs, clauses))
    assert list(choices) == list(clauses)
    assert choices["House rules 1.4"] == "House rules 1.4 · No answer: Marks that it carries"
    assert choices["House rules 2.5"] == "House rules 2.5 · Drugs, Tobacco, Alcohol …"
    assert choices["human review"] == "human review · what you see yourself"
    assert not [told for told in choices.values() if " · " not in told]


def test_what_was_found_is_named_first_of_what_a_clause_is_about(packs):
    found = ["prompt.meaning.weapons", "prompt.weapons"]
    choices = dict(list_choices(ask("en"), packs, list_clauses(packs), found))
    assert choices["House rules 3.9"].startswith("House rules 3.9 · Words mean: weapons, ")
    assert choices["House rules 3.2"].startswith("House rules 3.2 · Words: weapons")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_line_is_longer_than_a_select_shows(packs, language):
    assert max(len(told) for _, told in list_choices(ask(language), packs, list_clauses(packs))) < 160


def test_in_chinese_no_sentence_stays_english(packs):
    told = [one for _, one in list_choices(ask("zh"), packs, list_clauses(packs))]
    assert "内部规则 2.5 · 毒品、烟草、酒精 …" in told
    assert not [one for one in told if re.search(r"(?:\b[a-z]{2,}\b ){3,}", one)]


def test_a_clause_of_no_pack_stands_alone(packs):
    assert list_choices(ask("en"), packs, ["Chopmark closed by default"]) == [("Chopmark closed by default",) * 2]
