"""What an asset is: facts about bytes that intake has verified.

Trust is a type. Bytes from outside are `unverified_*` until `provenance.media.picture.image.parse_image` has looked at
them; an `Asset` exists only for bytes that decoded within bounds and lie in quarantine.
"""

import hashlib
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

import numpy as np
from numpy.typing import NDArray

AssetId = NewType("AssetId", str)
"""A UUIDv7 in its usual text form: unique, and sorts by time of intake."""

Digest = NewType("Digest", str)
"""Lower-case hexadecimal SHA-256 of some bytes, 64 characters."""

Frame = NDArray[np.uint8]
"""(H, W, 3) uint8, sRGB, 0-255, C-contiguous."""

Plane = NDArray[np.uint8]
"""(H, W) uint8, 0-255."""

DIGEST_HEX_LENGTH: Final = 64


class MediaType(StrEnum):
    """Media types that intake takes, by their registered names: of pictures; other media `add` theirs."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    AVIF = "image/avif"
    TIFF = "image/tiff"
    GIF = "image/gif"
    HEIC = "image/heic"

    @property
    def extension(self) -> str:
        """The usual file extension, with its dot."""
        return _EXTENSIONS[self]

    @classmethod
    def add(cls, name: str, *, extension: str) -> "MediaType":
        """Return the type with this registered name, made the first time; listing `MediaType` does not show it."""
        known = cls._value2member_map_.get(name)
        if isinstance(known, cls):
            return known
        made = str.__new__(cls, name)
        made._name_, made._value_ = name, name
        cls._value2member_map_[name] = made
        _EXTENSIONS[made] = extension
        return made


_EXTENSIONS: Final[dict[MediaType, str]] = {
    MediaType.JPEG: ".jpg",
    MediaType.PNG: ".png",
    MediaType.WEBP: ".webp",
    MediaType.AVIF: ".avif",
    MediaType.TIFF: ".tif",
    MediaType.GIF: ".gif",
    MediaType.HEIC: ".heic",
}


class Origin(StrEnum):
    """How an asset came to the gate."""

    GENERATED = "generated"
    """Made by this deployment's own generation core; its recipe is known."""
    SUBMITTED = "submitted"
    """Handed in as a file; whoever did says it was generated, the recipe may be unknown."""


@dataclass(frozen=True, slots=True)
class Asset:
    """Facts about one accepted file.

    Attributes:
        id: unique per submission, so the same bytes handed in twice are two assets.
        sha256: digest of the bytes exactly as handed in.
        media_type: found by content, not by name.
        size_bytes: length of the file.
        facts: what its medium knows of it, such as width and height in pixels, after orientation is applied.
        origin: generated here, or handed in.
    """

    id: AssetId
    sha256: Digest
    media_type: MediaType
    size_bytes: int
    facts: Mapping[str, int | float | str]
    origin: Origin = Origin.SUBMITTED


def sha256_hex(data: bytes) -> Digest:
    """Return the SHA-256 of `data` as lower-case hexadecimal."""
    return Digest(hashlib.sha256(data).hexdigest())


def new_asset_id(at_ms: int | None = None) -> AssetId:
    """Return a fresh UUIDv7 (RFC 9562 s5.7): 48 bits of Unix time in ms, now unless told, then random bits."""
    moment_ms = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    value = (moment_ms & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return AssetId(str(uuid.UUID(int=value)))
