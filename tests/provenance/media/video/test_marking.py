"""The file that ships: every frame in its time, the soundtrack as it was, no word of the old file."""

import io
import os
import signal
import subprocess
import sys

import av
import pytest

from provenance.media.containers.movie import MP4
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims
from provenance.media.video.encode import ENCODERS, choose_encoder
from provenance.media.video.kind import check_file
from provenance.media.video.marking import Wish, make_file, restore_sound
from provenance.media.video.surveyors import SURVEYORS
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.chord.scheme import Chord
from tests.clips import clip

FAST = ENCODERS["h264"]


def survey(file):
    media_type = check_file(file, Claims(), IntakeLimits())
    return SURVEYORS.survey(file, media_type, most_pixels=10**6, most_seconds=60)


def packets(data, kind):
    with av.open(io.BytesIO(data)) as container:
        (stream,) = getattr(container.streams, kind)
        return [(packet.pts, bytes(packet)) for packet in container.demux(stream) if packet.size]


@pytest.fixture(scope="module")
def original():
    return Blob.from_bytes(clip(sound=True, tags=(("title", "secret words"),)))


def test_sound_is_copied_and_frames_keep_their_times(original):
    made = make_file(survey(original), original, Wish(MP4, FAST, {"AIGC": "{}"}))
    before, after = original.read(), made.read()
    assert [data for _, data in packets(after, "audio")] == [data for _, data in packets(before, "audio")]
    assert survey(made).facts["frames"] == 12
    assert survey(made).facts["duration_s"] == pytest.approx(1.0, abs=0.01)
    assert b"secret words" not in after
    assert after.find(b"moov") < after.find(b"mdat"), "a player can begin before it has all"


@pytest.mark.parametrize(("kind", "codec"), [("mp4", "libx264"), ("webm", "libvpx-vp9")])
def test_a_soundtrack_comes_back_without_pictures_being_encoded_again(kind, codec):
    original = Blob.from_bytes(clip(count=30, kind=kind, codec=codec, sound="music"))
    seen = survey(original)
    chord = Chord((WatermarkKey("own", bytes(range(32))),))
    wish = Wish(seen.media_type, choose_encoder("auto", seen.media_type, codec), {"AIGC": "{}"}, b"", sound_mark=chord)
    marked = make_file(seen, original, wish)
    restored = restore_sound(marked, seen, original, wish)
    assert packets(marked.read(), "audio") != packets(original.read(), "audio")
    assert packets(restored.read(), "video") == packets(marked.read(), "video")
    assert packets(restored.read(), "audio") == packets(original.read(), "audio")
    assert survey(restored).facts == survey(marked).facts
    assert b"AIGC" in restored.read()


def test_a_soundtrack_can_be_dropped(original):
    made = make_file(survey(original), original, Wish(MP4, FAST, {}, keeps_sound=False))
    assert survey(made).facts["sound_tracks"] == 0


def test_a_turned_clip_ships_upright():
    original = Blob.from_bytes(clip(count=3, turn=90))
    seen = survey(original)
    made = survey(make_file(seen, original, Wish(MP4, FAST, {})))
    assert seen.is_turned
    assert (made.facts["width"], made.facts["height"], made.is_turned) == (240, 320, False)


KILLED = """
import os, signal, sys
from pathlib import Path
from provenance.media.containers.movie import MP4
from provenance.media.video import marking
from provenance.media.video.encode import ENCODERS, choose_encoder
from provenance.storage.blob import Blob
from tests.provenance.media.video.test_marking import survey
original = Blob.from_path(Path(sys.argv[1]))
seen = survey(original)
marking.decode = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
marking.make_file(seen, original, marking.Wish(MP4, ENCODERS["h264"], {}))
"""


def test_a_process_that_is_killed_leaves_nothing_of_a_clip(original, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (tmp_path / "clip.mp4").write_bytes(original.read())
    command = [sys.executable, "-c", KILLED, str(tmp_path / "clip.mp4")]
    ended = subprocess.run(command, env={**os.environ, "TMPDIR": str(scratch)}, check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL
    assert list(scratch.iterdir()) == []
