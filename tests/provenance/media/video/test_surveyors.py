"""What is seen of a clip by the process that looks through it, and what cannot have been."""

import os
import signal

import pytest

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.movie import MP4
from provenance.media.video.surveyors import Surveyors, _read
from provenance.storage.blob import Blob
from tests.clips import clip

BOUNDS = {"most_pixels": 100_000, "most_seconds": 60.0}


@pytest.fixture(scope="module")
def surveyors():
    made = Surveyors(1)
    yield made
    made.close()


def test_what_was_seen_comes_back(surveyors):
    found = surveyors.survey(Blob.from_bytes(clip(sound=True)), MP4, **BOUNDS)
    assert found.facts == {
        "width": 320, "height": 240, "duration_s": 1.0, "frames": 12, "frames_per_s": 12.0, "shots": 1,
        "coding": "h264", "sound_tracks": 1,
    }  # fmt: skip
    (glimpse,) = found.glimpses
    assert glimpse.begins_shot
    assert (glimpse.span.start_s, glimpse.span.end_s) == (0.0, 1.0)
    assert not glimpse.picture.frame.flags.writeable
    assert [code.at_s for code in found.codes] == pytest.approx([0.0, 0.5])
    assert found.left_out == ()
    assert found.planes[0].is_key


def test_errors_keep_their_kind(surveyors):
    with pytest.raises(AssetTooLargeError, match="pixels"):
        surveyors.survey(Blob.from_bytes(clip()), MP4, most_pixels=10, most_seconds=60)
    data = bytearray(clip())
    start = data.find(b"mdat") + 4
    data[start : start + 2000] = b"\xff" * 2000
    with pytest.raises(UndecodableAssetError):
        surveyors.survey(Blob.from_bytes(bytes(data)), MP4, **BOUNDS)


def test_a_decoder_that_was_killed_while_it_waited_is_not_the_clips_fault(surveyors):
    surveyors.survey(Blob.from_bytes(clip(count=2)), MP4, **BOUNDS)
    (worker,), deaths = surveyors._idle, surveyors.deaths
    os.kill(worker._child._process.pid, signal.SIGKILL)
    assert surveyors.survey(Blob.from_bytes(clip(count=2)), MP4, **BOUNDS).facts["frames"] == 2
    assert surveyors.deaths == deaths + 1


def test_an_answer_that_no_clip_can_have_is_refused():
    with pytest.raises(UndecodableAssetError, match="another answer"):
        _read({"size": [1, 1]}, 0, MP4)
    views = [{"at": 0.0, "shape": [10**6, 10**6, 3], "is_cut": True}]
    with open(os.devnull, "rb") as nothing, pytest.raises(UndecodableAssetError):
        _read({"size": [4, 4], "duration_s": 1, "views": views, "planes": []}, nothing.fileno(), MP4)
