"""The side that takes files apart: what it answers, and what bounds it."""

import os
import signal
import time

import pytest

from provenance.asset import MediaType
from provenance.child import Child
from provenance.errors import AssetTooLargeError, ProcessDiedError, UndecodableAssetError
from provenance.media.workers import Workers
from provenance.storage.blob import Blob
from tests.provenance.media.odd_jobs import OPEN, ROOM

MODULE = "tests.provenance.media.odd_jobs"
FILE = Blob.from_bytes(b"some file")


@pytest.fixture
def workers():
    made = Workers("file", MODULE, 1)
    yield made
    made.close()


def ask(workers, job):
    return workers.ask(FILE, MediaType.PNG, {"job": job}, lambda reply, memory: (reply, os.pread(memory, 9, 0)))


def test_it_gets_the_file_its_type_and_the_memory_within_bounds(workers):
    told, seen = ask(workers, "describe")
    assert seen == b"some file"
    assert told == {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": ROOM, "RLIMIT_NOFILE": OPEN, "type": "image/png", "parts": []}


def test_its_refusals_are_told_as_such(workers):
    with pytest.raises(UndecodableAssetError, match="^expected one thing, got another$"):
        ask(workers, "refuse")
    with pytest.raises(UndecodableAssetError) as caught:
        ask(workers, "refuse oddly")
    assert str(caught.value).startswith("[2Jwordsxxx"), "neither control signs nor a class of its own choice"
    assert len(str(caught.value)) <= 400
    assert workers.deaths == 0


def test_memory_beyond_its_bound_is_a_file_that_is_too_large_and_ends_it(workers):
    with pytest.raises(AssetTooLargeError, match="^image/png: expected to fit in memory$"):
        ask(workers, "grow")
    assert (workers.deaths, workers._idle) == (0, [])


@pytest.mark.parametrize("job", ["write", "open", "die"])
def test_whatever_else_goes_wrong_is_the_files_fault(workers, job):
    with pytest.raises(
        UndecodableAssetError, match=r"expected a file, got an end of the decoder \(file decoder: .*died"
    ):
        ask(workers, job)
    assert workers.deaths == 1
    assert ask(workers, "describe")[1] == b"some file"


@pytest.mark.parametrize("job", ["loop", "sleep"])
def test_one_whose_parent_stands_still_ends_by_itself(job):
    """Nobody kills what hangs where the parent is stopped, or was killed while it asked."""
    memory = os.memfd_create("test")
    child = Child("file", ("-m", MODULE), files=(memory,))
    child.listen(ends_at=time.monotonic() + 60)
    header = {"job": job, "deadline_s": 0.1, "media_type": "image/png"}
    with pytest.raises(ProcessDiedError, match=f"signal ({int(signal.SIGALRM)}|{int(signal.SIGXCPU)})"):
        child.ask(header, ends_at=time.monotonic() + 60)
    child.end()
    os.close(memory)
