"""Packs of one's own on the command line: saved, tried, activated, gone back, chosen and retired."""

import pytest

from tests.sites import LIGHT_PACKS

SAID = ("--author", "Ada", "--reason", "a stricter house")


@pytest.fixture
def own(tmp_path):
    """A copy of the pack `light` under a name of its own, in two versions."""
    text = (LIGHT_PACKS / "light.yaml").read_text().replace("name: light", "name: house")
    files = tmp_path / "house.yaml", tmp_path / "house2.yaml"
    version = next(line for line in text.splitlines() if line.startswith("version:"))
    files[0].write_text(text)
    files[1].write_text(text.replace(version, 'version: "9.9.9"'))
    return files


def test_a_pack_is_saved_activated_gone_back_from_chosen_and_retired(run, light, own):
    first, second = (run("policies", "save", file, *SAID, "--json").document["pack"] for file in own)
    assert first["name"] == second["name"] == "house"
    assert first["sha256"] != second["sha256"]
    assert run("policies", "activate", "house", second["sha256"][:12], *SAID, "--json").document["is_changed"]
    assert not run("policies", "activate", "house", second["sha256"], *SAID, "--json").document["is_changed"]
    assert f"house stands for {first['sha256']}" in run("policies", "activate", "house", first["sha256"], *SAID).out
    assert "house, light decide" in run("policies", "choose", "house", "light", *SAID).words
    refused = run("policies", "retire", "house", *SAID, "--json")
    assert (refused.code, refused.document["error"]["code"]) == (2, "policy.default_pack")
    run("policies", "choose", "light", *SAID)
    assert run("policies", "retire", "house", *SAID, "--json").document["change"]["kind"] == "retired"
    kinds = [one["kind"] for one in run("policies", "changes", "--json").document["changes"]]
    assert kinds == ["retired", "chosen", "chosen", "activated", "activated", "saved", "saved"]
    assert "a stricter house" in run("policies", "changes", "--limit", 1).out


def test_what_is_saved_and_active_at_once_stands_for_its_name(run, light, own):
    done = run("policies", "save", "-", *SAID, "--activate", stdin=own[0].read_bytes())
    assert done.words.startswith("saved house")
    assert "decides nothing yet" not in done.err
    refused = run("policies", "save", own[1], "--author", "", "--reason", "x", "--json")
    assert (refused.code, refused.document["error"]["code"]) == (2, "policy.incomplete")
    broken = run("policies", "save", "-", *SAID, "--json", stdin=b"name: house\n")
    assert (broken.code, broken.document["error"]["code"]) == (2, "policy.pack_invalid")


def test_a_pack_is_tried_on_what_was_decided(run, stock):
    told = run("policies", "try", "baseline", "--json").document
    assert (told["looked_at"], told["changed"], told["unreadable"]) == (2, 0, 0)
    assert "2 looked at, 0 would end otherwise" in run("policies", "try", "baseline").err
    lenient = run("policies", "try", LIGHT_PACKS / "light.yaml", "--replaces", "baseline", "--json").document
    assert lenient["looked_at"] == 2


def test_a_version_that_was_not_saved_is_told(run, light):
    done = run("policies", "activate", "house", "00", *SAID, "--json")
    assert (done.code, done.document["error"]["code"]) == (2, "policy.unknown_pack")
