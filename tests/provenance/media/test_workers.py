"""Small files of sound and clips, damaged in every way that chance finds: a typed error, or a file that was taken."""

import os
import signal
import tempfile
import threading
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provenance.asset import MediaType
from provenance.errors import AssetError, ProcessDiedError, UndecodableAssetError
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.media.medium import MEDIA, Claims, Kit
from provenance.media.sound.kind import TYPES
from provenance.media.sound.sound import parse_sound
from provenance.media.workers import Order, Workers, count_deaths, fill, keep_for_process, pour
from provenance.storage.blob import Blob
from tests.clips import clip
from tests.provenance.media.sound.samples import encode

LIMITS = IntakeLimits()
KINDS = (*(str(kind) for kind in TYPES), "mp4", "mov", "webm", "matroska")
# What fields of lengths, counts and offsets are told to be.
NUMBERS = (b"\0\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\xff\xff")


@cache
def seed(kind):
    """Return a small whole file."""
    if "/" in kind:
        return encode(MediaType(kind), 0.6, tags=(("title", "one"),))
    coding = {"webm": {"codec": "libvpx-vp9"}}.get(kind, {})
    return clip(4, kind=kind, width=64, height=48, sound=True, **coding)


@cache
def media():
    return Media([MEDIA.load(name)(Kit()) for name in ("sound", "video")])


@st.composite
def damages(draw):
    """Draw up to three changes: (place as a share of the file, what is done there)."""
    # Headers are where lies are told: half of the places lie in the first part of the file, or its last.
    place = st.one_of(st.floats(0, 1), st.floats(0, 0.15), st.floats(0.85, 1))
    change = st.one_of(
        st.tuples(st.just("put"), st.sampled_from(NUMBERS)),
        st.tuples(st.just("put"), st.binary(min_size=1, max_size=6)),
        st.tuples(st.just("insert"), st.binary(min_size=1, max_size=40)),
        st.tuples(st.just("cut"), st.integers(1, 400)),
        st.tuples(st.just("repeat"), st.integers(4, 600)),
        st.tuples(st.just("end"), st.just(0)),
    )
    return draw(st.lists(st.tuples(place, change), min_size=1, max_size=3))


def damage(data, changes):
    """Return a file with these changes made in it."""
    made = bytearray(data)
    for share, (what, value) in changes:
        at = int(share * len(made))
        if what == "put":
            made[at : at + len(value)] = value
        elif what == "insert":
            made[at:at] = value
        elif what == "cut":
            del made[at : at + value]
        elif what == "repeat":
            made[at:at] = made[at : at + value] * 3
        else:
            del made[max(at, 16) :]
    return bytes(made)


def take(data):
    """Return what is said of a file, and its facts where it is taken."""
    try:
        content = media().take(Blob.from_bytes(data), Claims(), LIMITS)
    except AssetError as exc:
        return str(exc), None
    return "".join(content.left_out), content.facts


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=damages())
@example(changes=[])
def test_a_damaged_file_ends_in_a_typed_error_or_is_taken(kind, changes, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    words, facts = take(damage(seed(kind), changes))
    assert words.isprintable()
    assert facts is None or facts["duration_s"] >= 0
    assert list(tmp_path.iterdir()) == [], "a temporary file was left"


def test_a_process_that_is_late_is_killed_and_the_next_sound_is_heard():
    """A small file may decode to hours, or make a decoder hang: it is refused at its deadline."""
    late = Workers("sound", "provenance.media.sound.survey", 1, base_s=30.0)
    file = Blob.from_bytes(seed(str(TYPES[1])))
    parse_sound(file, LIMITS, surveyors=late)
    (worker,) = late._idle
    pid, late._base_s = worker._child._process.pid, 0.1
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(UndecodableAssetError, match="no answer in time"):
        parse_sound(file, LIMITS, surveyors=late)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert late._idle == []
    late._base_s = 30.0
    assert parse_sound(file, LIMITS, surveyors=late).duration_s == pytest.approx(0.6)
    late.close()


def order(job, **more):
    """Return an order for `odd_jobs`."""
    read = more.pop("read", lambda reply, memory: reply)
    return Order(
        MediaType.PNG, "a file", more.pop("deadline_s", 30.0), {"job": job, "media_type": "image/png", **more}, read
    )


def test_deaths_are_counted_for_every_kind_of_file():
    """A clip that ends its decoder is no less an attack than a picture that does."""
    kept, before = keep_for_process(Workers("file", "tests.provenance.media.odd_jobs", 1)), count_deaths()
    with pytest.raises(UndecodableAssetError, match="exit 3"):
        kept.run(order("die"))
    assert count_deaths() == before + 1
    kept.close()


def test_an_answer_that_cannot_be_ends_the_process():
    def read(reply, memory):
        raise UndecodableAssetError("another answer")

    workers = Workers("file", "tests.provenance.media.odd_jobs", 1)
    with pytest.raises(UndecodableAssetError, match="another answer"):
        workers.run(order("nothing", read=read))
    assert workers._idle == []
    assert workers.run(order("nothing")) == {}
    workers.close()


def test_who_waits_for_long_is_told_and_who_has_time_is_served():
    hasty = Workers("file", "tests.provenance.media.odd_jobs", 1, patience_s=0.05)
    with hasty._free, pytest.raises(ProcessDiedError, match=r"every decoder was busy for 0.05 s") as caught:
        hasty.run(order("nothing"))
    assert caught.value.retryable
    patient = Workers("file", "tests.provenance.media.odd_jobs", 1)
    patient._free.acquire()
    threading.Timer(0.2, patient._free.release).start()
    assert patient.run(order("nothing")) == {}
    patient.close()


@given(data=st.binary(max_size=300), start=st.integers(0, 300))
def test_what_was_poured_is_what_is_filled_in(data, start):
    with tempfile.TemporaryFile() as file:
        pour(file.fileno(), memoryview(data), start)
        found = bytearray(len(data))
        fill(file.fileno(), memoryview(found), start)
        assert found == data
        with pytest.raises(ValueError, match="the file ends"):
            fill(file.fileno(), memoryview(bytearray(len(data) + 1)), start)


def test_a_path_of_a_small_file_is_gone_when_it_was_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Blob.from_bytes(seed("mp4")).path() as path:
        assert Path(path).exists()
    assert not Path(path).exists()
