import errno
import os

import pytest

from api.durable import verify_writable, write_whole


def test_a_file_is_whole_and_its_folder_is_made(tmp_path):
    write_whole(tmp_path / "a" / "b", b"one")
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "a" / "b", b"two")
    assert (tmp_path / "a" / "b").read_bytes() == b"one"
    write_whole(tmp_path / "a" / "b", b"two", replace=True)
    assert (tmp_path / "a" / "b").read_bytes() == b"two"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b"]


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for target in (tmp_path / "file" / "c", tmp_path / "folder"):
        with pytest.raises(OSError):
            write_whole(target, b"three", replace=True)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_the_mode_is_as_the_umask_asks(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "x", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("refused", [errno.EPERM, errno.EOPNOTSUPP])
def test_without_hard_links_nothing_is_replaced_either(tmp_path, monkeypatch, refused):
    def link(*_, **__):
        raise OSError(refused, os.strerror(refused))

    monkeypatch.setattr(os, "link", link)
    write_whole(tmp_path / "x", b"one")
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "x", b"two")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x", b"one")]


def test_what_appears_meanwhile_is_not_replaced(tmp_path, monkeypatch):
    honest = os.link

    def late(*arguments, **options):
        (tmp_path / "x").write_bytes(b"somebody's")
        honest(*arguments, **options)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "x", b"ours")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x", b"somebody's")]


def test_looking_makes_nothing(tmp_path):
    verify_writable(tmp_path / "a" / "b" / "x.png", 100_000)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="too long"):
        verify_writable(tmp_path / "a" / ("n" * 256) / "x", 0)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        verify_writable(tmp_path / "file" / "x", 0)
