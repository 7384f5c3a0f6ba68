"""What the built-in packs decide, rule by rule."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from detectors.base import Status
from policies.rules.decision import Outcome
from policies.rules.engine import CLOSED, decide
from policies.rules.loader import builtin_packs, load_named
from policies.rules.vocabulary import CATEGORIES, CONTENT_CATEGORIES
from provenance.grant import MarkKind
from tests.policies.samples import ASSET, context, signal

DOCS = Path(__file__).parents[2] / "docs" / "policies.md"
BASELINE, CN, EU = load_named(["baseline", "cn-labeling-2025", "eu-ai-act-50"])

SOUND = {
    "prompt": signal("prompt", status=Status.NOT_APPLICABLE),
    "nsfw": signal("nsfw", nsfw=0.01),
    "copyright": signal(
        "copyright", copyright_block=0.0, copyright_hold=0.0, copyright_attribute=0.0, copyright_unhashable=0.0
    ),
    "incoming_marks": signal(
        "incoming_marks",
        incoming_ai=0.0,
        incoming_invalid_manifest=0.0,
        incoming_broken_ingredient=0.0,
        incoming_own_mark=0.0,
        incoming_human_claim=0.0,
        incoming_hidden=0.0,
        incoming_mirage=0.0,
    ),
    "faces": signal("faces", faces=0.0, faces_large=0.0),
}


def decided(*packs, asset=ASSET, signals=None, **fields):
    return decide(asset, list((signals or SOUND).values()), packs, context(**fields), decision_id="d1")


def with_scores(detector, **scores):
    return {**SOUND, detector: signal(detector, **scores)}


def marks_of(decision):
    return {item.kind: item for item in decision.obligations}


def test_each_pack_releases_a_sound_picture():
    for pack in builtin_packs():
        assert decided(pack).outcome is Outcome.RELEASE
    assert decided(*builtin_packs()).outcome is Outcome.RELEASE


def test_every_rule_cites_a_clause_of_a_named_source():
    for pack in builtin_packs():
        keys = tuple(source.key for source in pack.sources)
        parts = [*pack.requires, *pack.thresholds, *pack.rules, *pack.obligations]
        assert all(part.clause.startswith(keys) and part.text for part in parts)


def test_every_house_rule_is_explained_in_the_docs():
    text = DOCS.read_text(encoding="utf-8")
    parts = [*BASELINE.requires, *BASELINE.thresholds, *BASELINE.rules, *BASELINE.obligations]
    cited = {found[1] for part in parts if (found := re.match(r"House rules (\d\.\d+)$", part.clause))}
    explained = set(re.findall(r"^\| (\d\.\d+) \|", text, flags=re.MULTILINE))
    assert cited == explained
    assert CLOSED.split(maxsplit=1)[1] in text.lower()


# baseline


def test_baseline_has_thresholds_for_every_category_but_those_that_withhold_nothing():
    stated = {limit.category for limit in BASELINE.thresholds}
    withheld_for_nothing = {
        "incoming_ai", "incoming_hidden", "incoming_model_mark", "copyright_attribute", "prompt.meaning.alcohol",
        "codes", "codes_link", "faces", "faces_large",
        "personal.email", "personal.phone", "written.alcohol", "written.documents", "written.real_person",
        "children", "crowds", "flags", "medical", "money", "swimwear", "uniforms",
        "written.characters", "written.logos",
        "prompt.sexual_minors", "prompt.sexual_person",  # rules read them
        "spoken.alcohol", "spoken.characters", "spoken.documents", "spoken.logos", "spoken.real_person",
    }  # fmt: skip
    assert CATEGORIES - stated == withheld_for_nothing


@pytest.mark.parametrize("detector", ["prompt", "nsfw", "copyright", "incoming_marks"])
def test_baseline_holds_without_any_of_its_detectors(detector):
    signals = {name: made for name, made in SOUND.items() if name != detector}
    assert decided(BASELINE, signals=signals).outcome is Outcome.HOLD


@pytest.mark.parametrize("detector", ["nsfw", "copyright", "incoming_marks"])
def test_only_the_prompt_may_be_not_applicable(detector):
    signals = {**SOUND, detector: signal(detector, status=Status.NOT_APPLICABLE)}
    assert decided(BASELINE, signals=signals).outcome is Outcome.HOLD


@pytest.mark.parametrize(
    ("detector", "scores", "outcome"),
    [
        ("nsfw", {"nsfw": 0.17}, Outcome.RELEASE),
        ("nsfw", {"nsfw": 0.5}, Outcome.HOLD),
        ("nsfw", {"nsfw": 0.95}, Outcome.BLOCK),
        ("copyright", {"copyright_block": 1.0}, Outcome.BLOCK),
        ("copyright", {"copyright_hold": 1.0}, Outcome.HOLD),
        ("copyright", {"copyright_attribute": 1.0}, Outcome.RELEASE),
        ("copyright", {"copyright_unhashable": 1.0}, Outcome.HOLD),
        ("incoming_marks", {"incoming_ai": 1.0}, Outcome.RELEASE),
        ("incoming_marks", {"incoming_invalid_manifest": 1.0}, Outcome.HOLD),
        ("incoming_marks", {"incoming_broken_ingredient": 1.0}, Outcome.HOLD),
        ("incoming_marks", {"incoming_own_mark": 1.0}, Outcome.HOLD),
        ("incoming_marks", {"incoming_human_claim": 1.0}, Outcome.HOLD),
        ("incoming_marks", {"incoming_mirage": 0.7}, Outcome.RELEASE),
        ("incoming_marks", {"incoming_mirage": 0.8}, Outcome.HOLD),
        ("incoming_marks", {"incoming_hidden": 1.0}, Outcome.RELEASE),
        ("prompt", {"prompt__weapons": 0.6}, Outcome.HOLD),
        ("prompt", {"prompt__hate": 1.0}, Outcome.BLOCK),
        ("prompt", {"prompt__minors": 0.25}, Outcome.RELEASE),
        ("prompt", {"prompt__minors": 0.6}, Outcome.HOLD),
        ("prompt", {"prompt__alcohol": 0.6}, Outcome.RELEASE),
        ("prompt", {"prompt__minors": 0.25, "prompt__sexual": 0.6}, Outcome.HOLD),
        ("prompt", {"prompt__minors": 0.25, "prompt__sexual": 0.6, "prompt__sexual_minors": 0.95}, Outcome.BLOCK),
        ("clip", {"minors": 0.4}, Outcome.RELEASE),
        ("clip", {"minors": 0.4, "sexual": 0.4}, Outcome.BLOCK),
        ("clip", {"minors": 0.4, "nudity": 0.4}, Outcome.BLOCK),
        ("nudity", {"nudity": 0.6}, Outcome.HOLD),
    ],
)
def test_baseline_outcomes(detector, scores, outcome):
    assert decided(BASELINE, signals=with_scores(detector, **scores)).outcome is outcome


def test_baseline_joins_signals_of_different_detectors():
    signals = {**with_scores("nsfw", nsfw=0.35), "clip": signal("clip", minors=0.35)}
    made = decided(BASELINE, signals=signals)
    assert made.outcome is Outcome.BLOCK
    assert made.reasons[0].rule == "sexual_minors_picture"


@pytest.mark.parametrize("category", sorted(CONTENT_CATEGORIES))
def test_baseline_withholds_certainty_of_every_content_category(category):
    for name in (category, f"prompt.{category}"):
        made = decided(BASELINE, signals={**SOUND, "clip": replace(signal("clip"), scores={name: 1.0})})
        assert made.outcome is not Outcome.RELEASE


def test_baseline_demands_two_marks_at_least():
    marks = marks_of(decided(BASELINE))
    assert marks[MarkKind.SIGNED_METADATA].required
    assert marks[MarkKind.WATERMARK].required
    assert not marks[MarkKind.IPTC_METADATA].required


# cn-labeling-2025


def test_cn_demands_one_implicit_item_and_a_label_of_five_percent():
    marks = marks_of(decided(CN))
    assert marks[MarkKind.AIGC_METADATA].required
    label = marks[MarkKind.EXPLICIT_LABEL]
    assert label.required
    assert label.parameters["min_height_ratio"] >= 0.05
    assert "GB 45438-2025 s5.2" in label.sources[0]
    assert CN.effective_from == date(2025, 9, 1)


def test_cn_label_names_artificial_intelligence_and_generation():
    text = marks_of(decided(CN))[MarkKind.EXPLICIT_LABEL].parameters["text"]
    assert any(element in text for element in ("人工智能", "AI"))
    assert any(element in text for element in ("生成", "合成"))


def test_cn_waiver_drops_the_explicit_label_and_keeps_the_implicit_one():
    assert set(marks_of(decided(CN, explicit_label_waived=True))) == {MarkKind.AIGC_METADATA}


@pytest.mark.parametrize(
    ("width", "height", "outcome"), [(64, 64, Outcome.RELEASE), (63, 4000, Outcome.HOLD), (4000, 63, Outcome.HOLD)]
)
def test_cn_holds_what_is_too_small_for_a_legible_label(width, height, outcome):
    asset = replace(ASSET, facts={**ASSET.facts, "width": width, "height": height})
    assert decided(CN, asset=asset).outcome is outcome
    assert decided(CN, asset=asset, explicit_label_waived=True).outcome is Outcome.RELEASE


def test_cn_holds_a_mark_that_may_be_forged():
    assert decided(CN, signals=with_scores("incoming_marks", incoming_invalid_manifest=1.0)).outcome is Outcome.HOLD


# eu-ai-act-50


def test_eu_demands_two_layers():
    marks = marks_of(decided(EU))
    assert marks[MarkKind.SIGNED_METADATA].required
    assert marks[MarkKind.WATERMARK].required
    assert "Code of Practice Measure 1.1.2" in marks[MarkKind.WATERMARK].sources[0]


@pytest.mark.parametrize("available", [True, False])
def test_eu_requires_the_timestamp_where_there_is_an_authority(available):
    assert marks_of(decided(EU, timestamp_available=available))[MarkKind.TIMESTAMP].required is available


def test_eu_must_know_the_marks_it_has_to_keep():
    signals = {name: made for name, made in SOUND.items() if name != "incoming_marks"}
    assert decided(EU, signals=signals).outcome is Outcome.HOLD


def test_together_they_demand_the_union():
    marks = marks_of(decided(BASELINE, CN, EU, timestamp_available=True))
    assert set(marks) == set(MarkKind)
    assert len(marks[MarkKind.WATERMARK].sources) == 2
