"""What a file is, by its content alone, and whether it is something else as well.

A name or a declared type is a claim. It is checked against the content, never used to choose a decoder.
"""

import mimetypes
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from provenance.asset import MediaType
from provenance.errors import MislabelledAssetError, UnsupportedMediaError
from provenance.storage.octets import Octets, search, strip

TAKEN: Final = ", ".join(media_type.value for media_type in MediaType)

_MAGIC: Final[tuple[tuple[bytes, MediaType], ...]] = (
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"GIF87a", MediaType.GIF),
    (b"GIF89a", MediaType.GIF),
    (b"II*\0", MediaType.TIFF),
    (b"MM\0*", MediaType.TIFF),
    (b"II+\0", MediaType.TIFF),
    (b"MM\0+", MediaType.TIFF),
)

# AV1-ISOBMFF and ISO/IEC 23008-12 annex B: brands of pictures, and of sequences, which intake then refuses as such.
_BRANDS: Final[Mapping[bytes, MediaType]] = {
    b"avif": MediaType.AVIF,
    b"avis": MediaType.AVIF,
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), MediaType.HEIC),
}
# Brands that leave the coding open: the compatible brands say it.
_OPEN_BRANDS: Final = frozenset({b"mif1", b"mif2", b"msf1"})

_OTHER_BRANDS: Final[Mapping[bytes, str]] = {
    b"crx ": "camera raw (CR3)",
    b"jpeg": "JPEG inside HEIF",
    b"j2ki": "JPEG 2000 inside HEIF",
    b"jxl ": "JPEG XL",
    b"mif1": "HEIF of a coding that is not taken",
    b"mif2": "HEIF of a coding that is not taken",
    b"vvic": "VVC inside HEIF",
    b"miaf": "HEIF of a coding that is not taken",
}

# Names for what people hand in by mistake, so that the message can say what was got.
_OTHERS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP archive or office document"),
    (b"PK\x05\x06", "ZIP archive"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (b"\x1f\x8b", "gzip"),
    (b"BM", "BMP"),
    (b"8BPS", "Photoshop document"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"qoif", "QOI"),
    (b"DDS ", "DirectDraw surface"),
    (b"FORM", "IFF"),
    (b"\x1aE\xdf\xa3", "Matroska or WebM video"),
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC audio"),
    (b"ID3", "MP3 audio"),
    (b"\x7fELF", "ELF program"),
    (b"MZ", "Windows program"),
    (b"#!", "script"),
    (b"%!PS", "PostScript"),
    (b"<?php", "PHP script"),
)
_MARKUP: Final = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype|!--|html|svg|script|head|body|iframe)", re.IGNORECASE
)

_TEXT: Final = bytes(range(0x20, 0x7F)) + b"\t\r\n"

_ALIASES: Final[Mapping[str, MediaType]] = {
    "image/jpg": MediaType.JPEG,
    "image/pjpeg": MediaType.JPEG,
    "image/x-png": MediaType.PNG,
    "image/apng": MediaType.PNG,
    "image/tif": MediaType.TIFF,
    "image/heif": MediaType.HEIC,
    "image/heic-sequence": MediaType.HEIC,
    "image/heif-sequence": MediaType.HEIC,
    "image/avif-sequence": MediaType.AVIF,
} | {media_type.value: media_type for media_type in MediaType}

_EXTENSIONS: Final[Mapping[str, MediaType]] = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), MediaType.JPEG),
    **dict.fromkeys((".png", ".apng"), MediaType.PNG),
    ".webp": MediaType.WEBP,
    ".avif": MediaType.AVIF,
    **dict.fromkeys((".tif", ".tiff"), MediaType.TIFF),
    ".gif": MediaType.GIF,
    **dict.fromkeys((".heic", ".heif", ".hif"), MediaType.HEIC),
}

# RFC 2046 s4.5.1: octet-stream says that nothing is known.
_NO_CLAIM: Final = frozenset({"", "application/octet-stream", "binary/octet-stream", "image/*", "*/*"})
_NEUTRAL_EXTENSIONS: Final = frozenset({"", ".bin"})
# Built-in table only: the system's own files differ from machine to machine.
_OTHER_EXTENSIONS: Final[Mapping[str, str]] = mimetypes.MimeTypes(filenames=()).types_map[True]

HEAD_BYTES: Final = 4096
"""What tells a file's type lies within."""

PADDING: Final = b"\0\xff \t\r\n"
"""What may follow a picture and means nothing."""

# ISO 32000-1 annex H, note 13: readers accept the header anywhere in the first 1024 bytes.
_PDF_WINDOW: Final = 1024
# APPNOTE.TXT s4.3.16: the end record is 22 bytes and a comment of at most 65,535.
_ZIP_WINDOW: Final = 22 + 65_535
# Self-extracting archives: readers look for the signature after a stub of up to 1 MiB.
_ARCHIVE_WINDOW: Final = 1 << 20
_ARCHIVES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"Rar!\x1a\x07\x00", "RAR archive"),
    (b"Rar!\x1a\x07\x01\x00", "RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
)


def sniff_media_type(unverified_bytes: Octets) -> MediaType:
    """Return the type of a file by its first bytes.

    Args:
        unverified_bytes: the file, or its first `HEAD_BYTES`.

    Raises:
        UnsupportedMediaError: none that intake takes; the message says what it looks like instead.
    """
    head = unverified_bytes[:HEAD_BYTES]
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return MediaType.WEBP
    if head[4:8] == b"ftyp":
        found = _sniff_brands(head)
        if found is not None:
            return found
    raise UnsupportedMediaError(f"expected one of {TAKEN}; got {describe_content(unverified_bytes)}")


def _sniff_brands(data: bytes) -> MediaType | None:
    """Return what the brands of a file-type box say: the major one, or where that is open, the first coded one."""
    size = int.from_bytes(data[:4], "big")
    major = data[8:12]
    if major in _BRANDS:
        return _BRANDS[major]
    if major not in _OPEN_BRANDS:
        return None
    # 64 compatible brands are five times what encoders write.
    compatible = data[16 : min(size, 16 + 4 * 64)]
    brands = (compatible[index : index + 4] for index in range(0, len(compatible) - 3, 4))
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)


def describe_content(unverified_bytes: Octets, start: int = 0, stop: int | None = None) -> str:
    """Return what a file, or a part of one, looks like: a name out of a fixed list, never a part of the file."""
    length = (len(unverified_bytes) if stop is None else stop) - start
    data = unverified_bytes[start : start + min(length, HEAD_BYTES)]
    known = (*_MAGIC, *_OTHERS, (b"RIFF", {b"WAVE": "WAV audio", b"AVI ": "AVI video"}.get(data[8:12], "RIFF")))
    for magic, name in known:
        if data.startswith(magic):
            return name
    if data[4:8] == b"ftyp" and data[8:12] in _OTHER_BRANDS:
        return _OTHER_BRANDS[data[8:12]]
    if data[4:8] == b"ftyp":
        return "MP4 or QuickTime video, or another ISO media file"
    if _MARKUP.match(data[:1024]):
        return "HTML, SVG or XML"
    if data[4:8] == b"jumb":
        return "a C2PA manifest without its file"
    looks_like_text = bool(data) and not data[:1024].translate(None, _TEXT)
    size = "1 byte" if length == 1 else f"{length} bytes"
    return f"{size} of text" if looks_like_text else f"{size} of no known type"


def find_named_type(name: str) -> MediaType | None:
    """Return the type that the ending of a file's name claims, or None when it claims none that intake takes."""
    return _EXTENSIONS.get(_suffix_of(name))


def check_claims(media_type: MediaType, *, declared_name: str, declared_type: str) -> None:
    """Compare what the file is with what its name and its declared type say.

    No claim is made by an empty or unknown extension, ``.bin``, an empty type or ``application/octet-stream``.

    Raises:
        MislabelledAssetError: they differ.
    """
    stated = declared_type.partition(";")[0].strip().lower()
    if stated not in _NO_CLAIM and _ALIASES.get(stated) != media_type:
        known = _ALIASES.get(stated)
        other = "a type that intake does not take" if known is None else known.value
        raise MislabelledAssetError(f"declared type: expected {other} as declared, got {media_type.value} by content")
    suffix = _suffix_of(declared_name)
    if suffix in _NEUTRAL_EXTENSIONS:
        return
    claimed = _EXTENSIONS.get(suffix)
    other = claimed.value if claimed else _OTHER_EXTENSIONS.get(suffix, media_type.value)
    if other != media_type.value:
        raise MislabelledAssetError(f"file name: expected {other} by its extension, got {media_type.value} by content")


def _suffix_of(name: str) -> str:
    # Windows separators too: a name is a claim from anywhere.
    return PurePath(name.replace("\\", "/").replace("\0", "")).suffix.lower()


def check_single(unverified_bytes: Octets, media_type: MediaType, *, end: int, max_tail_bytes: int) -> None:
    """Refuse a file that another program would read as something else (docs/intake.md, "Two types at once").

    Args:
        unverified_bytes: the whole file.
        media_type: what it is.
        end: offset of the first byte after the image, by the container's own rules.
        max_tail_bytes: how much padding may follow.

    Raises:
        MislabelledAssetError: something follows the image, or another container's marks lie where its readers look.
    """
    data, size = unverified_bytes, len(unverified_bytes)
    first, last = strip(data, end, PADDING)
    if first < last:
        raise MislabelledAssetError(
            f"{media_type.value}: expected nothing but padding after the image, "
            f"got {size - end} bytes ({describe_content(data, first, last)})"
        )
    if size - end > max_tail_bytes:
        raise MislabelledAssetError(
            f"{media_type.value}: expected at most {max_tail_bytes} bytes of padding after the image, got {size - end}"
        )
    if b"%PDF-" in data[:_PDF_WINDOW]:
        _refuse(media_type, "a PDF header in the first 1024 bytes")
    if _has_zip_directory(data):
        _refuse(media_type, "a ZIP directory at the end")
    for magic, name in _ARCHIVES:
        if data.find(magic, 0, min(size, _ARCHIVE_WINDOW)) >= 0:
            _refuse(media_type, f"a {name} inside")
    if _is_script(data):
        _refuse(media_type, "a script written around the picture's header")


def _refuse(media_type: MediaType, what: str) -> None:
    raise MislabelledAssetError(f"{media_type.value}: expected a file of one type, got {what}")


def _has_zip_directory(data: Octets) -> bool:
    """Tell whether a ZIP reader would find its directory: an end record whose own numbers lead to entries."""
    base = max(0, len(data) - _ZIP_WINDOW)
    at = data.find(b"PK\x05\x06", base)
    while at >= 0:
        record = data[at : at + 22]
        entries, length = int.from_bytes(record[10:12], "little"), int.from_bytes(record[12:16], "little")
        start = at - length
        if len(record) == 22 and entries and start >= 0 and data[start : start + 4] == b"PK\x01\x02":
            return True
        at = data.find(b"PK\x05\x06", at + 4)
    return False


# Where a header's free bytes can open a comment or a string, so that the header reads as a JavaScript name:
# GIF89a/* ... */=1;   JPEG: a first segment of 0x2F2A bytes.   WebP: RIFF/* ...
_COMMENT_AT: Final = ((b"GIF8", 6), (b"\xff\xd8\xff", 4), (b"RIFF", 4))
_NO_SPACE: Final = re.compile(rb"\S")
_STRING_OPENED: Final = re.compile(rb"GIF8[79]a=(['\"`/])")


def _is_script(data: Octets) -> bool:
    """Tell whether the file runs as JavaScript: its header opens a comment or string that ends in code."""
    head = data[:HEAD_BYTES]
    for magic, at in _COMMENT_AT:
        if head.startswith(magic) and head[at : at + 2] == b"/*":
            return _closes_comment(data, at + 2)
    opened = _STRING_OPENED.match(head)
    return opened is not None and data.find(opened[1] + b";", 9) >= 0


def _closes_comment(data: Octets, start: int) -> bool:
    """Tell whether a comment's end is followed by code: ``=``, ``;`` or ``(`` after any white space."""
    at = data.find(b"*/", start)
    while at >= 0:
        code = search(_NO_SPACE, data, at + 2, longest=1)
        if code >= 0 and data[code : code + 1] in {b"=", b";", b"("}:
            return True
        at = data.find(b"*/", at + 2)
    return False
