import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Status
from policies.rules.decision import Outcome
from policies.rules.engine import CLOSED, decide
from policies.rules.pack import ENGINE
from provenance.errors import PolicyError
from provenance.grant import MarkKind, PackRef
from tests.policies.samples import (
    ASSET,
    DAY,
    DETECTORS,
    PATIENT,
    context,
    demand,
    pack,
    requirement,
    rule,
    signal,
    threshold,
)


def outcome_of(signals, packs, **fields):
    return decided(signals, packs, **fields).outcome


def decided(signals, packs, **fields):
    return decide(ASSET, signals, packs, context(**fields), decision_id="d1")


def only_reason(signals, packs, **fields):
    (reason,) = decided(signals, packs, **fields).reasons
    return reason


def test_nothing_objects_releases():
    made = decided([signal(nsfw=0.1)], [pack(obligations=[demand()])])
    assert made.outcome is Outcome.RELEASE
    assert made.reasons == ()
    assert made.id == "d1"
    assert made.asset_id == ASSET.id
    assert made.packs == (PackRef("house", pack().sha256),)
    assert [item.kind for item in made.obligations] == [MarkKind.WATERMARK]
    assert made.decided_by == "policy"


def test_no_packs_is_an_error():
    with pytest.raises(PolicyError, match="expected at least one pack, got none"):
        decided([signal()], [])


def test_two_different_packs_of_one_name_are_an_error():
    with pytest.raises(PolicyError, match="two different packs are named 'house'"):
        decided([signal()], [pack(), pack(sha256="f" * 64)])


def test_the_same_pack_twice_counts_once():
    made = decided([signal(nsfw=0.7)], [pack(), pack()])
    assert len(made.packs) == 1
    assert len(made.reasons) == 1


@pytest.mark.parametrize(
    ("score", "outcome", "limit"),
    [
        (0.49, Outcome.RELEASE, None),
        (0.5, Outcome.HOLD, 0.5),
        (0.89, Outcome.HOLD, 0.5),
        (0.9, Outcome.BLOCK, 0.9),
        (1.0, Outcome.BLOCK, 0.9),
    ],
)
def test_a_score_that_reaches_a_threshold_withholds(score, outcome, limit):
    made = decided([signal(nsfw=score)], [pack()])
    assert made.outcome is outcome
    if limit is not None:
        (reason,) = made.reasons
        assert (reason.pack, reason.rule, reason.clause, reason.text) == (
            "house",
            "thresholds.nsfw",
            "House 1",
            "too much nsfw",
        )
        assert (reason.detector, reason.category, reason.score, reason.threshold) == ("nsfw", "nsfw", score, limit)


@pytest.mark.parametrize(
    ("hold", "block", "score", "outcome"),
    [
        (None, 0.5, 0.49, Outcome.RELEASE),
        (None, 0.5, 0.5, Outcome.BLOCK),
        (0.5, None, 1.0, Outcome.HOLD),
        (0.5, None, 0.4, Outcome.RELEASE),
        (0.5, 0.5, 0.5, Outcome.BLOCK),
        (0.0, None, 0.0, Outcome.HOLD),
    ],
)
def test_either_threshold_may_be_absent(hold, block, score, outcome):
    assert outcome_of([signal(nsfw=score)], [pack(thresholds=[threshold(hold=hold, block=block)])]) is outcome


def test_every_detector_that_scores_a_category_is_compared():
    made = decided(
        [signal("clip", nudity=0.6), signal("nudity", nudity=0.95)], [pack(thresholds=[threshold("nudity")])]
    )
    assert [(reason.detector, reason.outcome) for reason in made.reasons] == [
        ("nudity", Outcome.BLOCK),
        ("clip", Outcome.HOLD),
    ]


def test_half_an_answer_still_counts_against():
    made = decided([signal(status=Status.FAILED, reason="timed out", nsfw=0.95)], [pack()])
    assert made.outcome is Outcome.BLOCK
    assert len(made.reasons) == 2


def test_a_failed_signal_holds_even_when_nothing_asks_for_it():
    reason = only_reason([signal("clip", status=Status.FAILED, reason="out of memory")], [pack()])
    assert (reason.pack, reason.rule, reason.clause) == (ENGINE, "failed_signal", CLOSED)
    assert reason.outcome is Outcome.HOLD
    assert reason.text == "clip failed: out of memory"
    assert reason.detector == "clip"


def test_a_failed_signal_without_a_reason_says_so():
    assert only_reason([signal("clip", status=Status.FAILED)], [pack()]).text == "clip failed: no reason given"


def test_an_enabled_detector_without_a_signal_holds():
    reason = only_reason([signal("nsfw")], [pack()], enabled_detectors=frozenset({"nsfw", "clip"}))
    assert reason.outcome is Outcome.HOLD
    assert reason.text == "clip is enabled and gave no signal"


def test_two_signals_of_one_detector_hold():
    reason = only_reason([signal("nsfw", nsfw=0.1), signal("nsfw", nsfw=0.2)], [pack()])
    assert reason.outcome is Outcome.HOLD
    assert reason.text == "2 signals claim to be from nsfw"


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan"), float("inf"), float("-inf")])
def test_a_score_outside_0_to_1_is_never_milder_than_hold(score):
    made = decided([signal(nsfw=score)], [pack()])
    assert made.outcome is not Outcome.RELEASE
    assert any(reason.rule == "unsound_score" for reason in made.reasons)


def test_a_score_above_1_still_blocks():
    assert outcome_of([signal(nsfw=1.1)], [pack()]) is Outcome.BLOCK
    made = decided([signal(nsfw=float("inf"))], [pack()])
    assert made.outcome is Outcome.BLOCK
    assert made.reasons[0].score is None


@pytest.mark.parametrize(
    ("signals", "not_applicable", "outcome"),
    [
        ([], False, Outcome.HOLD),
        ([], True, Outcome.HOLD),
        ([signal(status=Status.OK)], False, Outcome.RELEASE),
        ([signal(status=Status.NOT_APPLICABLE)], False, Outcome.HOLD),
        ([signal(status=Status.NOT_APPLICABLE)], True, Outcome.RELEASE),
        ([signal(status=Status.FAILED)], True, Outcome.HOLD),
    ],
)
def test_a_required_detector_must_have_answered(signals, not_applicable, outcome):
    made = decided(signals, [pack(requires=[requirement(not_applicable=not_applicable)])])
    assert made.outcome is outcome
    if outcome is Outcome.HOLD:
        (reason,) = [reason for reason in made.reasons if reason.pack == "house"]
        assert (reason.rule, reason.clause, reason.detector) == ("requires.nsfw", "House 3", "nsfw")
        assert reason.text.startswith("must answer, and nsfw ")


@pytest.mark.parametrize("outcome", [Outcome.HOLD, Outcome.BLOCK])
def test_a_rule_that_is_true_withholds(outcome):
    reason = only_reason([], [pack(rules=[rule("asset.width == 640", outcome)])])
    assert (reason.outcome, reason.rule, reason.clause, reason.text) == (outcome, "rule", "House 2", "a rule speaks")


def test_a_rule_that_is_false_says_nothing():
    assert outcome_of([], [pack(rules=[rule("asset.width == 1", Outcome.BLOCK)])]) is Outcome.RELEASE


@pytest.mark.parametrize("outcome", [Outcome.HOLD, Outcome.BLOCK])
def test_a_rule_that_cannot_be_evaluated_holds(outcome):
    reason = only_reason([], [pack(rules=[rule("scores.gore > 0.5", outcome)])])
    assert reason.outcome is Outcome.HOLD
    assert reason.text == "cannot evaluate 'scores.gore > 0.5': there is no 'gore'"
    assert reason.clause == "House 2"


def test_marks_are_due_under_their_condition():
    label = demand(MarkKind.EXPLICIT_LABEL, when="!context.explicit_label_waived", text="AI生成")
    assert [item.kind for item in decided([], [pack(obligations=[label])]).obligations] == [MarkKind.EXPLICIT_LABEL]
    assert decided([], [pack(obligations=[label])], explicit_label_waived=True).obligations == ()


def test_a_mark_whose_condition_cannot_be_evaluated_is_due_and_holds():
    made = decided([], [pack(obligations=[demand(when="scores.gore > 0.5")])])
    assert [item.kind for item in made.obligations] == [MarkKind.WATERMARK]
    assert made.outcome is Outcome.HOLD
    assert made.reasons[0].rule == "mark"


def test_obligations_are_stated_for_what_is_withheld_too():
    made = decided([signal(nsfw=1.0)], [pack(obligations=[demand()])])
    assert made.outcome is Outcome.BLOCK
    assert len(made.obligations) == 1


def test_demands_that_no_mark_can_meet_hold():
    packs = [
        pack(name, obligations=[demand(MarkKind.EXPLICIT_LABEL, text="AI", corner=corner)])
        for name, corner in (("a", "top_left"), ("b", "top_right"))
    ]
    reason = only_reason([], packs)
    assert (reason.outcome, reason.rule) == (Outcome.HOLD, "conflicting_obligations")
    assert reason.text == (
        "no one explicit_label has corner top_left and top_right, asked for by a/mark: House 4; b/mark: House 4"
    )


@pytest.mark.parametrize(("days", "outcome"), [(-1, Outcome.HOLD), (0, Outcome.RELEASE), (1, Outcome.RELEASE)])
def test_a_pack_past_its_last_day_holds(days, outcome):
    assert outcome_of([], [pack(until=DAY + timedelta(days=days))]) is outcome


def test_packs_combine_by_the_strictest_and_the_union_of_marks():
    mild = pack("mild", thresholds=[threshold(hold=0.5, block=None)], obligations=[demand(MarkKind.SIGNED_METADATA)])
    strict = pack("strict", thresholds=[threshold(hold=None, block=0.6)], obligations=[demand(MarkKind.WATERMARK)])
    made = decided([signal(nsfw=0.7)], [mild, strict])
    assert made.outcome is Outcome.BLOCK
    assert [(reason.pack, reason.outcome) for reason in made.reasons] == [
        ("strict", Outcome.BLOCK),
        ("mild", Outcome.HOLD),
    ]
    assert [item.kind for item in made.obligations] == [MarkKind.SIGNED_METADATA, MarkKind.WATERMARK]
    assert [ref.name for ref in made.packs] == ["mild", "strict"]


# Laws, for every set of signals and packs.

CATEGORIES = ("nsfw", "gore", "prompt.weapons")
scores = st.dictionaries(st.sampled_from(CATEGORIES), st.floats(0, 1), max_size=3)
numbers = st.none() | st.floats(0, 1)


@st.composite
def thresholds(draw):
    low, high = sorted([draw(st.floats(0, 1)), draw(st.floats(0, 1))])
    hold, block = draw(st.sampled_from([(low, high), (low, None), (None, high)]))
    return threshold(draw(st.sampled_from(CATEGORIES)), hold, block)


@st.composite
def signal_sets(draw):
    names = draw(st.lists(st.sampled_from(DETECTORS), unique=True, max_size=4))
    return [
        dataclasses.replace(signal(name, status=draw(st.sampled_from(Status))), scores=draw(scores)) for name in names
    ]


# Rules that only grow truer as scores rise; a pack may state others, which is its own affair.
RULES = (
    rule("scores.nsfw >= 0.7", Outcome.BLOCK),
    rule('"gore" in scores && scores.gore > 0.3', Outcome.HOLD),
    rule('signals.exists(name, signals[name].status == "not_applicable")', Outcome.HOLD),
    rule("asset.width > 10000", Outcome.BLOCK),
)
MARKS = (
    demand(MarkKind.WATERMARK),
    demand(MarkKind.EXPLICIT_LABEL, text="AI", corner="top_left"),
    demand(MarkKind.EXPLICIT_LABEL, text="AI生成", corner="top_right", when='"gore" in scores'),
)


@st.composite
def pack_sets(draw, least=1):
    count = draw(st.integers(least, 3))
    return [
        pack(
            f"p{index}",
            thresholds=draw(st.lists(thresholds(), min_size=1, max_size=3)),
            rules=draw(st.lists(st.sampled_from(RULES), max_size=2, unique_by=id)),
            requires=[
                requirement(name, not_applicable=draw(st.booleans()))
                for name in draw(st.sets(st.sampled_from(DETECTORS), max_size=2))
            ],
            obligations=draw(st.lists(st.sampled_from(MARKS), max_size=2, unique_by=id)),
        )
        for index in range(count)
    ]


@PATIENT
@given(signal_sets(), pack_sets(), st.randoms())
def test_the_decision_does_not_depend_on_order(signals, packs, random):
    made = decided(signals, packs)
    random.shuffle(signals)
    random.shuffle(packs)
    assert decided(signals, packs) == made


@PATIENT
@given(signal_sets(), pack_sets())
def test_the_outcome_is_the_strictest_reason_and_reasons_fall_in_strictness(signals, packs):
    made = decided(signals, packs)
    levels = [reason.outcome.strictness for reason in made.reasons]
    assert levels == sorted(levels, reverse=True)
    assert made.outcome.strictness == max(levels, default=0)
    assert Outcome.RELEASE not in {reason.outcome for reason in made.reasons}


@PATIENT
@given(signal_sets(), pack_sets(), st.sampled_from(CATEGORIES), st.floats(0, 1), st.integers(0, 3))
def test_raising_a_score_is_never_milder(signals, packs, category, rise, which):
    before = outcome_of(signals, packs)
    scored = [index for index, item in enumerate(signals) if category in item.scores]
    if scored:
        index = scored[which % len(scored)]
        raised = min(1.0, signals[index].scores[category] + rise)
        signals[index] = dataclasses.replace(signals[index], scores={**signals[index].scores, category: raised})
    assert outcome_of(signals, packs).strictness >= before.strictness


@PATIENT
@given(signal_sets(), pack_sets(least=2))
def test_adding_a_pack_is_never_milder_and_demands_no_less(signals, packs):
    fewer, more = decided(signals, packs[:-1]), decided(signals, packs)
    assert more.outcome.strictness >= fewer.outcome.strictness
    assert {item.kind for item in fewer.obligations} <= {item.kind for item in more.obligations}
    if not any(reason.rule == "conflicting_obligations" for reason in fewer.reasons):
        assert set(fewer.reasons) <= set(more.reasons)


@PATIENT
@given(signal_sets(), pack_sets(), st.integers(0, 3))
def test_removing_a_signal_of_an_enabled_detector_never_releases(signals, packs, which):
    enabled = frozenset(item.detector for item in signals)
    if signals:
        del signals[which % len(signals)]
        assert outcome_of(signals, packs, enabled_detectors=enabled) is not Outcome.RELEASE


@PATIENT
@given(signal_sets(), pack_sets(), st.integers(0, 3))
def test_a_detector_that_fails_never_releases(signals, packs, which):
    if signals:
        index = which % len(signals)
        signals[index] = dataclasses.replace(signals[index], status=Status.FAILED)
        assert outcome_of(signals, packs) is not Outcome.RELEASE


@PATIENT
@given(signal_sets(), pack_sets())
def test_deciding_twice_gives_the_same(signals, packs):
    assert decided(signals, packs) == decided(signals, packs)


@pytest.mark.parametrize(("carriers", "others", "outcome"), [
    ({"text"}, [dataclasses.replace(signal("prompt"), looked_at=("text",))], Outcome.RELEASE),
    ({"text"}, [dataclasses.replace(signal("prompt"), looked_at=("prompt",))], Outcome.HOLD),
    ({"text", "sound"}, [dataclasses.replace(signal("prompt"), looked_at=("text",))], Outcome.HOLD),
    ({"text"}, [dataclasses.replace(signal("prompt", Status.FAILED), looked_at=("text",))], Outcome.HOLD),
    ({"text"}, [], Outcome.HOLD), (set(), [dataclasses.replace(signal("prompt"), looked_at=("text",))], Outcome.HOLD),
])  # fmt: skip
def test_who_reads_nothing_of_an_asset_is_excused_where_others_looked_at_all_of_it(carriers, others, outcome):
    blind = signal("nsfw", Status.NOT_APPLICABLE)
    needs = [pack(requires=[requirement("nsfw")])]
    made = decide(ASSET, [blind, *others], needs, context(carriers=frozenset(carriers)), decision_id="one")
    assert made.outcome is outcome
    looked = dataclasses.replace(blind, looked_at=("picture",))
    made = decide(ASSET, [looked, *others], needs, context(carriers=frozenset(carriers)), decision_id="one")
    assert made.outcome is Outcome.HOLD, "whoever looked and says nothing has not answered"


def test_nobody_has_to_listen_to_what_the_gate_composed_itself_and_all_else_is_looked_at():
    needs = [pack(requires=[requirement("nsfw")])]
    blind = signal("nsfw", status=Status.NOT_APPLICABLE)
    for carriers, composed, outcome in (
        ({"sound"}, True, Outcome.RELEASE),
        ({"sound"}, False, Outcome.HOLD),
        ({"sound", "picture"}, True, Outcome.HOLD),
    ):
        about = context(carriers=frozenset(carriers), composed=composed)
        assert decide(ASSET, [blind], needs, about, decision_id="one").outcome is outcome


@pytest.mark.parametrize(("carriers", "looked_at", "asks", "zone", "shows"), [
    ((), (), "the prompt", "the picture or its prompt", "the picture"),
    (("picture",), ("picture", "prompt"), "the prompt", "the picture or its prompt", "the picture"),
    (("text",), ("text",), "the text", "the text", "the text"),
    (("text",), ("text", "prompt"), "the text or its prompt", "the text or its prompt", "the text"),
    (("text", "picture"), ("text", "picture"), "the document", "the document", "the document"),
    (("picture", "track"), ("picture",), "the prompt", "the clip or its prompt", "the clip"),
    (("sound", "landmarks"), ("sound", "prompt"), "the prompt", "the sound or its prompt", "the sound"),
])  # fmt: skip
def test_reasons_speak_of_what_was_read(carriers, looked_at, asks, zone, shows):
    asked = {"prompt.weapons": 0.8, "personal.passport": 0.9, "weapons": 0.9}
    read = dataclasses.replace(signal("prompt"), scores=asked, looked_at=looked_at)
    limits = [
        dataclasses.replace(threshold("prompt.weapons"), text="the prompt asks for weapons"),
        dataclasses.replace(threshold("personal.passport"), text="a zone stands in the picture or its prompt"),
        dataclasses.replace(threshold("weapons"), text="the picture shows weapons"),
    ]
    made = decide(ASSET, [read], [pack(thresholds=limits)], context(carriers=frozenset(carriers)), decision_id="one")
    said = {f"{asks} asks for weapons", f"a zone stands in {zone}", f"{shows} shows weapons"}
    assert {one.text for one in made.reasons} >= said
