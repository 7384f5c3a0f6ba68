"""Real pictures and subjects for detector tests."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import skimage
from PIL import Image, ImageDraw

from detectors.base import Subject, Toolbox
from provenance.asset import Asset, MediaType, new_asset_id, sha256_hex
from provenance.media.picture.image import Picture
from provenance.media.view import PICTURE, View
from provenance.storage.blob import as_blob

PHOTOS = Path(skimage.__file__).parent / "data"
DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


@cache
def photo(name, size=None):
    """Return a bundled photograph, optionally scaled to (width, height)."""
    with Image.open(PHOTOS / name) as image:
        rgb = image.convert("RGB")
        return Picture.from_frame(np.asarray(rgb if size is None else rgb.resize(size, Image.Resampling.LANCZOS)))


def drawing(size=256):
    """Return a drawing by code: a house under a sun, in flat colours."""
    image = Image.new("RGB", (size, size), "#cfe8ff")
    draw = ImageDraw.Draw(image)
    unit = size / 16
    draw.rectangle((0, 12 * unit, size, size), fill="#6abf4b")
    draw.rectangle((4 * unit, 7 * unit, 11 * unit, 13 * unit), fill="#d9534f", outline="#2b2b2b", width=2)
    draw.polygon(((3 * unit, 7 * unit), (12 * unit, 7 * unit), (7.5 * unit, 3 * unit)), fill="#5b3a29")
    draw.ellipse((12 * unit, unit, 15 * unit, 4 * unit), fill="#ffd24a", outline="#2b2b2b", width=2)
    return Picture.from_frame(np.asarray(image))


def file_of(picture, pillow_format="PNG", **settings):
    buffer = io.BytesIO()
    Image.fromarray(picture.frame).save(buffer, pillow_format, **settings)
    return buffer.getvalue()


def subject_of(picture, *, data=b"", media_type=MediaType.PNG, prompt=None):
    asset = Asset(new_asset_id(), sha256_hex(data), media_type, len(data), picture.facts)
    return Subject(asset, View(PICTURE, picture), as_blob(data), prompt)


def toolbox_of(folder, *, works=None, marks=None, **options):
    return Toolbox(works=works, models_dir=Path(folder), marks=marks or {}, options=options)
