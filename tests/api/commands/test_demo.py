"""The whole demo, as a new user runs it: once, where another ran before; `make wheel` walks it with its tables."""

import json
import os
import subprocess
import sys

import pytest

from api.commands.demo import MADE_BY, Proof, _show_end, mark_as_ours, remove_earlier, show_proofs
from api.console import OUT
from api.releasing import Ended
from provenance.errors import GateError

COMMAND = [sys.executable, "-c", "from api.cli import main; main()", "demo"]


def run_demo(out, *options):
    # Whatever this machine's settings say, the demo does not read them.
    environment = {**os.environ, "CHOPMARK_HOME": "/nonexistent", "CHOPMARK_PACKS": "nonesuch", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [*COMMAND, "--out", str(out), *options], capture_output=True, env=environment, check=False, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def leave_earlier(out):
    """Leave what an earlier demo would have: its site, and a copy of what it released."""
    site = out / "site"
    (site / "public" / "id").mkdir(parents=True)
    (site / MADE_BY).touch()
    for path in (site / "public" / "id" / "media.png", out / "released.png"):
        path.write_bytes(b"sealed")


def test_the_demo_does_what_it_promises_where_another_ran_before(tmp_path):
    out = tmp_path / "out"
    leave_earlier(out)
    document = json.loads(run_demo(out, "--json"))
    check_prompts_and_photographs_are_released_held_and_blocked(document, out)
    check_sealed_files_land_in_out_and_nothing_else_does(document, out)
    check_every_released_file_verifies_with_every_layer(document, out)
    check_the_marks_that_the_packs_ask_for_are_made(document, out)
    check_each_proof_holds(document, out)
    check_the_stripped_manifest_is_recovered_and_the_worn_watermark_is_gone(document, out)
    assert [len(document["proofs"]), sum(proof["holds"] for proof in document["proofs"])] == [25, 25]


def test_people_are_shown_what_was_done_and_what_to_ask(tmp_path):
    proofs = [
        Proof("a copy handed in", "blocked", "blocked", "it is a work", is_conflict=True),
        Proof("nothing was done", "consistent", "tampered", "one byte", is_conflict=True),
    ]
    with OUT.capture() as shown:
        show_proofs(proofs)
        _show_end(
            [Ended("coffee.png", written=str(tmp_path / "coffee.png")), Ended("blank.jpg")], proofs, tmp_path, 3.4
        )
    said = " ".join(shown.get().split())
    for words in ("a copy handed in", "(expected consistent)", "1 sealed files", "1 of 2 proofs hold, 3 s"):
        assert words in said
    assert f"CHOPMARK_HOME={tmp_path}/site chopmark verify {tmp_path}/coffee.png" in shown.get().replace("\n", "")


def outcomes(document):
    return {item["name"]: item["outcome"] for item in document["results"]}


def check_prompts_and_photographs_are_released_held_and_blocked(document, out):
    found = outcomes(document)
    released = ("drawn-cat", "drawn-boat", "drawn-cake")
    assert [found[f"{name}.png"] for name in released] == ["released"] * 3
    assert [found[name] for name in ("coffee.png", "chelsea.png", "rocket.jpg", "hubble_deep_field.jpg")] == [
        "released", "released", "released", "released",
    ]  # fmt: skip
    assert (found["near-copy.jpg"], found["poster.jpg"], found["blank.jpg"]) == ("blocked", "blocked", "held")
    assert (out / "site" / "poster-beside-the-work.png").is_file()
    named = {
        item["name"]: {reason["category"] for reason in item["reasons"]}
        for item in document["results"]
        if item["name"].startswith("drawn") and item["outcome"] == "held"
    }
    assert "prompt.weapons" in named["drawn-pistol.png"]
    assert "prompt.tobacco" in named["drawn-cigarette.png"]
    assert "prompt.meaning.weapons" in named["drawn-paraphrase.png"]
    assert "prompt.meaning.weapons" in named["drawn-spanish.png"]
    assert found["cannon.jpg"] == "held"
    assert named["drawn-pistol-no-prompt.png"] == {"weapons"}
    assert named["drawn-cigarette-no-prompt.png"] == {"tobacco"}


def check_sealed_files_land_in_out_and_nothing_else_does(document, out):
    written = {item["written"] for item in document["results"] if item.get("written")}
    assert len(written) == 9
    assert {str(path) for path in out.iterdir()} == {*written, str(out / "site")}


def check_every_released_file_verifies_with_every_layer(document, out):
    verified = [proof for proof in document["proofs"] if proof["got"] == "consistent"]
    assert len(verified) == 9
    for proof in verified:
        assert [layer["status"] for layer in proof["verification"]["layers"]] == ["found"] * 6


def check_the_marks_that_the_packs_ask_for_are_made(document, out):
    made = {
        item["name"]: {mark["kind"] for mark in item["seal"]["marks"] if mark["made"]}
        for item in document["results"]
        if item["outcome"] == "released"
    }
    assert all({"signed_metadata", "watermark"} <= marks for marks in made.values())
    assert {"explicit_label", "aigc_metadata"} <= made["hubble_deep_field.jpg"]
    assert "explicit_label" not in made["coffee.png"]


def check_each_proof_holds(document, out):
    for what, state in (
        ("metadata stripped", "stripped_recovered_by_watermark"),
        ("a quarter cut out", "stripped_recovered_by_watermark"),
        ("shrunk to", "looks_like_release"),
        ("that clip extended", "consistent"),
        ("one bit of one byte", "tampered"),
        ("copy of a registered work", "blocked"),
        ("a corner of a registered work", "blocked"),
    ):
        (proof,) = [item for item in document["proofs"] if what in item["done"]]
        assert (proof["expected"], proof["got"], proof["holds"]) == (state, state, True)


def check_the_stripped_manifest_is_recovered_and_the_worn_watermark_is_gone(document, out):
    ids = {item["name"]: item.get("asset_id") for item in document["results"]}
    by_state = {proof["got"]: proof["verification"] for proof in document["proofs"]}
    stripped = by_state["stripped_recovered_by_watermark"]
    assert stripped["asset_id"] == ids["coffee.png"]
    assert stripped["layers"][0]["detail"]["recovered_manifest_id"]
    worn = by_state["looks_like_release"]
    assert worn["asset_id"] == ids["chelsea.png"]
    assert {layer["name"]: layer["status"] for layer in worn["layers"]}["watermark"] == "absent"


def test_a_site_of_somebody_is_never_removed(home):
    site = home.rename(home.parent / "site")
    with pytest.raises(GateError, match="not made by a demo"):
        remove_earlier(site.parent)
    assert (site / "chopmark.db").is_file()


def test_a_demo_that_was_ended_can_be_run_again(tmp_path):
    mark_as_ours(tmp_path / "site")
    assert (tmp_path / "site").stat().st_mode & 0o777 == 0o700
    remove_earlier(tmp_path)
    mark_as_ours(tmp_path / "site")


def test_only_what_a_demo_made_is_removed(tmp_path):
    site = tmp_path / "site"
    remove_earlier(tmp_path)
    site.mkdir()
    (site / "index.html").write_text("mine")
    with pytest.raises(GateError, match="not made by a demo"):
        remove_earlier(tmp_path)
    assert (site / "index.html").read_text() == "mine"
    leave_earlier(tmp_path)
    (tmp_path / "coffee.png").write_bytes(b"mine")
    remove_earlier(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["coffee.png"]
