"""Signals and the first decision: asked once, kept, and told to the ledger without words of people."""

import json
from dataclasses import replace

import pytest

from policies.gate import walk
from policies.line.intake import intake, measure, original_key
from policies.line.screening import decide, screen
from policies.line.standing import Progress, find_standing
from policies.rules.decision import Outcome
from provenance.errors import AssetError, UndecodableAssetError
from tests.policies.deployments import Probe, decided, entries_of, hand_in, public_of, run_only
from tests.sites import as_submission, encode_undecodable


def test_detectors_are_asked_once_even_when_the_line_is_walked_again(here):
    probe = Probe()
    probed = replace(here, runner=run_only(probe))
    asset_id = hand_in(probed)
    first = screen(probed, asset_id)
    assert screen(probed, asset_id) == first
    assert probe.asked == 1
    assert [signal.detector for signal in first] == [probe.card.name]
    assert first[0].version == probe.card.version


def test_signals_come_back_sorted_and_as_they_were(here):
    asset_id = hand_in(here, prompt="people in a casino")
    first = screen(here, asset_id)
    assert [signal.detector for signal in first] == ["copyright", "incoming_marks", "prompt"]
    assert screen(here, asset_id) == first


def test_nothing_is_screened_but_what_was_accepted(here):
    asset_id = hand_in(here)
    here.blobs.quarantine.put(original_key(asset_id), b"something else")
    with pytest.raises(AssetError, match="not the one accepted"):
        screen(here, asset_id)


def test_a_file_that_was_accepted_by_its_headers_and_cannot_be_decoded_is_refused_on_record(here):
    handed_in = as_submission(encode_undecodable(), name="a.png")
    with pytest.raises(UndecodableAssetError):
        intake(here, handed_in)
    asset_id = intake(here, handed_in, measured=measure(here, handed_in))
    probe = Probe()
    result = walk(replace(here, runner=run_only(probe)), asset_id)
    (reason,) = result.decision.reasons
    assert (result.outcome, result.decision.decided_by, reason.rule) == (Outcome.BLOCK, "line", "asset.undecodable")
    assert probe.asked == 0
    assert public_of(here, asset_id) == []
    assert walk(here, asset_id) == result, "again is the same"
    assert entries_of(here, asset_id) == ["decision.made"]
    standing = find_standing(here, asset_id)
    assert (standing.progress, standing.error) == (Progress.BLOCKED, "asset.undecodable")


def test_one_that_was_refused_by_its_headers_and_whose_walker_died_is_refused_once(here):
    handed_in = as_submission(encode_undecodable())
    asset_id = intake(here, handed_in, measured=measure(here, handed_in))
    assert screen(here, asset_id) == screen(here, asset_id) == ()
    here.handover.notes(asset_id).row = None
    assert walk(here, asset_id).outcome is Outcome.BLOCK
    assert entries_of(here, asset_id) == ["decision.made"]


def test_a_decision_before_any_signal_holds(here):
    asset_id = hand_in(here)
    assert decide(here, asset_id).outcome is Outcome.HOLD


def test_the_ledger_says_how_it_was_decided_and_not_what_the_prompt_said(here):
    asset_id = decided(here, Outcome.HOLD, prompt="people at a roulette table in a casino")
    (entry,) = here.log.entries(subject=asset_id)
    said = entry.fields()
    assert (said["outcome"], said["decided_by"]) == ("hold", "policy")
    assert [pack["name"] for pack in said["packs"]] == ["light"]
    assert said["packs"][0]["sha256"] == here.packs["light"].sha256
    (reason,) = said["reasons"]
    assert (reason["rule"], reason["category"]) == ("thresholds.prompt.gambling", "prompt.gambling")
    assert reason["score"] >= reason["threshold"] == 0.5
    assert set(said["detectors"]) == {"copyright", "incoming_marks", "prompt"}
    assert not {"roulette", "casino"} & set(json.dumps(said).replace('"', " ").split())


def test_a_decision_is_made_once(here):
    asset_id = decided(here)
    assert decide(here, asset_id) == decide(here, asset_id)
    assert entries_of(here, asset_id) == ["decision.made"]


def test_other_packs_do_not_change_a_decision_that_was_made(here):
    asset_id = decided(here)
    before = decide(here, asset_id)
    assert decide(replace(here, packs={}, default_packs=()), asset_id) == before
