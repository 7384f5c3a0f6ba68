"""A backup is whole, or it is none."""

import io
import json
import tarfile

import pytest

from policies.backup.archive import FORMAT, read_archive, verify_archive, writing
from provenance.errors import StoreError


@pytest.fixture
def path(tmp_path):
    with writing(tmp_path / "b.tar") as archive:
        archive.add_bytes("public/a/media.jpg", b"picture" * 100)
        archive.add_bytes("database/x", b"rows")
        archive.finish({"site": "s"})
    return tmp_path / "b.tar"


def test_there_and_back(path, tmp_path):
    assert read_archive(path, tmp_path / "out")["site"] == "s"
    assert (tmp_path / "out" / "public" / "a" / "media.jpg").read_bytes() == b"picture" * 100


def test_a_changed_byte_and_a_lost_end(path):
    data = path.read_bytes()
    path.write_bytes(data.replace(b"rows", b"cows"))
    with pytest.raises(StoreError, match="was changed"):
        verify_archive(path)
    path.write_bytes(data[:1500])
    with pytest.raises(StoreError):
        verify_archive(path)
    path.write_bytes(b"no tar at all")
    with pytest.raises(StoreError):
        verify_archive(path)


@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/../../x", ".hidden", "a//b"])
def test_no_name_leads_out(tmp_path, name):
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(StoreError, match="no backup has there"):
        read_archive(tmp_path / "evil.tar", tmp_path / "out")


def test_no_link_and_no_other_form(tmp_path):
    with tarfile.open(tmp_path / "link.tar", "w") as tar:
        entry = tarfile.TarInfo("public/link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)
    with pytest.raises(StoreError, match="no backup has there"):
        verify_archive(tmp_path / "link.tar")
    data = json.dumps({"format": FORMAT.replace("1", "9"), "files": {}}).encode()
    with tarfile.open(tmp_path / "newer.tar", "w") as tar:
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    with pytest.raises(StoreError, match="expected chopmark.backup/1"):
        verify_archive(tmp_path / "newer.tar")


def test_what_fails_leaves_nothing(tmp_path):
    def fail():
        with writing(tmp_path / "c.tar") as archive:
            archive.add_bytes("a", b"x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []
