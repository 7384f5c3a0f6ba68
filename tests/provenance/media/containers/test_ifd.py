"""Directories of TIFF and of EXIF: one reader, which follows nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import AssetError, AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.ifd import find_first, read_directory, read_form

LITTLE = (
    b"II*\0\x08\0\0\0" b"\2\0" b"\0\1\3\0\1\0\0\0\x40\0\0\0" b"\x0f\1\2\0\6\0\0\0\x26\0\0\0" b"\0\0\0\0" b"maker\0"
)  # fmt: skip
BIG = b"MM\0+\0\x08\0\0" b"\0\0\0\0\0\0\0\x10" b"\0\0\0\0\0\0\0\1" b"\1\0\0\3\0\0\0\0\0\0\0\1\0\x40\0\0\0\0\0\0" b"\0\0\0\0\0\0\0\x63"  # fmt: skip


def read(data, most=10):
    form = read_form(data, "x")
    return form, read_directory(data, form, find_first(data, form), most=most)


def test_classic_and_big_directories():
    form, found = read(LITTLE)
    assert (form.order, form.offset_bytes, form.count_bytes, form.pointer_at) == ("little", 4, 2, 4)
    assert [(entry.tag, entry.kind, entry.count, entry.size) for entry in found.entries] == [
        (256, 3, 1, 2),
        (271, 2, 6, 6),
    ]
    assert [LITTLE[entry.start : entry.start + entry.size] for entry in found.entries] == [b"\x40\0", b"maker\0"]
    assert (found.following, found.end, found.find(271), found.find(1)) == (0, 38, found.entries[1], None)
    form, found = read(BIG)
    assert (form.order, form.offset_bytes, form.count_bytes, form.pointer_at) == ("big", 8, 8, 8)
    assert BIG[found.entries[0].start :][: found.entries[0].size] == b"\0\x40"
    assert (found.following, found.end) == (0x63, len(BIG))
    assert form.pack(0x63, 8) == BIG[-8:]


@pytest.mark.parametrize("data", [b"", b"II", b"XX*\0", b"II+\1", b"MM*\0"])
def test_other_headers_are_refused(data):
    with pytest.raises(UndecodableAssetError, match="expected a TIFF header"):
        read(data)


@pytest.mark.parametrize("data", [LITTLE[:-8], LITTLE[:9], b"II*\0" + bytes(40), b"II*\0\xff\xff\xff\xff"])
def test_no_whole_directory(data):
    with pytest.raises(UndecodableAssetError):
        read(data)


def test_more_tags_than_allowed():
    with pytest.raises(AssetTooLargeError, match="at most 1 tags, got 2"):
        read(LITTLE, most=1)


@given(st.binary(max_size=60).map(lambda tail: b"MM\0*\0\0\0\x08" + tail) | st.binary(max_size=80))
def test_anything_is_a_directory_or_a_typed_error(data):
    try:
        _, found = read(data)
    except AssetError:
        return
    assert found.end <= len(data)
