"""Are there faces in the picture: how many, where, and how large?

Asks YuNet, 54,000 weights that lie beside this file, through ONNX Runtime. Whose faces they are it cannot say, nor how
old: no weights were found that tell a child's face at an error worth having and may be used, so nothing here does.
Source: `cards/faces.toml`.
"""

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.pixels import list_views, relative_box, within_area
from provenance.asset import Frame, sha256_hex
from provenance.errors import ConfigurationError, DetectorUnavailableError
from provenance.inference import load_session
from provenance.media.picture.raster import Picture

_WEIGHTS: Final = "faces.onnx"
# A face of 10 pixels is the least that the network finds: of a square picture one fiftieth of its side.
_MOST_PIXELS: Final = 640 * 640
_STRIDES: Final = (8, 16, 32)
_MULTIPLE: Final = 32
_MOST_FACES: Final = 50
# What the authors' own code uses: two boxes that share this much, of both, are one face.
_SAME_FACE: Final = 0.45
# Of one stride; a larger logarithm would be no face but a hostile number.
_LARGEST_SIDE: Final = 6.0

Boxes = NDArray[np.float32]
"""(N, 5) float32: score 0..1, then left, top, right and bottom in pixels."""


@dataclass(slots=True)
class FacesDetector:
    """Finds faces; takes no options."""

    toolbox: Toolbox
    card: Card = field(init=False)
    _session: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.toolbox.options:
            raise ConfigurationError(f"detector 'faces' has no option {min(self.toolbox.options)!r}")
        self.card = load_card("faces")

    def warm(self) -> None:
        """Load the network, compare it with the card, and look once.

        Raises:
            DetectorUnavailableError: the weights are missing, or not those of the card.
        """
        try:
            weights = files("detectors").joinpath("models", "faces", _WEIGHTS).read_bytes()
        except OSError as exc:
            raise DetectorUnavailableError(
                f"{_WEIGHTS} is not where the package has it: install chopmark again"
            ) from exc
        digest = sha256_hex(weights)
        if digest != self.card.weights[_WEIGHTS]:
            raise DetectorUnavailableError(
                f"expected {_WEIGHTS} with SHA-256 {self.card.weights[_WEIGHTS][:12]}…, got {digest[:12]}…"
            )
        self._session = load_session(weights)
        self._find(np.zeros((_MULTIPLE, _MULTIPLE, 3), np.uint8))

    def detect(self, subject: Subject) -> Signal:
        """Answer about the pixels of `subject`; of a transparent picture, about the view with most of faces.

        Raises:
            DetectorUnavailableError: as `warm`, which the first call makes if nobody did.
        """
        if self._session is None:
            self.warm()
        looks = [(self._look(view.picture), view.name) for view in list_views(subject.picture)]
        faces, view = max(looks, key=lambda look: (len(look[0]), sum(face["share"] for face in look[0])))
        largest = max((face["share"] for face in faces), default=0.0)
        scores = {"faces": max((face["face"] for face in faces), default=0.0), "faces_large": largest}
        summary = {"faces": len(faces), "largest": largest, "view": view}
        evidence = (summary, *sorted(faces, key=lambda face: -face["share"])[:_MOST_FACES])
        count = f"{len(faces)} face{'' if len(faces) == 1 else 's'}"
        reason = f"{count}, the largest {largest:.1%} of the picture" if faces else "no face was found"
        return Signal("faces", self.card.version, Status.OK, scores, evidence, reason)

    def _look(self, picture: Picture) -> list[dict[str, Any]]:
        """Return a record for each face of an opaque picture: its score, its box, and its share of the area."""
        frame = within_area(picture, _MOST_PIXELS)
        records = []
        for score, left, top, right, bottom in self._find(frame).tolist():
            box = relative_box([(left, top), (right, bottom)], frame)
            share = (box[2] - box[0]) * (box[3] - box[1])
            records.append({"face": round(score, 4), "box": box, "share": round(share, 4)})
        return records

    def _find(self, frame: Frame) -> Boxes:
        import cv2

        bottom, right = -frame.shape[0] % _MULTIPLE, -frame.shape[1] % _MULTIPLE
        padded = cv2.copyMakeBorder(frame, 0, bottom, 0, right, cv2.BORDER_CONSTANT)
        # As OpenCV reads files, which is how the network learned: blue, green, red, 0-255.
        pixels = np.ascontiguousarray(padded[:, :, ::-1].transpose(2, 0, 1)[np.newaxis], dtype=np.float32)
        maps = self._session.run(None, {"pixels": pixels})
        least = self.card.thresholds["least"]
        boxes = np.concatenate([read_boxes(one[0], stride, least) for one, stride in zip(maps, _STRIDES, strict=True)])
        return drop_same(boxes)


def read_boxes(answer: NDArray[np.float32], stride: int, least: float) -> Boxes:
    """Return the boxes of one level that score `least` or more.

    Args:
        answer: (6, H, W): class and object as logits, the centre's place from the cell's corner and the logarithms of
            the sides, both in strides.
        stride: pixels of a cell.
        least: score from which on a box counts.
    """
    # YuNet's own score: the root of both probabilities' product.
    sure = 1.0 / (1.0 + np.exp(-answer[:2].astype(np.float64)))
    scores = np.sqrt(sure[0] * sure[1])
    down, across = np.nonzero(scores >= least)
    kept = answer[:, down, across]
    middle = np.stack([across + kept[2], down + kept[3]]) * stride
    half = np.exp(np.minimum(kept[4:], _LARGEST_SIDE)) * (stride / 2)
    return np.vstack([scores[down, across], middle - half, middle + half]).T.astype(np.float32)


def drop_same(boxes: Boxes) -> Boxes:
    """Return `boxes`, surest first, without those that share a face with a surer one."""
    left = boxes[np.argsort(-boxes[:, 0], kind="stable")][: 20 * _MOST_FACES]
    kept = []
    while len(left):
        first, left = left[0], left[1:]
        kept.append(first)
        low, high = np.maximum(first[1:3], left[:, 1:3]), np.minimum(first[3:], left[:, 3:])
        shared = np.prod(np.maximum(high - low, 0.0), axis=1)
        areas = np.prod(left[:, 3:] - left[:, 1:3], axis=1) + np.prod(first[3:] - first[1:3])
        left = left[shared / np.maximum(areas - shared, 1e-6) < _SAME_FACE]
    return np.array(kept, np.float32).reshape(-1, 5)
