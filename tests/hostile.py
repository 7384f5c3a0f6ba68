"""Files made to hurt: every one must end in a typed error, or in an ordinary picture where it is marked acceptable.

Deterministic: the same files in the same order each time, built one at a time, so that holding them costs nothing.
"""

import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from provenance.errors import (
    AssetError,
    AssetTooLargeError,
    MislabelledAssetError,
    UndecodableAssetError,
    UnsupportedMediaError,
)
from tests import image_bytes as make

MEBI = 1 << 20


@dataclass(frozen=True, slots=True)
class HostileFile:
    """One file.

    Attributes:
        name: unique, for test ids.
        data: the bytes.
        declared_name, declared_type: what comes with them.
        why: what it tries.
        acceptable: it may pass as a picture: only its texts are hostile, or the damage may be harmless.
        error: where it is not acceptable, the class of error that must refuse it.
    """

    name: str
    data: bytes
    declared_name: str
    declared_type: str
    why: str
    acceptable: bool = False
    error: type[AssetError] = AssetError


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
    "formula": "=HYPERLINK(\"http://example.invalid\",\"click\")",
    "entities": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>',
    "long": "A" * 60_000,
}


def hostile_files() -> Iterator[HostileFile]:
    """Yield every hostile file, more than 200, each with its own name."""
    yield from _empty_and_foreign()
    yield from _truncated()
    yield from _flipped()
    yield from _mislabelled()
    yield from _huge()
    yield from _bombs()
    yield from _floods()
    yield from _damaged_headers()
    yield from _several_pictures()
    yield from _two_types_at_once()
    yield from _deep_metadata()
    yield from _hostile_texts()
    yield from _hostile_names()


def _empty_and_foreign() -> Iterator[HostileFile]:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("evil.html", "<script>alert(1)</script>")
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
        "zip": archive.getvalue(),
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
        yield HostileFile(f"foreign-{name}", data, "picture", declared, f"{name} in place of a picture", error=UnsupportedMediaError)
    for media_type, data in make.valid_files().items():
        for size in (4, 12):
            yield HostileFile(
                f"magic-only-{media_type[6:]}-{size}", data[:size], "picture", "", "nothing but the first bytes of a picture"
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
                f"flipped-{media_type[6:]}-{seed}", bytes(damaged), "", "", f"{1 << seed // 2} bits flipped", acceptable=True
            )


def _mislabelled() -> Iterator[HostileFile]:
    types = list(make.EXTENSIONS)
    for index, media_type in enumerate(types):
        data, other = make.valid(media_type), types[(index + 1) % len(types)]
        for suffix in (make.EXTENSIONS[other], ".html", ".mp4", ".svg"):
            yield HostileFile(
                f"name-{media_type[6:]}-as{suffix}", data, f"x{suffix}", "", f"{media_type} named {suffix}", error=MislabelledAssetError
            )
        for declared in (other, "text/html", "application/pdf"):
            yield HostileFile(
                f"type-{media_type[6:]}-as-{declared.replace('/', '-')}", data, "", declared, f"{media_type} declared {declared}",
                error=MislabelledAssetError,
            )  # fmt: skip


def _huge() -> Iterator[HostileFile]:
    plain = make.valid("image/gif")
    files = {
        "png-2g": make.png(width=2**31 - 1, height=2**31 - 1),
        "png-area": make.png(width=16_384, height=16_384),
        "png-line": make.png(width=1_000_000, height=1),
        "jpeg-64k": make.jpeg_sized(65_535, 65_535),
        "jpeg-area": make.jpeg_sized(16_000, 16_000),
        "gif-screen": make.replaced(plain, 6, b"\xff\xff\xff\xff"),
        "gif-frame": make.gif_with(b"\x2c" + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x01\x44\0"),
        "gif-offset": make.gif_with(b"\x2c" + struct.pack("<HHHHB", 65_000, 65_000, 8, 8, 0) + b"\x02\x01\x44\0"),
        "webp-canvas": make.webp_with(width=1 << 24, height=1 << 24),
        "webp-lossless": make.riff((b"VP8L", b"\x2f" + struct.pack("<I", 0x0FFFFFFF) + bytes(8))),
        "webp-lossy": make.riff((b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 16_383, 16_383) + bytes(8))),
        "tiff-4g": make.tiff({256: (4, 1, 2**32 - 1), 257: (4, 1, 2**32 - 1)}),
        "tiff-area": make.tiff({256: (4, 1, 16_000), 257: (4, 1, 16_000)}),
        "tiff-tiles": make.tiff({322: (4, 1, 2**31 - 16), 323: (4, 1, 2**31 - 16), 324: (4, 1, 8), 325: (4, 1, 64)}),
        "avif": make.bmff_sized("image/avif", 2**32 - 1, 2**32 - 1),
        "avif-area": make.bmff_sized("image/avif", 16_000, 16_000),
        "heic": make.bmff_sized("image/heic", 2**32 - 1, 2**32 - 1),
        "heic-area": make.bmff_sized("image/heic", 16_000, 16_000),
    }
    for name, data in files.items():
        yield HostileFile(f"huge-{name}", data, "", "", "headers state a picture that fills the memory", error=AssetTooLargeError)
    zero = {
        "png": make.png(width=0, height=0),
        "jpeg": make.jpeg_sized(0, 0),
        "jpeg-height": make.jpeg_sized(64, 0),
        "gif": make.replaced(plain, 6, bytes(4)),
        "tiff": make.tiff({256: (4, 1, 0)}),
        "avif": make.bmff_sized("image/avif", 0, 0),
        "heic": make.bmff_sized("image/heic", 0, 0),
    }
    for name, data in zero.items():
        yield HostileFile(f"zero-{name}", data, "", "", "headers state a picture without pixels", error=UndecodableAssetError)
    lying = {
        "png-more-rows": make.png(width=6000, height=6000),
        "jpeg-more-rows": make.jpeg_sized(6000, 6000),
        "avif-smaller": make.bmff_sized("image/avif", 8, 8),
        "avif-larger": make.bmff_sized("image/avif", 6000, 6000),
        "heic-smaller": make.bmff_sized("image/heic", 8, 8),
        "heic-larger": make.bmff_sized("image/heic", 6000, 6000),
        "webp-canvas": make.webp_with(width=6000, height=6000),
        "tiff-more-rows": make.tiff({256: (4, 1, 6000), 257: (4, 1, 6000)}),
    }
    for name, data in lying.items():
        # JPEG decoders fill what is missing with grey, AVIF decoders scale.
        yield HostileFile(f"lying-{name}", data, "", "", "headers and pixels disagree about the size", acceptable=name.startswith(("jpeg", "avif")))


def _bombs() -> Iterator[HostileFile]:
    packed = make.zeros_packed(64 * MEBI)
    files = {
        "iccp": make.png(make.chunk(b"iCCP", b"p\0\0" + packed)),
        "ztxt": make.png(make.chunk(b"zTXt", b"Comment\0\0" + packed)),
        "itxt": make.png(make.chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed)),
        "ztxt-by-the-dozen": make.png(*[make.chunk(b"zTXt", b"k\0\0" + make.zeros_packed(MEBI))] * 12),
    }
    for name, data in files.items():
        yield HostileFile(f"bomb-png-{name}", data, "", "", "a small chunk that unpacks to 64 MiB", error=AssetTooLargeError)
    idat = make.zeros_packed(256 * MEBI)
    yield HostileFile("bomb-png-idat", make.png(idat=idat), "", "", "pixels unpack to 256 MiB for a small picture", acceptable=True)
    truncated = make.png(make.chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(5000))[:-9]))
    yield HostileFile("bomb-png-cut-text", truncated, "", "", "a compressed text that never ends", error=UndecodableAssetError)
    nonsense = make.png(make.chunk(b"iCCP", b"p\0\0" + b"not zlib"))
    yield HostileFile("bomb-png-no-zlib", nonsense, "", "", "a compressed profile that is not", error=UndecodableAssetError)
    # A codestream of 6600x6600 under headers that state 64x48.
    large = make.saved(Image.new("RGB", (6600, 6600), (90, 40, 30)), "AVIF", speed=10, quality=10)
    at = large.index(b"ispe")
    small = make.replaced(large, at + 8, struct.pack(">II", 64, 48))
    yield HostileFile("bomb-avif-codestream", small, "", "", "44 megapixels under headers of 64x48", error=AssetTooLargeError)


def _floods() -> Iterator[HostileFile]:
    jpeg = make.valid("image/jpeg")
    scan = jpeg[jpeg.index(b"\xff\xda") : -2]
    text = make.chunk(b"tEXt", b"k\0v")
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b" " * (10 * MEBI) + b"</x:xmpmeta>"
    gif = make.valid("image/gif")
    files = {
        "png-texts": make.png(*[text] * 5000),
        "png-xmp-10m": make.png(make.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)),
        "png-exif-10m": make.png(make.chunk(b"eXIf", make.exif(tail=bytes(10 * MEBI)))),
        "png-empty-pixels": make.png(*[make.chunk(b"IDAT", b"")] * 100_000),
        "jpeg-comments": make.jpeg_with(*[make.segment(0xFE, b"x")] * 5000),
        "jpeg-xmp-10m": make.jpeg_with(*make.xmp_segments(xmp)),
        "jpeg-scans": jpeg[:-2] + scan * 2000 + b"\xff\xd9",
        "jpeg-tables": make.jpeg_with(*[make.segment(0xDB, b"")] * 50_000),
        "webp-chunks": make.webp_with(*[(b"JUNK", b"")] * 5000),
        "webp-xmp-10m": make.webp_with((b"XMP ", xmp), flags=4),
        "webp-alphas": make.webp_with(*[(b"ALPH", b"\0")] * 5000),
        "gif-comments": make.gif_with(*[make.gif_comment(b"x")] * 5000),
        "gif-comment-10m": make.gif_with(make.gif_comment(xmp)),
        "gif-controls": make.gif_with(*[b"\x21\xf9\x04\0\0\0\0\0"] * 5000),
        "gif-sub-blocks": make.gif_with(b"\x21\xfe" + b"\1x" * 1_000_000 + b"\0"),
        "tiff-tags": make.tiff({40_000 + index: (3, 1, 0) for index in range(3000)}),
        "tiff-xmp-10m": make.tiff({700: (1, len(xmp), 190)}, tail=xmp),
        "avif-boxes": make.valid("image/avif") + make.box(b"free", b"") * 5000,
        "avif-xmp-10m": make.valid("image/avif") + make.box(b"uuid", bytes(16) + xmp),
        "heic-boxes": make.valid("image/heic") + make.box(b"free", b"") * 5000,
        "file-80m": gif + bytes(80 * MEBI),
    }
    for name, data in files.items():
        yield HostileFile(f"flood-{name}", data, "", "", "more metadata than any picture needs", error=AssetTooLargeError)
    filled = jpeg[:2] + b"\xff" * (20 * MEBI) + jpeg[2:]
    yield HostileFile("flood-jpeg-fill", filled, "", "", "20 MiB of fill bytes before a marker", acceptable=True)


def _damaged_headers() -> Iterator[HostileFile]:
    plain, jpeg = make.valid("image/png"), make.valid("image/jpeg")
    avif = make.valid("image/avif")
    meta = avif.index(b"meta")
    loop = make.tiff(following=8 + 64)
    files = {
        "png-no-header": make.PNG_SIGNATURE + make.chunk(b"IDAT", b"") + make.chunk(b"IEND", b""),
        "png-two-headers": plain[:33] + plain[8:],
        "png-bad-depth": make.png(depth=3),
        "png-bad-colour": make.png(colour=5),
        "png-bad-crc": make.replaced(plain, 29, b"\0\0\0\0"),
        "png-unknown-critical": make.png(make.chunk(b"EVIL", b"x")),
        "png-chunk-4g": plain[:33] + b"\xff\xff\xff\xffIDAT" + plain[41:],
        "png-no-pixels": make.PNG_SIGNATURE + plain[8:33] + make.chunk(b"IEND", b""),
        "png-palette-missing": make.png(colour=3),
        "jpeg-no-frame": jpeg[: jpeg.index(b"\xff\xc0")] + jpeg[jpeg.index(b"\xff\xda") :],
        "jpeg-two-frames": make.jpeg_with(jpeg[jpeg.index(b"\xff\xc0") :][:19]),
        "jpeg-no-scan": jpeg[: jpeg.index(b"\xff\xda")] + b"\xff\xd9",
        "jpeg-no-tables": jpeg[:2] + jpeg[jpeg.index(b"\xff\xc0") :],
        "jpeg-garbage-marker": make.jpeg_with(b"garbage"),
        "jpeg-short-length": make.jpeg_with(b"\xff\xe1\0\0"),
        "jpeg-start-only": b"\xff\xd8" * 5000,
        "gif-bad-label": make.gif_with(b"\x99"),
        "gif-no-picture": make.valid("image/gif")[:13][:10] + b"\0\0\0;",
        "gif-code-size": make.gif_with(b"\x2c" + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + b"\xff\0"),
        "webp-no-picture": make.riff((b"VP8X", bytes(10))),
        "webp-size-lie": make.replaced(make.valid("image/webp"), 4, b"\xff\xff\xff\x7f"),
        "webp-chunk-lie": make.replaced(make.valid("image/webp"), 16, b"\xff\xff\xff\x7f"),
        "webp-bad-signature": make.riff((b"VP8L", bytes(64))),
        "webp-bad-start-code": make.riff((b"VP8 ", bytes(64))),
        "tiff-loop": loop,
        "tiff-self-child": make.tiff({330: (4, 1, 8 + 64)}),
        "tiff-directory-beyond": b"II*\0\xff\xff\xff\x7f" + bytes(64),
        "tiff-count-4g": make.tiff({273: (4, 2**32 - 1, 8)}),
        "tiff-strip-beyond": make.tiff({273: (4, 1, 2**31)}),
        "tiff-strip-size": make.tiff({279: (4, 1, 2**31)}),
        "tiff-two-widths": make.tiff({256: (4, 2, 8)}),
        "tiff-no-strips": b"II*\0\x08\0\0\0" + make.directory([(256, 4, 1, b"\x08"), (257, 4, 1, b"\x08")]),
        "bigtiff-beyond": b"II+\0\x08\0\0\0" + b"\xff" * 8 + bytes(64),
        "avif-no-meta": avif[: meta - 4],
        "avif-box-lie": make.replaced(avif, meta - 4, b"\x7f\xff\xff\xff"),
        "avif-box-zero": make.replaced(avif, meta - 4, b"\0\0\0\1"),
        "avif-two-metas": avif + avif[meta - 4 : meta - 4 + int.from_bytes(avif[meta - 4 : meta], "big")],
        "heic-no-items": make.valid("image/heic").replace(b"iinf", b"free"),
        "heic-no-locations": make.valid("image/heic").replace(b"iloc", b"free"),
    }
    for name, data in files.items():
        yield HostileFile(f"header-{name}", data, "", "", "headers that contradict themselves or lead outside the file")
    for code, name in ((6, "old-jpeg"), (34925, "lzma"), (50001, "webp"), (34712, "jpeg-2000"), (9, "unknown")):
        yield HostileFile(
            f"header-tiff-{name}", make.tiff({259: (3, 1, code)}), "", "", "a compression nobody needs", error=UnsupportedMediaError
        )
    lossless = jpeg.replace(b"\xff\xc0", b"\xff\xc3")
    yield HostileFile("header-jpeg-lossless", lossless, "", "", "a coding that viewers do not read", error=UnsupportedMediaError)


def _several_pictures() -> Iterator[HostileFile]:
    pictures = [Image.fromarray(make.gradient()), Image.fromarray(make.gradient()[::-1].copy())]
    for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        data = make.saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=100)
        yield HostileFile(f"animated-{kind.lower()}", data, "", "", "the second picture is not screened", error=AssetTooLargeError)
    control = make.chunk(b"acTL", struct.pack(">II", 2**31, 0))
    yield HostileFile("animated-png-2g", make.png(control), "", "", "two thousand million frames", error=AssetTooLargeError)
    none = make.png(make.chunk(b"acTL", struct.pack(">II", 0, 0)))
    yield HostileFile("animated-png-none", none, "", "", "an animation without frames", error=UndecodableAssetError)
    burst = (make.VECTORS / "burst.heic").read_bytes()
    yield HostileFile("animated-heic", burst, "", "", "two pictures in one HEIC", error=AssetTooLargeError)


def _two_types_at_once() -> Iterator[HostileFile]:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("index.html", "<script>alert(1)</script>")
    tails = {
        "zip": archive.getvalue(),
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
    zipped = archive.getvalue()
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
            [b"II*\0\x08\0\0\0", *(make.directory([(34665, 4, 1, struct.pack("<I", 8 + 18 * (level + 1)))]) for level in range(3000))]
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
            yield HostileFile(f"exif-{kind}-{name}", data, "", "", "EXIF that a careless reader follows for ever", acceptable=True)
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
            yield HostileFile(f"xmp-{kind}-{name}", data, "", "", "XMP that a careless parser expands or recurses into", acceptable=True)
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
        yield HostileFile(f"name-{name}", make.valid("image/png"), f"{text}.png", "image/png", f"{name} as a file name", acceptable=True)
        yield HostileFile(f"declared-{name}", make.valid("image/png"), "", text, f"{name} as a declared type", error=MislabelledAssetError)
