"""The pictures that the benchmarks run on: photographs bundled with scikit-image, brought to one size."""

import io
from pathlib import Path

from PIL import Image

NAMES = ("astronaut.png", "coffee.png", "chelsea.png", "hubble_deep_field.jpg", "motorcycle_left.png", "ihc.png")


def photographs(side: int = 1024) -> list[tuple[str, Image.Image]]:
    """Return (name, picture) pairs, each resized to side x side."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    made = []
    for name in NAMES:
        with Image.open(folder / name) as picture:
            made.append((name.partition(".")[0], picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)))
    return made


def encode(picture: Image.Image, kind: str) -> bytes:
    """Return `picture` as a PNG or a JPEG of quality 92."""
    buffer = io.BytesIO()
    if kind == "png":
        picture.save(buffer, "PNG", compress_level=1)
    else:
        picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
