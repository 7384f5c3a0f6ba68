"""Items of AVIF files: layouts that encoders other than Pillow's write."""

import pytest

from provenance.errors import LabelError, UndecodableAssetError
from provenance.labels.containers.bmff import find, write
from provenance.media.containers.bmff_items import (
    Location,
    build_infe,
    build_location,
    build_reference,
    parse_items,
    parse_locations,
)


def box(kind, body):
    return (len(body) + 8).to_bytes(4, "big") + kind + body


FTYP = box(b"ftyp", b"avif\x00\x00\x00\x00avif")
PITM = box(b"pitm", bytes(4) + b"\x00\x01")


def infe(item_id, kind=b"av01"):
    return box(b"infe", b"\x02\x00\x00\x00" + item_id.to_bytes(2, "big") + b"\x00\x00" + kind + b"\x00")


ITEM_1 = infe(1)


def meta(iloc, *more, infes=(ITEM_1,), before=b"", after=b"pixels"):
    iinf = box(b"iinf", bytes(4) + len(infes).to_bytes(2, "big") + b"".join(infes))
    return (
        FTYP + before + box(b"meta", bytes(4) + PITM + iinf + box(b"iloc", iloc) + b"".join(more)) + box(b"mdat", after)
    )


# Version 0, offsets 4 bytes, lengths 4 bytes, base offset 4 bytes: item 1 at base 20 + 4, length 6.
OLD_ILOC = (
    bytes((0, 0, 0, 0, 0x44, 0x40))
    + b"\x00\x01"
    + b"\x00\x01"
    + b"\x00\x00"
    + (20).to_bytes(4, "big")
    + b"\x00\x01"
    + (4).to_bytes(4, "big")
    + (6).to_bytes(4, "big")
)


def test_base_offsets_and_old_versions_are_read():
    assert parse_locations(OLD_ILOC) == (Location(1, 0, ((24, 6),)),)


def test_what_lies_before_the_meta_box_stays_and_what_lies_behind_moves():
    iloc = build_location(
        (Location(1, 0, ((len(FTYP) + 8, 6),)), Location(2, 0, ((10**6, 0),)), Location(3, 1, ((0, 3),)))
    )
    data = meta(iloc, before=box(b"mdat", b"pixels"))
    behind = data.rindex(b"pixels")
    data = data.replace((10**6).to_bytes(4, "big"), behind.to_bytes(4, "big"))
    written = write(data, b"<xmp/>")
    at = {location.item_id: location for location in parse_locations(written[written.index(b"iloc") + 4 :])}
    assert written[at[1].extents[0][0] :].startswith(b"pixels")
    assert written[at[2].extents[0][0] :].startswith(b"pixels")
    assert at[1].extents[0][0] == len(FTYP) + 8
    assert at[3].extents == ((0, 3),)
    assert find(written).xmp == (b"<xmp/>",)


def test_items_in_idat_are_read_and_replaced():
    xmp = box(b"infe", build_infe(2, b"application/rdf+xml"))
    iloc = build_location((Location(1, 0, ((24, 6),)), Location(2, 1, ((1, 4),))))
    data = meta(iloc, box(b"idat", b" old."), infes=(infe(1), xmp))
    assert find(data).xmp == (b"old.",)
    written = write(data, b"new")
    assert find(written).xmp == (b"new",)
    assert b"old" not in written
    assert written.count(b"application/rdf+xml") == 1


def test_an_open_last_box_is_closed():
    data = meta(build_location((Location(1, 0, ((24, 6),)),)))
    data = data[:-14] + bytes(4) + data[-10:]
    assert find(write(data, b"x")).xmp == (b"x",)


def test_long_boxes_and_wide_numbers():
    wide_infe = box(b"infe", build_infe(70_000, b"application/rdf+xml"))
    iloc = build_location((Location(1, 0, ((24, 6),)), Location(70_000, 0, ((24, 2),))))
    assert parse_locations(iloc)[1].item_id == 70_000
    assert parse_items([wide_infe[8:]])[0].id == 70_000
    data = meta(iloc, infes=(infe(1), wide_infe))
    at = data.index(b"mdat") - 4
    long = data[:at] + (1).to_bytes(4, "big") + b"mdat" + (22).to_bytes(8, "big") + b"pixels"
    assert find(write(long, b"x")).xmp == (b"x",)


def test_an_existing_reference_list_gets_one_more():
    iref = box(b"iref", bytes(4) + build_reference(3, 1, wide=False))
    written = write(meta(build_location((Location(1, 0, ((24, 6),)),)), iref), b"x")
    assert written.count(b"cdsc") == 2
    assert written.count(b"iref") == 1
    with pytest.raises(UndecodableAssetError, match="reference list"):
        build_reference(70_000, 1, wide=False)


GOOD = meta(OLD_ILOC)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "ftyp"),
        (FTYP, "no meta"),
        (FTYP + box(b"meta", bytes(4)), "no items"),
        (FTYP + b"\x00\x00\x00\x04meta", "expected a box of"),
        (FTYP + b"\x00\x00\xff\xffmeta", "expected a box of"),
        (FTYP + box(b"free", b"") * 9000, "boxes in a row"),
        (meta(b"\x03" + bytes(20)), "version 3"),
        (meta(OLD_ILOC[:10]), "too soon"),
        (meta(bytes((1, 0, 0, 0, 0, 0)) + b"\xff\xff"), "65535 items"),
        (meta(bytes((0, 0, 0, 0, 0, 0)) + b"\x00\x01" + b"\x00\x01" + b"\x00\x07\x00\x00"), "another file"),
        (meta(bytes((0, 0, 0, 0, 0, 0)) + b"\x00\x01" + b"\x00\x01" + b"\x00\x00" + b"\xff\xff"), "extents"),
    ],
)
def test_damage_is_named(data, problem):
    with pytest.raises(LabelError, match=problem):
        find(data)


def test_what_cannot_be_labelled_says_so():
    assert find(GOOD).xmp == ()
    with pytest.raises(LabelError, match="sequence"):
        write(GOOD + box(b"moov", b""), b"x")
    xmp = box(b"infe", build_infe(2, b"application/rdf+xml"))
    endless = build_location((Location(1, 0, ((24, 6),)), Location(2, 0, ((24, 0),))))
    with pytest.raises(LabelError, match="no end"):
        write(meta(endless, infes=(infe(1), xmp)), b"x")
    scattered = build_location((Location(2, 0, ((24, 1),) * 17),))
    with pytest.raises(LabelError, match="pieces"):
        write(meta(scattered, infes=(infe(1), xmp)), b"x")
    inside = bytes((1, 0, 0, 0, 0, 0)) + b"\x00\x01" + b"\x00\x01" + b"\x00\x02" + b"\x00\x00" + b"\x00\x00"
    with pytest.raises(LabelError, match="inside another"):
        write(meta(inside), b"x")
    with pytest.raises(UndecodableAssetError, match="4 GiB"):
        build_location((Location(1, 0, ((1 << 32, 1),)),))
    with pytest.raises(LabelError, match="primary"):
        write(GOOD.replace(b"pitm", b"free"), b"x")
