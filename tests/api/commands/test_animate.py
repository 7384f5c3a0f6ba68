"""One command from a picture to a released clip, and on to a longer one whose chain reads back."""

import pytest

from tests.sites import encode, photograph

SMALL = ("--seconds", 1, "--side", 256, "--rate", 12, "--particles", 10)


@pytest.fixture
def clips(light, monkeypatch):
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,video")
    return light


def test_from_a_prompt_to_an_extended_clip_whose_chain_reads_back(run, clips, tmp_path):
    out = tmp_path / "out"
    done = run("animate", "--prompt", "a field of red poppies", *SMALL, "--music", "-o", f"{out}/", "--json")
    assert done.code == 0, done
    picture, clip = done.document["results"]
    assert [picture["outcome"], clip["outcome"]] == ["released", "released"]
    longer = run("extend", clip["written"], "--seconds", 1, "--music", "-o", out / "longer.mp4", "--json")
    assert longer.code == 0, longer
    (told,) = run("verify", out / "longer.mp4", "--json").document["results"]
    assert told["state"] == "consistent"
    layer = next(one for one in told["layers"] if one["name"] == "manifest_integrity")
    first = {one["relationship"]: one for one in layer["detail"]["ingredients"]}
    assert set(first) == {"parentOf", "componentOf"}
    second = {one["relationship"]: one for one in first["parentOf"]["ingredients"]}
    assert set(second) == {"inputTo", "componentOf"}
    assert second["inputTo"]["state"] == first["parentOf"]["state"] == "intact"


def test_what_cannot_be_meant_teaches(run, clips, tmp_path):
    picture = tmp_path / "a.jpg"
    picture.write_bytes(encode(photograph(side=256)))
    assert run("animate").code == 2
    assert run("animate", picture, "--prompt", "a cat").code == 2
    assert "auto" in run("animate", picture, "--move", "fly").err
    assert "expected a clip" in run("extend", picture, "-o", tmp_path / "x.mp4").out


def test_a_site_that_takes_no_clips_says_so_before_anything_is_made(run, light, tmp_path):
    picture = tmp_path / "a.jpg"
    picture.write_bytes(encode(photograph(side=256)))
    told = run("animate", picture, "-o", tmp_path / "a.mp4")
    assert told.code == 2
    assert "CHOPMARK_MEDIA=picture,video" in told.err


def test_lines_are_spoken_screened_and_named_in_the_manifest(run, clips, tmp_path):
    pytest.importorskip("hibari", reason="the extra voices is not installed")
    picture = tmp_path / "a.jpg"
    picture.write_bytes(encode(photograph(side=256)))
    said = ("--say", "Good morning.", "--ambience", "sea", "--seconds", 6, *SMALL[2:])
    done = run("animate", picture, *said, "-o", tmp_path / "a.mp4", "--json")
    assert done.code == 0, done
    (told,) = run("verify", tmp_path / "a.mp4", "--json").document["results"]
    layer = next(one for one in told["layers"] if one["name"] == "manifest_integrity")
    assert sorted(one["relationship"] for one in layer["detail"]["ingredients"]) == [
        "componentOf", "componentOf", "inputTo",
    ]  # fmt: skip
    withheld = run(
        "animate",
        picture,
        "--say",
        "Place your bets at our online casino.",
        *said[2:],
        "-o",
        tmp_path / "b.mp4",
        "--json",
    )
    assert withheld.code in {3, 4}, withheld
    assert "deep" in run("animate", picture, "--say", "nobody: Hello.", "-o", tmp_path / "c.mp4").out
