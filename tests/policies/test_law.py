"""Each row of docs/law.md: its clause stands in the pack, counts from its day, and does what the row says."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from policies.audit.law import Standing, Tally, _list_rows
from policies.rules.decision import Outcome
from policies.rules.engine import decide
from policies.rules.loader import builtin_packs, load_named
from policies.rules.pack import counts_on
from provenance.asset import MediaType
from provenance.grant import MarkKind
from tests.policies.samples import ASSET, context
from tests.policies.test_packs import SOUND, with_scores

PAGE = (Path(__file__).parents[2] / "docs" / "law.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in PAGE.splitlines()
    if re.match(r"\| (?:cn|eu|us|kr|in)-", line)
]
PACKS = {pack.name: pack for pack in builtin_packs()}
TEXT = MediaType.add("text/plain", extension=".txt")
PDF = MediaType.add("application/pdf", extension=".pdf")
LATER = date(2028, 6, 1)
LAWS = sorted(set(PACKS) - {"baseline", "portraits"})
"""Those others are house rules."""
ABOUT: dict[tuple[str, str], str] = {}
"""Pack and part of the law to the test that shows what is done on it."""


def about(pack, *parts):
    """Say which rows of the page a test is about; one that no row has is a mistake."""

    def note(test):
        ABOUT.update({(pack, part): test.__name__ for part in parts})
        return test

    return note


def find_part(pack, name):
    parts = {**{one.id: one for one in (*pack.rules, *pack.obligations, *pack.duties)}}
    return parts | {one.category: one for one in pack.thresholds} | {one.detector: one for one in pack.requires}


def decided(name, *, day=LATER, asset=ASSET, signals=SOUND, **fields):
    signals = {**SOUND, **signals}
    return decide(asset, list(signals.values()), load_named([name]), context(decided_on=day, **fields), decision_id="d")


def marks(decision, *, required=True):
    return {item.kind for item in decision.obligations if item.required or not required}


@pytest.mark.parametrize(
    ("name", "clause", "since", "part", "done"), ROWS, ids=[f"{row[0]}: {row[1]}: {row[3]}" for row in ROWS]
)
def test_the_row_is_the_packs(name, clause, since, part, done):
    pack = PACKS[name]
    found = find_part(pack, part)[part]
    assert found.clause == clause
    assert str(found.since or pack.effective_from) == since
    assert done


def test_every_law_has_rows_and_every_unfinished_duty_is_said():
    assert {row[0] for row in ROWS} == set(LAWS)
    for name, _, _, part, done in ROWS:
        duty = next((one for one in PACKS[name].duties if one.id == part), None)
        if duty is not None and not duty.measure and "counts from" not in done:
            assert done.startswith("nothing"), (name, part)
    unread = {pack.name for pack in PACKS.values() if ": verify" in pack.document.decode()}
    assert unread == {"us-ca-sb-942", "us-wa-hb-1170", "us-ut-hb-276"}
    assert unread == {row[0] for row in ROWS if ": verify" in " ".join(row)}


@pytest.mark.parametrize("name", LAWS)
def test_a_sound_file_of_each_kind_is_released_and_parts_count_from_their_day(name):
    for media_type, facts in (
        (MediaType.PNG, ASSET.facts),
        (TEXT, {}),
        (PDF, {"pages": 2}),
        (MediaType.add("audio/wav", extension=".wav"), {}),
    ):
        asset = replace(ASSET, media_type=media_type, facts=facts)
        assert decided(name, asset=asset).outcome is Outcome.RELEASE
    before = date(2025, 1, 1)
    pack = PACKS[name]
    dated = [part for part in (*pack.requires, *pack.thresholds, *pack.rules, *pack.obligations) if part.since]
    assert not any(counts_on(part, before) for part in dated)
    if len(dated) == len((*pack.requires, *pack.thresholds, *pack.rules, *pack.obligations)):
        bad = {key: replace(value, scores=dict.fromkeys(value.scores, 1.0)) for key, value in SOUND.items()}
        assert decided(name, day=before, signals=bad).obligations == ()
        assert not [one for one in decided(name, day=before, signals=bad).reasons if one.pack == name]


# China


@about("cn-labeling-2025", "explicit_label", "implicit_label")
def test_measures_art_4_and_5_label_and_item_are_due_on_every_kind_of_file():
    for asset in (ASSET, replace(ASSET, media_type=TEXT, facts={}), replace(ASSET, media_type=PDF, facts={})):
        assert marks(decided("cn-labeling-2025", asset=asset)) == {MarkKind.EXPLICIT_LABEL, MarkKind.AIGC_METADATA}
    (label,) = [one for one in decided("cn-labeling-2025").obligations if one.kind is MarkKind.EXPLICIT_LABEL]
    assert label.parameters == {"text": "AI生成", "min_height_ratio": 0.05, "text_position": "start"}


@about("cn-labeling-2025", "too_small_for_legible_label")
def test_gb_45438_s5_2_a_small_picture_is_held_and_a_text_is_not():
    assert decided("cn-labeling-2025", asset=replace(ASSET, facts={"width": 40, "height": 400})).outcome is Outcome.HOLD
    assert decided("cn-labeling-2025", asset=replace(ASSET, media_type=TEXT, facts={})).outcome is Outcome.RELEASE


@about("cn-labeling-2025", "incoming_invalid_manifest")
def test_measures_art_10_a_mark_that_does_not_verify_is_held():
    bad = with_scores("incoming_marks", incoming_invalid_manifest=1.0)
    assert decided("cn-labeling-2025", signals=bad).outcome is Outcome.HOLD


@about("cn-platform-2025", "incoming_human_claim")
def test_measures_art_6_a_claim_that_no_ai_made_it_waits_for_a_person():
    bad = with_scores("incoming_marks", incoming_human_claim=1.0)
    assert decided("cn-platform-2025", signals=bad).outcome is Outcome.HOLD


# European Union


@about("eu-ai-act-50", "signed_metadata", "timestamp", "watermark")
def test_ai_act_art_50_2_and_code_of_practice_two_layers_and_one_of_a_short_text():
    assert marks(decided("eu-ai-act-50")) == {MarkKind.SIGNED_METADATA, MarkKind.WATERMARK}
    assert MarkKind.TIMESTAMP in marks(decided("eu-ai-act-50", timestamp_available=True))
    contained = replace(ASSET, media_type=PDF, facts={}, size_bytes=400)
    assert marks(decided("eu-ai-act-50", asset=contained)) == {MarkKind.SIGNED_METADATA, MarkKind.WATERMARK}
    short, long = (replace(ASSET, media_type=TEXT, facts={}, size_bytes=size) for size in (400, 4000))
    assert marks(decided("eu-ai-act-50", asset=short)) == {MarkKind.SIGNED_METADATA}
    assert MarkKind.WATERMARK in marks(decided("eu-ai-act-50", asset=short), required=False)
    assert MarkKind.WATERMARK in marks(decided("eu-ai-act-50", asset=long))


@pytest.mark.parametrize(("day", "outcome"), [(date(2026, 12, 1), Outcome.RELEASE), (date(2026, 12, 2), Outcome.BLOCK)])
@about("eu-ai-act-5", "intimate_and_identifiable")
def test_ai_act_art_5_1_ba_counts_from_its_day(day, outcome):
    bad = {
        "nsfw": replace(SOUND["nsfw"], scores={"nsfw": 0.6}),
        "clip": replace(SOUND["nsfw"], detector="clip", scores={"real_person": 0.5}),
    }
    assert decided("eu-ai-act-5", day=day, signals=bad).outcome is outcome
    for scores, blocks in (
        ({"prompt.real_person": 0.6, "prompt.sexual": 0.6}, False),  # pages apart
        ({"prompt.real_person": 0.6, "prompt.sexual": 0.6, "prompt.sexual_person": 0.95}, True),
    ):
        told = {"prompt": replace(SOUND["nsfw"], detector="prompt", scores=scores)}
        made = decided("eu-ai-act-5", day=day, signals={**SOUND, **told})
        assert (made.outcome is Outcome.BLOCK) is (blocks and outcome is Outcome.BLOCK)


@about("eu-ai-act-5", "minors")
def test_ai_act_art_5_1_bb_a_child_is_held_early_and_blocked():
    for score, outcome in ((0.2, Outcome.RELEASE), (0.4, Outcome.HOLD), (0.95, Outcome.BLOCK)):
        signals = {"clip": replace(SOUND["nsfw"], detector="clip", scores={"minors": score})}
        assert decided("eu-ai-act-5", signals=signals).outcome is outcome


@pytest.mark.parametrize(("day", "outcome"), [(date(2026, 12, 1), Outcome.RELEASE), (date(2026, 12, 2), Outcome.BLOCK)])
@about("eu-ai-act-5", "prompt.minors")
def test_ai_act_art_5_1_bb_counts_from_its_day_in_pictures_and_in_prompts(day, outcome):
    for detector, category in (("clip", "minors"), ("prompt", "prompt.minors")):
        known = SOUND.get(detector) or replace(SOUND["nsfw"], detector=detector, scores={})
        bad = {detector: replace(known, scores={**known.scores, category: 0.95})}
        assert decided("eu-ai-act-5", day=day, signals=bad).outcome is outcome


# United States


@about("us-ca-sb-942", "latent_disclosure")
def test_sb_942_s22757_3_b_covers_pictures_and_no_text():
    assert marks(decided("us-ca-sb-942")) == {MarkKind.SIGNED_METADATA, MarkKind.WATERMARK}
    assert marks(decided("us-ca-sb-942", asset=replace(ASSET, media_type=TEXT, facts={}))) == set()


@pytest.mark.parametrize("name", ["us-wa-hb-1170", "us-ut-hb-276"])
@about("us-wa-hb-1170", "provenance_data")
@about("us-ut-hb-276", "provenance_data")
def test_hb_1170_and_hb_276_provenance_data(name):
    assert marks(decided(name)) == {MarkKind.SIGNED_METADATA}
    assert "verify" in PACKS[name].description


@about("us-take-it-down", "copyright_block")
def test_take_it_down_act_s3_a_copy_is_blocked_and_a_near_one_held():
    for score, outcome in (("copyright_block", Outcome.BLOCK), ("copyright_hold", Outcome.HOLD)):
        signals = {"copyright": replace(SOUND["copyright"], scores={**SOUND["copyright"].scores, score: 1.0})}
        assert decided("us-take-it-down", signals=signals).outcome is outcome


# Korea, India


@about("kr-ai-basic-act", "machine_readable", "download_notice")
def test_decree_art_23_2_a_machine_readable_mark_and_a_notice_of_yours():
    assert marks(decided("kr-ai-basic-act")) == {MarkKind.SIGNED_METADATA}
    assert next(one for one in PACKS["kr-ai-basic-act"].duties if one.id == "download_notice").measure == ""


@about("in-it-rules-2026", "label", "permanent_metadata")
def test_it_rules_2026_label_metadata_and_no_share_of_the_picture():
    decision = decided("in-it-rules-2026")
    assert marks(decision) == {MarkKind.EXPLICIT_LABEL, MarkKind.SIGNED_METADATA, MarkKind.WATERMARK}
    (label,) = [one for one in decision.obligations if one.kind is MarkKind.EXPLICIT_LABEL]
    assert "min_height_ratio" not in label.parameters


# What no software does, and what is counted


DUTIES = [(name, part) for name, _, _, part, _ in ROWS if part in {one.id for one in PACKS[name].duties}]


@pytest.mark.parametrize(("name", "part"), DUTIES)
def test_a_duty_is_counted_in_the_evidence_or_said_to_be_yours(name, part):
    row = next(one for one in _list_rows(PACKS[name], Tally(), LATER) if one.part == f"duties.{part}")
    duty = next(one for one in PACKS[name].duties if one.id == part)
    assert row.clause == duty.clause
    assert (row.standing is Standing.NOT_SOFTWARE) == (not duty.measure)


# What every law asks for in the same way


def rows_of(kind):
    """Return the rows about one kind of part, by pack and part."""
    return [
        (name, part) for name, _, _, part, _ in ROWS if part in {kind_of(one) for one in getattr(PACKS[name], kind)}
    ]


def kind_of(part):
    return getattr(part, "detector", None) or getattr(part, "category", None) or part.id


REQUIRED, THRESHOLDS, OBLIGATIONS = rows_of("requires"), rows_of("thresholds"), rows_of("obligations")


@pytest.mark.parametrize(("name", "part"), REQUIRED)
def test_where_nobody_looked_it_is_held(name, part):
    clause = next(one.clause for one in PACKS[name].requires if one.detector == part)
    others = [signal for detector, signal in SOUND.items() if detector != part]
    decision = decide(ASSET, others, load_named([name]), context(decided_on=LATER), decision_id="d")
    assert decision.outcome is Outcome.HOLD
    assert clause in {reason.clause for reason in decision.reasons if reason.pack == name}


@pytest.mark.parametrize(("name", "part"), THRESHOLDS)
def test_what_is_found_is_held_or_blocked_from_its_day_on(name, part):
    found = next(one for one in PACKS[name].thresholds if one.category == part)
    detector = next((key for key, signal in SOUND.items() if part in signal.scores), "clip")
    known = SOUND.get(detector) or replace(SOUND["nsfw"], detector=detector, scores={})
    bad = {detector: replace(known, scores={**known.scores, part: 1.0})}
    decision = decided(name, signals=bad)
    assert decision.outcome is (Outcome.BLOCK if found.block is not None else Outcome.HOLD)
    assert found.clause in {reason.clause for reason in decision.reasons if reason.pack == name}
    early = decided(name, signals=bad, day=date(2025, 1, 1))
    assert not [one for one in early.reasons if one.pack == name and one.category == part] or found.since is None


@pytest.mark.parametrize(("name", "part"), OBLIGATIONS)
def test_a_mark_is_obliged_with_its_clause_as_source(name, part):
    found = next(one for one in PACKS[name].obligations if one.id == part)
    short = replace(ASSET, media_type=TEXT, facts={}, size_bytes=400)
    cases = [decided(name), decided(name, timestamp_available=True), decided(name, asset=short)]
    sources = [(item.kind, item.required, item.sources) for one in cases for item in one.obligations]
    wanted = f"{name}/{part}: {found.clause}"
    assert any(kind is found.mark and required >= found.required and wanted in told for kind, required, told in sources)


EVERY = {
    **dict.fromkeys(REQUIRED, "test_where_nobody_looked_it_is_held"),
    **dict.fromkeys(THRESHOLDS, "test_what_is_found_is_held_or_blocked_from_its_day_on"),
    **dict.fromkeys(OBLIGATIONS, "test_a_mark_is_obliged_with_its_clause_as_source"),
    **dict.fromkeys(DUTIES, "test_a_duty_is_counted_in_the_evidence_or_said_to_be_yours"),
}


def test_every_part_of_every_law_has_a_row():
    parts = {
        (pack.name, kind_of(one))
        for pack in PACKS.values()
        if pack.name in LAWS
        for one in (*pack.requires, *pack.thresholds, *pack.rules, *pack.obligations, *pack.duties)
    }
    assert {(name, part) for name, _, _, part, _ in ROWS} == parts


def test_each_row_of_the_page_has_a_test_that_is_about_it():
    rows = {(name, part): clause for name, clause, _, part, _ in ROWS}
    shown = {**EVERY, **ABOUT}
    assert not [row for row in rows if row not in shown], "rows that no test is about"
    assert not [row for row in ABOUT if row not in rows], "tests about what the page does not name"
    assert all(globals()[name] for name in shown.values())
    named = {(name, test) for (name, _), test in ABOUT.items()}
    for (name, part), test in ABOUT.items():
        words = set(re.findall(r"[a-z]+|\d+", rows[name, part].casefold()))
        assert words & set(test.split("_")[1:]) - {"of", "and", "data"}, f"{test} does not name {rows[name, part]}"
    assert len(named) >= 10
