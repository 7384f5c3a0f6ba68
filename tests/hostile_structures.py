"""The hostile files whose structure lies: sizes, bombs, floods, broken headers, more pictures than one."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from provenance.errors import AssetError, AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError
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


def huge() -> Iterator[HostileFile]:
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
        yield HostileFile(
            f"huge-{name}", data, "", "", "headers state a picture that fills the memory", error=AssetTooLargeError
        )
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
        yield HostileFile(
            f"zero-{name}", data, "", "", "headers state a picture without pixels", error=UndecodableAssetError
        )
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
        yield HostileFile(
            f"lying-{name}",
            data,
            "",
            "",
            "headers and pixels disagree about the size",
            acceptable=name.startswith(("jpeg", "avif")),
        )


def bombs() -> Iterator[HostileFile]:
    packed = make.zeros_packed(64 * MEBI)
    files = {
        "iccp": make.png(make.chunk(b"iCCP", b"p\0\0" + packed)),
        "ztxt": make.png(make.chunk(b"zTXt", b"Comment\0\0" + packed)),
        "itxt": make.png(make.chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed)),
        "ztxt-by-the-dozen": make.png(*[make.chunk(b"zTXt", b"k\0\0" + make.zeros_packed(MEBI))] * 12),
    }
    for name, data in files.items():
        yield HostileFile(
            f"bomb-png-{name}", data, "", "", "a small chunk that unpacks to 64 MiB", error=AssetTooLargeError
        )
    idat = make.zeros_packed(256 * MEBI)
    yield HostileFile(
        "bomb-png-idat", make.png(idat=idat), "", "", "pixels unpack to 256 MiB for a small picture", acceptable=True
    )
    truncated = make.png(make.chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(5000))[:-9]))
    yield HostileFile(
        "bomb-png-cut-text", truncated, "", "", "a compressed text that never ends", error=UndecodableAssetError
    )
    nonsense = make.png(make.chunk(b"iCCP", b"p\0\0" + b"not zlib"))
    yield HostileFile(
        "bomb-png-no-zlib", nonsense, "", "", "a compressed profile that is not", error=UndecodableAssetError
    )
    # A codestream of 6600x6600 under headers that state 64x48.
    large = make.saved(Image.new("RGB", (6600, 6600), (90, 40, 30)), "AVIF", speed=10, quality=10)
    at = large.index(b"ispe")
    small = make.replaced(large, at + 8, struct.pack(">II", 64, 48))
    yield HostileFile(
        "bomb-avif-codestream", small, "", "", "44 megapixels under headers of 64x48", error=AssetTooLargeError
    )


def floods() -> Iterator[HostileFile]:
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
        yield HostileFile(
            f"flood-{name}", data, "", "", "more metadata than any picture needs", error=AssetTooLargeError
        )
    filled = jpeg[:2] + b"\xff" * (20 * MEBI) + jpeg[2:]
    yield HostileFile("flood-jpeg-fill", filled, "", "", "20 MiB of fill bytes before a marker", acceptable=True)


def damaged_headers() -> Iterator[HostileFile]:
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
            f"header-tiff-{name}",
            make.tiff({259: (3, 1, code)}),
            "",
            "",
            "a compression nobody needs",
            error=UnsupportedMediaError,
        )
    lossless = jpeg.replace(b"\xff\xc0", b"\xff\xc3")
    yield HostileFile(
        "header-jpeg-lossless", lossless, "", "", "a coding that viewers do not read", error=UnsupportedMediaError
    )


def several_pictures() -> Iterator[HostileFile]:
    pictures = [Image.fromarray(make.gradient()), Image.fromarray(make.gradient()[::-1].copy())]
    for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        data = make.saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=100)
        yield HostileFile(
            f"animated-{kind.lower()}", data, "", "", "the second picture is not screened", error=AssetTooLargeError
        )
    control = make.chunk(b"acTL", struct.pack(">II", 2**31, 0))
    yield HostileFile(
        "animated-png-2g", make.png(control), "", "", "two thousand million frames", error=AssetTooLargeError
    )
    none = make.png(make.chunk(b"acTL", struct.pack(">II", 0, 0)))
    yield HostileFile("animated-png-none", none, "", "", "an animation without frames", error=UndecodableAssetError)
    burst = (make.VECTORS / "burst.heic").read_bytes()
    yield HostileFile("animated-heic", burst, "", "", "two pictures in one HEIC", error=AssetTooLargeError)
