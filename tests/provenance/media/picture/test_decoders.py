"""Decoders apart: the same pixels as here, and a crash, a hang or greed is a refusal of that one picture."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import structlog
from structlog.testing import capture_logs

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, ProcessDiedError, UndecodableAssetError
from provenance.media.containers.base import Layout
from provenance.media.limits import IntakeLimits
from provenance.media.picture.decode import decode
from provenance.media.picture.decoders import APART, DECODERS, Decoders, decode_apart
from tests import image_bytes as make
from tests.architecture.checkout import ROOT

LIMITS = IntakeLimits()
FAULTY = "tests.provenance.media.faulty_decoder"


def layout_of(media_type=MediaType.WEBP, data=None, **more):
    essence = make.valid(media_type.value) if data is None else data
    return Layout(media_type, 64, 48, 1, 0, essence, **more)


@pytest.fixture
def faulty():
    """Decoders that do what the colour profile of a picture says."""
    # The command line, had it run before, would have told the log to be quiet.
    structlog.reset_defaults()
    pool = Decoders(1, module=FAULTY)
    yield pool
    pool.close()


def pid_of(pool):
    (worker,) = pool._idle
    return worker._child._process.pid


def ask(pool, icc=b"", **more):
    return pool.decode(layout_of(icc=icc, **more), LIMITS)


@pytest.mark.parametrize("media_type", sorted(APART))
def test_pixels_are_the_same_as_here(media_type):
    layout = layout_of(media_type, orientation=6)
    here, apart = decode(layout, LIMITS), decode_apart(layout, LIMITS)
    assert np.array_equal(here.frame, apart.frame)
    assert (apart.is_turned, apart.alpha, apart.frame.flags.writeable) == (here.is_turned, None, False)


def test_transparency_comes_back_too():
    layout = layout_of(MediaType.HEIC, (make.VECTORS / "alpha.heic").read_bytes())
    assert np.array_equal(decode_apart(layout, LIMITS).alpha, decode(layout, LIMITS).alpha)


def test_its_refusals_are_the_same_as_here():
    for data, limits, kind in (
        (make.valid("image/webp")[:60], LIMITS, UndecodableAssetError),
        ((make.VECTORS / "burst.heic").read_bytes(), LIMITS, AssetTooLargeError),
    ):
        layout = layout_of(MediaType.HEIC if b"heic" in data else MediaType.WEBP, data)
        with pytest.raises(kind) as here:
            decode(layout, limits)
        with pytest.raises(kind) as apart:
            decode_apart(layout, limits)
        assert str(apart.value) == str(here.value)


def test_one_process_serves_many_pictures_and_holds_little(faulty):
    ask(faulty)
    first = pid_of(faulty)
    for _ in range(3):
        ask(faulty)
    assert pid_of(faulty) == first
    assert os.getpid() != first


def test_a_process_ends_after_a_number_of_pictures():
    pool = Decoders(1, most_pictures=2)
    ask(pool)
    ask(pool)
    assert pool._idle == []


@pytest.mark.parametrize(("icc", "cause"), [
    (b"segfault", r"\(signal 11\)"), (b"exit", r"\(exit 7\)"), (b"defect", r"\(exit 1\)"), (b"file", "died"),
])  # fmt: skip
def test_a_crash_is_a_refusal_counted_and_logged(faulty, icc, cause):
    with (
        capture_logs() as logs,
        pytest.raises(UndecodableAssetError, match=f"its process died.*{cause}" if "(" in cause else cause),
    ):
        ask(faulty, icc)
    assert [(log["log_level"], log["deaths"]) for log in logs] == [("error", 1)]
    assert "secret" not in str(logs)
    assert ask(faulty).frame.shape == (48, 64, 3)


def test_a_hang_is_ended_and_refused(faulty):
    ask(faulty)
    pid, faulty._deadline_s = pid_of(faulty), 0.3
    with pytest.raises(UndecodableAssetError, match="no answer in time"):
        ask(faulty, b"hang")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    faulty._deadline_s = 30
    assert ask(faulty).frame.shape == (48, 64, 3)


def test_memory_beyond_what_its_pixels_may_need_is_refused(faulty):
    with pytest.raises(AssetTooLargeError, match="fit in memory, got 64x48"):
        ask(faulty, b"memory")
    assert faulty.deaths == 0


def test_what_an_earlier_picture_left_behind_is_not_this_ones_fault(faulty):
    ask(faulty, b"spoil")
    with capture_logs() as logs:
        assert ask(faulty).frame.shape == (48, 64, 3)
    assert (faulty.deaths, len(logs)) == (1, 1)


def test_memory_that_an_earlier_picture_took_is_not_this_ones_fault(faulty):
    ask(faulty, b"leak")
    first = pid_of(faulty)
    assert ask(faulty, b"large").frame.shape == (48, 64, 3)
    assert pid_of(faulty) != first
    assert faulty.deaths == 0


def test_a_picture_that_was_late_is_not_given_as_long_once_more(faulty):
    ask(faulty)
    faulty._deadline_s = 1.0
    with pytest.raises(UndecodableAssetError, match="no answer in time"):
        ask(faulty, b"hang")
    assert faulty.deaths == 1


def test_a_process_that_was_killed_while_it_waited_is_replaced(faulty):
    ask(faulty)
    os.kill(pid_of(faulty), signal.SIGKILL)
    assert ask(faulty).frame.shape == (48, 64, 3)


def test_that_none_can_be_started_is_not_the_pictures_fault():
    with pytest.raises(ProcessDiedError, match="exit 1") as caught:
        ask(Decoders(1, module="tests.provenance.media.no_decoder"))
    assert caught.value.retryable


def test_that_all_are_busy_is_said(faulty):
    faulty._patience_s = 0.2
    with faulty._free, pytest.raises(ProcessDiedError, match="every decoder was busy"):
        ask(faulty)


def test_a_small_picture_after_a_large_one(faulty):
    large = make.saved(make.Image.fromarray(np.zeros((3000, 3000, 3), np.uint8)), "WEBP", lossless=True)
    layout = Layout(MediaType.WEBP, 3000, 3000, 1, 0, large)
    assert not faulty.decode(layout, LIMITS).frame.any()
    assert os.fstat(faulty._idle[0].memory).st_size == 0
    assert np.array_equal(ask(faulty).frame, make.gradient())


def test_threads_share_them():
    pool, found = Decoders(2), []
    threads = [threading.Thread(target=lambda: found.append(ask(pool).frame)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.close()
    assert len(found) == 8
    assert all(np.array_equal(frame, make.gradient()) for frame in found)


def test_a_copy_of_this_process_leaves_them_alone():
    decode_apart(layout_of(), LIMITS)
    idle = list(DECODERS._idle)
    pid = os.fork()
    if not pid:
        code = 1
        try:
            is_apart = DECODERS._idle == []
            frame = decode_apart(layout_of(), LIMITS).frame
            DECODERS.close()
            code = 0 if is_apart and frame.shape == (48, 64, 3) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert idle == DECODERS._idle
    assert decode_apart(layout_of(), LIMITS).frame.shape == (48, 64, 3)


PARENT = """
import time
from tests.provenance.media.picture.test_decoders import *
layout = layout_of()
decode_apart(layout, LIMITS)
print(DECODERS._idle[0]._child._process.pid, flush=True)
time.sleep(60)
"""


def is_alive(pid):
    try:
        return "Z (zombie)" not in Path(f"/proc/{pid}/status").read_text("utf-8")
    except FileNotFoundError:
        return False


def test_they_end_with_a_parent_that_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    ends_at = time.monotonic() + 20
    while is_alive(pid):
        assert time.monotonic() < ends_at
        time.sleep(0.05)


def test_a_decoder_knows_no_secret_of_ours(faulty, monkeypatch):
    monkeypatch.setenv("CHOPMARK_SIGNING__PRIVATE_KEY", "/secret")
    ask(faulty)
    with open(f"/proc/{pid_of(faulty)}/environ", "rb") as file:
        assert b"secret" not in file.read()
