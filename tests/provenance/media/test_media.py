"""Whose a file is, and what is said of one that is nobody's."""

import pytest

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, ConfigurationError, UnsupportedMediaError
from provenance.media.limits import IntakeLimits
from provenance.media.media import PARTLY_ANSWERED, SVG, Media
from provenance.media.medium import Claims
from provenance.media.picture.medium import PictureMedium
from provenance.storage.blob import Blob
from tests.sites import encode, photograph

PICTURES = PictureMedium(None, {}, ())
MEDIA = Media([PICTURES])
LIMITS = IntakeLimits()
JPEG = Blob.from_bytes(encode(photograph(side=128)))


def test_a_file_is_its_mediums():
    assert MEDIA.find(JPEG.read()[:4096]) == (PICTURES, MediaType.JPEG)
    assert MEDIA.of(MediaType.GIF) is PICTURES
    assert list(MEDIA) == [PICTURES]
    assert MEDIA.take(JPEG, Claims(), LIMITS).media_type is MediaType.JPEG
    medium, seen = MEDIA.look(JPEG, LIMITS)
    assert (medium, seen.problem) == (PICTURES, None)
    assert MEDIA.weigh(JPEG, LIMITS) == seen.content.width * seen.content.height


@pytest.mark.parametrize(("data", "got"), [
    (b"%PDF-1.7", "PDF"), (b"", "0 bytes of no known type"), (b"word " * 2000, "10000 bytes of text"),
])  # fmt: skip
def test_what_is_nobodys_is_refused_by_its_kind(data, got):
    file = Blob.from_bytes(data)
    with pytest.raises(UnsupportedMediaError, match=f"expected one of image/jpeg, .*; got {got}$"):
        MEDIA.take(file, Claims(), LIMITS)
    medium, seen = MEDIA.look(file, LIMITS)
    assert (medium, seen.content, seen.media_type, seen.kind) == (None, None, "", got)
    assert isinstance(seen.problem, PARTLY_ANSWERED)
    assert MEDIA.weigh(file, LIMITS) == 0


def test_what_is_too_long_is_not_looked_into():
    tight = IntakeLimits(max_bytes=10)
    for file in (JPEG, Blob.from_bytes(b"%PDF-1.7" * 10)):
        with pytest.raises(AssetTooLargeError, match="expected at most 10 bytes"):
            MEDIA.take(file, Claims(), tight)
        assert isinstance(MEDIA.look(file, tight)[1].problem, AssetTooLargeError)


@pytest.mark.parametrize(("data", "media_type"), [
    (b'<svg xmlns="http://www.w3.org/2000/svg"/>', SVG),
    (b'<?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE svg>\n<svg width="1"/>', SVG),
    (b"<html><svg></svg></html>", ""), (b"<!--" * 1000, ""), (b" " * 5000 + b"<svg ", ""),
])  # fmt: skip
def test_a_drawing_is_known_by_its_root(data, media_type):
    assert MEDIA.look(Blob.from_bytes(data), LIMITS)[1].media_type == media_type


def test_no_two_media_claim_one_type():
    for media in ([], [PICTURES, PICTURES]):
        with pytest.raises(ConfigurationError, match="types of its own"):
            Media(media)
    with pytest.raises(UnsupportedMediaError, match="got text/x-never"):
        MEDIA.of(MediaType.add("text/x-never", extension=".never"))
