import json

import pytest
from PIL import Image

from tests.sites import encode, photograph, photograph_path

PROMPT = "a loaded pistol on a kitchen table"
SAID = ("--reviewer", "Ada", "--reason", "a museum piece")


def test_the_queue_shows_what_is_held_and_why(run, stock):
    done = run("review", "list")
    assert f"{stock.held_id} flat.jpg it has too little detail" in done.words
    (held,) = run("review", "list", "--json").document["held"]
    assert (held["asset_id"], held["name"]) == (stock.held_id, "flat.jpg")


def test_an_empty_queue_says_so(run, home):
    assert run("review", "list").words == "nothing is held"
    assert run("review", "list", "--json").document == {"held": []}


def test_refusing_blocks_for_good(run, stock):
    done = run("review", "refuse", stock.held_id, "--reviewer", "Ada", "--reason", "a blank is no work", "--json")
    assert done.code == 0
    assert done.document["results"][0]["outcome"] == "blocked"
    assert done.document["results"][0]["decided_by"] == "review:Ada"
    assert run("review", "list", "--json").document == {"held": []}
    again = run("review", "approve", stock.held_id, "--reviewer", "Ada", "--reason", "x")
    assert again.code == 2
    assert "expected a held asset" in again.err


def test_approving_walks_the_rest_of_the_line(run, home, tmp_path):
    held = run("release", "--prompt", "a loaded pistol on a kitchen table", "--json")
    (item,) = held.document["results"]
    assert item["outcome"] == "held", json.dumps(item["reasons"])
    out = tmp_path / "out"
    done = run("review", "approve", item["asset_id"], "--reviewer", "Ada", "--reason", "a museum piece", "-o", out)
    assert done.code == 0, done
    assert "released a museum piece C2PA, watermark, IPTC" in done.words
    (file,) = out.iterdir()
    assert run("verify", file).code == 0


def test_a_review_needs_a_reason_and_a_known_asset(run, stock):
    assert run("review", "refuse", stock.held_id, "--reviewer", " ", "--reason", "x").code == 2
    done = run("review", "refuse", "nonesuch", "--reviewer", "Ada", "--reason", "x", "--json")
    assert (done.code, done.document["error"]["code"]) == (2, "asset.not_found")


@pytest.fixture
def pistol(run, home):
    """The id of a picture that is held for its prompt."""
    (item,) = run("release", "--prompt", PROMPT, "--json").document["results"]
    assert item["outcome"] == "held"
    return item["asset_id"]


def test_pages_and_filters(run, stock):
    assert run("review", "list", "--limit", "1").words.startswith("asset name why")
    assert run("review", "list", "--after", stock.held_id).words == "nothing that fits is held"
    for fitting in (("--name", "flat"), ("--name", "*.jpg"), ("--since", "2026-01-01"), ("--pack", "baseline")):
        assert len(run("review", "list", *fitting, "--json").document["held"]) == 1, fitting
    for other in (("--name", "x"), ("--since", "2999-01-01"), ("--detector", "clip"), ("--category", "prompt.weapons")):
        assert run("review", "list", *other, "--json").document == {"held": []}, other
    assert run("review", "list", "--outcome", "blocked", "--json").document == {"blocked": []}
    assert run("review", "list", "--outcome", "lost").code == 2


def test_a_page_names_the_next_one(run, stock):
    (item,) = run("release", "--prompt", PROMPT, "--json").document["results"]
    first = run("review", "list", "--limit", "1", "--json").document
    assert [one["asset_id"] for one in first["held"]] == [stock.held_id]
    assert first["next"] == stock.held_id
    hint = run("review", "list", "--limit", "1").err.splitlines()[0]
    assert hint == f"more: chopmark review list --limit 1 --after {stock.held_id}"
    second = run("review", "list", "--limit", "1", "--after", first["next"], "--json").document
    assert [one["asset_id"] for one in second["held"]] == [item["asset_id"]]
    assert "next" not in second


def test_show_names_words_place_limit_and_picture(run, pistol, home):
    done = run("review", "show", pistol)
    assert done.code == 0, done
    start = PROMPT.index("loaded pistol")
    assert '"pistol" at characters' in done.words or f'"loaded pistol" at characters {start}' in done.words
    assert str(home / "quarantine" / pistol / "original") in done.out
    assert PROMPT not in done.out
    assert f"chopmark review approve {pistol}" in done.err
    assert f"prompt: {PROMPT}" in run("review", "show", pistol, "--prompt").out
    document = run("review", "show", pistol, "--json").document
    (first, *_) = document["evidence"]
    assert PROMPT[first["start"] : first["end"]] == first["words"]
    assert first["limit"] is not None
    assert document["prompt_is_kept"] is True
    assert "prompt" not in document
    explained = run("policies", "explain", pistol)
    assert '" at characters ' in explained.words
    assert run("policies", "explain", pistol, "--json").document["evidence"] == document["evidence"]


def test_show_names_the_matched_work_and_both_pictures(run, home, tmp_path):
    work = tmp_path / "chelsea.png"
    work.write_bytes(photograph_path("chelsea.png").read_bytes())
    run("register", work, "--owner", "Stéfan", "--title", "Chelsea")
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(encode(photograph("chelsea.png", 240), quality=60))
    (item,) = run("release", copy, "--json").document["results"]
    document = run("review", "show", item["asset_id"], "--json").document
    (found,) = [one for one in document["evidence"] if one["work_id"]]
    assert '"Chelsea" of Stéfan' in found["text"]
    for path in (document["original"], found["work_picture"]):
        with Image.open(path) as opened:
            assert opened.width > 0
    assert found["work_picture"] in run("review", "show", item["asset_id"]).out
    assert run("works", "withdraw", found["work_id"], "--reason", "sold").code == 0
    assert "not kept" in run("review", "show", item["asset_id"]).out


def test_several_are_decided_at_once_and_each_is_told(run, stock, tmp_path):
    (item,) = run("release", "--prompt", PROMPT, "--json").document["results"]
    ids = (stock.held_id, "nonesuch", item["asset_id"], stock.held_id)
    done = run("review", "refuse", *ids, *SAID, "--json")
    assert done.code == 2
    assert [one["outcome"] for one in done.document["results"]] == ["blocked", "error", "blocked"]
    assert done.document["results"][1]["error"]["code"] == "asset.not_found"
    undone = run("review", "undo", stock.held_id, item["asset_id"], *SAID)
    assert undone.code == 0, undone
    assert "2 files: 2 held" in undone.out
    out = tmp_path / "out"
    approved = run("review", "approve", stock.held_id, item["asset_id"], *SAID, "-o", f"{out}/", "--json")
    assert approved.code == 0, approved
    assert len(list(out.iterdir())) == 2
    late = run("review", "undo", item["asset_id"], *SAID)
    assert late.code == 2
    assert "what is out cannot be called back" in late.err
