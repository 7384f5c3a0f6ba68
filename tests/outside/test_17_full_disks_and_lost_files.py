"""A full disk, a lost or a damaged file: what, where, what to do, exit 2, and nothing lost."""

import resource
import shutil
import subprocess
import sys
from contextlib import suppress

import pytest


@pytest.fixture
def no_room():
    """Let no file of this process grow beyond a limit, which is how a full disk looks, until the test ends."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size_bytes):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def is_told(done):
    said = " ".join((done.out + done.err).split())
    assert "a defect of chopmark" not in said
    assert "Debug source" not in said
    assert "[SQL" not in said
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("size", [1, 1 << 12, 1 << 15])
def test_a_disk_that_fills_up_loses_nothing(run, light, coffee, tmp_path, no_room, size):
    before = run("audit", "checkpoint", "--json").document["size"]
    no_room(size)
    done = run("release", coffee, "-o", tmp_path / "out.jpg")
    assert done.code == 2
    assert is_told(done)
    no_room(resource.RLIM_INFINITY)
    done = run("release", coffee, "-o", tmp_path / "out.jpg")
    assert done.code == 0, done.err
    assert (tmp_path / "out.jpg").is_file()
    assert run("audit", "check").code == 0
    assert run("audit", "checkpoint", "--json").document["size"] > before


RUN = "import sys; from api.cli import main; main(sys.argv[1:])"


def mount_small(place):
    """Mount a disk of one mebibyte at `place` and say whether that was possible; it needs rights that few have."""
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place]
    return bool(shutil.which("mount")) and subprocess.run(command, check=False, capture_output=True).returncode == 0


def fill(path):
    """Write into `path` until no byte fits any more."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(512)):
            pass


def test_a_disk_that_is_full_is_told_of(tmp_path, light, coffee, monkeypatch):
    place = tmp_path / "small"
    place.mkdir()
    if not mount_small(place):
        pytest.skip("no small disk can be mounted here")
    try:
        shutil.copytree(light, place / "home", ignore=shutil.ignore_patterns("*-wal", "*-shm"))
        monkeypatch.setenv("CHOPMARK_HOME", str(place / "home"))
        fill(place / "rest")
        for verb in (("release", coffee, "-o", tmp_path / "out.jpg"), ("register", coffee, "--owner", "Ann")):
            done = subprocess.run(
                [sys.executable, "-c", RUN, *map(str, verb)], capture_output=True, text=True, check=False
            )
            assert done.returncode == 2, done.stderr
            assert "a defect of chopmark" not in done.stdout + done.stderr
            assert "make room" in " ".join((done.stdout + done.stderr).split())
        (place / "rest").unlink()
        done = subprocess.run([sys.executable, "-c", RUN, "audit", "check"], capture_output=True, check=False)
        assert done.returncode == 0
    finally:
        subprocess.run(["umount", "-l", place], check=False)


def spoil_text(path):
    path.write_text("this is text, and no database, of some length")


def spoil_middle(path):
    data = bytearray(path.read_bytes())
    data[4096:40960] = bytes(36864)
    path.write_bytes(data)


def spoil_gone(path):
    path.unlink()


@pytest.mark.parametrize("spoil", [spoil_text, spoil_middle, spoil_gone])
def test_a_database_that_is_none_is_told_of(run, stock, coffee, tmp_path, spoil):
    home = tmp_path / "home"
    for path in home.glob("chopmark.db-*"):
        path.unlink()
    spoil(home / "chopmark.db")
    left = {path: path.read_bytes() for path in (home / "quarantine").rglob("*") if path.is_file()}
    for verb in (("works", "list"), ("review", "list"), ("release", coffee), ("doctor",), ("audit", "check")):
        done = run(*verb)
        assert done.code == 2, verb
        said = is_told(done)
        assert "chopmark.db" in said
        assert "backup" in said
    assert left == {path: path.read_bytes() for path in (home / "quarantine").rglob("*") if path.is_file()}


@pytest.mark.parametrize("folder", ["quarantine", "public", "index"])
def test_a_lost_folder_is_told_of_or_made_again(run, stock, coffee, tmp_path, folder):
    shutil.rmtree(tmp_path / "home" / folder)
    (tmp_path / "out.jpg").write_bytes(stock.file)
    for verb in (
        ("works", "list"),
        ("match", coffee),
        ("verify", tmp_path / "out.jpg"),
        ("doctor",),
        ("review", "list"),
    ):
        is_told(run(*verb))
    assert run("doctor").code == (0 if folder == "index" else 2)
