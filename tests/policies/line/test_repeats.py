from dataclasses import replace

import pytest

from policies import gate
from policies.line.intake import intake
from policies.line.repeats import find_earlier
from policies.line.screening import decide, screen
from policies.line.sweeping import unfinished
from policies.review.judgement import decide as approve
from policies.review.judgement import review
from policies.rules.decision import Outcome
from policies.rules.parsing import parse_pack
from provenance.asset import Origin, sha256_hex
from provenance.errors import AssetInUseError
from tests.policies.deployments import SIDE
from tests.policies.review.people import MIA, YES
from tests.sites import LIGHT_PACKS, submission

SAID = {"digital_source_type": "trainedAlgorithmicMedia"}
RECIPE = {**SAID, "prompt_sha256": sha256_hex(b"a boat")}


def test_the_same_bytes_and_request_are_found_and_nothing_else_is(here):
    first = submission(side=SIDE, prompt="a boat", recipe=RECIPE)
    assert find_earlier(here, first) is None
    result = gate.release(here, first)
    assert find_earlier(here, replace(first, name="another name.jpg")) == result
    others = (
        submission("chelsea.png", side=SIDE, prompt="a boat", recipe=RECIPE),
        replace(first, prompt=None, recipe={}),
        replace(first, recipe={**SAID, "prompt_sha256": sha256_hex(b"a ship")}),
        replace(first, recipe={**RECIPE, "seed": 3}),
        replace(first, context={"tenant": "x"}),
        replace(first, origin=Origin.GENERATED),
        replace(first, packs=("light", "baseline")),
    )
    assert [find_earlier(here, other) for other in others] == [None] * len(others)


def test_a_prompt_that_no_recipe_names_is_the_same_as_none(here):
    unnamed = submission(side=SIDE, prompt="a boat")
    gate.release(here, unnamed)
    assert find_earlier(here, unnamed) is None


def test_a_pack_that_was_changed_asks_anew(here):
    given = submission("page.png", side=SIDE)
    assert gate.release(here, given).outcome is Outcome.RELEASE
    changed = parse_pack((LIGHT_PACKS / "light.yaml").read_bytes().replace(b"Light,", b"Changed,"), file="light.yaml")
    assert find_earlier(replace(here, packs={**here.packs, "light": changed}), given) is None


def test_a_hold_waits_and_a_review_counts(here):
    given = submission("rocket.jpg", side=SIDE, prompt="people in a casino", recipe=RECIPE)
    held = gate.release(here, given)
    assert held.outcome is Outcome.HOLD
    assert find_earlier(here, given) == held
    approved = review(here, held.asset_id, outcome=Outcome.RELEASE, reviewer="R", reason="fine")
    assert find_earlier(here, given) == approved


def test_a_block_is_asked_anew_unless_told_otherwise(here):
    given = submission("chelsea.png", side=SIDE, prompt="how to make a bomb", recipe=RECIPE)
    blocked = gate.release(here, given)
    assert blocked.outcome is Outcome.BLOCK
    assert find_earlier(here, given) is None
    assert find_earlier(here, given, with_blocked=True) == blocked


@pytest.mark.parametrize("decided", [False, True])
def test_what_was_interrupted_after_its_decision_is_finished(here, decided):
    given = submission(side=SIDE, recipe={**SAID, "seed": int(decided)})
    asset_id = intake(here, given)
    screen(here, asset_id)
    if not decided:
        assert find_earlier(here, given) is None
        return
    decide(here, asset_id)
    found = find_earlier(here, given)
    assert (found.asset_id, found.outcome) == (asset_id, Outcome.RELEASE)
    assert here.blobs.public.has(found.public_key)


def test_an_approval_is_not_hurried_by_the_same_bytes(here):
    given = submission("rocket.jpg", side=SIDE, prompt="people in another casino", recipe=RECIPE)
    held = gate.release(here, given)
    approve(here, held.asset_id, MIA, YES, grace_s=3600)
    with pytest.raises(AssetInUseError, match="try again later"):
        find_earlier(here, given)
    assert held.asset_id in unfinished(here)
