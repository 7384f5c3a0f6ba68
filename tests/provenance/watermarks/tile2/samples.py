"""What the second tile's tests share: a layout, marked photographs."""

import json
from functools import cache
from pathlib import Path

from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile2.layout import build_cell_layout
from provenance.watermarks.tile2.scheme import Tile2
from tests.provenance.watermarks.photographs import photograph

KEY = WatermarkKey("first", bytes(range(32)))
OTHER = WatermarkKey("second", bytes(range(100, 132)))
LAYOUT = build_cell_layout(KEY)
TILE = Tile2((KEY,))
PAYLOAD = 0x01_13_57_9B_DF_02_46_8A
VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "watermark_tile2.json").read_text())


@cache
def marked(name="coffee.png", height=384, width=576):
    frame = TILE.embed(photograph(name, height, width), PAYLOAD)
    frame.flags.writeable = False
    return frame
