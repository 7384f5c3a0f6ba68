import pytest

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.limits import IntakeLimits
from provenance.media.text.decoding import MOST_BYTES, decode_text, require_words
from provenance.storage.blob import Blob

LIMITS = IntakeLimits()


def decode(data, **changes):
    return decode_text(Blob.from_bytes(data), LIMITS, **changes)


def test_line_ends_and_marks_of_order_become_one():
    assert decode(b"\xef\xbb\xbfa\r\nb\rc\x0bd\xe2\x80\xa8e") == "a\nb\nc\nd\ne"


@pytest.mark.parametrize(("data", "words"), [
    (b"abc\xff", "at place 3"), (b"\xff\xfea\0", "UTF-16"), (b"a\x00b", "0x00"), (b"a\x1b[2Jb", "0x1b"),
    ("\u6d77".encode("gbk"), "UTF-8"), (b"\xed\xa0\x80", "UTF-8"),
])  # fmt: skip
def test_what_is_no_text_is_refused_and_told_why(data, words):
    with pytest.raises(UndecodableAssetError, match=words):
        decode(data)


def test_ten_megabytes_are_too_many():
    with pytest.raises(AssetTooLargeError, match="by parts"):
        decode(b"a " * (5 << 20))
    assert len(decode(b"a" * MOST_BYTES)) == MOST_BYTES
    with pytest.raises(AssetTooLargeError):
        decode(b"a" * 11, most_bytes=10)


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u2060", "--- !!! ...", "\u202e"])
def test_what_shows_nothing_is_no_text(text):
    with pytest.raises(UndecodableAssetError, match="words"):
        require_words(text)
