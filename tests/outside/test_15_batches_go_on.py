"""One bad item stops no batch: each is reported, the others go on, and the gravest gives the code."""

import os

import pytest

from tests.outside.test_01_outputs import png
from tests.sites import encode, photograph

ODD = [
    "9.41\u202fAM.png",
    "山田　太郎.png",
    "👩\u200d👧.png",
    "two\nlines.png",
    "\x1b[31mred.png",
    os.fsdecode(b"caf\xe9.png"),
]


@pytest.fixture
def odd(tmp_path):
    """Pictures under names that people and cameras make."""
    picture = photograph(side=320)
    made = []
    for number, name in enumerate(ODD):
        made.append(tmp_path / name)
        made[-1].write_bytes(encode(picture.crop((9 * number, 0, 320, 320)), "PNG"))
    return made


def test_odd_file_names_are_registered_and_listed(run, light, odd):
    done = run("register", *odd, "--owner", "山田　太郎", "--json")
    assert done.code == 0, done
    made = done.document["registered"]
    assert [item["title"] for item in made] == [
        "9.41 AM", "山田 太郎", "👩\u200d👧", "two lines", "[31mred", "caf\N{REPLACEMENT CHARACTER}",
    ]  # fmt: skip
    assert {item["owner"] for item in made} == {"山田 太郎"}
    shown = run("register", *odd, "--owner", "山田 太郎")
    assert shown.code == 0
    assert "6 files: 6 registered before" in shown.words
    assert "\x1b" not in shown.out
    assert len(run("works", "list", "--json").document["works"]) == len(ODD)


def test_a_bad_one_among_many_is_named_and_the_others_are_registered(run, light, odd, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    files = [*odd[:2], broken, tmp_path / "absent.png", *odd[2:]]
    done = run("register", *files, "--owner", "A", "--json")
    assert done.code == 2
    made = done.document["registered"]
    assert len(made) == len(files)
    assert ["error" in item for item in made] == [False, False, True, True, *[False] * 4]
    assert run("register", *files, "--owner", "A", "--json").document["registered"] == made


def test_a_bad_one_stops_no_release_either(run, light, odd, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    out = tmp_path / "out"
    done = run("release", odd[3], broken, odd[5], "-o", out, "--json")
    assert done.code == 2
    assert [item["outcome"] for item in done.document["results"]] == ["released", "error", "released"]
    assert sorted(map(os.fsencode, os.listdir(out))) == [b"caf\xe9.png", b"two\nlines.png"]
    (out / "two\nlines.png").write_bytes(b"somebody's")
    again = run("release", odd[3], broken, odd[5], "-o", out)
    assert again.code == 2
    assert "3 files: 1 released before, 1 not written, 1 error" in again.words
    assert (out / "two\nlines.png").read_bytes() == b"somebody's"


def test_drawing_goes_on_after_one_that_fails(run, light, tmp_path, monkeypatch):
    from generation.backends.sketch import Sketch
    from provenance.errors import GenerationError

    honest = Sketch.generate

    def sometimes(backend, request, progress=None):
        if request.seed == 1:
            raise GenerationError("out of paint")
        return honest(backend, request, progress)

    monkeypatch.setattr(Sketch, "generate", sometimes)
    done = run("generate", "a boat", "-n", 3, "--width", 256, "--height", 256, "-o", tmp_path / "out", "--json")
    assert done.code == 2
    assert [item["outcome"] for item in done.document["results"]] == ["released", "error", "released"]


def test_a_work_that_is_registered_says_so_and_adds_nothing(run, light, tmp_path):
    cover = png(tmp_path / "cover.png")
    first = run("register", cover, "--owner", "A", "--title", "One", "--json").document["registered"]
    again = run("register", cover, "--owner", "A", "--title", "Two")
    assert (again.code, "registered before" in again.words) == (0, True)
    listed = run("works", "list", "--json").document["works"]
    assert [item["id"] for item in listed] == [first[0]["work_id"]]


def test_other_texts_of_people_take_the_spaces_of_their_script(run, light):
    done = run(
        "works", "define-bank", "scans", "--action", "hold", "--description", "山田　太郎の作品 👩\u200d👧", "--json"
    )
    assert done.code == 0, done
    assert run("works", "define-bank", "scans", "--action", "hold", "--description", "a\u202eb").code == 2
