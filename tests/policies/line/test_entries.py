"""What the ledger says of a decision."""

import json

from policies.line.entries import build_decision_entry, build_reasons
from policies.line.intake import load_asset
from policies.line.records import find_signals
from policies.rules.decision import Decision, Outcome, Reason
from provenance.asset import AssetId
from tests.policies.deployments import hand_in

REASON = Reason(
    pack="light", rule="r", outcome=Outcome.HOLD, clause="a clause", text="what a person wrote", category="c", score=0.7
)


def test_reasons_are_told_by_names_and_numbers_and_never_by_what_was_written():
    (told,) = build_reasons([REASON])
    assert (told["rule"], told["category"], told["score"], told["outcome"]) == ("r", "c", 0.7, "hold")
    assert "person" not in json.dumps(told)


def test_an_entry_is_json_of_digests_names_and_versions(here):
    asset_id = hand_in(here)
    asset = load_asset(here, asset_id)
    with here.database.read() as connection:
        signals = find_signals(connection, asset_id)
    held = Decision(
        id="d", asset_id=AssetId(asset_id), outcome=Outcome.HOLD, reasons=(REASON,), obligations=(), packs=()
    )
    entry = build_decision_entry(asset, held, signals)
    assert (entry["asset_sha256"], entry["decision_id"], entry["detectors"]) == (asset.sha256, "d", {})
    assert json.loads(json.dumps(entry)) == entry
