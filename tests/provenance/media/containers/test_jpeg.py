import struct

import pytest
from PIL import Image, ImageCms

from provenance.errors import AssetTooLargeError, MislabelledAssetError, UndecodableAssetError, UnsupportedMediaError
from provenance.media.containers import jpeg
from provenance.media.limits import IntakeLimits
from provenance.media.picture.image import parse_image
from tests import image_bytes as make

LIMITS = IntakeLimits()
PLAIN = make.valid("image/jpeg")


def announced(*extra, mark=b"MPF\0II*\0"):
    """A JPEG that announces further images, and those images."""
    return make.jpeg_with(make.segment(0xE2, mark)) + b"".join(extra)


def test_the_headers_are_read():
    exif = make.exif((274, 3, 1, b"\6\0"))
    data = make.jpeg_with(make.segment(0xE1, b"Exif\0\0" + exif))
    layout = jpeg.parse_layout(data, LIMITS)
    assert (layout.width, layout.height, layout.frames, layout.orientation) == (64, 48, 1, 6)
    assert layout.end == len(data)


def test_the_decoder_gets_no_metadata():
    secret = b"nobody should parse this"
    data = make.jpeg_with(
        make.segment(0xFE, secret),
        make.segment(0xE1, b"Exif\0\0" + secret),
        make.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + secret),
        make.segment(0xEB, b"JP" + secret),
        make.segment(0xED, b"Photoshop 3.0\0" + secret),
        b"\xff" * 100,
    )
    layout = jpeg.parse_layout(data, LIMITS)
    assert secret not in layout.essence
    assert layout.essence == PLAIN


def test_a_profile_in_parts_is_joined_in_order():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    parts = [
        make.segment(0xE2, b"ICC_PROFILE\0" + bytes([n + 1, 3]) + profile[n * 200 : (n + 1) * 200]) for n in range(3)
    ]
    assert jpeg.parse_layout(make.jpeg_with(*parts[::-1]), LIMITS).icc == profile[:600]


def test_progressive_and_grey_and_cmyk():
    for image, settings in (
        (Image.fromarray(make.gradient()), {"progressive": True}),
        (Image.fromarray(make.gradient()).convert("L"), {}),
        (Image.fromarray(make.gradient()).convert("CMYK"), {"progressive": True}),
    ):
        assert parse_image(make.saved(image, "JPEG", **settings)).frame.shape == (48, 64, 3)


def test_announced_images_are_part_of_the_file():
    data = announced(PLAIN, b"\0" * 100, PLAIN)
    assert jpeg.parse_layout(data, LIMITS).end == len(data)
    assert parse_image(data).width == 64
    gain_map = make.segment(
        0xE1, b"http://ns.adobe.com/xap/1.0/\0<x Container='http://ns.google.com/photos/1.0/container/'/>"
    )
    assert parse_image(make.jpeg_with(gain_map) + PLAIN).width == 64


def test_images_that_nobody_announced_are_a_second_file():
    with pytest.raises(MislabelledAssetError, match="after the image"):
        parse_image(PLAIN + PLAIN)


def test_an_announcement_covers_images_only():
    with pytest.raises(MislabelledAssetError, match="ZIP"):
        parse_image(announced(PLAIN, b"PK\x03\x04" + bytes(30)))
    with pytest.raises(AssetTooLargeError, match="8 images"):
        parse_image(announced(*[PLAIN] * 9))
    with pytest.raises(AssetTooLargeError, match="bytes of metadata"):
        parse_image(announced(PLAIN), limits=IntakeLimits(max_metadata_bytes=200))


def test_announced_images_are_within_bounds_too():
    with pytest.raises(AssetTooLargeError, match="16000x16000"):
        parse_image(announced(make.jpeg_sized(16_000, 16_000)))


def test_scans_are_bounded():
    data = make.saved(Image.fromarray(make.gradient()), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert parse_image(data[:-2] + scan * 30 + b"\xff\xd9").width == 64
    with pytest.raises(AssetTooLargeError, match="64 scans"):
        parse_image(data[:-2] + scan * 64 + b"\xff\xd9")


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        (0xC3, "lossless JPEG"), (0xC5, "hierarchical JPEG"), (0xC9, "arithmetic-coded JPEG"),
        (0xCA, "arithmetic-coded progressive JPEG"), (0xCB, "arithmetic-coded lossless JPEG"),
        (0xDE, "hierarchical JPEG"), (0xF7, "JPEG-LS"),
    ],
)  # fmt: skip
def test_codings_that_viewers_do_not_read_are_named(marker, said):
    with pytest.raises(UnsupportedMediaError, match=f"not taken: {said};"):
        parse_image(PLAIN.replace(b"\xff\xc0", bytes([0xFF, marker])))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PLAIN[:-2], "end-of-image marker"),
        (make.jpeg_with(b"\xff\xd8"), "marker 0xd8"),
        (make.jpeg_with(b"\xff\xdc\0\4\0\1"), "marker 0xdc"),
        (make.jpeg_with(make.segment(0xFE, b""), b"x"), "expected a marker at offset 6"),
        (PLAIN[:2] + b"\xff" * 50, "end of the file"),
        (b"\xff\xd8\xff\xd9", "expected image data"),
        (PLAIN[:2] + PLAIN[PLAIN.index(b"\xff\xda") :], "frame header before image data"),
        (make.jpeg_with(PLAIN[PLAIN.index(b"\xff\xc0") :][:19]), "one frame header, got two"),
        (make.jpeg_with(b"\xff\xfe" + struct.pack(">H", 1)), "truncated or damaged"),
    ],
)
def test_markers_that_no_encoder_writes(data, said):
    with pytest.raises(UndecodableAssetError, match=said):
        parse_image(data)


@pytest.mark.parametrize(("at", "value", "said"), [(4, 12, "12-bit JPEG"), (9, 2, "JPEG of 2 components")])
def test_samples_that_are_not_taken_are_named(at, value, said):
    start = PLAIN.index(b"\xff\xc0")
    with pytest.raises(UnsupportedMediaError, match=f"not taken: {said}"):
        parse_image(make.replaced(PLAIN, start + at, bytes([value])))


@pytest.mark.parametrize(
    ("marker", "body", "said"),
    [
        (0xE2, b"urn:iso:std:iso:ts:21496:-1\0", ("a gain map (HDR brightness)",)),
        (0xE1, b'http://ns.adobe.com/xap/1.0/\0<x Item:Semantic="GainMap"/>', ("a gain map (HDR brightness)",)),
        (0xE1, b'http://ns.adobe.com/xap/1.0/\0<x GCamera:MotionPhoto="1"/>', ("a motion photo's video",)),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0http://ns.google.com/photos/1.0/depthmap/", ("a depth map",)),
        (0xFE, b"http://ns.google.com/photos/1.0/depthmap/", ()),
    ],
)
def test_what_telephones_add_is_said(marker, body, said):
    assert parse_image(make.jpeg_with(make.segment(marker, body))).left_out == said


def test_further_pictures_are_said():
    data = make.jpeg_with(make.segment(0xE2, b"MPF\0")) + PLAIN
    assert parse_image(data).left_out == ("1 further picture (multi-picture format)",)
    assert parse_image(data + PLAIN).left_out == ("2 further pictures (multi-picture format)",)


def test_tables_without_end_are_bounded():
    with pytest.raises(AssetTooLargeError, match="1024 segments"):
        parse_image(make.jpeg_with(*[make.segment(0xDB, b"")] * 3000))
