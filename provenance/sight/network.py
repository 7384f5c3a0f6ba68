"""EfficientNet-Lite0 through ONNX Runtime: a picture becomes a map of features, and a guess among 1,000 names.

The file lies beside this module, 5 MB, and is checked against its digest before it is used. It takes squares of any
multiple of 32 pixels, so one look at a larger square describes every part of a picture at once.
Source: github.com/tensorflow/tpu, models/official/efficientnet/lite, Apache-2.0; made by `training.sight`.
"""

import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame, sha256_hex
from provenance.errors import WeightsError
from provenance.inference import load_session
from provenance.media.picture.raster import Picture

WEIGHTS: Final = "sight.onnx"
WEIGHTS_SHA256: Final = "ec2567cba6ab2b32c8b583139ee05ab5a8b756ed74972591dc44d9b284d97a4d"

SIDE: Final = 224
"""Pixels of the square that the network was trained on."""
STRIDE: Final = 32
"""Pixels of a picture's side that one cell of the map stands for."""
SHARED_SIDE: Final = 512
"""Longest side of what the shared look at a picture is taken of (`look_at`)."""
CHANNELS: Final = 1280
NAMES: Final = 1000


@dataclass(frozen=True, slots=True)
class Look:
    """What the network makes of one picture.

    Attributes:
        features: (rows, columns, 1280) float32, none below zero; a cell stands for 32x32 pixels of what was looked at.
        logits: (1000,) float32 over ImageNet-1k's classes in their usual order.
    """

    features: NDArray[np.float32]
    logits: NDArray[np.float32]


class Network:
    """The network, loaded; safe for any number of threads."""

    def __init__(self, weights: bytes) -> None:
        """Load `weights` as they are; `load_network`, which knows whose they are, is the usual door."""
        self._session = load_session(weights)

    def look(self, frame: Frame, side: int = SIDE) -> Look:
        """Return what the network sees in a picture brought to a square.

        Args:
            frame: (H, W, 3) uint8 sRGB; stretched to the square, whatever its shape.
            side: of the square in pixels, a multiple of 32.
        """
        import cv2

        if side < STRIDE or side % STRIDE:
            raise ValueError(f"expected a side that is a multiple of {STRIDE}, got {side}")
        shrinks = max(frame.shape[:2]) > side
        square = cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        features, logits = self._session.run(None, {"pixels": square[np.newaxis].astype(np.float32)})
        return Look(np.ascontiguousarray(features[0].transpose(1, 2, 0)), logits[0])


def look_at(picture: Picture) -> Look:
    """Return the look at an opaque picture as a whole, which everybody shares: it is made once and kept with it."""
    return picture.derive("sight", lambda: load_network().look(picture.reduced(SHARED_SIDE)))


_LOADING: Final = threading.Lock()


def load_network() -> Network:
    """Return the network that comes with the package; loaded once for the whole process.

    Raises:
        WeightsError: the file is missing, or not the one that this version was tested with.
    """
    with _LOADING:
        return _load()


@cache
def _load() -> Network:
    try:
        weights = files("provenance.sight").joinpath(WEIGHTS).read_bytes()
    except OSError as exc:
        raise WeightsError(f"{WEIGHTS} is not where the package has it: install chopmark again") from exc
    digest = sha256_hex(weights)
    if digest != WEIGHTS_SHA256:
        raise WeightsError(f"expected {WEIGHTS} with SHA-256 {WEIGHTS_SHA256[:12]}…, got {digest[:12]}…")
    return Network(weights)
