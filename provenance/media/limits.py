"""The bounds that intake puts on a file before it decodes a single pixel."""

from dataclasses import dataclass, fields
from typing import Final

from provenance.errors import ConfigurationError

MEBI: Final = 1 << 20

# Pillow's own alarm, PIL.Image.MAX_IMAGE_PIXELS: above it Pillow warns by itself, whatever we allow.
PIXELS_CEILING: Final = (1 << 30) // 4 // 3

# The largest side that every library below takes: libwebp 16383, libavif and libheif 32768, libpng 1,000,000.
SIDE_CEILING: Final = 32_768


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """What a file may be at most. The defaults keep one decode below 1 GiB of memory and 5 s (docs/intake.md).

    Attributes:
        max_bytes: length of the file.
        max_slow_bytes: the same for AVIF and HEIC, whose decoders take ten times as long for a byte.
        max_pixels: width x height of the picture, and of every image inside the file.
        max_side: width and height each.
        max_frames: pictures in the file; with more than one allowed, the first is taken and the rest never ships.
        max_metadata_bytes: everything that is not pixels, as stored and again as it unpacks.
        max_metadata_items: segments, chunks, tags or boxes that are not pixels.
        max_tail_bytes: padding (0x00, 0xFF, spaces, line ends) after the end of the image; anything else is refused.
    """

    max_bytes: int = 64 * MEBI
    max_slow_bytes: int = 8 * MEBI
    max_pixels: int = 40_000_000
    max_side: int = 16_384
    max_frames: int = 1
    max_metadata_bytes: int = 8 * MEBI
    max_metadata_items: int = 1024
    max_tail_bytes: int = 64 * 1024

    def __post_init__(self) -> None:
        """Refuse bounds that cannot work, so that a typing error in settings stops start-up."""
        for field in fields(self):
            if getattr(self, field.name) < (0 if field.name == "max_tail_bytes" else 1):
                raise ConfigurationError(f"{field.name}: expected at least 1, got {getattr(self, field.name)}")
        if self.max_pixels > PIXELS_CEILING:
            raise ConfigurationError(f"max_pixels: expected at most {PIXELS_CEILING}, got {self.max_pixels}")
        if self.max_side > SIDE_CEILING:
            raise ConfigurationError(f"max_side: expected at most {SIDE_CEILING}, got {self.max_side}")


OWN_LIMITS: Final = IntakeLimits(
    max_bytes=1 << 30,
    max_pixels=PIXELS_CEILING,
    max_side=SIDE_CEILING,
    max_metadata_bytes=1 << 28,
    max_metadata_items=1 << 16,
)
"""For our own file: what intake let in may have grown by its marks and by the manifest it keeps as an ingredient."""
