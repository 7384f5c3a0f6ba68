"""Soundtracks that are marked on their way: as long as they were, beside their pictures, and read back."""

import io

import av
import numpy as np
import pytest

from provenance.media.containers.matroska import WEBM
from provenance.media.containers.movie import MP4
from provenance.media.sound.decoding import open_track, read_blocks
from provenance.media.video.marked_sound import MarkedSound
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.chord.scheme import Chord
from tests.clips import clip

CHORD = Chord((WatermarkKey("2026-11", bytes(range(32))),))
PAYLOAD = 1 << 56 | 77


def remake(data, media_type, form):
    """Return a file with the soundtrack alone, marked."""
    file, made = Blob.from_bytes(data), io.BytesIO()
    with open_track(file, media_type) as (source, stream, track), av.open(made, "w", format=form) as container:
        marker = CHORD.build_marker(track.rate_hz, track.channels, PAYLOAD)
        sound = MarkedSound(container, media_type, track, marker)
        for packet in source.demux(stream):
            sound.take(packet)
        sound.finish()
    return Blob.from_bytes(made.getvalue())


@pytest.mark.parametrize(("media_type", "form", "options"), [
    (MP4, "mp4", {}), (WEBM, "webm", {"kind": "webm", "codec": "libvpx-vp9"}),
])  # fmt: skip
def test_a_soundtrack_carries_the_mark_and_keeps_its_length(media_type, form, options):
    data = clip(96, sound="music", **options)
    made = remake(data, media_type, form)
    before = np.concatenate(list(read_blocks(Blob.from_bytes(data), media_type)), axis=1)
    after = np.concatenate(list(read_blocks(made, media_type)), axis=1)
    assert after.shape[1] == pytest.approx(before.shape[1], abs=4096)
    found = CHORD.read([after], 48_000, is_plain=True)
    assert found is not None
    assert found.payload == PAYLOAD
    assert CHORD.read([before], 48_000, is_plain=True) is None
    size = min(before.shape[1], after.shape[1])
    shifts = [
        np.abs(before[:, 4096 : size - 4096] - after[:, 4096 + at : size - 4096 + at]).mean() for at in (-960, 0, 960)
    ]
    assert min(shifts) == shifts[1], "it begins when it began"
