"""`chopmark create`: one sentence, a preset, and the gate."""

import json
import zipfile

import pytest

from generation.presets.preset import load_presets, parse_preset
from tests.sites import DETECTORS, encode, photograph


def test_a_sentence_becomes_a_released_picture_and_what_is_done_is_said_first(run, light, tmp_path):
    done = run("create", "notice-picture", "a boat on the river", "-o", tmp_path / "out" / "")
    assert done.code == 0, done
    assert "cn-labeling-2025" in done.err.replace("\n", " ")
    assert "watermark" in done.err.replace("\n", " ")
    (made,) = (tmp_path / "out").iterdir()
    assert run("verify", made).code == 0
    result = run("create", "notice-picture", "a boat on the river", "-o", tmp_path / "b.png", "--json").document
    assert {"light", "cn-labeling-2025"} == {pack["name"] for pack in result["results"][0]["packs"]}


def test_the_list_says_for_whom_each_is(run):
    listed = run("create", "--json").document["presets"]
    assert [one["preset"] for one in listed] == list(load_presets())
    shown = run("create", "--for", "designers")
    assert "icon" in shown.out
    assert "flashcard" not in shown.out
    assert "chopmark create" in shown.err


def test_a_bundle_holds_presets_that_can_be_used(run, tmp_path):
    assert run("create", "--for", "students", "--bundle", tmp_path / "b.zip").code == 0
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        names = archive.namelist()
        archive.extractall(tmp_path)
    assert "chopmark-students/README.md" in names
    for path in (tmp_path / "chopmark-students").glob("*.yaml"):
        assert parse_preset(path.stem, path.read_text(encoding="utf-8")) == load_presets()[path.stem]
    own = run("create", "--presets", tmp_path / "chopmark-students", "--json").document["presets"]
    assert "flashcard" in [one["preset"] for one in own]
    first = (tmp_path / "b.zip").read_bytes()
    assert run("create", "--for", "students", "--bundle", tmp_path / "b.zip").code == 2, "nothing is replaced"
    assert (tmp_path / "b.zip").read_bytes() == first


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "me.jpg"
    path.write_bytes(encode(photograph("astronaut.png", 320)))
    return path


def test_ones_own_photograph_is_released_in_a_style_under_a_consent_and_held_without(
    run, light, photo, tmp_path, monkeypatch
):
    monkeypatch.setenv("CHOPMARK_DETECTORS", ",".join((*DETECTORS[:3], "faces")))
    asked = ("create", "avatar-watercolour", "a portrait of me", "--photo", photo, "--json")
    (held,) = run(*asked, "-o", tmp_path / "a.png").document["results"]
    assert (held["outcome"], [one["rule"] for one in held["reasons"]]) == ("held", ["no_consent"])
    agreed = run("consents", "add", "Me", "--for", "avatar", "--photo", photo, "--json").document["consent"]["id"]
    done = run(*asked, "--seed", 1, "--consent", agreed, "-o", tmp_path / "b.png")
    assert done.code == 0, done
    verified = run("verify", tmp_path / "b.png", "--json").document
    assert "inputTo" in json.dumps(verified)
    assert run("consents", "show", agreed, "--json").document["consent"]["assets"]
    run("consents", "revoke", agreed, "--reason", "no more")
    (gone,) = run(*asked, "--seed", 2, "--consent", agreed, "-o", tmp_path / "c.png").document["results"]
    assert gone["outcome"] == "held"
    assert {one["rule"] for one in gone["reasons"]} == {"consent", "lapsed_consent"}
    assert not (tmp_path / "c.png").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonesuch", "x"], "flashcard"),
        (["flashcard"], "Which thing?"),
        (["avatar-ink", "me"], "--photo me.jpg --consent"),
        (["flashcard", "an apple", "--photo", "me.jpg"], "takes no photo"),
        (["flashcard", " "], "1 to 400"),
        (["--for", "cats"], "students"),
        (["--bundle", "x.zip"], "--for"),
    ],
)
def test_mistakes_teach(run, arguments, said):
    done = run("create", *arguments)
    assert done.code == 2
    assert said in done.err.replace("\n", " ")


def test_music_by_words_is_one_file_and_has_the_name_that_is_asked_for(run, light, tmp_path, monkeypatch):
    """It was refused, as a clip by words is, of which the picture that it begins with is a file, too."""
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,sound")
    done = run("create", "tune", "a calm sea at night", "-o", tmp_path / "calm.wav")
    assert done.code == 0, done
    assert (tmp_path / "calm.wav").read_bytes()[:4] == b"RIFF"
    refused = run("create", "short-clip", "a boat", "-o", tmp_path / "boat.mp4")
    assert "need a folder" in refused.err
