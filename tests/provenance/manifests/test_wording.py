"""Words for what a manifest says; a word that nobody knows stays as it is."""

import pytest

from provenance.labels.implicit import DIGITAL_SOURCE_TYPES
from provenance.manifests.report import (
    C2PA_PREFIX,
    IPTC_PREFIX,
    Fault,
    IngredientReport,
    Integrity,
    ManifestReport,
    Revocation,
    TimestampReport,
    Trust,
    ValidationState,
)
from provenance.manifests.wording import (
    FAULT_WORDS,
    REVOCATION_WORDS,
    SOURCE_WORDS,
    TRUST_WORDS,
    build_branches,
    build_statement,
    describe_action,
    describe_making,
    describe_source_type,
    describe_time,
)


def report(**fields):
    return ManifestReport(ValidationState.VALID, Integrity.OK, Trust.UNTRUSTED, **fields)


def ingredient(title, depth=1, *codes, relationship="parentOf"):
    return IngredientReport("id", title, "", relationship, True, "", codes, depth)


def test_everything_closed_has_words():
    assert set(FAULT_WORDS) == set(Fault)
    assert set(TRUST_WORDS) == set(Trust) - {Trust.NOT_CHECKED}
    assert set(REVOCATION_WORDS) == set(Revocation)
    assert set(SOURCE_WORDS) >= DIGITAL_SOURCE_TYPES


@pytest.mark.parametrize(("uri", "words"), [
    (f"{IPTC_PREFIX}trainedAlgorithmicMedia", "made by generative AI"), (f"{C2PA_PREFIX}empty", "begun as an empty canvas"),
    (f"{IPTC_PREFIX}nonsense", f"{IPTC_PREFIX}nonsense"), ("digitalCapture", "digitalCapture"),
])  # fmt: skip
def test_source_types(uri, words):
    assert describe_source_type(uri) == words


@pytest.mark.parametrize(("action", "words"), [
    ("c2pa.watermarked.bound", "hidden mark added"), ("c2pa.changedSpeed", "changed speed"), ("c2pa.dubbed", "dubbed"),
    ("org.example.made_up", "org.example.made_up"),
])  # fmt: skip
def test_actions(action, words):
    assert describe_action(action) == words


def test_the_making_in_one_line():
    made = report(
        digital_source_types=(f"{IPTC_PREFIX}trainedAlgorithmicMedia",), is_ai=True, claim_generator="ChatGPT",
        actions=("c2pa.created", "c2pa.converted"),
    )  # fmt: skip
    assert describe_making(made) == "made by generative AI; with ChatGPT; steps: created, converted"
    assert build_statement(made)["digital_source_types"][0]["text"] == "made by generative AI"
    assert describe_making(report(is_ai=True)) == "AI took part"
    assert describe_making(report()) == ""


def test_times_have_their_trust():
    assert describe_time(report()) == "at a time that no time-stamp tells"
    known = TimestampReport("2024-08-06T21:53:37+00:00", "clock", is_trusted=True)
    assert describe_time(report(timestamp=known)) == "on 2024-08-06 21:53 UTC, says clock, whose clock we trust"
    odd = TimestampReport("soon", "", is_trusted=False)
    assert describe_time(report(timestamp=odd)) == "on soon, says an unnamed authority, whose clock we do not know"


def test_trees():
    items = (ingredient("a"), ingredient("b", 2, "assertion.missing"), ingredient("c", 2), ingredient("d"))
    first, last = build_branches(items)
    assert [branch["title"] for branch in first["ingredients"]] == ["b", "c"]
    assert (last["title"], last["ingredients"]) == ("d", [])
    assert (first["ingredients"][0]["state"], first["state"]) == ("broken", "intact")
