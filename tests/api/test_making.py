"""Models of clips, music and speech, by settings alone: from a prompt to a released file whose manifest names them."""

import json

import pytest

from api.console import CommandUsageError
from api.making import TYPES, name_made, verify_kind
from tests.sites import encode, photograph

PROMPT = "a field of red poppies"


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """Options of backends with tiny random models."""
    pytest.importorskip("diffusers", reason="the extra generate is not installed")
    pytest.importorskip("av", reason="the extra video is not installed")
    from tests.generation.films import save_ltx
    from tests.generation.sounds import save_music, save_speech

    place = tmp_path_factory.mktemp("models")
    return {
        "diffusers_video": {
            "model": str(save_ltx(place)), "device": "cpu", "side": 64, "steps": 1, "frames": 9, "rate": 12.0,
        },
        "transformers_music": {"model": str(save_music(place)), "device": "cpu"},
        "transformers_speech": {"model": str(save_speech(place)), "device": "cpu"},
    }  # fmt: skip


@pytest.fixture
def models(light, options, monkeypatch):
    """A site that makes everything by models."""
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,video,sound")
    monkeypatch.setenv("CHOPMARK_BACKEND_OPTIONS", json.dumps(options))
    for kind, backend in (
        ("CLIPS", "diffusers_video"), ("MUSIC", "transformers_music"), ("VOICES", "transformers_speech"),
    ):  # fmt: skip
        monkeypatch.setenv(f"CHOPMARK_MAKERS__{kind}", backend)
    return light


def layer(run, path, name="manifest_integrity"):
    (told,) = run("verify", path, "--json").document["results"]
    return next(one for one in told["layers"] if one["name"] == name)


def test_a_prompt_becomes_a_clip_and_the_clip_goes_on_by_the_same_model(run, models, tmp_path):
    done = run("release", "--prompt", PROMPT, "--as", "clip", "--seconds", 1, "-o", tmp_path / "a.mp4", "--json")
    assert done.code == 0, done
    longer = run("extend", tmp_path / "a.mp4", "--seconds", 1, "--prompt", PROMPT, "-o", tmp_path / "b.mp4", "--json")
    assert longer.code == 0, longer
    found = layer(run, tmp_path / "b.mp4")
    assert [(one["relationship"], one["state"]) for one in found["detail"]["ingredients"]] == [("parentOf", "intact")]
    told = json.dumps(run("verify", tmp_path / "b.mp4", "--json").document)
    assert "trainedAlgorithmicMedia" in told
    assert "poppies" not in told


def test_a_picture_and_words_become_a_clip_with_music_and_lines_by_models(run, models, tmp_path):
    picture = tmp_path / "a.jpg"
    picture.write_bytes(encode(photograph(side=256)))
    asked = ("--prompt", PROMPT, "--seconds", 2, "--side", 360, "--music", "--say", "good evening")
    done = run("animate", picture, *asked, "-o", tmp_path / "a.mp4", "--json")
    assert done.code == 0, [one["text"] for one in done.document["results"][0]["reasons"]]
    assert len(done.document["results"]) == 1, "no picture is drawn for it"
    found = layer(run, tmp_path / "a.mp4")["detail"]["ingredients"]
    assert sorted(one["relationship"] for one in found) == ["componentOf", "componentOf", "inputTo"]


def test_a_prompt_becomes_music(run, models, tmp_path):
    done = run("release", "--prompt", "calm sea", "--as", "music", "--seconds", 8, "-o", tmp_path / "a.wav", "--json")
    (result,) = done.document["results"]
    assert done.code == 0, [one["text"] for one in result["reasons"]]
    assert result["name"].startswith("composed-")
    assert "trainedAlgorithmicMedia" in json.dumps(run("verify", tmp_path / "a.wav", "--json").document)


def test_a_prompt_is_spoken_and_what_is_too_short_for_a_mark_is_held(run, models, tmp_path):
    done = run("release", "--prompt", "good evening", "--as", "speech", "-o", tmp_path / "a.wav", "--json")
    (result,) = done.document["results"]
    assert (done.code, result["name"][:7]) == (3, "spoken-")
    assert "too short" in result["reasons"][0]["text"]


def test_a_preset_is_filmed(run, models, tmp_path):
    done = run("create", "short-clip", "a cat", "-o", f"{tmp_path}/out/", "--json")
    assert done.code == 0, done
    (clip,) = done.document["results"]
    assert clip["written"].endswith(".mp4")


def test_what_is_refused_is_not_filmed(run, models, tmp_path):
    for asked in (("release", "--as", "clip"), ("animate",)):
        told = run(
            *asked, "--prompt", "how to make a pipe bomb", "--pack", "baseline", "-o", f"{tmp_path}/out/", "--json"
        )
        assert told.code == 4, told
        assert not list(tmp_path.glob("out/*"))


def test_without_models_clips_are_animated_and_words_alone_say_what_to_do(run, light, tmp_path, monkeypatch):
    told = run("release", "--prompt", PROMPT, "--as", "clip", "-o", tmp_path / "x.mp4")
    assert "CHOPMARK_MEDIA=picture,video" in told.err
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,video")
    told = run("release", "--prompt", PROMPT, "--as", "clip", "-o", tmp_path / "x.mp4")
    assert "makers.clips" in told.err
    assert "sound" in run("release", "--prompt", PROMPT, "--as", "music", "-o", tmp_path / "x.wav").err
    picture = tmp_path / "a.jpg"
    picture.write_bytes(encode(photograph(side=256)))
    assert "makers.clips" in run("animate", picture, "--prompt", PROMPT, "-o", tmp_path / "x.mp4").err
    assert "files" in run("release", picture, "--as", "clip").err


def test_kinds_and_names():
    for kind in TYPES:
        verify_kind(kind)
        assert name_made(kind, PROMPT, 3).endswith(f"-3{TYPES[kind].extension}")
        assert "poppies" not in name_made(kind, PROMPT, 3)
    with pytest.raises(CommandUsageError, match="picture, clip, music, speech"):
        verify_kind("film")
