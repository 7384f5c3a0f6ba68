"""What the blob store rests on where it lies in folders."""

import errno
import os

import pytest

from provenance.storage import folder
from provenance.storage.folder import find_folder, is_alike, link_file, sync_all


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("/srv/public", "/srv/public"),
        ("file:///srv/a%20b", "/srv/a b"),
        ("file://localhost/srv/public", "/srv/public"),
        ("s3://bucket/prefix", None),
        ("memory://", None),
    ],
)
def test_a_folder_is_told_from_other_stores(url, found):
    place = find_folder(url)
    assert (None if place is None else str(place)) == found


def test_a_folder_of_another_machine_is_none():
    with pytest.raises(ValueError, match="file:///folder"):
        find_folder("file://elsewhere/srv")


@pytest.fixture
def sides(tmp_path):
    for name in ("inner", "outer"):
        (tmp_path / name).mkdir()
    return tmp_path / "inner", tmp_path / "outer"


def test_folders_made_alike_may_share_files(sides):
    assert is_alike(*sides)


def test_a_folder_that_gives_its_files_a_group_has_them_made_there(sides):
    sides[1].chmod(0o2755)
    assert not is_alike(*sides)


def test_a_folder_that_gives_its_files_a_label_has_them_made_there(sides, monkeypatch):
    monkeypatch.setattr(folder.os, "listxattr", lambda path: ["security.selinux"])
    monkeypatch.setattr(folder.os, "getxattr", lambda path, name: path.name.encode())
    assert not is_alike(*sides)


def test_another_file_system_is_not_alike(sides, monkeypatch):
    kinds = {}

    class Stat:
        def __init__(self, of):
            self.st_dev, self.st_mode, self.st_gid = kinds.setdefault(of, len(kinds)), 0o755, 0

    monkeypatch.setattr("pathlib.Path.stat", lambda self, **_: Stat(self.name))
    assert not is_alike(*sides)


def test_a_second_name_has_the_rights_of_its_folder_and_the_same_bytes(sides):
    inner, outer = sides
    outer.chmod(0o750)
    (inner / "a").write_bytes(b"sealed")
    (inner / "a").chmod(0o600)
    assert link_file(inner / "a", outer / "b", outer)
    assert (outer / "b").read_bytes() == b"sealed"
    assert (outer / "b").stat().st_mode & 0o777 == 0o640
    assert (inner / "a").stat().st_ino == (outer / "b").stat().st_ino


@pytest.mark.parametrize("number", [errno.EPERM, errno.EXDEV, errno.EMLINK])
def test_where_there_are_no_second_names_that_is_said(sides, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(folder.os, "link", refuse)
    assert not link_file(sides[0] / "a", sides[1] / "b", sides[1])


def test_a_file_that_is_gone_is_an_error(sides):
    with pytest.raises(FileNotFoundError):
        link_file(sides[0] / "none", sides[1] / "b", sides[1])


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_process_syncs_with_threads_of_its_own(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(b"x")
    sync_all([*paths, tmp_path])
    child = os.fork()
    if not child:
        sync_all([*paths, tmp_path])
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_file_that_cannot_be_synced_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        sync_all([tmp_path, tmp_path / "none"])
