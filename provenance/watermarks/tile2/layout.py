"""What a key fixes beyond the first tile's layout: the sign of every data line in every cell of a large square.

A cell is one period of the sync lines, 128 pixels of the canonical picture. Lines, phases and code bits are derived as
for the first tile, under this scheme's own name. What is new:

    signs    HKDF-SHA256(secret, no salt, info = "chopmark watermark org.chopmark.tile.2 signs"), 64 bytes: an origin
             key (32) and a seed (32). SHAKE-256(seed) gives 1024 x 16 x 16 bits, most significant first: data line l
             has in cell (row, column) of the square bit 256 l + 16 row + column; 1 turns the line's sign.
    origin   which cell of the square lies at the picture's own corner: any. `choose_origin` takes it from the origin
             key, the payload and the picture, so that no two pictures need have the same.

So only sync repeats. Laid over itself by its period a picture shows no data line, each line has a pattern of its own,
and patterns of two pictures under one key are shifted against each other.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile.layout import DATA_LINES, Layout, build_layout

ALG: Final = "org.chopmark.tile.2"
FIRST_ALG: Final = "org.chopmark.tile.1"
SQUARE: Final = 16
"""Cells after which signs repeat: twice as many as the largest canonical picture has."""

Origin = tuple[int, int]
"""Row and column of the square's cell that lies first."""


@dataclass(frozen=True, slots=True, eq=False)
class CellLayout:
    """Everything that a key fixes.

    Attributes:
        lines: places, phases and code bits of sync and data lines.
        signs: (1024, 32, 32) of 1 and -1: the square, laid twice each way, so that any part of it is a slice.
        origin_key: for choosing origins.
        first: what the key fixes for the first tile.
        searched: the same lines without data: whose energy shows in a whole picture's spectrum is sync alone.
    """

    lines: Layout
    signs: NDArray[np.int8]
    origin_key: bytes
    searched: Layout
    first: Layout

    def __repr__(self) -> str:
        """Name the key without showing anything of it."""
        return f"CellLayout({self.lines.key_id!r})"


def build_cell_layout(key: WatermarkKey) -> CellLayout:
    """Return the layout of a key."""
    info = b"chopmark watermark " + ALG.encode("ascii") + b" signs"
    stream = HKDF(algorithm=SHA256(), length=64, salt=None, info=info).derive(key.secret)
    count = DATA_LINES * SQUARE * SQUARE
    drawn = np.frombuffer(hashlib.shake_256(stream[32:]).digest(count // 8), np.uint8)
    square = 1 - 2 * np.unpackbits(drawn).astype(np.int8).reshape(DATA_LINES, SQUARE, SQUARE)
    lines = build_layout(key, ALG)
    return CellLayout(
        lines=lines,
        signs=np.ascontiguousarray(np.tile(square, (1, 2, 2))),
        origin_key=stream[:32],
        searched=replace(lines, data=np.zeros((0, 2), np.int64)),
        first=build_layout(key, FIRST_ALG),
    )


def choose_origin(layout: CellLayout, small: Frame, payload: int) -> Origin:
    """Return the origin for a picture of canonical size: the same for the same picture, payload and key."""
    import cv2

    seen = cv2.resize(small, (32, 32), interpolation=cv2.INTER_AREA)
    drawn = hmac.digest(layout.origin_key, payload.to_bytes(8, "big") + seen.tobytes(), "sha256")
    return drawn[0] % SQUARE, drawn[1] % SQUARE
