"""What is sound by its first bytes."""

import pytest

from provenance.errors import MislabelledAssetError
from provenance.media.sound.kind import FLAC, MP3, TYPES, WAV, check_claims, measure_id3, sniff_sound
from tests.provenance.media.sound.samples import encode


@pytest.mark.parametrize("media_type", TYPES)
def test_each_type_is_known_by_its_head(media_type):
    assert sniff_sound(encode(media_type)[:4096]) == media_type
    check_claims(media_type, declared_name=f"a{media_type.extension}", declared_type=str(media_type))
    check_claims(media_type, declared_name="", declared_type="application/octet-stream")


def test_an_id3_tag_is_looked_behind():
    tag = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)
    assert measure_id3(tag) == 138
    assert sniff_sound(tag + b"fLaC") == FLAC
    assert sniff_sound(tag + b"\xff\xfb\x90\x00") == MP3
    assert measure_id3(b"ID3\x04\x00\x00\xff\xff\xff\xff") == 0


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"RIFF\0\0\0\0AVI ",
        b"\0\0\0\x1cftypisom",
        b"OggS" + bytes(60),
        b"\xff\xd8\xff\xe0",
        b"\xff\xfb\xff\xff",
        b"ID3",
    ],
)
def test_what_is_none(head):
    assert sniff_sound(head) is None


def test_claims_are_held_against_the_content():
    with pytest.raises(MislabelledAssetError, match="declared type"):
        check_claims(WAV, declared_name="", declared_type="audio/mpeg")
    with pytest.raises(MislabelledAssetError, match="file name"):
        check_claims(WAV, declared_name="a.mp3", declared_type="")
