import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Status
from policies.rules.conditions import NESTING_LIMIT, build_variables, match_pattern
from policies.rules.patterns import compile_pattern
from provenance.errors import ConditionError
from tests.policies.samples import ASSET, PATIENT, condition, context, signal


def variables(*signals, **fields):
    return build_variables(ASSET, signals, context(**fields))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('asset.media_type == "image/png"', True),
        ('asset.origin == "generated"', True),
        ("asset.width == 640 && asset.height == 480 && asset.size_bytes == 12345", True),
        ("asset.width < asset.height", False),
        ("scores.nsfw >= 0.5", True),
        ('scores["prompt.weapons"] == 1.0', True),
        ('"gore" in scores', False),
        ("has(scores.nsfw)", True),
        ("has(scores.gore)", False),
        ('signals.nsfw.status == "ok"', True),
        ('signals["prompt"].scores["prompt.weapons"] > 0.9', True),
        ("signals.nsfw.evidence.exists(item, item.raw > 0.6)", True),
        ('signals.exists(name, signals[name].status == "failed")', False),
        ('"cn" in context.jurisdictions', True),
        ('context.tenant == "acme"', True),
        ("context.explicit_label_waived", False),
        ("context.timestamp_available", True),
        ("size(signals) == 2", True),
    ],
)
def test_conditions_read_asset_scores_signals_and_context(text, expected):
    found = variables(
        signal("nsfw", nsfw=0.7, evidence=[{"raw": 0.65}]),
        signal("prompt", prompt__weapons=1.0),
        jurisdictions=("cn",),
        tenant="acme",
        timestamp_available=True,
    )
    assert condition(text).evaluate(found) is expected


def test_scores_are_the_worst_of_all_signals():
    found = variables(signal("clip", nudity=0.2), signal("nudity", nudity=0.8))
    assert condition("scores.nudity == 0.8").evaluate(found)
    assert condition("signals.clip.scores.nudity == 0.2").evaluate(found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scores.gore > 0.5", "cannot evaluate 'scores.gore > 0.5': there is no 'gore'"),
        ("signals.clip.scores.nsfw > 0.5", "there is no 'clip'"),
        ("signals.nsfw.evidence[7].raw > 0.5", "index out of bounds"),
        ("asset.width / (asset.width - asset.width) == 1", "division by zero"),
        ("signals.nsfw.evidence[0].raw > 0.5", "its operands are of unlike types"),
        ("signals.nsfw.evidence[0].raw", "expected .* to be true or false, got str"),
    ],
)
def test_what_cannot_be_evaluated_is_an_error(text, message):
    found = variables(signal("nsfw", nsfw=0.7, evidence=[{"raw": "a lot"}]))
    with pytest.raises(ConditionError, match=message):
        condition(text).evaluate(found)


def test_a_score_that_is_no_number_is_no_score():
    found = variables(signal("nsfw", nsfw=float("nan")))
    assert not condition("has(scores.nsfw)").evaluate(found)


def test_repeated_signals_merge_to_the_worst():
    found = variables(signal("nsfw", nsfw=0.9), signal("nsfw", status=Status.FAILED, nsfw=0.1))
    assert condition('signals.nsfw.status == "failed" && scores.nsfw == 0.9').evaluate(found)


def test_evidence_of_any_shape_is_readable():
    deep = leaf = {}
    for _ in range(NESTING_LIMIT * 3):
        leaf["x"] = {}
        leaf = leaf["x"]
    evidence = [{"huge": 10**30, "none": None, 3: (1, 2), "lone": "\ud800", "flag": True, "object": object()}, deep]
    found = variables(signal("nsfw", evidence=evidence))
    assert condition('signals.nsfw.evidence[0].huge.startsWith("1000")').evaluate(found)
    assert condition('signals.nsfw.evidence[0]["3"][1] == 2').evaluate(found)
    assert condition("signals.nsfw.evidence[0].flag && signals.nsfw.evidence[0].none == null").evaluate(found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@PATIENT
@given(st.lists(st.dictionaries(st.text(max_size=5), json_values, max_size=3), max_size=2))
def test_no_evidence_breaks_the_variables(evidence):
    found = variables(signal("nsfw", nsfw=0.7, evidence=evidence))
    assert condition("scores.nsfw == 0.7").evaluate(found)
    assert condition(f"size(signals.nsfw.evidence) == {len(evidence)}").evaluate(found)


def test_what_could_take_too_long_on_the_evidence_at_hand_holds():
    checked = condition("signals.nsfw.evidence.all(x, signals.nsfw.evidence.exists(y, y.raw == x.raw))")
    assert checked.evaluate(variables(signal("nsfw", nsfw=0.7, evidence=[{"raw": n} for n in range(100)])))
    much = variables(signal("nsfw", nsfw=0.7, evidence=[{"raw": n} for n in range(5000)]))
    with pytest.raises(ConditionError, match=r"could take \d+\.\d s on so much evidence, at most 1 s"):
        checked.evaluate(much)


def test_the_conditions_of_one_decision_have_a_bound_together():
    checked, read = condition("scores.nsfw > 0.5"), variables(signal("nsfw", nsfw=0.7))
    assert checked.evaluate(read)
    assert len(read.spent_us) == 1
    read.spent_us.append(5e6)
    with pytest.raises(ConditionError, match="more than 5 s together"):
        checked.evaluate(read)


def test_a_pattern_is_compiled_once_and_refused_when_it_is_too_large():
    assert compile_pattern("a+") is compile_pattern("a+")
    assert (match_pattern("xab", "a+b"), match_pattern("xab", "^a")) == (True, False)
    with pytest.raises(ValueError, match="too large"):
        compile_pattern(r"\pL{200}")


def test_matching_takes_time_in_proportion():
    # With backtracking this would outlast the universe.
    assert not match_pattern("a" * 50_000, "(a|a)*(a|a)*b$")
