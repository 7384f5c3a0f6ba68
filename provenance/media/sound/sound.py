"""A sound taken apart: what is known of it, and its samples as often as somebody asks for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from provenance.asset import MediaType
from provenance.fingerprints.base import Fingerprint
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Facts
from provenance.media.sound.decoding import Samples, Track, open_track, read_blocks
from provenance.media.sound.shape import ShapeMaker
from provenance.media.sound.structure import check_structure, find_type
from provenance.media.view import SOUND, Span, View
from provenance.storage.blob import Blob

# What containers say of themselves, and the label that is read and lives on.
_NO_TAGS: Final = frozenset(
    ("aigc", "encoder", "major_brand", "minor_version", "compatible_brands", "language", "handler_name", "vendor_id")
)


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that was decoded to its end once; immutable.

    Attributes:
        file: as it came in.
        media_type: by its content.
        track: what its headers say.
        duration_s: as decoded.
        peak: largest sample, 1 for full scale.
        loudness: root mean square of all samples.
        code: of the whole sound, None where it has too little structure.
    """

    file: Blob
    media_type: MediaType
    track: Track
    duration_s: float
    peak: float
    loudness: float
    code: Fingerprint | None

    @property
    def facts(self) -> Facts:
        """What the database and policies may know of it."""
        return {
            "duration_s": round(self.duration_s, 3),
            "sample_rate_hz": self.track.rate_hz,
            "channels": self.track.channels,
            "codec": self.track.codec,
        }

    @property
    def left_out(self) -> tuple[str, ...]:
        """What else the file held; nobody looks at it, so none of it ships."""
        parts = []
        if self.track.covers:
            parts.append("a cover picture")
        if self.track.others:
            parts.append("further tracks")
        if any(name.lower() not in _NO_TAGS for name in self.track.tags):
            parts.append("its tags")
        return tuple(parts)

    @property
    def size_bytes(self) -> int:
        """Memory held: the file's, where it lies in memory."""
        return self.file.size_bytes if self.file.is_small else 1 << 16

    def views(self) -> Iterator[View]:
        """Show it whole; whoever looks reads `blocks`."""
        yield View(SOUND, self, Span(0.0, self.duration_s))

    def blocks(self) -> Iterator[Samples]:
        """Decode it again, about a second at a time."""
        return read_blocks(self.file, self.media_type)


def parse_sound(file: Blob, limits: IntakeLimits) -> Sound:
    """Decode a file to its end and keep what is known of it.

    Raises:
        AssetError: it is no sound that can be taken.
    """
    media_type = find_type(file.octets())
    check_structure(file.octets(), media_type, limits)
    with open_track(file, media_type) as (_, _, track):
        pass
    maker, count, peak, power = ShapeMaker(track.rate_hz), 0, 0.0, 0.0
    for block in read_blocks(file, media_type):
        maker.push(block)
        count += block.shape[1]
        peak = max(peak, float(np.abs(block).max()))
        power += float(np.square(block, dtype=np.float64).sum())
    loudness = (power / max(count * track.channels, 1)) ** 0.5
    return Sound(file, media_type, track, count / track.rate_hz, peak, loudness, maker.finish())
