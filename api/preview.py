"""A small picture of a file, as a page shows it beside what it says of the file; nothing of it is kept."""

import base64
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from provenance.media.limits import IntakeLimits
    from provenance.storage.blob import Blob

SIDE: Final = 480
"""Pixels of its longer side."""


def build_preview(unverified_file: "Blob", limits: "IntakeLimits", side: int = SIDE) -> str:
    """Return a small JPEG of a picture as a `data:` URL, or "" where the file is none that can be looked at."""
    from PIL import Image

    from provenance.asset import MediaType
    from provenance.errors import AssetError
    from provenance.media.picture.image import Picture, encode_image, parse_image

    try:
        picture = parse_image(unverified_file.octets(), limits=limits).flattened()
    except AssetError:
        return ""
    import numpy as np

    image = Image.fromarray(picture.frame)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    small = encode_image(Picture.from_frame(np.asarray(image)), MediaType.JPEG)
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"
