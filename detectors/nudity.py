"""Does the picture show uncovered intimate parts, and where?

Asks NudeNet, an opt-in extra: its metadata says MIT, its licence file and repository say AGPL-3.0, so installing it is
your decision. Only its public interface is used; its labels and boxes become scores and evidence here. Source:
`cards/nudity.toml`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

import numpy as np

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.pixels import list_views, shared_frame
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError, DetectorError, DetectorUnavailableError, MissingExtraError
from provenance.media.picture.image import Picture

_WEIGHTS: Final = "320n.onnx"
_SIDE: Final = 320
# NudeNet 3's labels for what counts as nudity; MALE_BREAST_EXPOSED, feet, belly, armpits and faces do not.
_INTIMATE: Final = frozenset(
    (
        "ANUS_EXPOSED",
        "BUTTOCKS_EXPOSED",
        "FEMALE_BREAST_EXPOSED",
        "FEMALE_GENITALIA_EXPOSED",
        "MALE_GENITALIA_EXPOSED",
    )
)
# Recorded beside them, because they help a moderator to judge; faces and limbs are nobody's business here.
_RELATED: Final = frozenset(
    (
        "ANUS_COVERED",
        "BUTTOCKS_COVERED",
        "FEMALE_BREAST_COVERED",
        "FEMALE_GENITALIA_COVERED",
        "MALE_BREAST_EXPOSED",
    )
)


@dataclass(slots=True)
class NudityDetector:
    """Scores pictures with NudeNet; takes no options."""

    toolbox: Toolbox
    card: Card = field(init=False)
    _network: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.toolbox.options:
            raise ConfigurationError(f"detector 'nudity' has no option {min(self.toolbox.options)!r}")
        self.card = load_card("nudity")

    def warm(self) -> None:
        """Load the network, compare its weights with the card, and run once.

        Raises:
            MissingExtraError: the extra ``nudity-agpl`` is not installed.
            DetectorUnavailableError: the weights are not those of the card.
        """
        try:
            import nudenet

            weights = files("nudenet").joinpath(_WEIGHTS).read_bytes()
        except (ImportError, FileNotFoundError) as exc:
            raise MissingExtraError(
                "detector 'nudity' needs nudenet, which is licensed AGPL-3.0; if you accept that: "
                "pip install 'chopmark[nudity-agpl]'"
            ) from exc
        digest = sha256_hex(weights)
        if digest != self.card.weights[_WEIGHTS]:
            raise DetectorUnavailableError(
                f"expected {_WEIGHTS} with SHA-256 {self.card.weights[_WEIGHTS][:12]}…, got {digest[:12]}…"
            )
        network = nudenet.NudeDetector()
        network.detect(np.zeros((_SIDE, _SIDE, 3), np.uint8))
        self._network = network

    def detect(self, subject: Subject) -> Signal:
        """Answer about the pixels of `subject`; of a transparent picture, about the worst of its views.

        Raises:
            MissingExtraError: as `warm`, which the first call makes if nobody did.
            DetectorError: the network's answer is not of the form that its version gives.
        """
        if self._network is None:
            self.warm()
        records: list[dict[str, Any]] = []
        for view in list_views(subject.picture):
            records += ({**record, "view": view.name} for record in self._find(view.picture))
        score = max((record["score"] for record in records if record["part"] in _INTIMATE), default=0.0)
        reason = f"{sum(record['part'] in _INTIMATE for record in records)} uncovered intimate parts"
        return Signal("nudity", self.card.version, Status.OK, {"nudity": score}, tuple(records), reason)

    def _find(self, picture: Picture) -> list[dict[str, Any]]:
        frame = shared_frame(picture, _SIDE)
        # NudeNet takes arrays as OpenCV reads files: blue, green, red.
        found = self._network.detect(np.ascontiguousarray(frame[:, :, ::-1]))
        return build_records(found, scale=picture.width / frame.shape[1])


def build_records(found: Sequence[Mapping[str, Any]], *, scale: float) -> list[dict[str, Any]]:
    """Return evidence for what NudeNet found: intimate and related parts, surest first.

    Args:
        found: mappings with ``class``, ``score`` 0..1 and ``box`` (left, top, width, height in pixels).
        scale: from the pixels of `found` to those of the full picture.

    Raises:
        DetectorError: `found` is not of that form.
    """
    try:
        records = [
            {
                "part": str(one["class"]),
                "score": float(one["score"]),
                "box": [round(float(edge) * scale) for edge in one["box"]],
            }
            for one in found
            if one["class"] in _INTIMATE | _RELATED
        ]
    except (KeyError, TypeError, ValueError) as exc:
        raise DetectorError(f"nudenet answered in another form than version 3.4.2 does: {exc!r}") from exc
    return sorted(records, key=lambda record: -record["score"])
