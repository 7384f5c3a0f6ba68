"""The commonest ways a copy differs in geometry, as pictures to index beside a work.

Block hashes such as PDQ and pHash follow neither flips, turns nor crops: each canonical variant indexed is one more
place where they look. Eight positions (with the plain one), five centred crops and three crops to a common shape; a
variant answers for crops within about two hundredths of its side (docs/fingerprints.md), not for others.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from provenance.asset import Frame
from provenance.media.picture.image import Picture

INDEXED_SIDE: Final = 512
"""Longest side, in pixels, to which every scheme reduces a picture first: one fixed route for index and query."""

# Measured on 33 photographs: PDQ reaches 31 bits about two hundredths of a side away from the crop that was indexed.
_CENTRE_CROPS: Final = (
    ("crop_c95", 0.95),
    ("crop_c90", 0.90),
    ("crop_c85", 0.85),
    ("crop_c80", 0.80),
    ("crop_c75", 0.75),
)
# Width to height of the shapes that feeds and players crop to.
_SHAPES: Final = (("crop_1x1", 1 / 1), ("crop_4x5", 4 / 5), ("crop_16x9", 16 / 9))
# A crop that keeps more than this of a side is found through the plain code.
_KEPT_BY_PLAIN: Final = 0.97


def build_variants(picture: Picture) -> Iterator[tuple[str, Picture]]:
    """Yield (name, picture) of every variant but the plain one, reduced to `INDEXED_SIDE`.

    A crop to a shape that the picture already has is left out. Names are stable: they are stored beside codes.
    """
    yield from _positions(picture.reduced(INDEXED_SIDE))
    for name, share in _CENTRE_CROPS:
        yield name, _centre(picture, share, share)
    for name, shape in _SHAPES:
        kept = shape * picture.height / picture.width
        across, down = (kept, 1.0) if kept < 1 else (1.0, 1 / kept)
        if min(across, down) < _KEPT_BY_PLAIN:
            yield name, _centre(picture, across, down)


def _positions(frame: Frame) -> Iterator[tuple[str, Picture]]:
    """Yield flips and quarter turns; `rot90` is a quarter turn to the left, `transpose` swaps rows and columns."""
    turned = {
        "flip_h": frame[:, ::-1],
        "flip_v": frame[::-1],
        "rot90": np.rot90(frame),
        "rot180": np.rot90(frame, 2),
        "rot270": np.rot90(frame, 3),
        "transpose": frame.transpose(1, 0, 2),
        "transverse": np.rot90(frame, 2).transpose(1, 0, 2),
    }
    for name, pixels in turned.items():
        yield name, Picture.from_frame(pixels)


def _centre(picture: Picture, across: float, down: float) -> Picture:
    """Return the middle of a picture that keeps these shares of its width and height."""
    height, width = max(1, round(picture.height * down)), max(1, round(picture.width * across))
    top, left = (picture.height - height) // 2, (picture.width - width) // 2
    crop = picture.frame[top : top + height, left : left + width]
    return Picture.from_frame(Picture.from_frame(crop).reduced(INDEXED_SIDE))
