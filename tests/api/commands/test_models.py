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


def test_what_can_be_pulled_is_listed_with_its_commit_and_known_digests(run, home):
    listed = {item["name"]: item for item in run("models", "list", "--json").document["can_be_pulled"]}
    assert listed["ViT-B-32"]["sha256"]["open_clip_model.safetensors"].startswith("ac4f8c4b")
    assert listed["stable-diffusion-v1-5/stable-diffusion-v1-5"]["revision"].startswith("451f4fe1")
    assert "noted at the first pull" in run("models", "list").words


def test_weights_that_are_not_known_need_their_revision(run, home):
    assert "tag is needed" in run("models", "pull", "clip", "ViT-L-14", "--json").document["error"]["message"]
    done = run("models", "pull", "diffusers", "owner/name", "--json")
    assert "40 hexadecimal" in done.document["error"]["message"]
