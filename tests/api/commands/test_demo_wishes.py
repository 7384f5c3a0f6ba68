"""What the demo asks for, and how it judges what came of it."""

from types import SimpleNamespace

import pytest

from api.commands.demo_wishes import SILENT, WISHES, find_wish, judge_wish
from api.commands.release import Ended
from policies.rules.decision import Outcome, Reason
from provenance.errors import GateError


def ended(name, outcome, *categories):
    reasons = tuple(Reason("baseline", one, Outcome.HOLD, "1", f"because of {one}", category=one) for one in categories)
    result = SimpleNamespace(outcome=outcome, decision=SimpleNamespace(reasons=reasons))
    return Ended(name, result=result)


PISTOL = next(wish for wish in WISHES if wish.category == "weapons")
CAT = next(wish for wish in WISHES if not wish.category)


@pytest.mark.parametrize(("wish", "suffix", "outcome", "categories", "got"), [
    (CAT, "", Outcome.RELEASE, (), "released"),
    (CAT, "", Outcome.HOLD, ("gore",), "held"),
    (PISTOL, "", Outcome.HOLD, ("prompt.weapons",), "held"),
    (PISTOL, SILENT, Outcome.HOLD, ("weapons",), "held"),
    (PISTOL, SILENT, Outcome.HOLD, ("prompt.weapons",), "held for something else"),
    (PISTOL, "", Outcome.HOLD, ("copyright_unhashable",), "held for something else"),
    (PISTOL, "", Outcome.RELEASE, (), "released"),
])  # fmt: skip
def test_a_wish_comes_true_where_the_right_thing_decided(wish, suffix, outcome, categories, got):
    name = f"{wish.name}{suffix}.png"
    assert find_wish(name) is wish
    expected, judged, says = judge_wish(wish, ended(name, outcome, *categories))
    assert (expected, judged) == ("held" if wish.category else "released", got)
    assert says == ("because of " + categories[0] if categories else "nothing spoke against it")


def test_an_error_is_no_outcome():
    error = Ended(f"{CAT.name}.png", error=GateError("out of paint"))
    assert judge_wish(CAT, error) == ("released", "error", "out of paint")
    assert find_wish("coffee.png") is None
