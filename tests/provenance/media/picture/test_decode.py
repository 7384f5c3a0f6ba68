import numpy as np
import pytest

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import Layout
from provenance.media.limits import IntakeLimits
from provenance.media.picture import decode as decoding
from provenance.media.picture.decode import decode
from tests import image_bytes as make

LIMITS = IntakeLimits()


def layout_of(media_type, width=64, height=48, data=None, **more):
    return Layout(media_type, width, height, 1, 0, make.valid(media_type.value) if data is None else data, **more)


@pytest.mark.parametrize("media_type", list(MediaType))
def test_pixels_are_upright_and_cannot_be_written(media_type):
    decoded = decode(layout_of(media_type), LIMITS)
    assert decoded.frame.shape == (48, 64, 3)
    assert not decoded.frame.flags.writeable
    assert (decoded.alpha, decoded.is_turned) == (None, False)


def test_an_orientation_is_applied():
    turned = decode(layout_of(MediaType.PNG, orientation=6), LIMITS)
    assert turned.is_turned
    assert np.array_equal(turned.frame, np.rot90(make.gradient(), -1))


def test_memory_that_cannot_be_had_is_said(monkeypatch):
    def exhausted(*_args, **_kwargs):
        raise MemoryError

    monkeypatch.setattr(decoding, "convert_pixels", exhausted)
    with pytest.raises(AssetTooLargeError, match="fit in memory, got 64x48"):
        decode(layout_of(MediaType.PNG), LIMITS)


@pytest.mark.parametrize("media_type", list(MediaType))
def test_what_a_library_says_becomes_one_error(media_type):
    data = make.valid(media_type.value)
    with pytest.raises(UndecodableAssetError, match="64x48 pixels, got damaged or truncated data"):
        decode(layout_of(media_type, data=data[: len(data) // 2]), LIMITS)


@pytest.mark.parametrize("media_type", list(MediaType))
def test_a_decoder_that_sees_more_than_the_headers_is_stopped(media_type):
    with pytest.raises(UndecodableAssetError, match="expected 10x10 pixels by its headers, got 64x48"):
        decode(layout_of(media_type, 10, 10), LIMITS)


def test_a_bomb_that_the_headers_did_not_show_is_damage():
    # The picture inside is larger than the canvas, which the plugin widens once it has begun.
    data = bytearray(make.valid("image/gif"))
    at = data.index(b"\x2c", 13 + (3 << (data[10] & 7) + 1))
    data[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(UndecodableAssetError, match="DecompressionBombError"):
        decode(layout_of(MediaType.GIF, data=bytes(data)), LIMITS)
