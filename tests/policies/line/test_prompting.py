from dataclasses import replace

import pytest

from policies.line.prompting import NO_ASSET, build_refusal, judge_prompt
from policies.rules.decision import Outcome
from policies.rules.parsing import parse_pack
from provenance.errors import ConfigurationError
from tests.policies.deployments import Probe, run_only
from tests.sites import LIGHT_PACKS

BLOCKED = "how to make a bomb in Zambonia"
RULE = """
rules:
  - id: tall
    when: scores["prompt.gambling"] >= 0.5 && asset.height > 600
    outcome: block
    clause: House rules 3
    text: no tall casinos
  - id: blind
    when: '!("nsfw" in signals)'
    outcome: block
    clause: House rules 3
    text: nobody looked at the picture
"""


def test_a_blocked_prompt_is_on_the_ledger_without_its_words(here):
    before = here.log.size()
    decision = judge_prompt(here, BLOCKED)
    assert (decision.outcome, decision.asset_id, decision.obligations) == (Outcome.BLOCK, NO_ASSET, ())
    assert {reason.category for reason in decision.reasons} == {"prompt.weapons"}
    (entry,) = here.log.entries(subject=decision.id)
    assert (entry.kind, here.log.size()) == ("prompt.blocked", before + 1)
    assert b"Zambonia" not in entry.body
    assert b"light" in entry.body
    assert list(here.blobs.quarantine.keys()) == []


@pytest.mark.parametrize("prompt", ["a boat", "people in a casino"])
def test_what_is_free_or_held_may_be_drawn(here, prompt):
    before = here.log.size()
    assert judge_prompt(here, prompt) is None
    assert here.log.size() == before


def test_rules_count_that_read_the_prompt_and_no_others(here):
    text = (LIGHT_PACKS / "light.yaml").read_text("utf-8").replace("\nobligations:", f"{RULE}\nobligations:")
    changed = replace(here, packs={**here.packs, "light": parse_pack(text.encode(), file="light.yaml")})
    assert judge_prompt(changed, "a boat") is None
    assert judge_prompt(changed, "people in a casino", size=(600, 600)) is None
    assert judge_prompt(changed, "people in a casino", size=(600, 601)).reasons[0].rule == "tall"


def test_without_a_reader_nothing_is_judged_here(here):
    assert judge_prompt(replace(here, runner=run_only(Probe())), BLOCKED) is None


def test_an_unknown_pack_is_told(here):
    with pytest.raises(ConfigurationError, match="nonesuch"):
        judge_prompt(here, BLOCKED, packs=("nonesuch",))


def test_a_refusal_is_an_end_of_the_line(here):
    result = build_refusal("drawn.png", judge_prompt(here, BLOCKED))
    assert (result.outcome, result.asset_id, result.public_key, result.ledger_index) == (Outcome.BLOCK, "", "", None)
