import gc
import hashlib
import io
import os
import random
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from provenance.errors import AssetTooLargeError, SpoolError, TruncatedBlobError
from provenance.storage import blob as blobs
from provenance.storage.blob import Blob, Spool, as_blob

DATA = random.Random(1).randbytes(300_000)
SMALL = 1000


@pytest.fixture(autouse=True)
def spool_folder(tmp_path, monkeypatch):
    """Spool into a folder that is looked into afterwards: nothing may be left in it."""
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def write(path, data=DATA):
    path.write_bytes(data)
    return path


def written(small):
    with tempfile.TemporaryFile() as file:
        file.write(DATA)
        return Blob.from_file(file)


MAKERS = {
    "of bytes": lambda folder, small: as_blob(DATA),
    "from a file that was written": lambda folder, small: written(small),
    "from bytes": lambda folder, small: Blob.from_bytes(DATA),
    "from a file-like": lambda folder, small: Blob.from_stream(io.BytesIO(DATA), small_bytes=small),
    "from parts": lambda folder, small: Blob.from_stream(iter([DATA[:7], b"", DATA[7:]]), small_bytes=small),
    "from a path": lambda folder, small: Blob.from_path(write(folder / "file"), small_bytes=small),
    "from a store": lambda folder, small: Blob.from_stored(write(folder / "file")),
}


@pytest.fixture(params=[(name, small) for name in MAKERS for small in (SMALL, 1 << 20)], ids=str)
def made(request, tmp_path):
    name, small = request.param
    return MAKERS[name](tmp_path, small)


def test_it_has_length_and_digest(made):
    assert made.size_bytes == len(DATA)
    assert made.sha256 == hashlib.sha256(DATA).hexdigest()


def test_it_is_read_again_and_again(made):
    for _ in range(2):
        with made.open() as file:
            assert file.read() == DATA
    assert made.read() == DATA
    assert b"".join(made.parts()) == DATA


def test_it_is_equal_by_what_is_in_it(made):
    assert made == Blob.from_bytes(DATA)
    assert hash(made) == hash(Blob.from_bytes(DATA))
    assert made != Blob.from_bytes(DATA[:-1])
    assert made != DATA
    assert as_blob(made) is made


def test_it_is_walked_over_where_it_lies(made):
    seen = made.octets()
    assert (len(seen), seen[7], seen[5:9]) == (len(DATA), DATA[7], DATA[5:9])
    assert seen.find(DATA[-20:]) == len(DATA) - 20


def test_it_is_read_at_any_place(made):
    assert made.read_at(100, 50) == DATA[100:150]
    assert made.read_at(len(DATA) - 3, 50) == DATA[-3:]
    assert made.read_at(len(DATA) + 5, 50) == b""
    with made.open() as file:
        file.seek(-10, os.SEEK_END)
        assert file.read(4) == DATA[-10:-6]
        file.seek(5)
        file.seek(5, os.SEEK_CUR)
        assert file.tell() == 10
        assert file.read(1) == DATA[10:11]
        with pytest.raises(ValueError, match=r"negative|position"):
            file.seek(-1)


def test_readers_do_not_move_each_other(made):
    with made.open() as one, made.open() as other:
        assert one.read(10) == other.read(10) == DATA[:10]
        assert one.read(10) == DATA[10:20]


def test_it_has_a_name_for_as_long_as_that_is_needed(made):
    with made.path() as path:
        assert path.read_bytes() == DATA
    with pytest.raises(AssetTooLargeError, match="expected at most 10 bytes, got 300000"):
        made.read(10)


def test_a_blob_in_memory_gets_a_private_name_and_loses_it():
    with Blob.from_bytes(b"x").path() as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.exists()


def test_where_the_kernel_shows_no_open_files_it_is_copied(monkeypatch):
    monkeypatch.setattr(blobs, "_OPEN_FILES", Path("/nowhere"))
    with Blob.from_stream([DATA], small_bytes=SMALL).path() as path:
        assert path.read_bytes() == DATA
    assert not path.exists()


def test_small_ones_stay_in_memory_and_large_ones_do_not():
    assert Blob.from_stream([DATA[:SMALL]], small_bytes=SMALL).is_small
    assert not Blob.from_stream([DATA[: SMALL + 1]], small_bytes=SMALL).is_small


def test_a_spool_file_is_for_its_owner_only_and_in_no_folder(spool_folder):
    made = Blob.from_stream([DATA], small_bytes=SMALL)
    with made.path() as path:
        found = path.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_nlink) == (0o600, 0)
    assert list(spool_folder.iterdir()) == []


def test_a_spool_file_goes_with_its_last_reader():
    made = Blob.from_stream([DATA], small_bytes=SMALL)
    with made.path() as path:
        pass
    reader = made.open()
    del made
    gc.collect()
    assert reader.read() == DATA
    reader.close()
    del reader
    gc.collect()
    assert not path.exists()


@pytest.mark.parametrize("small", [SMALL, 1 << 20])
def test_more_than_may_come_is_refused_before_it_is_kept(small):
    with pytest.raises(AssetTooLargeError, match="expected at most 5000 bytes, got more"):
        Blob.from_stream((DATA[at : at + 999] for at in range(0, len(DATA), 999)), most_bytes=5000, small_bytes=small)


def test_a_file_that_says_that_it_is_too_long_is_not_read(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(AssetTooLargeError, match="expected at most 5000 bytes, got 1099511627776"):
        Blob.from_path(path, most_bytes=5000)


def test_a_source_that_ends_early_is_told():
    with pytest.raises(TruncatedBlobError, match="expected 300001 bytes, got 300000"):
        Blob.from_stream([DATA], expected_bytes=len(DATA) + 1)


def test_what_is_written_to_a_file_later_changes_nothing(tmp_path):
    path = write(tmp_path / "file")
    made = Blob.from_path(path, small_bytes=SMALL)
    path.write_bytes(b"other")
    assert made.read() == DATA


def test_a_stored_file_that_shrinks_is_told_and_one_that_is_replaced_is_as_it_was(tmp_path):
    large = DATA * 40
    path, other = write(tmp_path / "file", large), write(tmp_path / "other", b"other")
    made = Blob.from_stored(path)
    assert not made.is_small
    other.rename(path)
    assert made.read(len(large)) == large
    path = write(tmp_path / "file", large)
    made = Blob.from_stored(path)
    os.truncate(path, 100)
    with pytest.raises(TruncatedBlobError, match="the file ends after 100"):
        made.read(len(large))
    with pytest.raises(TruncatedBlobError):
        _ = made.sha256


def test_a_full_disk_is_told(monkeypatch):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    monkeypatch.setattr(blobs, "_open_nameless", lambda: blobs.OpenFile(os.open(full, os.O_RDWR)))
    with pytest.raises(SpoolError, match="TMPDIR says where.*no space left on device"):
        Blob.from_stream([DATA], small_bytes=SMALL)


def test_a_folder_that_is_missing_is_told(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    with pytest.raises(SpoolError, match="it is not there"):
        Blob.from_stream([DATA], small_bytes=SMALL)
    with pytest.raises(SpoolError, match="it is not there"), Blob.from_bytes(b"x").path():
        pass


def test_a_spool_that_is_left_lets_go():
    with Spool(small_bytes=SMALL) as spool:
        spool.write(DATA)
    assert spool.size_bytes == len(DATA)


def test_threads_read_one_blob_at_once():
    made = Blob.from_stream([DATA], small_bytes=SMALL)
    found = []
    threads = [threading.Thread(target=lambda: found.append(b"".join(made.parts()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [DATA] * 8


@pytest.mark.parametrize("small", [SMALL, len(DATA)])
def test_it_is_written_to_an_open_file_behind_what_stands_there(tmp_path, small):
    blob = Blob.from_stream(io.BytesIO(DATA), small_bytes=small)
    with (tmp_path / "out").open("wb") as out:
        out.write(b"ahead")
        out.flush()
        blob.copy_to(out.fileno())
    assert (tmp_path / "out").read_bytes() == b"ahead" + DATA
    assert b"".join(blob.parts()) == DATA


def test_a_stored_file_that_shrinks_is_not_copied_as_if_it_were_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(blobs, "SMALL_BYTES", SMALL)
    (tmp_path / "stored").write_bytes(DATA)
    blob = Blob.from_stored(tmp_path / "stored")
    os.truncate(tmp_path / "stored", 100)
    with (tmp_path / "out").open("wb") as out, pytest.raises(TruncatedBlobError):
        blob.copy_to(out.fileno())
