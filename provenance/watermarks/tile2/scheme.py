"""The scheme `tile2`: the tile without its period, so that nobody without the key takes it out by folding.

Forth: `layout` (what a key fixes), `mask` (how strong the mark may be), `cells`, `embedding`. Back: `placing` (where
the tile lies), `reading` (what it says), `detection`. What it shares with the first tile (code, front end, search over
geometries) is the first tile's. docs/watermark.md is the specification.
"""

from dataclasses import replace
from typing import Final

from provenance.asset import Frame
from provenance.errors import UnmarkableError, WatermarkError
from provenance.watermarks.base import TICKET_BITS, Reading, WatermarkKey, is_ticket
from provenance.watermarks.frames import require_frame
from provenance.watermarks.tile.code import CHANCE_PER_TEST, PAYLOAD_BITS
from provenance.watermarks.tile.detection import Detection
from provenance.watermarks.tile2.detection import MOST_TESTS, detect
from provenance.watermarks.tile2.embedding import LEAST_SIDE, LEAST_TICKET_SIDE, embed_tile, take_off
from provenance.watermarks.tile2.layout import ALG, build_cell_layout
from provenance.watermarks.tile2.places import Box
from provenance.watermarks.tile2.several import Found, detect_all


class Tile2:
    """Hides 64 bits in a picture with sides of at least 160 pixels, 32 from 128 on, under one or more keys.

    Limits: a reading is evidence, its absence is not. The mark can be moved to another picture, and regeneration
        removes it; sync lines repeat and can be taken out, after which only a frame that was kept reads. Figures and
        residual risks: docs/watermark.md.
    """

    name: Final = "tile2"
    alg: Final = ALG

    def __init__(self, keys: tuple[WatermarkKey, ...]) -> None:
        if not keys:
            raise WatermarkError("expected at least one key, got none")
        for key in keys:
            if len(key.secret) != 32:
                raise WatermarkError(f"expected a secret of 32 bytes for key {key.key_id!r}, got {len(key.secret)}")
        self.layouts = tuple(build_cell_layout(key) for key in keys)
        self.false_positive_bound = min(1.0, MOST_TESTS * len(keys) * CHANCE_PER_TEST)
        """Probability that `extract` finds something in a picture not marked under a key held, by arithmetic."""

    def capacity_bits(self, height: int, width: int) -> int:
        """Return 64, 32 for a picture with a side under 160 pixels, 0 under 128."""
        least = min(height, width)
        return PAYLOAD_BITS if least >= LEAST_SIDE else TICKET_BITS if least >= LEAST_TICKET_SIDE else 0

    def embed(self, frame: Frame, payload: int) -> Frame:
        """Return a marked copy whose mark was read back after a JPEG of quality 50, or at least from the copy itself.

        A mark of the same key that lies there already, as in a part of a release, is taken out first.

        Args:
            frame: (H, W, 3) uint8 sRGB; not modified.
            payload: 0 <= payload < 2**64; under 160 pixels a ticket: version 1 and an id of 32 bits.

        Returns:
            (H, W, 3) uint8, same size; PSNR at least 42 dB.

        Raises:
            PayloadTooLargeError: more than 64 bits.
            UnmarkableError: too small, or too small for this payload, or the mark does not read back at the strength
                that quality allows.
            WatermarkError: wrong dtype or shape.
        """
        frame = require_frame(frame)
        height, width = frame.shape[:2]
        capacity = self.capacity_bits(height, width)
        if not capacity:
            raise UnmarkableError(f"expected sides of at least {LEAST_TICKET_SIDE} pixels, got {width}x{height}")
        if capacity == TICKET_BITS and not is_ticket(payload):
            raise UnmarkableError(
                f"expected a payload of version 1 and {TICKET_BITS} bits for {width}x{height}, got {payload:016x}"
            )
        return embed_tile(frame, payload, self.layouts[0])

    def take_off(self, frame: Frame) -> Frame:
        """Return a frame without the marks of keys held that lie in it upright and at their own size.

        Parts of a marked picture count, and what was compressed: what is left is some 50 dB from what was marked.

        Raises:
            WatermarkError: wrong dtype or shape.
        """
        cleared = require_frame(frame)
        if self.capacity_bits(*cleared.shape[:2]):
            for layout in self.layouts:
                cleared = take_off(cleared, layout)
        return cleared

    def extract(self, frame: Frame) -> Reading | None:
        """Look for a mark under every key held.

        Raises:
            WatermarkError: wrong dtype or shape.
        """
        found = self.inspect(frame)
        return None if found is None else self.report(found)

    def extract_all(self, frame: Frame) -> Reading | None:
        """Look for marks under every key held: the largest one, with the others and their places.

        Raises:
            WatermarkError: wrong dtype or shape.
        """
        found = sorted(self.find_all(frame), key=lambda one: -one.area)
        readings = [self.report(one.detection, one.box) for one in found]
        return replace(readings[0], others=tuple(readings[1:])) if readings else None

    def report(self, found: Detection, box: Box | None = None) -> Reading:
        """Return what was found as the gate's reading."""
        return Reading(
            scheme=self.name,
            alg=self.alg,
            payload=found.match.payload,
            key_id=found.key_id,
            false_positive_bound=self.false_positive_bound,
            corrected_bits=found.match.corrected_bits,
            score=found.match.score,
            box=box,
        )

    def inspect(self, frame: Frame) -> Detection | None:
        """Return what was found and where the tile lies, or None."""
        return detect(require_frame(frame), self.layouts)

    def find_all(self, frame: Frame) -> tuple[Found, ...]:
        """Return every mark that a collage or a page shows at its own size, with its place.

        Raises:
            WatermarkError: wrong dtype or shape.
        """
        return detect_all(require_frame(frame), self.layouts)
