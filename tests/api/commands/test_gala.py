"""One command from a programme to a released gala, interrupted on the way, whose one manifest names every piece."""

import json
from contextlib import suppress

import pytest

PROGRAMME = """
title: A small gala
seed: 2
pieces:
  - {title: Poppies, prompt: a field of red poppies}
  - title: The sea moves
    prompt: a blue sea
    animate: {seconds: 1, side: 180, rate: 12, particles: 5, music: true}
  - {title: Finale, music: {seconds: 3, words: calm}}
"""


@pytest.fixture
def programme(light, monkeypatch, tmp_path):
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,video,sound")
    monkeypatch.setenv("CHOPMARK_DETECTORS", "prompt,incoming_marks,copyright,nsfw,levels")
    monkeypatch.setenv("CHOPMARK_DETECTOR_OPTIONS", json.dumps({"levels": {"enough": True}}))
    path = tmp_path / "programme.yaml"
    path.write_text(PROGRAMME)
    return path


def test_a_gala_is_interrupted_goes_on_and_is_one_provenance(run, programme, tmp_path, monkeypatch):
    out = tmp_path / "gala"
    from api import gala

    make, made = gala._make, []

    def breaks_off(site, piece, *rest):
        if piece.number == 2 and 0 not in made:
            made.append(0)
            raise KeyboardInterrupt
        made.append(piece.number)
        return make(site, piece, *rest)

    monkeypatch.setattr(gala, "_make", breaks_off)
    with suppress(KeyboardInterrupt, SystemExit):
        assert run("gala", programme, "-o", f"{out}/", "--json").code
    assert made == [1, 0]
    done = run("gala", programme, "-o", f"{out}/", "--json")
    assert done.code == 0, done
    assert made.count(1) == 1, "the first piece was made once"
    results = done.document["results"]
    assert [one["outcome"] for one in results] == ["released"] * 4
    assert [one.get("repeated", False) for one in results] == [True, False, False, False]
    assert "3 pieces" in (out / "running-order.txt").read_text()
    assert "Finale" in (out / "running-order.html").read_text()
    (told,) = run("verify", results[-1]["written"], "--json").document["results"]
    assert told["state"] == "consistent"
    layer = next(one for one in told["layers"] if one["name"] == "manifest_integrity")
    pieces = layer["detail"]["ingredients"]
    assert [one["relationship"] for one in pieces] == ["componentOf"] * 3
    assert {one["state"] for one in pieces} == {"intact"}
    chains = [{one["relationship"] for one in piece["ingredients"]} for piece in pieces]
    assert {"inputTo", "componentOf"} in chains


def test_a_programme_is_checked_and_what_cannot_be_meant_teaches(run, programme, tmp_path, monkeypatch):
    told = run("gala", programme, "--check", "--json")
    assert [one["kind"] for one in told.document["pieces"]] == ["picture", "clip", "music"]
    wrong = programme.read_text().replace("seed: 2", "packs: [nonesuch]")
    (tmp_path / "wrong.yaml").write_text(wrong)
    assert "got nonesuch" in run("gala", tmp_path / "wrong.yaml", "--check").err
    with monkeypatch.context() as fewer:
        fewer.setenv("CHOPMARK_MEDIA", "picture")
        assert "CHOPMARK_MEDIA=picture,sound,video" in run("gala", programme, "--check").err
    assert "folder" in run("gala", programme, "-o", tmp_path / "one.png").err
    programme.write_text("title: T\npieces: [{title: A}]")
    assert "piece 1" in run("gala", programme).err


def test_titles_of_strangers_are_shown_and_printed_whole_and_move_no_cursor(run, programme, tmp_path):
    programme.write_text('title: "T\\e[2J"\npieces: [{title: "../a/b\\e[31m\\u202e", prompt: a red cup}]')
    out = tmp_path / "gala"
    shown = run("gala", programme, "-o", f"{out}/")
    assert shown.code == 0, shown
    assert r"01 ..∕a∕b\x1b[31m\u202e" in shown.out
    for page in ("running-order.txt", "running-order.html"):
        told = (out / page).read_text()
        assert r"../a/b\x1b[31m\u202e" in told
        assert not {"\x1b", "\u202e"} & set(told)
    assert {path.name for path in out.iterdir()} == {
        "01-a-b-x1b-31m-u202e.png",
        "poster.png",
        "running-order.html",
        "running-order.txt",
    }


def test_a_picture_of_a_programme_is_never_written_over(run, programme, tmp_path):
    from tests.sites import encode, photograph

    (tmp_path / "01-a.png").write_bytes(before := encode(photograph(side=256), "PNG"))
    programme.write_text("title: T\npieces: [{title: A, picture: 01-a.png}]")
    done = run("gala", programme, "-o", f"{tmp_path}/", "--force", "--json")
    assert "never replaced" in done.document["results"][0]["error"]["message"]
    assert (tmp_path / "01-a.png").read_bytes() == before
