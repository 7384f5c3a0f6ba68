"""Blobs are whole, durable, apart and where their key says, even when a writer is killed."""

import os
import random
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.asset import sha256_hex
from provenance.errors import AssetTooLargeError, BlobKeyError, BlobNotFoundError, ConfigurationError, StoreError
from provenance.storage.blob import Blob
from provenance.storage.store import STAGING, Blobs, open_store


@pytest.fixture(params=["folder", "file", "memory"])
def blobs(request, tmp_path):
    return Blobs({"folder": f"{tmp_path}/b", "file": f"file://{tmp_path}/b", "memory": "memory://"}[request.param])


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_is_put_can_be_read_replaced_and_removed(blobs):
    assert not blobs.has("a/b.png")
    blobs.put("a/b.png", b"one")
    assert blobs.get("a/b.png") == b"one"
    blobs.put("a/b.png", b"two")
    blobs.put("a/c", b"")
    assert blobs.get("a/b.png") == b"two"
    assert blobs.has("a/c")
    assert not blobs.has("a")
    assert sorted(key for key, _ in blobs.keys("")) == ["a/b.png", "a/c"]
    blobs.delete("a/b.png")
    blobs.delete("a/b.png")
    for key in ("a/b.png", "a", "x/y/z"):
        with pytest.raises((BlobNotFoundError, StoreError)):
            blobs.get(key)
    with pytest.raises(BlobNotFoundError, match="no blob under a/b"):
        blobs.get("a/b.png")
    assert blobs.sweep_staging() == 0


def test_a_large_blob_goes_in_and_comes_out_part_by_part(blobs):
    data = random.Random(1).randbytes(20 << 20)
    blobs.put("a/large", Blob.from_stream([data[: 5 << 20], data[5 << 20 :]]))
    found = blobs.open("a/large")
    assert (found.size_bytes, found.sha256, found.is_small) == (len(data), sha256_hex(data), False)
    with pytest.raises(AssetTooLargeError, match="expected at most 1000 bytes, got 20971520"):
        blobs.get("a/large", most_bytes=1000)
    binned = blobs.discard("a/large")
    assert found.read(len(data)) == data
    blobs.put("a/again", blobs.open(binned))
    assert blobs.open("a/again").sha256 == found.sha256
    blobs.put("a/small", Blob.from_bytes(data))
    assert blobs.open("a/small").sha256 == found.sha256


def test_a_blob_that_was_opened_stays_as_it_was(blobs):
    for size in (10, 10 << 20):
        blobs.put("a", bytes(size))
        found = blobs.open("a")
        blobs.put("a", b"other")
        assert found.sha256 == sha256_hex(bytes(size))
        blobs.delete("a")
        assert found.read(size) == bytes(size)


def test_listing_by_folder(blobs):
    for key in ("a/1", "a/2/3", "ab/1"):
        blobs.put(key, b"x")
    assert sorted(key for key, _ in blobs.keys("a")) == sorted(key for key, _ in blobs.keys("a/")) == ["a/1", "a/2/3"]
    assert list(blobs.keys("none")) == []
    assert all(changed > 1_600_000_000 for _, changed in blobs.keys(""))


def test_deleting_the_last_blob_of_a_folder_removes_the_folder(tmp_path):
    blobs = Blobs(str(tmp_path / "b"))
    blobs.put("asset/original", b"x")
    blobs.delete("asset/original")
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == [STAGING]
    blobs.put("asset/original", b"y")
    assert blobs.get("asset/original") == b"y"


BAD_KEYS = [
    "",
    ".",
    "..",
    "../x",
    "a/../../x",
    "/etc/passwd",
    "a//b",
    "a/",
    "a/./b",
    "a\\b",
    "a#1",
    "a b",
    "a\x00b",
    "a\nb",
    "a%2fb",
    "é",
    ".staging/x",
    ".hidden",
    "x" * 256,
    "/".join(["x" * 200] * 6),
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_keys_that_leave_the_store_are_refused(tmp_path, key):
    (tmp_path / "x").write_bytes(b"outside")
    blobs = Blobs(str(tmp_path / "b"))
    for call in (blobs.get, blobs.has, blobs.delete, lambda bad: blobs.put(bad, b"evil")):
        with pytest.raises(BlobKeyError):
            call(key)
    if key:
        with pytest.raises(BlobKeyError):
            list(blobs.keys(f"{key}/x"))
    assert files(tmp_path) == ["x"]
    assert (tmp_path / "x").read_bytes() == b"outside"


@given(st.text(max_size=40))
def test_any_key_stays_inside_or_is_refused(text):
    blobs = Blobs("memory://")
    try:
        blobs.put(text, b"x")
    except BlobKeyError:
        return
    assert [key for key, _ in blobs.keys("")] == [text]


def test_the_quarantine_is_for_its_owner_only_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        (tmp_path / "q").mkdir(mode=0o777)
        store = open_store(str(tmp_path / "q"), str(tmp_path / "p"))
        store.quarantine.put("a/b", b"secret")
        store.public.put("a/b", b"open")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "q").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "q" / "a" / "b").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "p" / "a" / "b").stat().st_mode) & 0o444 == 0o444


def test_under_the_usual_umask_too(tmp_path):
    before = os.umask(0o022)
    try:
        store = open_store(f"{tmp_path}/new/q", f"{tmp_path}/new/p")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new" / "q").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "p").stat().st_mode) == 0o755
    assert store.quarantine.root == tmp_path / "new" / "q"


@pytest.mark.parametrize(("inner", "outer"), [("a", "a"), ("a/b", "a"), ("a", "a/b"), ("a/../b", "b")])
def test_both_sides_must_be_apart(tmp_path, inner, outer):
    with pytest.raises(ConfigurationError, match="must be apart"):
        open_store(f"{tmp_path}/{inner}", f"{tmp_path}/{outer}")


def test_a_store_that_cannot_be_opened_says_so(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for url in (f"{tmp_path}/file", f"{tmp_path}/file/b", "nonsense://x"):
        with pytest.raises(ConfigurationError, match="cannot be opened"):
            Blobs(url)


def test_a_disk_that_refuses_leaves_what_was_there(tmp_path):
    blobs = Blobs(str(tmp_path / "b"))
    blobs.put("a", b"before")
    with pytest.raises(StoreError, match="could not store blob a/b"):
        blobs.put("a/b", b"under a blob")
    assert files(tmp_path / "b") == ["a"]
    assert blobs.get("a") == b"before"


def test_a_folder_that_is_gone_is_a_store_error(tmp_path):
    blobs = Blobs(str(tmp_path / "b"))
    blobs.put("folder/a", b"x")
    for call in (blobs.get, blobs.has, blobs.delete):
        with pytest.raises(StoreError, match="folder/a/b"):
            call("folder/a/b/" + "c/" * 400 + "d")


def test_data_and_name_are_synced_before_put_returns(tmp_path, monkeypatch):
    synced = []
    real = os.fsync

    def record(handle):
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)

    monkeypatch.setattr(os, "fsync", record)
    blobs = Blobs(str(tmp_path / "b"))
    blobs.put("a/b/c", b"x")
    told = [path.removeprefix(f"{tmp_path}/b") for path in synced]
    assert {"staged" if path.startswith(f"/{STAGING}/") else path for path in told[:-1]} == {"staged", "/a", ""}
    assert told[-1] == "/a/b", "the name last, once all that it stands for is there"
    synced.clear()
    blobs.put("a/b/d", b"x")
    assert [path.removeprefix(f"{tmp_path}/b") for path in synced][1:] == ["/a/b"]


WRITER = """
import itertools, sys
from provenance.storage.store import Blobs
blobs = Blobs(sys.argv[1], private=True)
print("ready", flush=True)
for number in itertools.count():
    blobs.put(f"blob-{number % 5}", bytes([number % 251]) * 3_000_000)
"""


def test_what_is_spare_is_named_and_not_synced(tmp_path, monkeypatch):
    blobs, sync = Blobs(tmp_path / "b"), os.fsync
    blobs.put("a/before", b"")
    calls = []
    monkeypatch.setattr(os, "fsync", lambda handle: (calls.append(handle), sync(handle)))
    blobs.put_all({"a/one": b"1", "a/two": b"2", "a/facts": b"3"}, spare=("a/facts",))
    assert len(calls) == 3, "two files and their folder"
    assert blobs.get("a/facts") == b"3"


def test_the_other_side_takes_over_without_a_copy(tmp_path, monkeypatch):
    """What is in quarantine for good gets a second name in public, with public's rights, for two syncs of folders."""
    store = open_store(tmp_path / "q", tmp_path / "p")
    store.quarantine.put_all({"a/sealed": b"sealed", "a/manifest": b"manifest"})
    sync, calls = os.fsync, []
    monkeypatch.setattr(
        os, "fsync", lambda handle: (calls.append(os.readlink(f"/proc/self/fd/{handle}")), sync(handle))
    )
    assert store.public.take_over(store.quarantine, {"a/m.c2pa": "a/manifest", "a/media.png": "a/sealed"})
    assert calls == [str(tmp_path / "p"), str(tmp_path / "p/a")]
    assert files(tmp_path / "p") == ["a/m.c2pa", "a/media.png"]
    store.quarantine.delete("a/sealed")
    assert store.public.get("a/media.png") == b"sealed"
    assert stat.S_IMODE((tmp_path / "p/a/media.png").stat().st_mode) == (tmp_path / "p").stat().st_mode & 0o666
    assert not store.public.take_over(Blobs("memory://"), {"a/x": "a/manifest"})
    assert not store.quarantine.take_over(store.public, {"a/x": "a/media.png"}), "what is private is made private"


def test_taking_over_what_is_gone_or_cannot_be_linked_leaves_nothing(tmp_path, monkeypatch):
    store = open_store(tmp_path / "q", tmp_path / "p")
    store.quarantine.put("a/manifest", b"manifest")
    with pytest.raises(BlobNotFoundError):
        store.public.take_over(store.quarantine, {"a/m.c2pa": "a/manifest", "a/media.png": "a/sealed"})
    monkeypatch.setattr("provenance.storage.store.link_file", lambda *_: False)
    assert not store.public.take_over(store.quarantine, {"a/m.c2pa": "a/manifest"})
    assert files(tmp_path / "p") == []


def test_killed_writers_leave_whole_blobs_only(tmp_path):
    folder = tmp_path / "b"
    leftovers = 0
    for pause in (0.0, 0.03, 0.07, 0.11):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE)
        writer.stdout.readline()
        threading.Event().wait(pause)
        writer.kill()
        writer.communicate()
        blobs = Blobs(str(folder), private=True)
        for key, _ in blobs.keys(""):
            data = blobs.get(key)
            assert len(data) == 3_000_000
            assert len(set(data)) == 1
        leftovers += blobs.sweep_staging()
        assert not list((folder / STAGING).iterdir())
    assert leftovers <= 4


def test_sweeping_takes_nothing_from_under_a_living_writer(tmp_path):
    blobs = Blobs(str(tmp_path / "b"))
    done = threading.Event()

    def sweep():
        while not done.is_set():
            Blobs(str(tmp_path / "b")).sweep_staging()

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda number: blobs.put(f"k/{number}", bytes(100_000)), range(60)))
    finally:
        done.set()
        sweeper.join()
    assert len(list(blobs.keys(""))) == 60


def test_leftovers_of_both_kinds_are_swept(tmp_path):
    blobs = Blobs(str(tmp_path / "b"))
    for name in ("0123", "0123#1"):
        (tmp_path / "b" / STAGING / name).write_bytes(b"half")
    assert list(blobs.keys("")) == []
    assert blobs.sweep_staging() == 2
    assert blobs.sweep_staging() == 0


@pytest.mark.parametrize("name", ["what?", "100%", "a#b", "two words", "a%20b", "s3:", "f\u00fcr"])
def test_a_folder_may_have_any_name(tmp_path, name):
    folder = tmp_path / name / "b"
    for url in (folder, str(folder), f"file://{quote(str(folder))}", f"file://localhost{quote(str(folder))}"):
        blobs = Blobs(url)
        blobs.put("k/v", b"x")
        assert (folder / "k" / "v").read_bytes() == b"x"
        assert [key for key, _ in blobs.keys()] == ["k/v"]
        blobs.delete("k/v")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_url_of_another_host_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="looks like file:///folder"):
        Blobs(f"file://elsewhere{tmp_path}")


@pytest.mark.parametrize("umask", [0, 0o022])
def test_quarantine_is_for_its_owner_only_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        blobs = open_store(tmp_path / "quarantine", tmp_path / "public").quarantine
        blobs.put("asset/original", b"x")
    finally:
        os.umask(before)
    found = [tmp_path / "quarantine", *(tmp_path / "quarantine").rglob("*")]
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in found} == {
        "quarantine": 0o700, STAGING: 0o700, "asset": 0o700, "original": 0o600,
    }  # fmt: skip


def test_a_folder_that_is_not_to_be_made_holds_nothing_and_takes_nothing(tmp_path):
    blobs = open_store(tmp_path / "q", tmp_path / "p", may_make=False).public
    assert not blobs.has("a/b")
    assert list(blobs.keys()) == []
    with pytest.raises(BlobNotFoundError):
        blobs.get("a/b")
    with pytest.raises(StoreError):
        blobs.put("a/b", b"x")
    assert not list(tmp_path.iterdir())
