"""Small valid files in every type, and the pieces that hostile ones are put together from."""

import io
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

VECTORS = Path(__file__).parent / "provenance" / "media" / "vectors"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/tiff": ".tif",
    "image/gif": ".gif",
    "image/heic": ".heic",
}


def gradient(width: int = 64, height: int = 48) -> np.ndarray:
    """(height, width, 3) uint8: red grows to the right, green downwards, blue is 128."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = x * 255 // max(1, width - 1), y * 255 // max(1, height - 1)
    return np.stack([red, green, np.full_like(red, 128)], axis=-1).astype(np.uint8)


def saved(image: Image.Image, kind: str, **settings) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **settings)
    return out.getvalue()


@cache
def valid(media_type: str) -> bytes:
    """One plain file of 64x48 pixels."""
    if media_type == "image/heic":
        return (VECTORS / "still.heic").read_bytes()
    kind = media_type.removeprefix("image/").upper()
    settings = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}, "AVIF": {"speed": 10}}
    return saved(Image.fromarray(gradient()), kind, **settings.get(kind, {}))


@cache
def valid_files() -> dict[str, bytes]:
    return {media_type: valid(media_type) for media_type in EXTENSIONS}


# PNG


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*extra: bytes, width: int = 64, height: int = 48, idat: bytes | None = None, depth: int = 8, colour: int = 2):
    """A PNG with `extra` chunks before its pixels, and whatever size it states."""
    rows = b"".join(b"\0" + row.tobytes() for row in gradient())
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(rows) if idat is None else idat
    return b"".join(
        [
            PNG_SIGNATURE,
            chunk(b"IHDR", header),
            *extra,
            chunk(b"IDAT", pixels),
            chunk(b"IEND", b""),
        ]
    )


def zeros_packed(size: int) -> bytes:
    """A zlib stream of `size` zeros, built without holding them."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    return b"".join([*(packer.compress(block) for _ in range(size >> 20)), packer.flush()])


# JPEG


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(*segments: bytes, data: bytes | None = None) -> bytes:
    """A JPEG with `segments` right after its start."""
    whole = valid("image/jpeg") if data is None else data
    return whole[:2] + b"".join(segments) + whole[2:]


def jpeg_sized(width: int, height: int) -> bytes:
    data = bytearray(valid("image/jpeg"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def xmp_segments(xmp: bytes) -> list[bytes]:
    """XMP of any length as APP1 segments; the standard form holds 64 KiB, what is over repeats the header."""
    header = b"http://ns.adobe.com/xap/1.0/\0"
    size = 65_533 - len(header)
    return [segment(0xE1, header + xmp[start : start + size]) for start in range(0, len(xmp), size)]


# TIFF and EXIF


def directory(entries: list[tuple[int, int, int, bytes]], *, following: int = 0) -> bytes:
    """A little-endian IFD of (tag, type, count, 4 bytes)."""
    packed = b"".join(
        struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0") for tag, kind, count, value in entries
    )
    return struct.pack("<H", len(entries)) + packed + struct.pack("<I", following)


def tiff(entries: dict[int, tuple[int, int, int]] | None = None, *, following: int = 0, tail: bytes = b"") -> bytes:
    """An uncompressed 8x8 grey TIFF; `entries` maps tag to (type, count, number) and overrides the plain ones."""
    pixels = bytes(range(64))
    plain = {
        256: (4, 1, 8), 257: (4, 1, 8), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, 8),
        277: (3, 1, 1), 278: (4, 1, 8), 279: (4, 1, 64),
    } | (entries or {})  # fmt: skip
    listed = [
        (tag, kind, count, struct.pack("<I", value & 0xFFFFFFFF)) for tag, (kind, count, value) in sorted(plain.items())
    ]
    return b"II*\0" + struct.pack("<I", 8 + 64) + pixels + directory(listed, following=following) + tail


def exif(*entries: tuple[int, int, int, bytes], following: int = 0, tail: bytes = b"") -> bytes:
    return b"II*\0\x08\0\0\0" + directory(list(entries), following=following) + tail


# WebP, GIF, boxes


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    packed = b"".join(kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2) for kind, body in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(packed)) + b"WEBP" + packed


def webp_with(*chunks: tuple[bytes, bytes], width: int = 64, height: int = 48, flags: int = 0) -> bytes:
    """The plain WebP in its extended form, with `chunks` after the picture."""
    canvas = struct.pack("<I", flags) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    plain = valid("image/webp")
    return riff((b"VP8X", canvas), (plain[12:16], plain[20 : 20 + int.from_bytes(plain[16:20], "little")]), *chunks)


def gif_with(*blocks: bytes) -> bytes:
    """The plain GIF with `blocks` before its picture."""
    data = valid("image/gif")
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    return data[:at] + b"".join(blocks) + data[at:]


def gif_comment(text: bytes) -> bytes:
    blocks = [text[start : start + 255] for start in range(0, len(text), 255)]
    return b"\x21\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def bmff_sized(media_type: str, width: int, height: int) -> bytes:
    """An AVIF or HEIC whose every image property states another size."""
    data = bytearray(valid(media_type))
    at = data.find(b"ispe")
    while at >= 0:
        data[at + 8 : at + 16] = struct.pack(">II", width, height)
        at = data.find(b"ispe", at + 4)
    return bytes(data)


def replaced(data: bytes, at: int, piece: bytes) -> bytes:
    return data[:at] + piece + data[at + len(piece) :]
