"""What is heard with a clip, as the process that looks through it keeps it."""

import os
from pathlib import Path

import pytest

from provenance.errors import UndecodableAssetError
from provenance.media.containers.matroska import WEBM
from provenance.media.containers.movie import MP4
from provenance.media.video.soundtrack import Soundtrack
from provenance.media.video.stream import open_clip
from tests.clips import clip


def listen(data, media_type, folder):
    path, memory = folder / "clip", os.open(folder / "memory", os.O_RDWR | os.O_CREAT)
    path.write_bytes(data)
    with Path(path).open("rb") as file, open_clip(file, media_type) as source:
        soundtrack = Soundtrack(source, media_type)
        for packet in source.packets(with_sound=True):
            if packet.stream.type == "audio":
                soundtrack.take(packet)
        try:
            return soundtrack.describe(memory, 0)
        finally:
            os.close(memory)


@pytest.mark.parametrize(("media_type", "options"), [(MP4, {}), (WEBM, {"kind": "webm", "codec": "libvpx-vp9"})])
def test_a_soundtrack_is_heard_to_its_end(media_type, options, tmp_path):
    found = listen(clip(12, sound=True, **options), media_type, tmp_path)
    assert found["duration_s"] == pytest.approx(1.0, abs=0.1)
    assert found["peak"] == pytest.approx(0.2, abs=0.03)
    assert (found["track"]["channels"], found["track"]["rate_hz"]) == (1, 48_000)
    assert found["track"]["covers"] == 1, "its pictures"


def test_a_damaged_soundtrack_is_an_error_of_ours(tmp_path):
    """The sound of these files lies behind their pictures."""
    data = bytearray(clip(12, sound=True))
    end = data.index(b"moov") - 4
    data[end - 1500 : end] = b"\xff" * 1500
    with pytest.raises(UndecodableAssetError):
        listen(bytes(data), MP4, tmp_path)
