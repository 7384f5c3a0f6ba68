"""A match as a picture: what was asked about beside the work, the part that both show framed in each."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from provenance.media.picture.image import Picture
from provenance.media.picture.overlap import Box, Overlap

HEIGHT: Final = 480
"""Pixels that both pictures are brought to, so that they can be compared."""

MOST_DRAWN: Final = 4
"""Works that one sheet shows: the nearest."""

_MOST_WIDTH: Final = 2 * HEIGHT
_GAP: Final = 24
_LINE: Final = 4
_GROUND: Final = (250, 250, 250)
# Seen on bright and on dark pictures, and by people who do not tell red from green.
_FRAME: Final = (230, 97, 1)
_EDGE: Final = (255, 255, 255)
_WHOLE: Final = Box(0.0, 0.0, 1.0, 1.0)


def draw_match(picture: Picture, reference: Picture, overlap: Overlap | None) -> Picture:
    """Return `picture` on the left and `reference` on the right, the shared part framed in both.

    Args:
        picture: what was asked about.
        reference: of the work.
        overlap: as the match has it; None frames both as a whole, for a match of the whole frame.
    """
    left, right = (_scale(one) for one in (picture, reference))
    sheet = Image.new("RGB", (left.width + _GAP + right.width, HEIGHT), _GROUND)
    sheet.paste(left, (0, (HEIGHT - left.height) // 2))
    sheet.paste(right, (left.width + _GAP, (HEIGHT - right.height) // 2))
    pen = ImageDraw.Draw(sheet)
    boxes = (overlap.in_part, overlap.in_whole) if overlap else (None, None)
    ends = [
        _frame(pen, image, offset, box or _WHOLE)
        for image, offset, box in zip((left, right), (0, left.width + _GAP), boxes, strict=True)
    ]
    for one, other in zip(*ends, strict=True):
        pen.line((*one, *other), fill=_FRAME, width=1)
    return Picture.from_frame(np.asarray(sheet))


def draw_matches(picture: Picture, works: Sequence[tuple[Picture, Overlap | None]]) -> Picture:
    """Return `picture` beside each of the first four of `works`, one below the other, as `draw_match` has it.

    Args:
        picture: what was asked about.
        works: reference and overlap of each match, nearest first, at least one.
    """
    rows = [Image.fromarray(draw_match(picture, *work).frame) for work in works[:MOST_DRAWN]]
    step = HEIGHT + _GAP
    sheet = Image.new("RGB", (max(row.width for row in rows), step * len(rows) - _GAP), _GROUND)
    for number, row in enumerate(rows):
        sheet.paste(row, (0, step * number))
    return Picture.from_frame(np.asarray(sheet))


def _scale(picture: Picture) -> Image.Image:
    """Return the picture at the sheet's height; a panorama at its widest instead."""
    image = Image.fromarray(picture.flattened().frame)
    scale = min(HEIGHT / image.height, _MOST_WIDTH / image.width)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)


def _frame(
    pen: ImageDraw.ImageDraw, image: Image.Image, offset: int, box: Box
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Frame a part of a picture and return the ends of the frame that face the other picture's."""
    top = (HEIGHT - image.height) // 2
    corners = (
        offset + box.left * (image.width - 1),
        top + box.top * (image.height - 1),
        offset + box.right * (image.width - 1),
        top + box.bottom * (image.height - 1),
    )
    pen.rectangle(corners, outline=_EDGE, width=_LINE + 2)
    pen.rectangle(corners, outline=_FRAME, width=_LINE)
    facing = corners[0] if offset else corners[2]
    return (facing, corners[1]), (facing, corners[3])
