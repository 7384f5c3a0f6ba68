import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.rules.condition_checks import (
    LENGTH_LIMIT,
    ConditionFlawedError,
    Flaw,
    _syntax_flaw,
    parse_condition,
    suggest,
)
from policies.rules.conditions import build_variables
from provenance.errors import ConditionError
from tests.policies.samples import ASSET, DETECTORS, PATIENT, condition, context, signal


def flaws(text):
    with pytest.raises(ConditionFlawedError) as caught:
        condition(text)
    return caught.value.flaws


@pytest.mark.parametrize(
    ("text", "message", "hint", "at"),
    [
        ("asset.width >", "condition is not CEL: mismatched input '<EOF>'", "", 13),
        ("asset.width = 5", "condition is not CEL: token recognition error at: '= '", "CEL compares with == and joins with && and ||", 12),
        ("asset.width > 5 and asset.height > 5", "condition is not CEL: mismatched input 'and'", "CEL compares with == and joins with && and ||", 16),
        ("[" * 100 + "]" * 100 + " == []", "condition is not CEL: nested more than 96 deep", "", 96),
        ("'\\ud800' == ''", "condition is not CEL: invalid string literal", "", 0),
        ("b'\\u00ff' == b''", "condition is not CEL: invalid bytes literal", "", 0),
        ("score.nsfw > 0.5", "unknown variable 'score'", "did you mean 'scores'?", 0),
        ("scores.nswf > 0.5", "unknown category 'nswf'", "did you mean 'nsfw'?", 7),
        ('scores["promt.weapons"] > 0.5', "unknown category 'promt.weapons'", "did you mean 'prompt.weapons'?", 8),
        ("'gor' in scores", "unknown category 'gor'", "did you mean 'gore'?", 1),
        ("has(scores.gor)", "unknown category 'gor'", "did you mean 'gore'?", 11),
        ("asset.widht > 5", "unknown field of asset 'widht'", "did you mean 'width'?", 6),
        ("context.waived", "unknown field of context 'waived'", "known: consent, explicit_label_waived, from_picture, jurisdictions, portrayed, purpose, tenant, timestamp_available", 8),
        ('signals.clop.status == "ok"', "unknown detector 'clop'", "did you mean 'clip'?", 8),
        ('signals["clop"].status == "ok"', "unknown detector 'clop'", "did you mean 'clip'?", 9),
        ('signals.clip.state == "ok"', "unknown part of a signal 'state'", "did you mean 'status'?", 13),
        ('asset.media_type.endswith("png")', "unknown function 'endswith'", "did you mean 'endsWith'?", 17),
        ("now() > 5", "unknown function 'now'", "known: all, contains, double, endsWith, exists, existsOne, exists_one, filter, has, int, map, matches, size, startsWith, string", 0),
        ("[1].exists(asset, asset > 0)", "a macro may not rename 'asset'", "choose another name", 11),
        ('asset.width > "wide"', "condition cannot work: its operands are of unlike types", "", None),
        ("asset.width", "condition gives int, expected true or false", "compare it with something", None),
        ("scores.nsfw", "condition gives float, expected true or false", "compare it with something", None),
    ],
)  # fmt: skip
def test_each_flaw_is_named_with_its_place_and_a_hint(text, message, hint, at):
    assert flaws(text) == ((message, hint, at),)


@pytest.mark.parametrize(("text", "message", "at"), [
    ('asset.media_type.matches("[")', "no pattern: missing ]: [", 25),
    (r"asset.origin.matches('(a+)\\1')", r"no pattern: invalid escape sequence: \1", 21),
    (r"asset.origin.matches('\\pL{200}')", "no pattern: pattern too large - compile failed", 21),
    ("asset.origin.matches(context.tenant)", "a pattern has to be a text in quotes", 13),
    ("asset.origin.matches()", "a pattern has to be a text in quotes", 13),
    ("asset.origin._matches('x')", "unknown function '_matches'", 13),
])  # fmt: skip
def test_patterns_are_known_before_they_run_and_are_those_of_re2(text, message, at):
    (flaw,) = flaws(text)
    assert (flaw.message, flaw.offset) == (message, at)


@pytest.mark.parametrize(("text", "expected"), [
    ("asset.origin.matches('^gen.*d$')", True), ("asset.origin.matches(r'^\\d')", False), ("asset.origin.matches('')", True),
    ("'matches' == 'matches' && asset.origin.matches('matches|^g') // .matches(", True),
    ('signals.nsfw.evidence.all(e, e.raw.matches("写.?真"))', True),
])  # fmt: skip
def test_patterns_are_found_anywhere_in_a_text(text, expected):
    read = build_variables(ASSET, [signal("nsfw", nsfw=0.7, evidence=[{"raw": "a 写x真"}])], context())
    assert condition(text).evaluate(read) is expected


def test_a_pattern_on_what_is_no_text_cannot_be_evaluated(capfd):
    read = build_variables(ASSET, [signal("nsfw", nsfw=0.7, evidence=[{"raw": 1}])], context())
    with pytest.raises(ConditionError, match="cannot evaluate"):
        condition('signals.nsfw.evidence.all(e, e.raw.matches("a"))').evaluate(read)
    capfd.readouterr()


@pytest.mark.parametrize("text", [
    "[" + ",".join("1" * 200) + "].all(x, [" + ",".join("1" * 200) + "].all(y, x + y > 0 && x + y > 0 && x + y > 0 && x * y > 0 && x - y == 0 && x == y))",
    "signals.nsfw.evidence.all(x, [" + ",".join(["signals"] * 60) + "].map(y, [" + ",".join(["signals"] * 20) + "] == [signals]).size() > 1)",
])  # fmt: skip
def test_what_could_take_too_long_is_refused(text):
    (flaw,) = flaws(text)
    assert flaw.message.startswith("condition could take ")


def test_what_conditions_do_not_use_is_named_where_it_stands():
    (flaw,) = flaws("b'a' == b'a'")
    assert (flaw.message, flaw.offset) == ("condition cannot be weighed: unexpected \"'a'\"", 1)


def test_a_report_of_another_shape_is_still_a_flaw():
    assert _syntax_flaw("1 +", "something else went wrong") == Flaw("condition is not CEL")


def test_every_flaw_is_found_at_once():
    found = flaws("scor.x > 1 && asset.widht > 2 && nope(3) && scores.gor > 0.1")
    assert [flaw.message for flaw in found] == [
        "unknown variable 'scor'",
        "unknown function 'nope'",
        "unknown field of asset 'widht'",
        "unknown category 'gor'",
    ]


def test_a_condition_is_short():
    (flaw,) = flaws("true || " * LENGTH_LIMIT + "true")
    assert "at most 1000" in flaw.message


def test_list_macros_are_few_because_they_multiply():
    (flaw,) = flaws("[1].all(a, [1].all(b, [1].all(c, a + b + c > 0)))")
    assert flaw.message == "condition has 3 list macros, at most 2"


def test_names_in_quotes_and_comments_are_no_names():
    assert condition('context.tenant == "scores.nope map all exists" // asset.nope')
    assert condition("context.tenant == 'it\\'s asset.nope'")


@pytest.mark.parametrize("text", ["(" * 200 + "true" + ")" * 200, "[" * 300, "true ? " * 140])
def test_deep_conditions_are_flaws_not_crashes(text):
    assert "not CEL" in flaws(text)[0].message


def test_conditions_about_evidence_survive_the_trial():
    assert condition("signals.copyright.evidence[0].distance_bits <= 31")


def test_names_come_from_the_caller():
    made = parse_condition("scores['acme.logo'] > 0.5", categories=["acme.logo"], detectors=DETECTORS)
    assert made.evaluate(build_variables(ASSET, [signal("clip", acme__logo=0.9)], context()))


def test_suggest_lists_what_is_known_when_nothing_is_close():
    assert suggest("zzz", ["beta", "alpha"]) == "known: alpha, beta"
    assert suggest("alhpa", ["beta", "alpha"]) == "did you mean 'alpha'?"


words = st.sampled_from(
    ["asset.width", "scores.nsfw", "signals.clip.status", "context.tenant", '"x"', "1", "0.5", "true", "(", ")", "[", "]", "&&", "||", "!", "==", ">", "<", "in", "?", ":", ".exists(x,", "x", "size(", "+", "/", "\\", "'", "é", "\x00"]
)  # fmt: skip


@PATIENT
@given(st.lists(words, min_size=1, max_size=12).map(" ".join) | st.text(max_size=60))
def test_any_text_is_refused_with_places_or_answers(text):
    found = answer_of(text)
    if isinstance(found, tuple):
        assert found
        assert all(flaw.offset is None or 0 <= flaw.offset <= len(text) for flaw in found)
    else:
        assert found in (True, False, None)


def answer_of(text):
    """Return the flaws of a condition, or its answer, or None when it cannot be evaluated."""
    try:
        made = condition(text)
    except ConditionFlawedError as exc:
        return exc.flaws
    try:
        return made.evaluate(build_variables(ASSET, [signal("nsfw", nsfw=0.7)], context()))
    except ConditionError:
        return None
