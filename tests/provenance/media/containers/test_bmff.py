import struct

import numpy as np
import pytest
from PIL import Image

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, MislabelledAssetError, UndecodableAssetError
from provenance.media.containers import bmff
from provenance.media.containers.bmff import Box, read_boxes
from provenance.media.limits import IntakeLimits
from provenance.media.picture.image import parse_image
from tests import image_bytes as make

LIMITS = IntakeLimits()
PLAIN = make.valid("image/avif")


def vector(name):
    return (make.VECTORS / f"{name}.heic").read_bytes()


@pytest.mark.parametrize("media_type", [MediaType.AVIF, MediaType.HEIC])
def test_the_headers_are_read(media_type):
    data = make.valid(media_type.value)
    layout = bmff.parse_layout(data, LIMITS, media_type)
    assert (layout.width, layout.frames, layout.end) == (64, 1, len(data))
    assert layout.essence == data


def test_heic_pixels_come_through():
    picture = parse_image(vector("still"))
    assert picture.media_type is MediaType.HEIC
    assert np.abs(picture.frame.astype(int) - make.gradient()).mean() < 3


def test_heic_is_turned_once():
    turned = parse_image(vector("turned")).frame
    assert turned.shape == (64, 48, 3)
    assert np.abs(turned.astype(int) - np.rot90(make.gradient(), -1)).mean() < 3


def test_heic_transparency_is_set_apart():
    alpha = parse_image(vector("alpha")).alpha
    assert np.abs(alpha.astype(int) - np.arange(64) * 4).mean() < 8


def test_parts_that_do_not_ship_are_said():
    assert parse_image(vector("alpha")).left_out == ()
    depth = vector("alpha").replace(b"auxid:1\0", b"auxid:2\0")
    assert bmff.parse_layout(depth, LIMITS, MediaType.HEIC).left_out == ("a depth map",)
    at = PLAIN.index(b"nclx") + 6
    for code, said in ((16, ("its HDR curve (PQ)",)), (18, ("its HDR curve (HLG)",)), (13, ())):
        changed = make.replaced(PLAIN, at, struct.pack(">H", code))
        assert bmff.parse_layout(changed, LIMITS, MediaType.AVIF).left_out == said


def test_several_pictures_in_one_heic():
    with pytest.raises(AssetTooLargeError, match=r"1 frame\(s\), got 2"):
        parse_image(vector("burst"))
    assert parse_image(vector("burst"), limits=IntakeLimits(max_frames=2)).width == 64


def test_sequences_are_refused_whatever_is_allowed():
    frames = [Image.new("RGB", (16, 16), (level, 0, 0)) for level in (10, 200)]
    data = make.saved(frames[0], "AVIF", save_all=True, append_images=frames[1:], speed=10)
    for allowed in (1, 5):
        with pytest.raises(AssetTooLargeError, match="frame"):
            parse_image(data, limits=IntakeLimits(max_frames=allowed))


def test_files_of_slow_decoders_have_a_bound_of_their_own():
    with pytest.raises(AssetTooLargeError, match="at most 100 bytes"):
        parse_image(PLAIN, limits=IntakeLimits(max_slow_bytes=100))
    assert parse_image(make.valid("image/png"), limits=IntakeLimits(max_slow_bytes=100)).width == 64


def test_manifest_boxes_belong_to_the_file_and_count_as_metadata():
    data = PLAIN + make.box(b"uuid", bytes(1000)) + make.box(b"free", b"")
    assert parse_image(data).width == 64
    with pytest.raises(AssetTooLargeError, match="bytes of metadata"):
        parse_image(data, limits=IntakeLimits(max_metadata_bytes=900))


def test_what_is_no_box_is_a_second_file():
    with pytest.raises(MislabelledAssetError, match="after the image"):
        parse_image(PLAIN + b"words that are no box")


def test_boxes_are_walked_with_every_kind_of_length():
    plain = make.box(b"abcd", b"12")
    long = struct.pack(">I4sQ", 1, b"efgh", 19) + b"345"
    rest = b"\0\0\0\0ijkl67"
    found = list(read_boxes(plain + long + rest, 0, 39, "x"))
    assert found == [Box(b"abcd", 0, 8, 10), Box(b"efgh", 10, 26, 29), Box(b"ijkl", 29, 37, 39)]


@pytest.mark.parametrize("data", [b"\0\0\0\7abcd", b"\0\0\0\xffabcd", struct.pack(">I4sQ", 1, b"abcd", 8), b"\0\0"])
def test_boxes_with_impossible_lengths(data):
    with pytest.raises(UndecodableAssetError):
        list(read_boxes(data, 0, len(data), "x"))


def test_boxes_without_end_are_bounded():
    data = make.box(b"free", b"") * 9000
    with pytest.raises(AssetTooLargeError, match="8192 boxes"):
        list(read_boxes(data, 0, len(data), "x"))


def with_items(count, extents):
    """An AVIF whose item locations state `count` items of `extents` extents that take no bytes at all."""
    body = bytes([0, 0, 0, 0, 0, 0]) + struct.pack(">H", count)
    return with_locations(body + b"".join(struct.pack(">HHH", n, 0, extents) for n in range(min(count, 2000))))


def with_locations(body):
    children = b"".join([
        make.box(b"pitm", bytes(6)),
        make.box(b"iinf", bytes(6)),
        make.box(b"iloc", body),
        make.box(b"iprp", make.box(b"ipco", make.box(b"ispe", struct.pack(">III", 0, 64, 48)))),
    ])  # fmt: skip
    return make.box(b"ftyp", b"avif\0\0\0\0avif") + make.box(b"meta", bytes(4) + children)


@pytest.mark.parametrize(
    ("count", "extents", "said"), [(2000, 65_535, "8192 item extents"), (60_000, 1, "2048 items"), (1, 1, "pixels")]
)
def test_locations_without_end_are_bounded(count, extents, said):
    with pytest.raises((AssetTooLargeError, UndecodableAssetError), match=said):
        parse_image(with_items(count, extents))


@pytest.mark.parametrize(("start", "size"), [(2**31, 10), (0, 2**31), (2**32 - 1, 2**32 - 1)])
def test_items_outside_the_file(start, size):
    body = bytes([0, 0, 0, 0, 0x44, 0]) + struct.pack(">HHHHII", 1, 1, 0, 1, start, size)
    with pytest.raises(UndecodableAssetError, match=r"item 1: expected .* truncated"):
        parse_image(with_locations(body))


def test_top_level_boxes_are_bounded(monkeypatch):
    monkeypatch.setattr(bmff, "_MAX_BOXES", 20)
    with pytest.raises(AssetTooLargeError, match="20 boxes"):
        parse_image(PLAIN + make.box(b"free", b"") * 30)


def test_a_box_that_ends_inside_a_number():
    with pytest.raises(UndecodableAssetError, match="a whole item list"):
        parse_image(with_locations(bytes(7)))


def test_items_are_bounded():
    entries = b"".join(
        make.box(b"infe", bytes([2, 0, 0, 0]) + n.to_bytes(2, "big") + b"\0\0hvc1\0") for n in range(2100)
    )
    children = make.box(b"pitm", bytes(6)) + make.box(b"iinf", bytes(4) + b"\x08\x34" + entries)
    children += make.box(b"iloc", bytes(8)) + make.box(b"iprp", b"")
    with pytest.raises(AssetTooLargeError, match="2048 items"):
        parse_image(PLAIN[: PLAIN.index(b"meta") - 4] + make.box(b"meta", bytes(4) + children))


@pytest.mark.parametrize("kind", [b"pitm", b"iinf", b"iloc", b"iprp", b"ispe", b"meta"])
def test_boxes_that_must_be_there(kind):
    with pytest.raises((UndecodableAssetError, MislabelledAssetError)):
        parse_image(PLAIN.replace(kind, b"free"))


STILL = vector("still")


def with_entry(body, kind=b"infe"):
    """The still HEIC with one more item entry, or another box, at the end of its list of items."""
    at = STILL.index(b"iinf") - 4
    size = int.from_bytes(STILL[at : at + 4], "big")
    entry = make.box(kind, body)
    return grown(STILL, at + size, entry, (at, STILL.index(b"meta") - 4))


def grown(data, at, piece, holders):
    """`data` with `piece` put in at `at`, and the boxes that hold it longer by as much."""
    changed = bytearray(data)
    for holder in holders:
        changed[holder : holder + 4] = (int.from_bytes(data[holder : holder + 4], "big") + len(piece)).to_bytes(
            4, "big"
        )
    return bytes(changed[:at]) + piece + bytes(changed[at:])


def entry(kind=b"mime", texts=b"\0application/rdf+xml\0", version=2):
    number = (99).to_bytes(2 if version == 2 else 4, "big")
    return bytes([version, 0, 0, 1]) + number + bytes(2) + kind + texts


def layout_of(data):
    return bmff.parse_layout(data, LIMITS, MediaType.HEIC)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(("kind", "texts", "said"), [
    (b"m\xffme", b"\0text/plain\0", "type of item 99 to be four printable characters, got 6dff6d65"),
    (b"\0\0\0\0", b"\0", "four printable characters"),
    (b"mime", b"\0applic\xc0tion/rdf+xml\0", "name and content type of item 99 to be UTF-8"),
    (b"mime", b"\0text/plain\0\xff\0", "UTF-8"), (b"mime", b"\xe9\0text/plain\0", "UTF-8"),
    (b"uri ", b"\0urn:\xed\xa0\x80\0", "UTF-8"), (b"Exif", b"\xfe", "UTF-8"),
])  # fmt: skip
def test_what_would_be_read_as_text_is_text(version, kind, texts, said):
    with pytest.raises(UndecodableAssetError, match=said):
        layout_of(with_entry(entry(kind, texts, version)))


def test_texts_in_other_scripts_are_texts():
    assert layout_of(with_entry(entry(texts="写真\0text/plain\0".encode()))).width == 64


def test_entries_of_the_first_versions_have_texts_too():
    with pytest.raises(UndecodableAssetError, match="item name to be UTF-8"):
        layout_of(with_entry(bytes(8) + b"name\0te\xffxt\0\0"))
    # Version 1 may have bytes of its own behind its texts.
    assert layout_of(with_entry(b"\1" + bytes(7) + b"name\0text\0\0fdel\xff")).width == 64


@pytest.mark.parametrize("body", [b"\xc0\0", b"urn:mpeg:hevc:2015:auxid:\xff"])
def test_the_kind_of_an_auxiliary_picture_is_text(body):
    at = STILL.index(b"ipco") - 4
    holders = (at, STILL.index(b"iprp") - 4, STILL.index(b"meta") - 4)
    with pytest.raises(UndecodableAssetError, match="auxiliary type to be UTF-8"):
        layout_of(grown(STILL, at + 8, make.box(b"auxC", bytes(4) + body), holders))


def test_the_handler_is_text():
    at = STILL.index(b"hdlr")
    with pytest.raises(UndecodableAssetError, match="handler type"):
        layout_of(make.replaced(STILL, at + 12, b"pi\xffct"))


@pytest.mark.parametrize("kind", [b"iinf", b"pitm", b"iloc", b"iprp", b"hdlr"])
def test_of_two_boxes_another_reader_might_take_the_other_one(kind):
    at, meta = STILL.index(kind) - 4, STILL.index(b"meta") - 4
    size = int.from_bytes(STILL[at : at + 4], "big")
    with pytest.raises(UndecodableAssetError, match=f"expected one {kind.decode()} box in meta, got two"):
        layout_of(grown(STILL, at + size, STILL[at : at + size], (meta,)))
