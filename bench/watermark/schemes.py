"""The schemes that are measured side by side: ours through the gate's own protocol, the library as its README has it.

A scheme here embeds 64 bits under one of twelve keys and returns what it reads, or None. The library has no key and no
check: it returns some bits for every picture, so its wrong payloads are no claims, and `checked` says so.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, Protocol

import numpy as np

from provenance.asset import Frame
from provenance.errors import UnknownPluginError
from provenance.watermarks.base import WATERMARKS, Watermark, WatermarkKey

KEYS: Final = tuple(
    WatermarkKey(f"bench-{number:02d}", hashlib.sha256(f"chopmark bench key {number}".encode()).digest())
    for number in range(12)
)


class Scheme(Protocol):
    """What is measured."""

    name: str
    payload_bits: int
    checked: bool

    def embed(self, frame: Frame, payload: int, key: int) -> Frame:
        """Return a marked copy."""

    def extract(self, frame: Frame, key: int) -> int | None:
        """Return what is read under a key, or None."""


class Plugin:
    """A scheme behind `provenance.watermarks`, one instance for each key."""

    payload_bits = 64
    checked = True

    def __init__(self, name: str) -> None:
        self.name = name
        factory = WATERMARKS.load(name)
        self._make: Callable[[int], Watermark] = cache(lambda key: factory((KEYS[key],)))

    def embed(self, frame: Frame, payload: int, key: int) -> Frame:
        """Return a marked copy."""
        return self._make(key).embed(frame, payload)

    def extract(self, frame: Frame, key: int) -> int | None:
        """Return what is read under a key, or None."""
        reading = self._make(key).extract(frame)
        return None if reading is None else reading.payload


class Library:
    """invisible-watermark the way its README uses it, told the number of bits."""

    checked = False

    def __init__(self, name: str, method: str, payload_bits: int) -> None:
        from imwatermark import WatermarkDecoder, WatermarkEncoder

        self.name, self.payload_bits, self._method = name, payload_bits, method
        self._encoder, self._decoder = WatermarkEncoder(), WatermarkDecoder("bytes", payload_bits)
        if method == "rivaGan":
            WatermarkEncoder.loadModel()
            WatermarkDecoder.loadModel()

    def embed(self, frame: Frame, payload: int, key: int) -> Frame:
        """Return a marked copy; there is no key."""
        del key
        self._encoder.set_by_bytes(payload.to_bytes(self.payload_bits // 8, "big"))
        return np.ascontiguousarray(
            self._encoder.encode(np.ascontiguousarray(frame[..., ::-1]), self._method)[..., ::-1]
        )

    def extract(self, frame: Frame, key: int) -> int | None:
        """Return the bits found, whatever they are; None where the library takes no picture of this size."""
        del key
        if frame.shape[0] * frame.shape[1] < 256 * 256:
            return None
        found = self._decoder.decode(np.ascontiguousarray(frame[..., ::-1]), self._method)
        return int.from_bytes(found, "big")


SCHEMES: Final[Mapping[str, Callable[[], Scheme]]] = {
    "tile": lambda: Plugin("tile"),
    "tile2": lambda: Plugin("tile2"),
    "dwt_dct_svd": lambda: Plugin("dwt_dct_svd"),
    "riva_gan": lambda: Plugin("riva_gan"),
    "library_dwtDctSvd": lambda: Library("library_dwtDctSvd", "dwtDctSvd", 64),
    "library_dwtDct": lambda: Library("library_dwtDct", "dwtDct", 64),
    # RivaGAN's network carries 32 bits, no more.
    "library_rivaGan": lambda: Library("library_rivaGan", "rivaGan", 32),
}


def load(name: str) -> Scheme | None:
    """Build a scheme; None, with a line that says so, where this checkout does not have it."""
    if name not in SCHEMES:
        raise SystemExit(f"expected one of {', '.join(SCHEMES)}, got {name!r}")
    try:
        return SCHEMES[name]()
    except (UnknownPluginError, ImportError) as exc:
        print(f"{name}: skipped, not here ({exc})")
        return None


def payload_of(picture: str, bits: int) -> int:
    """Return the payload of a picture: version 1 and a random id, or as many low bits of it as fit."""
    digest = hashlib.sha256(f"payload|{picture}".encode()).digest()
    return (1 << 56 | int.from_bytes(digest[:7], "big")) & ((1 << bits) - 1)


def key_of(number: int) -> int:
    """Return the key for the n-th picture: keys are taken in turn."""
    return number % len(KEYS)
