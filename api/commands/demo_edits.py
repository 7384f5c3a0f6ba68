"""What the demo does to released pictures, as platforms, users and forgers do."""

import io
from collections.abc import Iterator

from PIL import Image, ImageEnhance


def encode_jpeg(picture: Image.Image, *, quality: int, gain: float = 1.0) -> bytes:
    """Return `picture`, brightened by `gain`, as a JPEG without metadata."""
    buffer = io.BytesIO()
    ImageEnhance.Brightness(picture).enhance(gain).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def strip(data: bytes) -> bytes:
    """Return the same pixels in a new PNG without any metadata, as a platform would."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        Image.frombytes("RGB", picture.size, picture.convert("RGB").tobytes()).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def wear_steps(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield harsher and harsher recompressions with more and more light, and what was done in words."""
    with Image.open(io.BytesIO(data)) as picture:
        bare = picture.convert("RGB")
    for quality, gain in ((70, 1.05), (50, 1.1), (35, 1.2), (25, 1.3), (15, 1.3), (10, 1.4)):
        worn = encode_jpeg(bare, quality=quality, gain=gain)
        yield worn, f"saved at JPEG quality {quality}, {gain - 1:.0%} brighter"


def tamper(data: bytes) -> bytes:
    """Return a JPEG with one bit changed in the middle of its picture data, so that it still decodes."""
    changed = bytearray(data)
    start = changed.rindex(b"\xff\xda")
    place = (start + len(changed)) // 2
    while changed[place] in {0x00, 0xFF} or changed[place - 1] == 0xFF or changed[place] ^ 1 in {0x00, 0xFF}:
        place += 1
    changed[place] ^= 1
    return bytes(changed)
