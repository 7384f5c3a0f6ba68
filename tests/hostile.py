"""Files made to hurt: every one must end in a typed error, or in an ordinary picture where it is marked acceptable.

Deterministic: the same files in the same order each time, built one at a time, so that holding them costs nothing.
"""

import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

from provenance.errors import AssetError, MislabelledAssetError, UnsupportedMediaError
from tests import hostile_structures as structures
from tests import image_bytes as make
from tests.hostile_structures import HostileFile

__all__ = ["TEXTS", "HostileFile", "hostile_files"]

MEBI = 1 << 20

TEXTS = {
    "xss": "\"><script>alert('chop')</script><img src=x onerror=alert(1)>",
    "sql": "'; DROP TABLE assets; --",
    "sql-union": "1' UNION SELECT secret FROM keys WHERE '1'='1",
    "nul": "before\0after",
    "control": "\x1b[2J\x1b[31mred\x07\x08\r\nX-Injected: yes",
    "rtl": "\u202egnp.exe\u202c \u2066hidden\u2069",
    "zero-width": "a\u200b\u200c\u200d\ufeffb",
    "traversal": "../../../../etc/passwd",
    "template": "{{7*7}}${7*7}#{7*7}<%= 7*7 %>{0.__class__}%s%n",
    "formula": '=HYPERLINK("http://example.invalid","click")',
    "entities": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>',
    "long": "A" * 60_000,
}


def hostile_files() -> Iterator[HostileFile]:
    """Yield every hostile file, more than 200, each with its own name."""
    yield from _empty_and_foreign()
    yield from _truncated()
    yield from _flipped()
    yield from _mislabelled()
    yield from structures.huge()
    yield from structures.bombs()
    yield from structures.floods()
    yield from structures.damaged_headers()
    yield from structures.several_pictures()
    yield from _two_types_at_once()
    yield from _deep_metadata()
    yield from _hostile_texts()
    yield from _hostile_names()


def _archive() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.html"), "<script>alert(1)</script>")
    return packed.getvalue()


def _empty_and_foreign() -> Iterator[HostileFile]:
    archive = _archive()
    contents = {
        "empty": b"",
        "one-byte": b"\xff",
        "newline": b"\n",
        "text": b"just some words, no picture at all\n",
        "json": b'{"image": "data:image/png;base64,iVBORw0KGgo="}',
        "zeros": bytes(4096),
        "random": random.Random(1).randbytes(4096),
        "html": b"<!doctype html><html><body><script>alert(1)</script></body></html>",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/></svg>',
        "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
        "zip": archive,
        "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + bytes(20),
        "elf": b"\x7fELF\x02\x01\x01" + bytes(60),
        "windows-program": b"MZ\x90\0" + bytes(60),
        "shell": b"#!/bin/sh\nrm -rf /\n",
        "php": b"<?php system($_GET['c']); ?>",
        "bmp": b"BM" + struct.pack("<IHHI", 70, 0, 0, 54) + bytes(56),
        "icon": b"\0\0\1\0\1\0" + bytes(40),
        "psd": b"8BPS\0\1" + bytes(60),
        "jxl": b"\xff\x0a" + bytes(30),
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(30),
        "mp4": make.box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41") + make.box(b"mdat", bytes(64)),
        "mov": make.box(b"ftyp", b"qt  \0\0\2\0qt  ") + make.box(b"mdat", bytes(64)),
        "wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(28),
        "avi": b"RIFF\x24\0\0\0AVI LIST" + bytes(28),
        "mp3": b"ID3\4\0\0" + bytes(40),
        "ogg": b"OggS\0\2" + bytes(40),
        "webm": b"\x1aE\xdf\xa3" + bytes(40),
        "postscript": b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n",
        "html-before-jpeg": b"<html><script>alert(1)</script></html>" + make.valid("image/jpeg"),
        "pdf-before-jpeg": b"%PDF-1.4\n" + make.valid("image/jpeg"),
        "newline-before-png": b"\n" + make.valid("image/png"),
        "png-as-text-mode-copy": make.valid("image/png").replace(b"\r\n", b"\n"),
    }
    for name, data in contents.items():
        declared = "image/png" if name in {"html", "svg", "php"} else ""
        yield HostileFile(
            f"foreign-{name}", data, "picture", declared, f"{name} in place of a picture", error=UnsupportedMediaError
        )
    for media_type, data in make.valid_files().items():
        for size in (4, 12):
            yield HostileFile(
                f"magic-only-{media_type[6:]}-{size}",
                data[:size],
                "picture",
                "",
                "nothing but the first bytes of a picture",
            )


def _truncated() -> Iterator[HostileFile]:
    for media_type, data in make.valid_files().items():
        size = len(data)
        cuts = {size * part // 10 for part in range(1, 10)} | {size - 1, size - 2, size - 5, 24}
        for cut in sorted(cuts):
            yield HostileFile(
                f"truncated-{media_type[6:]}-{cut}", data[:cut], f"cut{make.EXTENSIONS[media_type]}", media_type,
                f"cut off after {cut} of {size} bytes",
            )  # fmt: skip


def _flipped() -> Iterator[HostileFile]:
    for media_type, data in make.valid_files().items():
        for seed in range(8):
            chance = random.Random(f"{media_type}-{seed}")
            damaged = bytearray(data)
            for _ in range(1 << seed // 2):
                damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
            yield HostileFile(
                f"flipped-{media_type[6:]}-{seed}",
                bytes(damaged),
                "",
                "",
                f"{1 << seed // 2} bits flipped",
                acceptable=True,
            )


def _mislabelled() -> Iterator[HostileFile]:
    types = list(make.EXTENSIONS)
    for index, media_type in enumerate(types):
        data, other = make.valid(media_type), types[(index + 1) % len(types)]
        for suffix in (make.EXTENSIONS[other], ".html", ".mp4", ".svg"):
            yield HostileFile(
                f"name-{media_type[6:]}-as{suffix}",
                data,
                f"x{suffix}",
                "",
                f"{media_type} named {suffix}",
                error=MislabelledAssetError,
            )
        for declared in (other, "text/html", "application/pdf"):
            yield HostileFile(
                f"type-{media_type[6:]}-as-{declared.replace('/', '-')}", data, "", declared, f"{media_type} declared {declared}",
                error=MislabelledAssetError,
            )  # fmt: skip


def _two_types_at_once() -> Iterator[HostileFile]:
    zipped = _archive()
    tails = {
        "zip": zipped,
        "html": b"<html><script>alert(1)</script></html>",
        "php": b"<?php system($_GET['c']); ?>",
        "pdf": b"%PDF-1.7\n%%EOF",
        "mp4": make.box(b"ftyp", b"isommp41") + make.box(b"moov", bytes(8)),
        "jpeg": make.valid("image/jpeg"),
        "random": random.Random(2).randbytes(100),
    }
    for media_type, data in make.valid_files().items():
        for name, tail in tails.items():
            yield HostileFile(
                f"tail-{media_type[6:]}-{name}", data + tail, "", "", f"{media_type} with {name} after it",
                error=AssetError if media_type in {"image/avif", "image/heic"} else MislabelledAssetError,
            )  # fmt: skip
        yield HostileFile(
            f"tail-{media_type[6:]}-padding", data + bytes(MEBI), "", "", "a mebibyte of padding", error=AssetError
        )
    script = b"/*" + bytes(20)
    gif = make.valid("image/gif")
    files = {
        "jpeg-zip-in-comment": make.jpeg_with(make.segment(0xFE, zipped)),
        "png-zip-in-text": make.png(make.chunk(b"tEXt", b"k\0" + zipped)),
        "jpeg-pdf-in-comment": make.jpeg_with(make.segment(0xFE, b"\n%PDF-1.4\n%%EOF\n")),
        "png-pdf-in-text": make.png(make.chunk(b"tEXt", b"k\0%PDF-1.4")),
        "jpeg-rar-in-comment": make.jpeg_with(make.segment(0xFE, b"Rar!\x1a\x07\x01\x00" + bytes(9))),
        "png-7z-in-text": make.png(make.chunk(b"tEXt", b"k\0" + b"7z\xbc\xaf\x27\x1c" + bytes(9))),
        "tiff-zip": make.tiff(tail=zipped),
        "gif-script-comment": make.replaced(gif, 6, b"/*") + b"*/=1;alert(1)",
        "jpeg-script": make.jpeg_with(make.segment(0xE0, (b"*/=alert(1);" + script).ljust(0x2F2A - 2, b"\0"))),
        "avif-zip-in-free": make.valid("image/avif") + make.box(b"free", zipped),
    }
    for name, data in files.items():
        error = AssetError if name.startswith("gif") else MislabelledAssetError
        yield HostileFile(f"polyglot-{name}", data, "", "", "a second type inside the first", error=error)


def _deep_metadata() -> Iterator[HostileFile]:
    pointer = (34665, 4, 1, struct.pack("<I", 8))
    blocks = {
        "loop": make.exif(pointer, following=8),
        "beyond": make.exif((34665, 4, 1, b"\xff\xff\xff\x7f")),
        "65535-entries": b"II*\0\x08\0\0\0\xff\xff" + bytes(12) * 4000,
        "4g-values": make.exif((37500, 7, 2**32 - 1, struct.pack("<I", 8))),
        "nested": b"".join(
            [
                b"II*\0\x08\0\0\0",
                *(make.directory([(34665, 4, 1, struct.pack("<I", 8 + 18 * (level + 1)))]) for level in range(3000)),
            ]
        ),
        "orientation-99": make.exif((274, 3, 1, b"\x63\0")),
        "orientation-text": make.exif((274, 2, 1, b"\x06\0")),
        "empty": b"",
        "header-only": b"MM\0*",
    }
    for name, block in blocks.items():
        holders = {
            "jpeg": make.jpeg_with(make.segment(0xE1, b"Exif\0\0" + block)),
            "png": make.png(make.chunk(b"eXIf", block)),
            "webp": make.webp_with((b"EXIF", block), flags=8),
        }
        for kind, data in holders.items():
            yield HostileFile(
                f"exif-{kind}-{name}", data, "", "", "EXIF that a careless reader follows for ever", acceptable=True
            )
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    documents = {
        "billion-laughs": f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x:xmpmeta xmlns:x="adobe:ns:meta/">&l9;</x:xmpmeta>',
        "external-entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&e;</x:xmpmeta>',
        "deep": "<a>" * 15_000,
        "unclosed": '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF',
        "not-utf-8": "\udcff\udcfe",
    }
    for name, document in documents.items():
        xmp = document.encode("utf-8", "surrogateescape")
        holders = {
            "jpeg": make.jpeg_with(*make.xmp_segments(xmp)),
            "png": make.png(make.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)),
            "webp": make.webp_with((b"XMP ", xmp), flags=4),
        }
        for kind, data in holders.items():
            yield HostileFile(
                f"xmp-{kind}-{name}",
                data,
                "",
                "",
                "XMP that a careless parser expands or recurses into",
                acceptable=True,
            )
    for size in (0, 4, 128, 4096):
        profile = random.Random(size).randbytes(size)
        data = make.jpeg_with(make.segment(0xE2, b"ICC_PROFILE\0\1\1" + profile))
        yield HostileFile(f"icc-noise-{size}", data, "", "", "a colour profile of noise", acceptable=True)


def _hostile_texts() -> Iterator[HostileFile]:
    for name, text in TEXTS.items():
        raw = text.encode()
        xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><![CDATA[" + raw + b"]]></x:xmpmeta>"
        described = make.exif((270, 2, len(raw) + 1, struct.pack("<I", 26)), tail=raw + b"\0")
        item = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>" + raw
        picture = Image.fromarray(make.gradient())
        files = {
            "jpeg-comment": make.jpeg_with(make.segment(0xFE, raw)),
            "jpeg-exif": make.jpeg_with(make.segment(0xE1, b"Exif\0\0" + described)),
            "jpeg-xmp": make.jpeg_with(*make.xmp_segments(xmp)),
            "png-text": make.png(make.chunk(b"tEXt", b"Comment\0" + raw)),
            "png-itxt": make.png(make.chunk(b"iTXt", b"Comment\0\0\0\0\0" + raw)),
            "png-ztxt": make.png(make.chunk(b"zTXt", b"Comment\0\0" + zlib.compress(raw))),
            "png-xmp": make.png(make.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)),
            "gif-comment": make.gif_with(make.gif_comment(raw)),
            "webp-xmp": make.webp_with((b"XMP ", xmp), flags=4),
            "tiff-description": make.tiff({270: (2, len(raw), 198)}, tail=raw),
            "avif-xmp": make.saved(picture, "AVIF", speed=10, xmp=item),
        }
        for field, data in files.items():
            yield HostileFile(f"text-{name}-{field}", data, "", "", f"{name} in {field}", acceptable=True)


def _hostile_names() -> Iterator[HostileFile]:
    for name, text in TEXTS.items():
        yield HostileFile(
            f"name-{name}",
            make.valid("image/png"),
            f"{text}.png",
            "image/png",
            f"{name} as a file name",
            acceptable=True,
        )
        yield HostileFile(
            f"declared-{name}",
            make.valid("image/png"),
            "",
            text,
            f"{name} as a declared type",
            error=MislabelledAssetError,
        )
