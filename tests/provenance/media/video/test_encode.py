"""What a clip is encoded by, and what its file then holds."""

import pytest

from provenance.errors import ConfigurationError, UnsupportedMediaError
from provenance.media.containers.matroska import MKV, WEBM
from provenance.media.containers.movie import MOV, MP4
from provenance.media.video.encode import ENCODERS, choose_encoder


@pytest.mark.parametrize(
    ("setting", "media_type", "coding", "codec"),
    [
        ("auto", MP4, "h264", "libx264"),
        ("auto", MP4, "hevc", "libx265"),
        ("auto", MOV, "prores", "libx264"),
        ("auto", WEBM, "vp9", "libvpx-vp9"),
        ("auto", WEBM, "libdav1d", "libsvtav1"),
        ("auto", MOV, "av1", "libx264"),
        ("av1", MP4, "h264", "libsvtav1"),
        ("vp9", MKV, "h264", "libvpx-vp9"),
    ],
)
def test_the_coding_that_came_in_is_kept_where_that_can_be_written(setting, media_type, coding, codec):
    assert choose_encoder(setting, media_type, coding).codec == codec


def test_what_cannot_be_written_is_refused_by_name():
    with pytest.raises(UnsupportedMediaError, match="h264"):
        choose_encoder("h264", WEBM, "vp9")
    with pytest.raises(ConfigurationError):
        choose_encoder("theora", MP4, "h264")


def test_the_permissive_ones_say_so():
    assert {name for name, encoder in ENCODERS.items() if encoder.licence.startswith("GPL")} == {"h264", "hevc"}
