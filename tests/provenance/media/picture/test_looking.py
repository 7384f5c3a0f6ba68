"""What can be seen of a file that intake would refuse."""

import pytest

from provenance.errors import AssetTooLargeError, MislabelledAssetError, UndecodableAssetError
from provenance.media.media import PARTLY_ANSWERED
from provenance.media.picture.image import IntakeLimits
from provenance.media.picture.looking import look, measure
from tests.sites import encode, photograph

LIMITS = IntakeLimits()
JPEG = encode(photograph(side=128))


def test_a_picture_is_seen():
    view = look(JPEG, LIMITS)
    assert (view.media_type, view.problem, view.remarks) == ("image/jpeg", None, ())
    assert min(view.content.width, view.content.height) == 128


@pytest.mark.parametrize(("tail", "remark"), [(b"x", "1 byte follows the picture"), (b"xy" * 9, "18 bytes follow")])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_what_follows_a_picture_is_a_remark(tail, remark, kind):
    view = look(encode(photograph(side=128), kind) + tail, LIMITS)
    assert view.content is not None
    assert view.problem is None
    assert view.remarks[0].startswith(remark)


@pytest.mark.parametrize(("data", "limits", "error", "media_type"), [
    (JPEG, IntakeLimits(max_pixels=10), AssetTooLargeError, "image/jpeg"),
    (JPEG[:300], LIMITS, UndecodableAssetError, "image/jpeg"),
    (JPEG[:2] + b"\xff\xfe\0\x0a%PDF-1.7" + JPEG[2:], LIMITS, MislabelledAssetError, "image/jpeg"),
])  # fmt: skip
def test_what_cannot_be_seen_is_said(data, limits, error, media_type):
    view = look(data, limits)
    assert view.content is None
    assert isinstance(view.problem, error)
    assert view.media_type == media_type
    assert isinstance(view.problem, PARTLY_ANSWERED) == (error is not UndecodableAssetError)


def test_what_would_be_decoded_is_counted_first():
    view = look(JPEG + b"x", LIMITS)
    assert measure(JPEG, LIMITS) == measure(JPEG + b"x", LIMITS) == view.content.width * view.content.height
    assert measure(b"words", LIMITS) == measure(JPEG, IntakeLimits(max_pixels=10)) == 0
