"""An output is exactly the path asked for, and nothing that lies there is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.sites import encode, photograph

ROOT = Path(__file__).parents[2]
STRANGER = b"somebody's, and the only copy"


def png(path: Path, name: str = "coffee.png") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(photograph(name, 320), "PNG"))
    return path


def published(home: Path) -> list[Path]:
    return list((home / "public").rglob("media.*"))


def test_an_ending_that_does_not_fit_is_refused_before_the_gate_and_names_the_right_one(run, light, tmp_path):
    cover = png(tmp_path / "cover.png")
    before = cover.read_bytes()
    done = run("release", cover, "-o", tmp_path / "cover.jpg")
    assert done.code == 2
    assert f"-o {tmp_path / 'cover.png'}" in done.err
    assert cover.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.*")] == ["cover.png"]
    assert published(light) == []


def test_a_path_with_a_slash_is_a_folder_whatever_it_looks_like(run, light, tmp_path):
    png(tmp_path / "in.png")
    (tmp_path / "v1.png").write_bytes(STRANGER)
    assert run("release", tmp_path / "in.png", "-o", f"{tmp_path}/v1.2/").code == 0
    assert (tmp_path / "v1.png").read_bytes() == STRANGER
    assert [path.name for path in (tmp_path / "v1.2").iterdir()] == ["in.png"]
    done = run("release", tmp_path / "in.png", "-o", tmp_path / "v1.3")
    assert (done.code, "v1.3.png for a file" in done.err, "v1.3/ for a folder" in done.err) == (2, True, True)


def test_an_input_is_never_replaced_by_whatever_name(run, light, tmp_path):
    cover = png(tmp_path / "cover.png")
    (tmp_path / "there").mkdir()
    (tmp_path / "COVER.link.png").symlink_to(cover)
    os.link(cover, tmp_path / "hard.png")
    before = cover.read_bytes()
    for name in ("cover.png", "COVER.link.png", "hard.png", "there/../cover.png"):
        for force in ((), ("--force",)):
            done = run("release", cover, "-o", tmp_path / name, *force)
            assert (done.code, "never replaced" in done.err) == (2, True)
    assert cover.read_bytes() == before
    assert (tmp_path / "COVER.link.png").is_symlink()
    assert published(light) == []


def test_a_way_over_a_folder_that_is_not_there_yet_leads_to_no_input(run, light, tmp_path):
    cover, taken = png(tmp_path / "cover.png"), tmp_path / "taken.png"
    taken.write_bytes(STRANGER)
    before = cover.read_bytes()
    for out in ("new/../cover.png", "new/../", "new/.."):
        done = run("release", cover, "-o", f"{tmp_path}/{out}", "--force")
        assert (done.code, "never replaced" in done.err) == (2, True)
    assert run("release", cover, "-o", f"{tmp_path}/new/../taken.png").code == 2
    assert (cover.read_bytes(), taken.read_bytes(), published(light)) == (before, STRANGER, [])


def test_a_file_that_the_shell_opened_is_an_input_too(light, tmp_path):
    cover, words = png(tmp_path / "cover.png"), tmp_path / "words.png"
    words.write_text("a red boat", "utf-8")
    for verb, path in ((("release", "-"), cover), (("release", "--prompt", "-"), words), (("generate", "-"), words)):
        before = path.read_bytes()
        with path.open("rb") as opened:
            command = [sys.executable, "-m", "chopmark", *verb, "-o", str(path), "--force"]
            done = subprocess.run(command, stdin=opened, capture_output=True, check=False, cwd=ROOT)
        assert (done.returncode, b"never replaced" in done.stderr) == (2, True)
        assert path.read_bytes() == before
    assert published(light) == []


def test_a_file_that_is_there_is_replaced_with_force_only(run, light, tmp_path):
    cover, taken = png(tmp_path / "cover.png"), tmp_path / "taken.png"
    taken.write_bytes(STRANGER)
    done = run("release", cover, "-o", taken)
    assert (done.code, "--force" in done.words) == (2, True)
    assert taken.read_bytes() == STRANGER
    assert published(light) == []
    assert run("release", cover, "-o", taken, "--force").code == 0
    assert taken.read_bytes() == published(light)[0].read_bytes()


def test_a_link_at_the_output_is_never_followed(run, light, tmp_path):
    cover, elsewhere = png(tmp_path / "cover.png"), tmp_path / "elsewhere.png"
    elsewhere.write_bytes(STRANGER)
    for name, target in (("one.png", elsewhere), ("two.png", tmp_path / "nowhere.png")):
        (tmp_path / name).symlink_to(target)
        assert run("release", cover, "-o", tmp_path / name).code == 2
    assert run("release", cover, "-o", tmp_path / "one.png", "--force").code == 0
    assert elsewhere.read_bytes() == STRANGER
    assert not (tmp_path / "one.png").is_symlink()
    assert not (tmp_path / "nowhere.png").exists()


def test_several_files_need_a_folder_and_those_of_one_name_get_numbers(run, light, tmp_path):
    files = [png(tmp_path / "a" / "x.png"), png(tmp_path / "b" / "x.png", "chelsea.png")]
    assert "need a folder" in run("release", *files, "-o", tmp_path / "all.png").err
    assert "takes one file" in run("release", *files, "-o", "-").err
    assert published(light) == []
    assert run("release", *files, "-o", tmp_path / "all").code == 0
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["x-2.png", "x.png"]


def test_one_released_file_goes_down_a_pipe_and_nothing_else_does(light, tmp_path, capfdbinary):
    from api.cli import main

    cover = png(tmp_path / "cover.png")
    with pytest.raises(SystemExit) as ended:
        main(["release", str(cover), "-o", "-"])
    captured = capfdbinary.readouterr()
    assert ended.value.code == 0
    assert captured.out == published(light)[0].read_bytes()
    assert b"cover.png" in captured.err


def test_what_is_no_file_is_not_replaced_even_with_force(run, light, tmp_path):
    cover = png(tmp_path / "cover.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    done = run("release", cover, "-o", tmp_path / "pipe.png", "--force")
    assert (done.code, "no file" in done.err + done.words) == (2, True)
    assert run("release", cover, "-o", tmp_path / "folder.png", "--force").code == 0, "a folder is a folder"
    assert [path.name for path in (tmp_path / "folder.png").iterdir()] == ["cover.png"]


def test_generate_keeps_the_rule(run, light, tmp_path):
    done = run("generate", "a boat", "-o", tmp_path / "art.jpg")
    assert (done.code, f"-o {tmp_path / 'art.png'}" in done.err) == (2, True)
    source = png(tmp_path / "start.png")
    before = source.read_bytes()
    done = run("generate", "a boat", "--source", source, "-o", source, "--force")
    assert (done.code, "never replaced" in done.err) == (2, True)
    assert source.read_bytes() == before
    assert published(light) == []


def test_review_approve_keeps_the_rule_before_it_decides(run, home, tmp_path):
    flat, taken = tmp_path / "flat.png", tmp_path / "taken.png"
    flat.write_bytes(encode(Image.new("RGB", (300, 300), "navy"), "PNG"))
    (held,) = run("release", flat, "--json").document["results"]
    taken.write_bytes(STRANGER)
    arguments = ("review", "approve", held["asset_id"], "--reviewer", "R", "--reason", "flat", "-o")
    for wrong, said in ((tmp_path / "art.jpg", "art.png"), (taken, "--force")):
        done = run(*arguments, wrong)
        assert (done.code, said in done.err + done.words) == (2, True)
    assert taken.read_bytes() == STRANGER
    assert [item["asset_id"] for item in run("review", "list", "--json").document["held"]] == [held["asset_id"]]


def test_watermark_embed_keeps_the_rule(run, light, tmp_path):
    mine, other = png(tmp_path / "a" / "x.png"), png(tmp_path / "b" / "x.png", "chelsea.png")
    before = mine.read_bytes()
    done = run("watermark", "embed", other, "-o", tmp_path / "a")
    assert (done.code, "--force" in done.words) == (2, True)
    done = run("watermark", "embed", mine, "-o", tmp_path / "a", "--force")
    assert (done.code, "never replaced" in done.err) == (2, True)
    assert mine.read_bytes() == before
    assert run("watermark", "embed", other, "-o", tmp_path / "marked.png").code == 0
    assert (tmp_path / "marked.png").is_file()


def test_audit_proof_and_demo_keep_the_rule(run, light, tmp_path):
    assert run("release", png(tmp_path / "cover.png")).code == 0
    (tmp_path / "proof").write_bytes(STRANGER)
    done = run("audit", "proof", 0, "-o", tmp_path / "proof")
    assert (done.code, "--force" in done.err) == (2, True)
    assert (tmp_path / "proof").read_bytes() == STRANGER
    assert run("audit", "proof", 0, "-o", tmp_path / "proof", "--force").code == 0
