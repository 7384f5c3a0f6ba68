import pytest

from policies.rules.verdict import Verdict, decide_verdict


@pytest.mark.parametrize(("labelled", "declared", "traces", "expected"), [
    (True, True, True, Verdict.IS), (True, False, False, Verdict.IS), (False, True, True, Verdict.POSSIBLY),
    (False, False, True, Verdict.SUSPECTED), (False, False, False, None),
])  # fmt: skip
def test_measures_art_6_gives_the_surest_verdict(labelled, declared, traces, expected):
    assert decide_verdict(is_labelled=labelled, is_declared=declared, has_traces=traces) is expected
