"""`register` takes folders and lists; one picture under two owners is a question; empty prompts are refused."""

import pytest

from tests.outside.test_01_outputs import png


@pytest.fixture
def shelf(tmp_path):
    """A folder of two pictures, a note, and a list of them beside it."""
    png(tmp_path / "shelf" / "a.png")
    png(tmp_path / "shelf" / "deep" / "b.png", "chelsea.png")
    (tmp_path / "shelf" / "note.txt").write_text("x")
    (tmp_path / "works.csv").write_text(
        "file;title;owner\nshelf/a.png;Espresso;Pikolo\nshelf/deep/b.png;;\nshelf/c.png;;\n"
    )
    return tmp_path / "shelf"


def test_a_folder_is_registered_and_ends_in_one_line(run, light, shelf):
    done = run("register", shelf, "--owner", "A")
    assert done.code == 0
    assert done.words.endswith("2 files: 2 registered")
    assert "1 other file was passed over" in done.err
    assert [item["title"] for item in run("register", shelf, "--owner", "A", "--json").document["registered"]] == [
        "a",
        "b",
    ]


def test_a_list_is_registered_line_by_line(run, light, shelf, tmp_path):
    done = run("register", tmp_path / "works.csv", "--owner", "Stéfan", "--json")
    assert done.code == 2
    made = done.document["registered"]
    assert [(item.get("title"), item.get("owner")) for item in made] == [
        ("Espresso", "Pikolo"), ("b", "Stéfan"), (None, None),
    ]  # fmt: skip
    assert "no such file" in made[2]["error"]["message"]


def test_without_an_owner_nothing_is_registered(run, light, shelf):
    done = run("register", shelf)
    assert (done.code, "expected --owner NAME" in done.err) == (2, True)


def test_the_same_picture_under_two_owners_is_a_question(run, light, shelf):
    picture = shelf / "a.png"
    assert run("register", picture, "--owner", "A. Painter").code == 0
    done = run("register", shelf, "--owner", "B. Painter", "--json")
    assert done.code == 2
    first, second = done.document["registered"]
    assert "is registered for A. Painter already" in first["error"]["message"]
    assert second["owner"] == "B. Painter"
    assert run("register", picture, "--owner", "B. Painter", "--second-owner").code == 0
    assert len(run("works", "list", "--json").document["works"]) == 3


@pytest.mark.parametrize("verb", ["generate", "release"])
def test_an_empty_prompt_is_refused(run, light, verb):
    done = run(*(("generate", "") if verb == "generate" else ("release", "--prompt", "")))
    assert (done.code, "at least one word" in done.err) == (2, True)
