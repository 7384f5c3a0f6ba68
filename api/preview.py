"""A small picture of a file, as a page shows it beside what it says of the file; nothing of it is kept.

What shows more than one picture, as a clip does, is a sheet of them with the time of each.
"""

import base64
import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from provenance.media.limits import IntakeLimits
    from provenance.media.media import Media
    from provenance.media.view import View
    from provenance.storage.blob import Blob

SIDE: Final = 480
"""Pixels of its longer side."""

_MOST_CELLS: Final = 16
_GAP: Final = 4


def build_preview(media: "Media", unverified_file: "Blob", limits: "IntakeLimits", side: int = SIDE) -> str:
    """Return a small JPEG of what a file shows as a `data:` URL, or "" where it is none that can be looked at."""
    from provenance.asset import MediaType
    from provenance.errors import AssetError
    from provenance.media.medium import Claims
    from provenance.media.picture.image import Picture, encode_image
    from provenance.media.view import PICTURE

    try:
        views = [view for view in media.take(unverified_file, Claims(), limits).views() if view.kind == PICTURE]
    except AssetError:
        return ""
    if not views:
        return ""
    import numpy as np

    image = _shrink(views[0], side) if len(views) == 1 else _lay_out(views, side)
    small = encode_image(Picture.from_frame(np.asarray(image)), MediaType.JPEG)
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"


def _shrink(view: "View", side: int) -> "Image.Image":
    from PIL import Image

    image = Image.fromarray(view.carrier.flattened().frame)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def _lay_out(views: "Sequence[View]", side: int) -> "Image.Image":
    """Return pictures in rows, each with its time in a corner; of many, evenly spread ones."""
    from PIL import Image, ImageDraw

    shown = views[:: max(1, -(-len(views) // _MOST_CELLS))]
    columns = math.ceil(math.sqrt(len(shown)))
    cells = [_shrink(view, side // columns - _GAP) for view in shown]
    width, height = max(cell.width for cell in cells) + _GAP, max(cell.height for cell in cells) + _GAP
    sheet = Image.new("RGB", (columns * width, -(-len(cells) // columns) * height), (24, 24, 24))
    draw = ImageDraw.Draw(sheet)
    for number, (view, cell) in enumerate(zip(shown, cells, strict=True)):
        left, top = number % columns * width, number // columns * height
        sheet.paste(cell, (left, top))
        if view.span is not None:
            text = f"{view.span.start_s:.1f} s"
            draw.rectangle((left, top, left + 7 * len(text) + 4, top + 14), fill=(0, 0, 0))
            draw.text((left + 3, top + 1), text, fill=(255, 255, 255))
    return sheet
