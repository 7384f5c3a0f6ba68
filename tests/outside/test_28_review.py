"""A moderator needs no manual: what speaks against a picture is named in words, and a review can be taken back."""

import json

from policies.rules.loader import BUILTIN_PACKS_DIR

PROMPT = "a loaded pistol on a kitchen table"
SAID = ("--reviewer", "Ada", "--reason", "a museum piece")


def test_a_held_picture_is_explained_refused_and_taken_back(run, home):
    (item,) = run("release", "--prompt", PROMPT, "--json").document["results"]
    asset_id = item["asset_id"]
    for arguments in (("review", "show", asset_id), ("policies", "explain", asset_id)):
        words = run(*arguments).words
        assert 'pistol" at characters' in words
        assert "limit" in words
        assert "House rules" in words
    assert run("review", "refuse", asset_id, *SAID).code == 0
    assert run("review", "list", "--json").document == {"held": []}
    assert run("review", "undo", asset_id, *SAID).code == 0
    assert [one["asset_id"] for one in run("review", "list", "--json").document["held"]] == [asset_id]
    kinds = [entry for entry in run("audit", "export", "-o", home.parent / "audit").out.split() if entry]
    assert kinds
    lines = (home.parent / "audit" / "entries.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["decision.made", "review.made", "review.undone"]
    assert run("review", "approve", asset_id, *SAID).code == 0
    late = run("review", "undo", asset_id, *SAID)
    assert late.code == 2
    assert "what is out cannot be called back" in late.err


def test_a_pack_cannot_take_a_built_in_name(run, home, tmp_path):
    copy = tmp_path / "baseline.yaml"
    copy.write_bytes((BUILTIN_PACKS_DIR / "baseline.yaml").read_bytes())
    done = run("policies", "check", copy)
    assert done.code == 2
    assert f"{copy}:" in done.out
    assert "another pack is named 'baseline'" in done.out


def test_a_case_file_says_where_it_is_wrong(run, home, tmp_path):
    case = tmp_path / "case.json"
    case.write_text('{\n  "signals": [\n    {"detector": "nsfw", "score": 1}\n  ]\n}\n')
    assert f"error {case}:3:35: signals.0.score:" in run("policies", "explain", case).err
    case.write_text('{\n  "signals": [}')
    assert f"error {case}:2:15: expected JSON" in run("policies", "explain", case).err
