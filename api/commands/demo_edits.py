"""What the demo does to released pictures, as platforms, users and forgers do."""

import io
from collections.abc import Iterator

from PIL import Image, ImageDraw, ImageEnhance


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


def cut(data: bytes) -> bytes:
    """Return a quarter of the picture, turned by 5 degrees, as a JPEG of quality 60 without metadata."""
    with Image.open(io.BytesIO(data)) as picture:
        turned = picture.convert("RGB").rotate(5, Image.Resampling.BICUBIC)
    left, top = turned.width // 4, turned.height // 4
    return encode_jpeg(turned.crop((left, top, left + turned.width // 2, top + turned.height // 2)), quality=60)


def make_poster(picture: Image.Image) -> bytes:
    """Return a corner of the picture, tilted and with a caption, as a JPEG: what is done to be found no more."""
    corner = picture.crop((0, 0, picture.width * 3 // 4, picture.height * 3 // 4))
    tilted = corner.rotate(4, Image.Resampling.BICUBIC, expand=True)
    poster = Image.new("RGB", (tilted.width, tilted.height * 7 // 6), "white")
    poster.paste(tilted, (0, poster.height - tilted.height))
    pen = ImageDraw.Draw(poster)
    pen.text((poster.width // 12, (poster.height - tilted.height) // 8), "FULL THROTTLE", fill="black", font_size=40)
    return encode_jpeg(poster, quality=80)


def wear_steps(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield smaller and smaller copies, recompressed harder and harder, and what was done in words."""
    with Image.open(io.BytesIO(data)) as picture:
        bare = picture.convert("RGB")
    for quality, percent in ((50, 50), (30, 40), (20, 30), (15, 25), (10, 20)):
        small = bare.resize((bare.width * percent // 100, bare.height * percent // 100), Image.Resampling.LANCZOS)
        yield encode_jpeg(small, quality=quality), f"shrunk to {percent} %, saved at JPEG quality {quality}"


def tamper(data: bytes) -> bytes:
    """Return a JPEG with one bit changed in the middle of its picture data, so that it still decodes."""
    changed = bytearray(data)
    start = changed.rindex(b"\xff\xda")
    place = (start + len(changed)) // 2
    while changed[place] in {0x00, 0xFF} or changed[place - 1] == 0xFF or changed[place] ^ 1 in {0x00, 0xFF}:
        place += 1
    changed[place] ^= 1
    return bytes(changed)
