"""RivaGAN's neural marks, with the models that invisible-watermark carries.

The library feeds the whole picture through the networks: 12 s at 1024x1024 for 32 bits, no check, and half of the
payloads lost even untouched. Here the picture is first reduced to a canvas of 512x512, cut into 16 tiles that go
through the networks each on its own, and the difference they make is enlarged and added to the full picture. That costs
the same at any size, makes the mark indifferent to scaling, and gives 16 times 32 channel bits: enough for
`PayloadCode` and its 64-bit payload, with soft decoding of the decoder's logits. Marks of the library itself are
therefore not readable here, nor ours there.

The package's models are opened by path: importing the package would import torch, and nothing here needs it.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.errors import MissingExtraError, UnmarkableError, WatermarkError
from provenance.inference import load_session
from provenance.watermarks.base import Reading, WatermarkKey
from provenance.watermarks.frames import require_frame
from provenance.watermarks.payload import CHANCE_PER_ATTEMPT, CHANNEL_BITS, PayloadCode, Soft, decode_soft

_TILES: Final = 4
_TILE_SIDE: Final = 128
_CANVAS_SIDE: Final = _TILES * _TILE_SIDE
_BATCH: Final = 4
# imwatermark/rivaGan.py: "rivaGan only supports 32 bits watermarks now".
_BITS_A_TILE: Final = 32
# Under half the canvas the difference does not survive being reduced (docs/watermarks.md).
_LEAST_SIDE: Final = 256
# An eighth of the canvas: no mark is left to look for.
_LEAST_READ_SIDE: Final = 64
# One reading, of the picture as it is.
_MAX_ATTEMPTS: Final = 1


class RivaGan:
    """Hides 64 bits in all of a picture of at least 256 pixels a side.

    Limits: slow (seconds, where `dwt_dct_svd` takes hundredths); survives JPEG 50, scaling and tone changes; lost by
        crops, turns and flips, and to whoever wants it gone. Figures: docs/watermarks.md.
    Source: "Robust Invisible Video Watermarking with Attention", arXiv:1909.01285; models of invisible-watermark 0.2.0.
    """

    name: Final = "riva_gan"
    alg: Final = "org.chopmark.rivagan.1"

    def __init__(self, keys: tuple[WatermarkKey, ...]) -> None:
        if not keys:
            raise WatermarkError("expected at least one key, got none")
        self._codes = tuple(PayloadCode(key, self.alg) for key in keys)
        self._false_positive_bound = min(1.0, _MAX_ATTEMPTS * len(keys) * CHANCE_PER_ATTEMPT)

    def capacity_bits(self, height: int, width: int) -> int:
        """Return 64, or 0 for a picture with a side under 256."""
        return 64 if min(height, width) >= _LEAST_SIDE else 0

    def embed(self, frame: Frame, payload: int) -> Frame:
        """Return a marked copy that has been read back.

        Args:
            frame: (H, W, 3) uint8 sRGB; not modified.
            payload: 0 <= payload < 2**64.

        Returns:
            (H, W, 3) uint8, same size; about 42.5 dB.

        Raises:
            PayloadTooLargeError: more than 64 bits.
            UnmarkableError: a side under 256, or the mark does not read back.
            WatermarkError: wrong dtype or shape.
            MissingExtraError: invisible-watermark is not installed.
        """
        import cv2

        frame = require_frame(frame)
        channel = self._codes[0].encode(payload)
        height, width = frame.shape[:2]
        if not self.capacity_bits(height, width):
            raise UnmarkableError(f"expected sides of at least {_LEAST_SIDE} pixels, got {width}x{height}")
        tiles = _cut(frame)
        bits = np.resize(channel, (len(tiles), _BITS_A_TILE)).astype(np.float32)
        made = _run("encoder", frame=tiles, data=bits)
        difference = cv2.resize(_join(made - tiles) * np.float32(127.5), (width, height), interpolation=cv2.INTER_CUBIC)
        marked: Frame = cv2.add(frame, difference, dtype=cv2.CV_8U)
        reading = self.extract(marked)
        if reading is None or reading.payload != payload:
            raise UnmarkableError("the mark did not read back from this picture")
        return marked

    def extract(self, frame: Frame) -> Reading | None:
        """Look for a mark under every key held.

        Raises:
            WatermarkError: wrong dtype or shape.
            MissingExtraError: invisible-watermark is not installed.
        """
        frame = require_frame(frame)
        if min(frame.shape[:2]) < _LEAST_READ_SIDE:
            return None
        decoded = decode_soft(self._codes, _combine(_run("decoder", frame=_cut(frame)))[None])
        if decoded is None:
            return None
        return Reading(
            scheme=self.name,
            alg=self.alg,
            payload=decoded.payload,
            key_id=decoded.key_id,
            false_positive_bound=self._false_positive_bound,
            corrected_bits=decoded.corrected_bits,
        )


def _combine(logits: NDArray[np.float32]) -> Soft:
    """Return (416,) soft values: logits in units of their tile's typical size, repeats added."""
    typical = np.maximum(np.abs(logits).mean(axis=1, keepdims=True), np.float32(1e-6))
    soft = np.tanh(logits / typical).ravel()
    soft[: len(soft) - CHANNEL_BITS] += soft[CHANNEL_BITS:]
    combined: Soft = soft[:CHANNEL_BITS].astype(np.float32)
    return combined


def _cut(frame: Frame) -> NDArray[np.float32]:
    """Return the canvas as the networks take it: (16, 3, 1, 128, 128), blue first, -1 to 1."""
    import cv2

    shrinks = min(frame.shape[:2]) >= _CANVAS_SIDE
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    canvas = cv2.resize(frame, (_CANVAS_SIDE, _CANVAS_SIDE), interpolation=how)[..., ::-1]
    tiles = canvas.reshape(_TILES, _TILE_SIDE, _TILES, _TILE_SIDE, 3).transpose(0, 2, 4, 1, 3)
    batch = tiles.reshape(_TILES * _TILES, 3, 1, _TILE_SIDE, _TILE_SIDE)
    return np.ascontiguousarray(batch, dtype=np.float32) / np.float32(127.5) - np.float32(1)


def _join(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo `_cut` but for the range of values: return (512, 512, 3), red first."""
    tiles = batch.reshape(_TILES, _TILES, 3, _TILE_SIDE, _TILE_SIDE).transpose(0, 3, 1, 4, 2)
    return np.ascontiguousarray(tiles.reshape(_CANVAS_SIDE, _CANVAS_SIDE, 3)[..., ::-1])


def _run(part: str, **inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Send all tiles through a network, a few at a time: at once they take 0.5 GB."""
    session = _session(part)
    starts = range(0, _TILES * _TILES, _BATCH)
    batches = [{name: value[start : start + _BATCH] for name, value in inputs.items()} for start in starts]
    return np.concatenate([session.run(None, batch)[0] for batch in batches])


@cache
def _session(part: str) -> Any:  # noqa: ANN401 - onnxruntime has no types
    package = find_spec("imwatermark")
    if package is None or package.origin is None:
        raise MissingExtraError("riva_gan needs the models in invisible-watermark: pip install 'chopmark[rivagan]'")
    model = Path(package.origin).parent / f"rivagan_{part}.onnx"
    return load_session(model)
