import json


def test_the_queue_shows_what_is_held_and_why(run, stock):
    done = run("review", "list")
    assert f"{stock.held_id} flat.jpg the picture has too little detail" in done.words
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
