"""What the tile's tests share: keys, layouts, marked photographs."""

from functools import cache

import cv2
import numpy as np

from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile.layout import build_layout
from provenance.watermarks.tile.scheme import Tile
from tests.provenance.watermarks.photographs import photograph

KEY = WatermarkKey("first", bytes(range(32)))
OTHER = WatermarkKey("second", bytes(range(100, 132)))
LAYOUT = build_layout(KEY, Tile.alg)
TILE = Tile((KEY,))
PAYLOAD = 0x01_13_57_9B_DF_02_46_8A


@cache
def marked(name="coffee.png", height=384, width=576):
    frame = TILE.embed(photograph(name, height, width), PAYLOAD)
    frame.flags.writeable = False
    return frame


def turned(frame, degrees, scale=1.0):
    """Return the frame turned about its middle, its corners filled by reflection."""
    height, width = frame.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    return cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def cropped(frame, share, down=0.3, across=0.7):
    """Return the part of the frame that keeps `share` of its area."""
    height, width = (round(side * share**0.5) for side in frame.shape[:2])
    top, left = round((frame.shape[0] - height) * down), round((frame.shape[1] - width) * across)
    return np.ascontiguousarray(frame[top : top + height, left : left + width])


def resized(frame, across, down=None):
    size = round(frame.shape[1] * across), round(frame.shape[0] * (down or across))
    how = cv2.INTER_AREA if across < 1 else cv2.INTER_CUBIC
    return cv2.resize(frame, size, interpolation=how)
