import io
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from provenance.asset import MediaType
from provenance.errors import AssetError, AssetTooLargeError, MislabelledAssetError, UndecodableAssetError
from provenance.media.picture.image import IntakeLimits, encode_image, parse_image
from tests import image_bytes as make


@pytest.mark.parametrize("media_type", list(MediaType))
def test_every_type_comes_in(media_type):
    picture = parse_image(
        make.valid(media_type.value), declared_name=f"x{media_type.extension}", declared_type=media_type.value
    )
    assert picture.media_type is media_type
    assert picture.frame.shape == (48, 64, 3)
    assert picture.alpha is None
    assert not picture.frame.flags.writeable
    tolerance = 40 if media_type is MediaType.GIF else 6
    assert np.abs(picture.frame.astype(int) - make.gradient()).mean() < tolerance


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"max_bytes": 50}, "at most 50 bytes, got"),
        ({"max_pixels": 3071}, "at most 3071 pixels, got 64x48 = 3072"),
        ({"max_side": 63}, "at most 63, got 64x48"),
    ],
)
@pytest.mark.parametrize(
    "media_type", [MediaType.JPEG, MediaType.PNG, MediaType.WEBP, MediaType.AVIF, MediaType.TIFF, MediaType.GIF]
)
def test_bounds_are_said_with_what_was_got(media_type, bounds, said):
    with pytest.raises(AssetTooLargeError, match=said):
        parse_image(make.valid(media_type.value), limits=IntakeLimits(**bounds))


def test_a_picture_at_its_bounds_passes():
    data = make.valid("image/png")
    assert parse_image(data, limits=IntakeLimits(max_bytes=len(data), max_pixels=3072, max_side=64)).width == 64


def test_claims_are_checked_before_anything_is_decoded():
    with pytest.raises(MislabelledAssetError):
        parse_image(make.valid("image/png")[:40], declared_type="image/jpeg")


def test_messages_hold_no_part_of_the_file_or_its_name():
    with pytest.raises(MislabelledAssetError) as caught:
        parse_image(make.valid("image/png"), declared_name="<script>secret</script>.jpg", declared_type="")
    assert "script" not in str(caught.value)
    with pytest.raises(AssetError) as caught:
        parse_image(b"secret words", declared_type="image/png")
    assert "secret" not in str(caught.value)


def test_half_a_picture_never_passes_whatever_other_libraries_set(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = make.valid("image/png")
    at = data.index(b"IDAT") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    cut = data[at + 8 : at + 8 + size // 2]
    with pytest.raises(UndecodableAssetError, match="damaged or truncated"):
        parse_image(data[:at] + make.chunk(b"IDAT", cut) + make.chunk(b"IEND", b""))


def test_foreign_errors_stay_attached():
    with pytest.raises(UndecodableAssetError) as caught:
        parse_image(make.png(idat=b"nonsense"))
    assert caught.value.__cause__ is not None


def test_no_other_plugin_is_ever_tried(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("Image.open tries every plugin")

    monkeypatch.setattr(Image, "open", refuse)
    for media_type in MediaType:
        assert parse_image(make.valid(media_type.value)).width == 64


def test_threads_decode_at_once():
    files = [make.valid(media_type.value) for media_type in MediaType] * 6
    expected = [parse_image(data).frame for data in files[:7]] * 6
    barrier = threading.Barrier(4)

    def decode(data):
        if not barrier.broken:
            barrier.wait(timeout=5)
        return parse_image(data).frame

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(decode, files[:40]))
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=False))


def test_what_is_parsed_can_be_sealed_again_without_loss():
    picture = parse_image(make.valid("image/png"))
    again = parse_image(encode_image(picture, MediaType.PNG))
    assert np.array_equal(again.frame, picture.frame)


EDITS = st.lists(
    st.tuples(st.sampled_from(["set", "flip", "cut", "copy", "number"]), st.floats(0, 1), st.integers(0, 255)),
    min_size=1,
    max_size=12,
)


def edited(data, edits):
    damaged = bytearray(data)
    for kind, where, value in edits:
        at = int(where**2 * (len(damaged) - 1)) if damaged else 0
        if kind == "set":
            damaged[at : at + 1] = bytes([value])
        elif kind == "flip" and damaged:
            damaged[at] ^= 1 << value % 8
        elif kind == "cut":
            del damaged[at : at + value]
        elif kind == "copy":
            damaged[at:at] = damaged[at // 2 : at // 2 + value]
        else:
            damaged[at : at + 4] = (2 ** (value % 33) - 1).to_bytes(4, "big" if value & 1 else "little")
    return bytes(damaged)


def seeds():
    image = Image.fromarray(make.gradient())
    out = dict(make.valid_files())
    for name, mode, kind, extra in (
        ("progressive", "RGB", "JPEG", {"progressive": True}),
        ("cmyk", "CMYK", "JPEG", {}),
        ("palette", "P", "PNG", {}),
        ("grey-alpha", "LA", "PNG", {}),
        ("lossy", "RGBA", "WEBP", {"quality": 50}),
        ("lzw", "RGB", "TIFF", {"compression": "tiff_lzw"}),
        ("float", "F", "TIFF", {}),
        ("jpeg-in-tiff", "RGB", "TIFF", {"compression": "jpeg"}),
        ("transparent", "RGBA", "AVIF", {"speed": 10}),
    ):
        out[name] = make.saved(image.convert(mode), kind, **extra)
    return out


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(seeds())), EDITS)
def test_damage_of_any_kind_ends_in_a_picture_or_a_typed_error(name, edits):
    try:
        picture = parse_image(edited(seeds_once()[name], edits))
    except AssetError:
        return
    assert picture.frame.shape == (picture.height, picture.width, 3)
    assert picture.frame.dtype == np.uint8


_SEEDS = {}


def seeds_once():
    if not _SEEDS:
        _SEEDS.update(seeds())
    return _SEEDS


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"RIFF\x40\0\0\0WEBP", b"\0\0\0\x18ftypavif"]
    ),
    st.binary(max_size=300),
)
def test_any_bytes_end_in_a_picture_or_a_typed_error(magic, data):
    try:
        parse_image(magic + data)
    except AssetError:
        return


def test_real_photographs_look_as_pillow_shows_them():
    skimage = pytest.importorskip("skimage", reason="scikit-image is not installed")
    folder = make.Path(skimage.__file__).parent / "data"
    for name in ("astronaut.png", "coffee.png", "rocket.jpg", "camera.png", "retina.jpg", "horse.png"):
        data = (folder / name).read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            colours = image.convert("RGBA").convert("RGB")
            if name == "rocket.jpg":
                # The one with a profile: Adobe RGB.
                profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
                ImageCms.profileToProfile(colours, profile, ImageCms.createProfile("sRGB"), inPlace=True)
        assert np.array_equal(parse_image(data, declared_name=name).frame, np.asarray(colours))
