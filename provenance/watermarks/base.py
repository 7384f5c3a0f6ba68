"""The seam between the gate and watermark schemes.

A scheme hides bits in pixels. It MUST NOT modify its input, MUST be deterministic for one key, and MUST NOT present a
wrong payload as found: a `Reading` states its false-positive bound. A reading is evidence, never proof: marks can be
copied from one picture to another, so the caller compares the fingerprint in the signed record as well.
"""

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from provenance.asset import Frame
from provenance.plugins import Plugins

TICKET_BITS: Final = 32
"""What a small picture has room for of an id."""


def is_ticket(payload: int) -> bool:
    """Whether a payload says no more than 32 bits: version 1, and an id whose first 24 bits are 0."""
    return payload >> TICKET_BITS == 1 << 56 - TICKET_BITS


@dataclass(frozen=True, slots=True)
class Reading:
    """What a scheme read from a picture.

    Attributes:
        scheme: the plugin name of the scheme.
        alg: the name for C2PA's `c2pa.soft-binding`, reverse-domain and versioned.
        payload: 64-bit value: 8-bit version, then 56-bit id.
        key_id: which key opened it.
        false_positive_bound: probability that an unmarked picture yields some payload in one call, by arithmetic.
        corrected_bits: how many channel bits the error correction had to mend.
        score: deviations by which the mark stands out of noise, for schemes that measure it.
        carriers: which parts of an asset it was read from, where there are several that can carry one.
        box: left, top, right and bottom, in pixels, of the part of a picture that it was read from; None for all of it.
        others: further marks in the same picture, where the scheme looks for several.
    """

    scheme: str
    alg: str
    payload: int
    key_id: str
    false_positive_bound: float
    corrected_bits: int = 0
    score: float | None = None
    carriers: tuple[str, ...] = ()
    box: tuple[int, int, int, int] | None = None
    others: "tuple[Reading, ...]" = ()

    @property
    def is_ticket(self) -> bool:
        """Whether it says 32 bits, all that a small picture has room for."""
        return is_ticket(self.payload)


@dataclass(frozen=True, slots=True)
class WatermarkKey:
    """A secret for one or more schemes.

    Attributes:
        key_id: public name, at most 16 ASCII characters; stored beside soft bindings.
        secret: 32 random bytes; schemes derive their own keys from it (HKDF), never use it as it is.
    """

    key_id: str
    secret: bytes

    def __repr__(self) -> str:
        """Name the key without showing it."""
        return f"WatermarkKey({self.key_id!r})"


class Watermark(Protocol):
    """Hides a 64-bit payload in a picture and finds it again."""

    @property
    def name(self) -> str:
        """Plugin name."""

    @property
    def alg(self) -> str:
        """Name for soft bindings."""

    def capacity_bits(self, height: int, width: int) -> int:
        """Return the payload bits that a picture of this size can carry: 64, 32 or 0."""

    def embed(self, frame: Frame, payload: int) -> Frame:
        """Return a marked copy of `frame`.

        Args:
            frame: (H, W, 3) uint8 sRGB; not modified.
            payload: 0 <= payload < 2**64.

        Raises:
            PayloadTooLargeError: the payload does not fit what the scheme carries.
            UnmarkableError: this picture cannot carry the mark.
            WatermarkError: wrong dtype or shape.
        """

    def extract(self, frame: Frame) -> Reading | None:
        """Look for a mark under every key held; None when none is found.

        Raises:
            WatermarkError: wrong dtype or shape.
        """


@runtime_checkable
class ReadsSeveral(Protocol):
    """A scheme that finds every mark of a collage or a page."""

    def extract_all(self, frame: Frame) -> Reading | None:
        """Look for marks under every key held: the largest one, with the others; None when none is found.

        Raises:
            WatermarkError: wrong dtype or shape.
        """


@runtime_checkable
class TakesOff(Protocol):
    """A scheme that can take its own mark out of a picture again."""

    def take_off(self, frame: Frame) -> Frame:
        """Return a frame without the marks of keys held that lie in it as they were laid; itself where none does.

        Raises:
            WatermarkError: wrong dtype or shape.
        """


class WatermarkFactory(Protocol):
    """What a plugin's name stands for."""

    def __call__(self, keys: tuple[WatermarkKey, ...]) -> Watermark:
        """Build a scheme; embeds under the first key, extracts under all."""


WATERMARKS: Plugins[WatermarkFactory] = Plugins(
    kind="watermarks",
    builtins={
        "tile": "provenance.watermarks.tile.scheme:Tile",
        "tile2": "provenance.watermarks.tile2.scheme:Tile2",
        "dwt_dct_svd": "provenance.watermarks.dwt_dct_svd:DwtDctSvd",
        "riva_gan": "provenance.watermarks.riva_gan:RivaGan",
    },
    extras={"riva_gan": "rivagan"},
)
