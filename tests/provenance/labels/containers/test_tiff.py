"""TIFF directories: entries stay sorted, old packets are wiped."""

import pytest

from provenance.errors import LabelError
from provenance.labels.containers.tiff import find, write
from provenance.labels.exif import read_first
from tests.provenance.labels import files


@pytest.mark.parametrize("kind", ["tiff", "bigtiff"])
def test_the_new_directory_is_sorted_and_keeps_every_entry(kind):
    _, data = files.make(kind)
    written = write(write(data, b"first packet"), b"odd")
    _, directory = read_first(written)
    tags = [entry.tag for entry in directory.entries]
    assert tags == sorted(set(tags))
    _, before = read_first(data)
    assert {entry.raw for entry in before.entries} <= {entry.raw for entry in directory.entries}
    assert find(written).xmp[0].strip() == b"odd"
    assert b"first packet" not in written


def test_big_endian_files_are_written():
    data = b"MM\x00*\x00\x00\x00\x08" + b"\x00\x01" + b"\x01\x00\x00\x03\x00\x00\x00\x01\x00\x05\x00\x00" + bytes(4)
    written = write(data, b"packet")
    assert find(written).xmp == (b"packet",)


@pytest.mark.parametrize("data", [b"", b"II*\x00", b"II*\x00\xff\x00\x00\x00", b"MM\x00*\x00\x00\x00\x08\xff\xff"])
def test_damage_is_named(data):
    with pytest.raises(LabelError):
        find(data)
