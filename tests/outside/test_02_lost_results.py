"""A result that could not be written is not lost: the output is checked first, and what was released can be fetched."""

import errno
import os
import subprocess
import sys

import pytest

import api.output
from tests.outside.test_01_outputs import png, published

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from api.durable import verify_writable, write_whole
from pathlib import Path
try:
    {call}
except OSError as exc:
    print(exc.errno)
"""


@pytest.mark.parametrize("length", [244, 255])
def test_long_names_work(run, light, tmp_path, length):
    long = tmp_path / ("n" * (length - 4) + ".png")
    png(tmp_path / "short.png").rename(long)
    assert run("release", long, "-o", tmp_path / "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [long.name]
    assert run("watermark", "embed", long, "-o", tmp_path / "marked").code == 0


def test_a_name_that_grows_is_cut_between_characters(run, light, tmp_path):
    from PIL import Image

    name = "绘" * 83 + ".gif"  # 253 bytes; it ships as .png, and the second of two gets a number
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        with Image.open(png(tmp_path / f"{folder}.png", "coffee.png" if folder == "a" else "chelsea.png")) as picture:
            picture.save(tmp_path / folder / name)
    done = run("release", tmp_path / "a" / name, tmp_path / "b" / name, "-o", tmp_path / "out", "--json")
    assert done.code == 0
    written = sorted(os.listdir(tmp_path / "out"))
    assert len(written) == 2
    assert all(len(os.fsencode(name)) <= 255 for name in written)


@pytest.mark.parametrize(
    "out", ["{folder}/" + "n" * 252 + ".png", "/proc/nowhere/x.png", "{folder}/" + "n" * 256 + "/"]
)
def test_what_cannot_be_written_is_refused_before_anything_is_released(run, light, tmp_path, out):
    done = run("release", png(tmp_path / "cover.png"), "-o", out.format(folder=tmp_path))
    assert done.code == 2
    assert "cannot write" in done.words + done.err
    assert published(light) == []


def test_a_full_disk_is_noticed_before_anything_is_released(tmp_path):
    call = "verify_writable(Path(sys.argv[2]), 100_000)"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.format(call=call), "50000", str(tmp_path / "x.png")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) in {errno.EFBIG, errno.ENOSPC}
    assert os.listdir(tmp_path) == []


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_half_written(tmp_path):
    call = "write_whole(Path(sys.argv[2]), bytes(100_000))"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.format(call=call), "50000", str(tmp_path / "x.png")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) in {errno.EFBIG, errno.ENOSPC}
    assert os.listdir(tmp_path) == []


def test_what_was_released_and_not_written_is_named_and_fetched(run, light, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    cover = png(tmp_path / "cover.png")
    with monkeypatch.context() as patched:
        patched.setattr(api.output, "write_whole", full)
        done = run("release", cover, "-o", tmp_path / "sealed.png")
    assert done.code == 2
    (blob,) = published(light)
    asset_id = blob.parent.name
    assert f"chopmark fetch {asset_id} -o" in done.err
    assert "no space left on device" in done.err
    for number, which in enumerate((asset_id, "--last")):
        assert run("fetch", which, "-o", tmp_path / f"{number}.png").code == 0
        assert (tmp_path / f"{number}.png").read_bytes() == blob.read_bytes()
    again = run("release", cover, "-o", tmp_path / "sealed.png", "--json")
    assert again.code == 0
    assert again.document["results"][0]["asset_id"] == asset_id
    assert len(published(light)) == 1


def test_only_what_is_released_and_whole_is_fetched(run, light, tmp_path):
    assert "nothing was released" in run("fetch", "--last").words
    assert run("release", png(tmp_path / "cover.png")).code == 0
    (blob,) = published(light)
    assert "unknown id" in run("fetch", "nonesuch", "-o", tmp_path / "x.png").words
    assert f"-o {tmp_path}/x.png" in run("fetch", "--last", "-o", tmp_path / "x.jpg").words
    blob.write_bytes(blob.read_bytes()[:-1] + b"\0")
    done = run("fetch", blob.parent.name, "-o", tmp_path / "x.png", "--json")
    assert (done.code, done.document["fetched"][0]["error"]["code"]) == (2, "store")
    assert not (tmp_path / "x.png").exists()
