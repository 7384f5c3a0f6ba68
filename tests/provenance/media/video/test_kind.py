"""Clips are told by their content; names and types are claims."""

import pytest

from provenance.errors import AssetTooLargeError, MislabelledAssetError, UnsupportedMediaError
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims
from provenance.media.video.kind import MKV, MOV, MP4, WEBM, check_file, sniff
from provenance.storage.blob import Blob
from tests.clips import clip

LIMITS = IntakeLimits()


@pytest.mark.parametrize(
    ("kind", "media_type", "name"),
    [("mp4", MP4, "a.m4v"), ("mov", MOV, "a.mov"), ("matroska", MKV, "a.mkv"), ("mp4", MP4, "a.mov")],
)
def test_the_type_is_found_by_content(kind, media_type, name):
    file = Blob.from_bytes(clip(count=2, kind=kind))
    assert check_file(file, Claims(name, media_type.value), LIMITS) is media_type


def test_webm_is_told_from_matroska():
    assert sniff(clip(count=2, kind="webm", codec="libvpx-vp9")[:4096]) is WEBM


@pytest.mark.parametrize(
    "head",
    [b"\0\0\0\x20ftypavif", b"\0\0\0\x20ftypheic", b"\0\0\0\x20ftypM4A ", b"RIFF0000WEBP", b"", b"\x1aE\xdf\xa3"],
)
def test_others_files_are_not_taken(head):
    assert sniff(head) is None


@pytest.mark.parametrize(
    "claims", [Claims("a.webm"), Claims("a.png"), Claims("", "video/webm"), Claims("", "image/png")]
)
def test_false_claims_are_refused(claims):
    with pytest.raises(MislabelledAssetError):
        check_file(Blob.from_bytes(clip(count=2)), claims, LIMITS)


def test_two_types_at_once_are_refused():
    with pytest.raises(MislabelledAssetError):
        check_file(Blob.from_bytes(clip(count=2) + b"PK\x03\x04" + bytes(40)), Claims(), LIMITS)


def test_bounds_and_other_content_are_refused():
    with pytest.raises(AssetTooLargeError):
        check_file(Blob.from_bytes(clip(count=2)), Claims(), IntakeLimits(max_bytes=100))
    with pytest.raises(UnsupportedMediaError):
        check_file(Blob.from_bytes(b"words"), Claims(), LIMITS)
