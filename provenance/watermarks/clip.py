"""The seam between clips and the watermark in their frames: brightness in, brightness out, and back to a payload.

The newest tile does the work; clips that earlier versions marked with the first one are still read. A mark is that of
stills, laid at a coarser size, so a frame that was saved as a picture is read by the scheme for pictures as well.
"""

from collections.abc import Sequence
from typing import Final

from provenance.asset import Plane
from provenance.errors import UnmarkableError, WatermarkError
from provenance.watermarks.base import Reading, WatermarkKey
from provenance.watermarks.tile import frames as first_frames
from provenance.watermarks.tile.code import CHANCE_PER_TEST
from provenance.watermarks.tile.frames import FrameOfShot
from provenance.watermarks.tile.mask import Quality
from provenance.watermarks.tile.scheme import Tile
from provenance.watermarks.tile.shot import ShotMark as FirstShotMark
from provenance.watermarks.tile.shot import to_small
from provenance.watermarks.tile2 import frames
from provenance.watermarks.tile2.layout import build_cell_layout
from provenance.watermarks.tile2.scheme import Tile2
from provenance.watermarks.tile2.shot import LEAST_SIDE, STRONG, USUAL, ShotMark

__all__ = ["STRONG", "USUAL", "ClipMark", "FrameOfShot", "LaidMark", "ShotMark"]

LaidMark = ShotMark | FirstShotMark
"""What laid a mark that was found: today's, or that of earlier versions."""


class ClipMark:
    """Hides 64 bits in each shot of a clip, under one or more keys.

    Limits: a reading is evidence, its absence is not; who averages the frames of a long shot that moves sees the mark
    and can take it out. docs/video.md has the figures.
    """

    name: Final = Tile2.name
    alg: Final = Tile2.alg
    algs: Final = (Tile2.alg, Tile.alg)
    """What is read: what is laid, and what earlier versions laid."""

    def __init__(self, keys: tuple[WatermarkKey, ...]) -> None:
        """Embed under the first key, read under all."""
        if not keys:
            raise WatermarkError("expected at least one key, got none")
        self._layouts = tuple(build_cell_layout(key) for key in keys)
        self._first = tuple(layout.first for layout in self._layouts)
        reads = frames.MOST_READS * frames.PATHS + first_frames.MOST_READS * first_frames.PATHS
        self.false_positive_bound = min(1.0, reads * len(keys) * CHANCE_PER_TEST)
        """Probability that `read` finds something in a clip that is not marked under a key held, by arithmetic."""

    def begin_shot(
        self, height: int, width: int, payload: int, *, quality: Quality = USUAL, is_full_range: bool = False
    ) -> ShotMark:
        """Return what marks the frames of a shot, in their order.

        Raises:
            PayloadTooLargeError: more than 64 bits.
            UnmarkableError: the frames are too small.
        """
        if min(height, width) < LEAST_SIDE:
            raise UnmarkableError(f"expected sides of at least {LEAST_SIDE} pixels, got {width}x{height}")
        return ShotMark(self._layouts[0], payload, quality=quality, is_full_range=is_full_range)

    def resume_shot(self, luma: Plane, quality: Quality) -> LaidMark | None:
        """Return what laid the mark that lies in a frame (H, W) where it was laid; None where none is read there."""
        laid = [FrameOfShot(to_small(luma), 0, is_key=True)]
        if found := frames.read_straight(laid, self._layouts):
            layout = next(one for one in self._layouts if one.lines.key_id == found.key_id)
            return ShotMark(layout, found.match.payload, quality=quality, laying=(found.match.code, found.origin))
        if first := first_frames.read_straight(laid, self._first):
            lines = next(one for one in self._first if one.key_id == first.key_id)
            return FirstShotMark(lines, first.match.payload, quality=quality)
        return None

    def is_read_straight(self, seen: Sequence[FrameOfShot]) -> bool:
        """Say whether a mark under a key held lies in frames where it was laid; nothing is searched."""
        if frames.read_straight(seen, self._layouts) is not None:
            return True
        return first_frames.read_straight(seen, self._first) is not None

    def read(self, seen: Sequence[FrameOfShot]) -> Reading | None:
        """Look for a mark under every key held."""
        found = frames.read_frames(seen, self._layouts)
        first = None if found else first_frames.read_frames(seen, self._first)
        match, key_id = (found.match, found.key_id) if found else (first.match, first.key_id) if first else (None, "")
        if match is None:
            return None
        scheme = Tile2 if found else Tile
        return Reading(
            scheme=scheme.name,
            alg=scheme.alg,
            payload=match.payload,
            key_id=key_id,
            false_positive_bound=self.false_positive_bound,
            corrected_bits=match.corrected_bits,
            score=match.score,
        )
