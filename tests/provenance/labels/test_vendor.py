"""Vendor marks: EXIF and PNG text of known generators, by name only, from hostile bytes too."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from provenance.asset import MediaType
from provenance.labels.vendor import VendorMark, read_vendor_marks
from tests.detectors.subjects import photo

DESCRIPTION, MAKE, SOFTWARE, ARTIST = 0x010E, 0x010F, 0x0131, 0x013B
UUID = "12345678-1234-1234-1234-123456789abc"
SIGNATURE = "Signature: " + "QUJD" * 30


def encode(pillow_format, tags=None, texts=None):
    exif = Image.Exif()
    exif.update(tags or {})
    info = PngInfo()
    for key, text in (texts or {}).items():
        info.add_text(key, text)
    buffer = io.BytesIO()
    settings = {"pnginfo": info} if pillow_format == "PNG" else {}
    Image.fromarray(photo("coffee.png", (64, 64)).frame).save(buffer, pillow_format, exif=exif, **settings)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("pillow_format", "media_type"),
    [
        ("JPEG", MediaType.JPEG),
        ("PNG", MediaType.PNG),
        ("WEBP", MediaType.WEBP),
        ("TIFF", MediaType.TIFF),
        ("AVIF", MediaType.AVIF),
    ],
)
@pytest.mark.parametrize(
    ("tags", "mark"),
    [
        ({DESCRIPTION: SIGNATURE, ARTIST: UUID}, VendorMark("xai", "exif signature")),
        ({MAKE: "Ideogram AI"}, VendorMark("ideogram", "exif make")),
        ({SOFTWARE: "NovelAI"}, VendorMark("novelai", "exif software")),
    ],
)
def test_exif_of_generators_is_known_in_every_container(pillow_format, media_type, tags, mark):
    assert read_vendor_marks(encode(pillow_format, tags), media_type) == (mark,)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {MAKE: "Canon", SOFTWARE: "Adobe Photoshop"},
        {DESCRIPTION: SIGNATURE},
        {ARTIST: UUID},
        {DESCRIPTION: "Signature: mine", ARTIST: UUID},
    ],
)
def test_other_exif_is_no_mark(tags):
    assert read_vendor_marks(encode("JPEG", tags), MediaType.JPEG) == ()


def test_png_text_of_tools_is_known_by_key_and_never_by_content():
    data = encode("PNG", texts={"parameters": "a secret prompt, Steps: 20", "workflow": "{}", "Title": "midjourney"})
    marks = read_vendor_marks(data, MediaType.PNG)
    assert marks == (
        VendorMark("stable diffusion webui", "png text parameters"),
        VendorMark("comfyui", "png text workflow"),
    )
    assert "secret" not in repr(marks)


@given(st.binary(max_size=300), st.sampled_from(list(MediaType)))
def test_noise_yields_nothing_and_no_error(noise, media_type):
    assert read_vendor_marks(noise, media_type) == ()


@given(st.data())
def test_damage_never_raises(data):
    whole = encode("PNG", {DESCRIPTION: SIGNATURE, ARTIST: UUID, MAKE: "Ideogram AI"}, {"parameters": "x"})
    cut = bytearray(whole[: data.draw(st.integers(0, 400))])
    for _ in range(data.draw(st.integers(0, 8))):
        if cut:
            cut[data.draw(st.integers(0, len(cut) - 1))] = data.draw(st.integers(0, 255))
    read_vendor_marks(bytes(cut), MediaType.PNG)


def test_endless_chunks_end():
    chunk = b"\x00\x00\x00\x00" + b"tEXt" + b"\x00\x00\x00\x00"
    assert read_vendor_marks(b"\x89PNG\r\n\x1a\n" + chunk * 50_000, MediaType.PNG) == ()
