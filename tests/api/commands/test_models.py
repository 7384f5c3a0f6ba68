def test_detectors_are_listed_with_their_licences(run, home):
    done = run("models", "list")
    assert "nudity" in done.words
    assert "AGPL-3.0" in done.words
    document = run("models", "list", "--json").document
    assert {item["name"]: item["licence"] for item in document["detectors"]}["prompt"] == "Apache-2.0"
    assert document["pulled"] == []


def test_pulled_weights_are_listed(run, home):
    folder = home / "models" / "clip" / "ViT-B-32--tag"
    folder.mkdir(parents=True)
    (folder / "open_clip.safetensors").write_bytes(bytes(3 << 20))
    (pulled,) = run("models", "list", "--json").document["pulled"]
    assert (pulled["kind"], pulled["name"], pulled["size_bytes"]) == ("clip", "ViT-B-32--tag", 3 << 20)
    assert "clip ViT-B-32--tag 3 MiB" in run("models", "list").words


def test_an_unknown_kind_teaches_before_anything_is_fetched(run, home):
    done = run("models", "pull", "gan", "x", "y", "--json")
    assert (done.code, done.document["error"]["code"]) == (2, "usage")
    assert "clip, diffusers" in done.document["error"]["message"]
