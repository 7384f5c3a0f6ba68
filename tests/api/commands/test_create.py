"""`chopmark create`: one sentence, a preset, and the gate."""

import zipfile

import pytest

from generation.presets.preset import load_presets, parse_preset


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonesuch", "x"], "flashcard"),
        (["flashcard"], "Which thing?"),
        (["flashcard", " "], "1 to 400"),
        (["--for", "cats"], "students"),
        (["--bundle", "x.zip"], "--for"),
    ],
)
def test_mistakes_teach(run, arguments, said):
    done = run("create", *arguments)
    assert done.code == 2
    assert said in done.err.replace("\n", " ")
