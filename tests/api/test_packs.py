import json

from api.packs import build_explanation, build_pack, build_summary, build_trial
from policies.editing.trial import Difference, Trial
from policies.rules.decision import Outcome
from policies.rules.explanation import explain, what_if
from policies.rules.loader import builtin_packs


def test_everything_of_a_pack_is_plain_json():
    for pack in builtin_packs():
        document = json.loads(json.dumps(build_pack(pack)))
        assert document | build_summary(pack) == document
        assert len(document["thresholds"]) == len(pack.thresholds)


def test_a_decision_and_a_trial_are_plain_json():
    decision = what_if([], builtin_packs()[:1])
    said = json.loads(json.dumps(build_explanation(decision, explain(decision))))
    assert said["decision"]["outcome"] == "hold"
    trial = Trial(3)
    trial.counts[Outcome.HOLD, Outcome.BLOCK] = 2
    trial.differences.append(
        Difference("a", "n", "t", Outcome.HOLD, Outcome.BLOCK, decision.reasons[:1], decision.reasons[1:2])
    )
    assert json.loads(json.dumps(build_trial(trial)))["counts"] == [{"before": "hold", "after": "block", "assets": 2}]
