import multiprocessing
import stat
import threading

import pytest

from provenance.errors import ConfigurationError
from provenance.manifests.secretfile import STAGING_PREFIX, SecretDirectory, verify_owner_only


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
    with pytest.raises(ConfigurationError, match="Not a directory"):
        files.read("a")


def test_a_file_that_cannot_be_written_is_a_configuration_error(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        SecretDirectory(tmp_path).write("a", b"x")


def test_missing_key_file_says_so(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        verify_owner_only(tmp_path / "absent.pem")


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
