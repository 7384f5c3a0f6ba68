"""From a decoded picture to what small networks eat: one shared reduced array, then one resize.

Networks here take 224 to 384 pixels. Each library would scale the full picture by itself; instead all of them start
from the same `Picture.reduced`, which is computed once and kept.
"""

import math
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

import numpy as np
from PIL import Image

from provenance.asset import Frame
from provenance.media.picture.image import Picture

ResizeMode = Literal["shortest", "squash"]

# Shared arrays keep at least this shortest side: twice what the largest common network takes, so that the last resize
# shapes the result. Measured on 39 photographs, largest step of open_nsfw's score away from its library's: 0.07 so,
# 0.15 from arrays that just exceed 256.
_SHORTEST_SHARED: Final = 512

# Levels, of 255, that no pixel of a view may differ by to count as the same.
_SAME_WITHIN: Final = 8


class View(NamedTuple):
    """One way in which people see a picture.

    Attributes:
        name: ``as it is``, ``on white``, ``on black`` or ``without transparency``.
        picture: opaque.
    """

    name: str
    picture: Picture


def list_views(picture: Picture) -> tuple[View, ...]:
    """Return every way in which people may see `picture`; views that look the same are listed once.

    An opaque one as it is; a transparent one on white, on black, and as programs show it that know no transparency.
    A picture whose hidden pixels are harmless and whose blended ones are not would otherwise pass, and the other way.
    """
    if picture.alpha is None:
        return (View("as it is", picture),)
    views = [View("on white", picture.flattened(255))]
    for view in (
        View("on black", picture.flattened(0)),
        View("without transparency", Picture.from_frame(picture.frame, media_type=picture.media_type)),
    ):
        if not any(_look_alike(view.picture, known.picture) for known in views):
            views.append(view)
    return tuple(views)


def _look_alike(one: Picture, other: Picture) -> bool:
    import cv2

    return int(cv2.absdiff(one.frame, other.frame).max()) <= _SAME_WITHIN


def shared_frame(picture: Picture, shortest_side: int) -> Frame:
    """Return `picture` reduced by a whole factor, its shortest side still at least twice `shortest_side` and 512.

    Returns:
        (h, w, 3) uint8 sRGB, read-only; the picture's own frame where it is no larger.
    """
    short, long = sorted((picture.height, picture.width))
    factor = short // max(_SHORTEST_SHARED, 2 * shortest_side)
    return picture.frame if factor < 2 else picture.reduced(long // factor)


def resized(
    picture: Picture, size: tuple[int, int], *, mode: ResizeMode, resample: Image.Resampling, crop: float = 1.0
) -> Frame:
    """Return `picture` at `size`.

    Args:
        picture: opaque.
        size: (height, width) of the result.
        mode: ``shortest`` keeps the proportions and cuts the middle out; ``squash`` does not.
        resample: Pillow's antialiasing filter.
        crop: side of the middle part that is kept, 0..1.

    Returns:
        (height, width, 3) uint8 sRGB.
    """
    height, width = size
    frame = shared_frame(picture, max(size))
    rows, columns = frame.shape[:2]
    box_height, box_width = float(rows), float(columns)
    if mode == "shortest":
        scale = min(rows / height, columns / width)
        box_height, box_width = height * scale, width * scale
    box_height, box_width = box_height * crop, box_width * crop
    left, top = (columns - box_width) / 2, (rows - box_height) / 2
    box = (left, top, left + box_width, top + box_height)
    return np.asarray(Image.fromarray(frame).resize((width, height), resample, box=box))


def within_area(picture: Picture, most_pixels: int) -> Frame:
    """Return `picture` reduced to `most_pixels` at most, whatever its shape: a panorama keeps its short side legible.

    Returns:
        (h, w, 3) uint8 sRGB, read-only; the picture's own frame where it is no larger.
    """
    height, width = picture.height, picture.width
    if height * width <= most_pixels:
        return picture.frame
    return picture.reduced(max(1, math.isqrt(most_pixels * max(height, width) // min(height, width))))


def relative_box(corners: Iterable[tuple[float, float]], frame: Frame) -> list[float]:
    """Return where points lie, as shares of a frame's width and height: left, top, right, bottom, in 0..1.

    Args:
        corners: (x, y) in pixels of `frame`, one at least.
        frame: (H, W, 3).
    """
    across, down = zip(*corners, strict=True)
    height, width = frame.shape[:2]
    edges = min(across) / width, min(down) / height, max(across) / width, max(down) / height
    return [round(min(max(edge, 0.0), 1.0), 4) for edge in edges]
