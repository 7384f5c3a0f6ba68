import io
import zipfile

import pytest

from provenance.asset import MediaType
from provenance.errors import MislabelledAssetError, UnsupportedMediaError
from provenance.media.picture.image import parse_image
from provenance.media.sniff import check_claims, check_single, describe_content, sniff_media_type
from tests import image_bytes as make


@pytest.mark.parametrize("media_type", list(MediaType))
def test_types_are_found_by_content(media_type):
    assert sniff_media_type(make.valid(media_type.value)) is media_type


@pytest.mark.parametrize(
    ("brands", "found"),
    [
        (b"mif1\0\0\0\0mif1avif", MediaType.AVIF),
        (b"mif1\0\0\0\0mif1miafheic", MediaType.HEIC),
        (b"msf1\0\0\0\0hevc", MediaType.HEIC),
        (b"avis\0\0\0\0avis", MediaType.AVIF),
        (b"heix\0\0\0\0mif1heix", MediaType.HEIC),
    ],
)
def test_brands_of_iso_media_files(brands, found):
    assert sniff_media_type(make.box(b"ftyp", brands)) is found


@pytest.mark.parametrize(
    ("data", "described"),
    [
        (b"", "0 bytes of no known type"),
        (b"hello there\n", "12 bytes of text"),
        (b"\x01\x02\x03\x04", "4 bytes of no known type"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04", "ZIP"),
        (b"  <!DOCTYPE html>", "HTML, SVG or XML"),
        (b"\xef\xbb\xbf<svg>", "HTML, SVG or XML"),
        (b"RIFF\0\0\0\0WAVE", "WAV audio"),
        (b"RIFF\0\0\0\0ABCD", "RIFF"),
        (make.box(b"ftyp", b"isom\0\0\2\0isom"), "MP4 or QuickTime"),
        (make.box(b"ftyp", b"mif1\0\0\0\0mif1"), "HEIF of a coding that is not taken"),
        (b"II*", "3 bytes of text"),
    ],
)
def test_an_unknown_type_is_named_in_the_message(data, described):
    with pytest.raises(UnsupportedMediaError, match="expected one of image/jpeg, image/png") as caught:
        sniff_media_type(data)
    assert described in str(caught.value)
    assert described in describe_content(data)


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("", ""),
        ("picture", "application/octet-stream"),
        ("picture.png", "image/png"),
        ("PICTURE.PNG", "IMAGE/PNG; charset=binary"),
        ("archive.tar.png", "image/x-png"),
        ("picture.bin", ""),
        ("picture.unheard-of", ""),
        ("C:\\pictures\\a.png", ""),
        ("../../etc/passwd.png", "image/*"),
        ("\u202egnp.exe.png", ""),
        (".png", ""),
    ],
)
def test_claims_that_agree_or_say_nothing(name, declared):
    check_claims(MediaType.PNG, declared_name=name, declared_type=declared)


@pytest.mark.parametrize(
    ("name", "declared", "said"),
    [
        ("picture.jpg", "", "image/jpeg by its extension"),
        ("picture.mp4", "", "video/mp4 by its extension"),
        ("picture.svg", "", r"image/svg\+xml by its extension"),
        ("picture.png.html", "", "text/html by its extension"),
        ("picture.exe", "", "application/octet-stream by its extension"),
        ("", "image/jpeg", "image/jpeg as declared"),
        ("", "text/html", "a type that intake does not take as declared"),
        ("", "<script>", "a type that intake does not take as declared"),
        ("picture.png", "image/webp", "image/webp as declared"),
    ],
)
def test_claims_that_do_not_agree(name, declared, said):
    with pytest.raises(MislabelledAssetError, match=f"expected {said}, got image/png by content"):
        check_claims(MediaType.PNG, declared_name=name, declared_type=declared)


@pytest.mark.parametrize(
    ("media_type", "name", "declared"),
    [
        (MediaType.JPEG, "a.jpe", "image/jpg"),
        (MediaType.JPEG, "a.jfif", "image/pjpeg"),
        (MediaType.TIFF, "a.tiff", "image/tif"),
        (MediaType.HEIC, "a.heif", "image/heif"),
        (MediaType.PNG, "a.apng", "image/apng"),
    ],
)
def test_other_names_of_the_same_type(media_type, name, declared):
    check_claims(media_type, declared_name=name, declared_type=declared)


def test_padding_after_the_image_is_harmless_up_to_a_bound():
    data = make.valid("image/png")
    check_single(data + b"\0\xff\r\n \t" * 10, MediaType.PNG, end=len(data), max_tail_bytes=60)
    with pytest.raises(MislabelledAssetError, match=r"at most 59 bytes of padding after the image, got 60"):
        check_single(data + b"\0\xff\r\n \t" * 10, MediaType.PNG, end=len(data), max_tail_bytes=59)


@pytest.mark.parametrize(
    ("tail", "named"),
    [
        (b"PK\x03\x04", "ZIP"),
        (b"<html>", "HTML"),
        (b"\0\0%PDF-1.4", "PDF"),
        (b"words", "text"),
        (b"\x01", "no known type"),
    ],
)
def test_anything_else_after_the_image_is_a_second_type(tail, named):
    data = make.valid("image/png")
    with pytest.raises(MislabelledAssetError, match=named):
        parse_image(data + tail)


def test_an_end_record_that_leads_nowhere_is_no_archive():
    chance = b"PK\x05\x06" + bytes(18)
    data = make.png(make.chunk(b"tEXt", b"k\0" + chance))
    assert parse_image(data).width == 64


def test_a_picture_of_the_width_that_opens_a_comment_is_a_picture():
    # 0x2A2F = 10799 pixels wide: a script only if the comment is closed and goes on as code.
    wide = make.saved(make.Image.new("L", (10_799, 2), 9), "GIF")
    assert wide[6:8] == b"/*"
    assert parse_image(wide).width == 10_799


@pytest.mark.parametrize("opening", [b"/*", b"='", b'="', b"=`"])
def test_a_gif_that_runs_as_a_script(opening):
    closing = {b"/*": b"*/=1;", b"='": b"';", b'="': b'";', b"=`": b"`;"}[opening]
    script = make.gif_with(make.gif_comment(closing + b"alert(1)//"))
    data = make.replaced(script, 6, opening)
    with pytest.raises(MislabelledAssetError, match="script"):
        check_single(data, MediaType.GIF, end=len(data), max_tail_bytes=0)


def zipped():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("x.html"), "<script>")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        (b"\n%PDF-1.4\n", "a PDF header in the first 1024 bytes"),
        (zipped(), "a ZIP directory at the end"),
        (b"PK\x05\x06" + bytes(18) + zipped(), "a ZIP directory at the end"),
        (b"Rar!\x1a\x07\x00", "a RAR archive inside"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive inside"),
    ],
)
def test_a_second_type_inside_the_first(inside, named):
    for data in (make.png(make.chunk(b"tEXt", b"k\0" + inside)), make.jpeg_with(make.segment(0xFE, inside))):
        with pytest.raises(MislabelledAssetError, match=f"expected a file of one type, got {named}"):
            parse_image(data)


def test_a_script_around_a_jpeg_or_webp_header():
    opened = make.jpeg_with(make.segment(0xE0, b"*/=alert(1);/*".ljust(0x2F2A - 2, b"\0")))
    assert opened[4:6] == b"/*"
    with pytest.raises(MislabelledAssetError, match="script"):
        parse_image(opened)
    harmless = make.jpeg_with(make.segment(0xE0, bytes(0x2F2A - 2)))
    assert parse_image(harmless).width == 64
