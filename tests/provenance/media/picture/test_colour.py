import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from provenance.media.picture.colour import build_transform, convert_pixels, orient
from provenance.media.picture.image import parse_image
from tests import image_bytes as make

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PLAIN = make.gradient()


def with_swapped_primaries(profile=SRGB):
    """An sRGB profile whose red and blue primaries have changed places."""
    count = struct.unpack_from(">I", profile, 128)[0]
    tags = {
        profile[132 + 12 * n : 136 + 12 * n]: struct.unpack_from(">I", profile, 136 + 12 * n)[0] for n in range(count)
    }
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    data = bytearray(profile)
    data[red : red + 20], data[blue : blue + 20] = profile[blue : blue + 20], profile[red : red + 20]
    return bytes(data)


def converted(image, icc=b"", *, is_inverted=False):
    return convert_pixels(image, icc, is_inverted=is_inverted)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF"])
def test_a_colour_profile_is_applied_in_every_type(kind):
    settings = (
        {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": "4:4:4"} if kind != "PNG" else {}
    )
    if kind == "TIFF":
        settings = {}
    data = make.saved(Image.fromarray(PLAIN), kind, icc_profile=with_swapped_primaries(), **settings)
    frame = parse_image(data).frame
    assert np.abs(frame[..., ::-1].astype(int) - PLAIN).mean() < 3


@pytest.mark.parametrize("icc", [SRGB, b"", b"noise" * 100, SRGB[:200], SRGB.replace(b"RGB XYZ", b"CMYKXYZ")])
def test_srgb_and_profiles_that_cannot_be_applied_change_nothing(icc):
    frame, alpha = converted(Image.fromarray(PLAIN), icc)
    assert np.array_equal(frame, PLAIN)
    assert alpha is None


def test_a_profile_for_other_channels_is_left_out():
    assert build_transform(SRGB, "L") is None
    assert build_transform(SRGB, "CMYK") is None
    assert build_transform(with_swapped_primaries(), "RGB") is not None


def test_a_profile_and_transparency_together():
    image = Image.fromarray(PLAIN)
    image.putalpha(77)
    frame, alpha = converted(image, with_swapped_primaries())
    assert np.abs(frame[..., ::-1].astype(int) - PLAIN).max() <= 2
    assert (alpha == 77).all()


@pytest.mark.parametrize(
    ("route", "back"),
    [
        (["1"], ["RGB"]),
        (["L"], ["RGB"]),
        (["LA"], ["RGB"]),
        (["LA", "La"], ["LA", "RGB"]),
        (["P"], ["RGB"]),
        (["P", "PA"], ["RGBA", "RGB"]),
        (["RGB"], ["RGB"]),
        (["RGBA"], ["RGB"]),
        (["RGBA", "RGBa"], ["RGBA", "RGB"]),
        (["RGBX"], ["RGB"]),
        (["CMYK"], ["RGB"]),
        (["YCbCr"], ["RGB"]),
        (["HSV"], ["RGB"]),
        (["I"], ["L", "RGB"]),
    ],
)
def test_every_mode_comes_out_as_its_own_conversion_to_rgb(route, back):
    image = Image.fromarray(PLAIN)
    for mode in route:
        image = image.convert(mode)
    expected = image
    for mode in back:
        expected = expected.convert(mode)
    frame, alpha = converted(image)
    assert frame.dtype == np.uint8
    assert np.array_equal(frame, np.asarray(expected))
    assert (alpha is not None) == (route[-1] in {"LA", "La", "PA", "RGBA", "RGBa"})


def test_lab_comes_out_as_srgb():
    lab = ImageCms.profileToProfile(
        Image.fromarray(PLAIN), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    frame, _ = converted(lab)
    assert np.abs(frame.astype(int) - PLAIN).mean() < 3


def test_sixteen_bits_keep_the_upper_eight():
    values = (np.arange(48 * 64, dtype=np.uint16) * 21).reshape(48, 64)
    for kind in ("PNG", "TIFF"):
        frame = parse_image(make.saved(Image.fromarray(values), kind)).frame
        assert np.array_equal(frame[..., 0], values >> 8)
        assert np.array_equal(frame[..., 0], frame[..., 2])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0, 0.25], [0, 128, 255, 64]),
        ([0.0, 128.0, 255.0, 300.0 - 45], [0, 128, 255, 255]),
        ([0.0, 32767.5, 65535.0, 1.0], [0, 128, 255, 0]),
        ([-5.0, float("nan"), float("inf"), 1.0], [0, 0, 255, 255]),
        ([0.0, 0.0, 0.0, 0.0], [0, 0, 0, 0]),
        ([1e30, 0.0, 5e29, 1e30], [255, 0, 128, 255]),
    ],
)
def test_floats_are_scaled_from_the_smallest_range_that_holds_them(values, expected):
    image = Image.fromarray(np.array([values], np.float32))
    assert converted(image)[0][0, :, 0].tolist() == expected
    data = make.saved(image, "TIFF")
    assert parse_image(data).frame[0, :, 0].tolist() == expected


def test_white_is_zero_in_every_depth():
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert np.array_equal(parse_image(make.tiff({262: (3, 1, 0)})).frame[..., 0], 255 - pixels)
    sixteen = make.saved(Image.fromarray(pixels.astype(np.uint16) << 8), "TIFF")
    at = sixteen.index(struct.pack("<HHIH", 262, 3, 1, 1))
    inverted = parse_image(make.replaced(sixteen, at + 8, b"\0\0"))
    assert np.array_equal(inverted.frame[..., 0], 255 - pixels)


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_a_transparent_colour_becomes_alpha(mode):
    image = Image.new(mode, (8, 8), 0)
    settings = {"transparency": (0, 0, 0)} if mode == "RGB" else {"transparency": 0}
    picture = parse_image(make.saved(image, "PNG", **settings))
    assert (picture.alpha == 0).all()


def test_palette_with_partial_transparency():
    image = Image.fromarray(PLAIN).quantize(16)
    data = make.saved(image, "PNG", transparency=bytes(range(0, 256, 16)))
    with Image.open(io.BytesIO(data)) as opened:
        expected = np.asarray(opened.convert("RGBA"))
    picture = parse_image(data)
    assert np.array_equal(picture.frame, expected[..., :3])
    assert np.array_equal(picture.alpha, expected[..., 3])


def test_strips_join_without_a_seam():
    image = Image.fromarray(make.gradient(2000, 1500))
    image.putalpha(Image.linear_gradient("L").resize((2000, 1500)))
    frame, alpha = converted(image)
    assert np.array_equal(frame, np.asarray(image)[..., :3])
    assert np.array_equal(alpha, np.asarray(image)[..., 3])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_what_pillow_makes_of_it(orientation):
    image = Image.fromarray(PLAIN)
    image.getexif()[274] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    turned = orient(PLAIN, orientation)
    assert np.array_equal(turned, expected)
    assert turned.flags.c_contiguous


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_orientation_is_applied_in_every_type(kind, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    settings = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}, "AVIF": {"quality": 100, "speed": 10}}.get(
        kind, {}
    )
    picture = parse_image(make.saved(Image.fromarray(PLAIN), kind, exif=exif, **settings))
    assert picture.frame.shape == ((64, 48, 3) if orientation > 4 else (48, 64, 3))
    assert np.abs(picture.frame.astype(int) - orient(PLAIN, orientation)).mean() < 3
