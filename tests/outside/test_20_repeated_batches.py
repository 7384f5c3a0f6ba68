"""A batch that was interrupted and is run again releases what is missing, and nothing twice."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.outside.test_01_outputs import png, published
from tests.sites import encode, photograph

COMMAND = [sys.executable, "-c", "from api.cli import main; main()"]


@pytest.fixture
def pictures(tmp_path):
    """Six pictures of their own."""
    made = []
    picture = photograph(side=256)
    for number in range(6):
        made.append(tmp_path / f"{number}.png")
        made[-1].write_bytes(encode(picture.crop((number, number, number + 224, number + 224)), "PNG"))
    return made


def test_a_batch_that_was_interrupted_is_completed_and_nothing_is_released_twice(run, light, tmp_path, pictures):
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*COMMAND, "release", *map(str, pictures), "-o", str(out)],
        stdout=-1,
        stderr=-1,
        # A test run in the background has a shell that ignores SIGINT, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread runs here
    )
    for _ in range(1200):
        if out.is_dir() and any(out.iterdir()):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    done = run("release", *pictures, "-o", out, "--json")
    assert done.code == 0
    assert {item["outcome"] for item in done.document["results"]} == {"released"}
    assert len(published(light)) == len(pictures)
    assert sorted(os.listdir(out)) == [path.name for path in pictures]
    assert sum(item.get("repeated", False) for item in done.document["results"]) > 0


def test_the_same_again_says_so_and_again_releases_anew(run, light, tmp_path, pictures):
    first = run("release", *pictures[:2], "-o", tmp_path / "out", "--json").document["results"]
    (tmp_path / "out" / "0.png").unlink()
    shown = run("release", *pictures[:3], "-o", tmp_path / "out")
    assert shown.code == 0
    assert "already released as" in shown.words
    assert "3 files: 2 released before, 1 released" in shown.words
    assert "--again" in shown.err
    assert (tmp_path / "out" / "0.png").exists()
    anew = run("release", pictures[0], "--again", "--json").document["results"]
    assert anew[0]["asset_id"] != first[0]["asset_id"]
    assert len(published(light)) == 4


def test_two_files_of_the_same_bytes_are_one_release(run, light, tmp_path, pictures):
    twin = tmp_path / "twin.png"
    twin.write_bytes(pictures[0].read_bytes())
    done = run("release", pictures[0], twin, "-o", tmp_path / "out", "--json")
    assert done.code == 0
    assert len({item["asset_id"] for item in done.document["results"]}) == 1
    assert sorted(os.listdir(tmp_path / "out")) == ["0.png", "twin.png"]


def test_what_waits_for_a_moderator_waits_once(run, light, tmp_path, pictures):
    for _ in range(2):
        assert run("release", pictures[0], "--prompt", "a casino").code == 3
    assert len(run("review", "list", "--json").document["held"]) == 1
    for code, flag in ((4, ()), (4, ("--resume",))):
        assert run("release", pictures[1], "--prompt", "how to make a bomb", *flag).code == code


def test_drawing_again_releases_nothing_again(run, light, tmp_path):
    arguments = ("generate", "a boat", "-n", 2, "--width", 256, "--height", 256, "-o", tmp_path / "out", "--json")
    first, second = (run(*arguments).document["results"] for _ in range(2))
    assert [item["asset_id"] for item in first] == [item["asset_id"] for item in second]
    assert len(published(light)) == 2


def test_an_id_of_ones_own_is_handed_in_once(run, light, tmp_path):
    cover = png(tmp_path / "cover.png")
    own = "01890a5d-ac96-774b-bcce-b302099a8057"
    for _ in range(2):
        (item,) = run("release", cover, "--asset-id", own.upper(), "-o", tmp_path / "x.png", "--json").document[
            "results"
        ]
        assert (item["asset_id"], item["outcome"]) == (own, "released")
    other = png(tmp_path / "other.png", "chelsea.png")
    assert "belongs to bytes" in run("release", other, "--asset-id", own).words


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--prompt", "a gun"), "another prompt, recipe"),
        (("--pack", "baseline"), "another choice of packs"),
        (("--seed", "7"), "another recipe"),
    ],
)
def test_an_id_of_ones_own_is_no_way_round_what_else_is_asked(run, light, tmp_path, asked, said):
    cover = png(tmp_path / "cover.png")
    own = "01890a5d-ac96-774b-bcce-b302099a8058"
    assert run("release", cover, "--asset-id", own, "-o", tmp_path / "x.png").code == 0
    again = run("release", cover, "--asset-id", own, "-o", tmp_path / "y.png", *asked)
    assert (again.code, said in again.words, (tmp_path / "y.png").exists()) == (2, True, False)
    assert run("release", cover, "--asset-id", own, "-o", tmp_path / "y.png").code == 0


def test_two_shells_with_the_same_batch_at_once_release_it_once(run, light, tmp_path, pictures):
    started = [
        subprocess.Popen(
            [*COMMAND, "release", *map(str, pictures[:2]), "-o", str(tmp_path / name)], stdout=-1, stderr=-1
        )
        for name in ("one", "two")
    ]
    for process in started:
        said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    assert len(published(light)) == 2
    assert sorted(os.listdir(tmp_path / "one")) == sorted(os.listdir(tmp_path / "two"))
