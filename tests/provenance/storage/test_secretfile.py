import multiprocessing
import os
import stat
import threading

import pytest

from provenance.errors import ConfigurationError
from provenance.storage.secretfile import (
    STAGING_PREFIX,
    SecretDirectory,
    make_private_file,
    make_private_folder,
    read_owner_only,
)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_directory_belong_to_their_owner_only(tmp_path):
    files = SecretDirectory(tmp_path / "deep" / "keys")
    assert files.read_or_make("a", lambda: b"secret") == b"secret"
    assert mode_of(tmp_path / "deep" / "keys") == 0o700
    assert {mode_of(path) for path in (tmp_path / "deep" / "keys").iterdir()} == {0o600}


def test_a_loose_directory_is_tightened(tmp_path):
    tmp_path.chmod(0o755)
    SecretDirectory(tmp_path).read_or_make("a", lambda: b"x")
    assert mode_of(tmp_path) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode):
    files = SecretDirectory(tmp_path)
    files.read_or_make("a", lambda: b"x")
    (tmp_path / "a").chmod(mode)
    with pytest.raises(ConfigurationError, match="expected 0600") as caught:
        files.read("a")
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_is_none_and_made_once(tmp_path):
    files = SecretDirectory(tmp_path)
    assert files.read("a") is None
    files.read_or_make("a", lambda: b"first")
    assert files.read_or_make("a", lambda: b"second") == b"first"


def test_what_a_killed_writer_left_is_swept(tmp_path):
    leftover = tmp_path / f"{STAGING_PREFIX}dead"
    leftover.write_bytes(b"half a key")
    SecretDirectory(tmp_path).read_or_make("a", lambda: b"x")
    assert not leftover.exists()


def test_a_directory_that_cannot_be_made_is_a_configuration_error(tmp_path):
    (tmp_path / "file").write_text("not a directory")
    files = SecretDirectory(tmp_path / "file" / "keys")
    with pytest.raises(ConfigurationError, match="cannot be used"), files.locked():
        pass
    with pytest.raises(ConfigurationError, match="not a directory"):
        files.read("a")


def test_a_file_that_cannot_be_written_is_a_configuration_error(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        SecretDirectory(tmp_path).write("a", b"x")


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_owner_only(tmp_path / "absent.pem")


def test_what_is_no_plain_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("pipe", "folder"):
        with pytest.raises(ConfigurationError, match="no plain file"):
            read_owner_only(tmp_path / name)
    (tmp_path / "large").write_bytes(bytes((1 << 20) + 1))
    (tmp_path / "large").chmod(0o600)
    with pytest.raises(ConfigurationError, match="larger than any key"):
        read_owner_only(tmp_path / "large")


def test_a_link_is_followed_where_it_may_be_and_what_it_leads_to_is_checked(tmp_path):
    (tmp_path / "key").write_bytes(b"x")
    (tmp_path / "link").symlink_to("key")
    for mode, answer in ((0o644, None), (0o600, b"x"), (0o400, b"x")):
        (tmp_path / "key").chmod(mode)
        if answer is None:
            with pytest.raises(ConfigurationError, match="mode 0644, expected 0600"):
                read_owner_only(tmp_path / "link")
        else:
            assert read_owner_only(tmp_path / "link") == answer
    with pytest.raises(ConfigurationError, match="is a link"):
        SecretDirectory(tmp_path).read("link")


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_modes_are_set_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        SecretDirectory(tmp_path / "keys").read_or_make("a", lambda: b"x")
        make_private_folder(tmp_path / "folder")
        make_private_file(tmp_path / "file")
    finally:
        os.umask(before)
    assert [mode_of(tmp_path / name) for name in ("keys", "folder")] == [0o700, 0o700]
    assert [mode_of(tmp_path / name) for name in ("keys/a", "file")] == [0o600, 0o600]


def test_what_is_loose_is_tightened_and_keeps_what_it_holds(tmp_path):
    (tmp_path / "file").write_bytes(b"kept")
    (tmp_path / "file").chmod(0o664)
    make_private_file(tmp_path / "file")
    assert (mode_of(tmp_path / "file"), (tmp_path / "file").read_bytes()) == (0o600, b"kept")
    (tmp_path / "folder").mkdir(mode=0o755)
    make_private_folder(tmp_path / "folder")
    assert mode_of(tmp_path / "folder") == 0o700


def test_reading_tightens_the_folder_as_well(tmp_path):
    files = SecretDirectory(tmp_path / "keys")
    files.read_or_make("a", lambda: b"x")
    files.path.chmod(0o777)
    assert files.read("a") == b"x"
    assert mode_of(files.path) == 0o700


def test_a_file_is_kept_under_another_name(tmp_path):
    files = SecretDirectory(tmp_path)
    files.read_or_make("a", lambda: b"x")
    with files.locked():
        files.rename("a", "b")
    assert (files.read("a"), files.read("b"), files.names()) == (None, b"x", ("b",))
    with pytest.raises(ConfigurationError, match="cannot be kept as c"), files.locked():
        files.rename("a", "c")


def test_threads_that_race_agree(tmp_path):
    seen, barrier = [], threading.Barrier(8)

    def run(number):
        barrier.wait()
        seen.append(SecretDirectory(tmp_path).read_or_make("a", lambda: str(number).encode()))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def _make(path, number, queue, barrier):
    barrier.wait()
    queue.put(SecretDirectory(path).read_or_make("a", lambda: str(number).encode()))


def test_processes_that_race_agree(tmp_path):
    context = multiprocessing.get_context("spawn")
    queue, barrier = context.Queue(), context.Barrier(2)
    workers = [context.Process(target=_make, args=(tmp_path, number, queue, barrier)) for number in range(2)]
    for worker in workers:
        worker.start()
    seen = [queue.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert len(set(seen)) == 1
