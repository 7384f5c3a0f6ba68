"""The seam between clips and the watermark in their frames: brightness in, brightness out, and back to a payload.

The newest tile does the work. Its mark is the one of stills, laid at a coarser size, so a frame that was saved as a
picture is read by the scheme for pictures as well.
"""

from collections.abc import Sequence
from typing import Final

from provenance.errors import UnmarkableError, WatermarkError
from provenance.watermarks.base import Reading, WatermarkKey
from provenance.watermarks.tile.code import CHANCE_PER_TEST
from provenance.watermarks.tile.frames import MOST_READS, PATHS, FrameOfShot, read_frames, read_straight
from provenance.watermarks.tile.layout import build_layout
from provenance.watermarks.tile.mask import Quality
from provenance.watermarks.tile.scheme import Tile
from provenance.watermarks.tile.shot import LEAST_SIDE, STRONG, USUAL, ShotMark

__all__ = ["STRONG", "USUAL", "ClipMark", "FrameOfShot", "ShotMark"]


class ClipMark:
    """Hides 64 bits in each shot of a clip, under one or more keys.

    Limits: a reading is evidence, its absence is not; docs/video.md has the figures.
    """

    name: Final = Tile.name
    alg: Final = Tile.alg

    def __init__(self, keys: tuple[WatermarkKey, ...]) -> None:
        """Embed under the first key, read under all."""
        if not keys:
            raise WatermarkError("expected at least one key, got none")
        self._layouts = tuple(build_layout(key, self.alg) for key in keys)
        self.false_positive_bound = min(1.0, MOST_READS * PATHS * len(keys) * CHANCE_PER_TEST)
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

    def is_read_straight(self, frames: Sequence[FrameOfShot]) -> bool:
        """Say whether a mark under a key held lies in frames where it was laid; nothing is searched."""
        return read_straight(frames, self._layouts) is not None

    def read(self, frames: Sequence[FrameOfShot]) -> Reading | None:
        """Look for a mark under every key held."""
        found = read_frames(frames, self._layouts)
        if found is None:
            return None
        return Reading(
            scheme=self.name,
            alg=self.alg,
            payload=found.match.payload,
            key_id=found.key_id,
            false_positive_bound=self.false_positive_bound,
            corrected_bits=found.match.corrected_bits,
            score=found.match.score,
        )
