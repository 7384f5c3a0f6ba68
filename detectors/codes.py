"""Is there a QR code or barcode in the picture, and what does it point to?

Asks zxing-cpp, which reads codes turned, tilted, inverted and small, of twenty kinds. A code is read and judged by its
payload (`detectors.payload`); nothing that it names is ever visited. Source: `cards/codes.toml`.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.payload import Payload, Sort, read_payload
from detectors.pixels import list_views, relative_box, within_area
from provenance.asset import Frame
from provenance.errors import ConfigurationError, MissingExtraError

# A larger picture is reduced to this, so that none takes more than a tenth of a second.
_MOST_PIXELS: Final = 2048 * 2048
_LONGEST_SIDE: Final = 65_535
"""What zxing-cpp takes."""
# A picture's audit record has to stay small; a sheet of labels is judged by its gravest.
_MOST_EVIDENCE: Final = 20


@dataclass(slots=True)
class CodesDetector:
    """Reads codes and judges their payloads; takes no options."""

    toolbox: Toolbox
    card: Card = field(init=False)

    def __post_init__(self) -> None:
        if self.toolbox.options:
            raise ConfigurationError(f"detector 'codes' has no option {min(self.toolbox.options)!r}")
        self.card = load_card("codes")

    def warm(self) -> None:
        """Look once.

        Raises:
            MissingExtraError: zxing-cpp is not installed.
        """
        _read(np.zeros((32, 32, 3), np.uint8))

    def detect(self, subject: Subject) -> Signal:
        """Answer about the pixels of `subject`, in each way that people may see them.

        Raises:
            MissingExtraError: as `warm`.
        """
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for view in list_views(subject.picture):
            frame = within_area(view.picture, _MOST_PIXELS)
            if max(frame.shape[:2]) > _LONGEST_SIDE:
                frame = view.picture.reduced(_LONGEST_SIDE)
            for kind, text, corners in _read(frame):
                record = self._record(kind, read_payload(text), relative_box(corners, frame))
                found.setdefault((kind, text), {**record, "view": view.name})
        records = sorted(found.values(), key=lambda record: -record["score"])
        scores = {
            "codes": float(bool(records)),
            "codes_hazard": max((record["score"] for record in records), default=0.0),
            "codes_link": float(any(record["sort"] == Sort.LINK for record in records)),
        }
        return Signal("codes", self.card.version, Status.OK, scores, tuple(records[:_MOST_EVIDENCE]), _reason(records))

    def _record(self, kind: str, payload: Payload, box: list[float]) -> dict[str, Any]:
        return {
            "code": kind,
            "sort": str(payload.sort),
            "says": payload.shown,
            "length": payload.length,
            "worries": list(payload.worries),
            "score": max((self.card.thresholds[worry.replace(" ", "_")] for worry in payload.worries), default=0.0),
            "box": box,
        }


def _reason(records: list[dict[str, Any]]) -> str:
    if not records:
        return "no code was read"
    worries = list(dict.fromkeys(worry for record in records for worry in record["worries"]))
    told = f"{len(records)} code{'' if len(records) == 1 else 's'}"
    return f"{told}: {', '.join(worries)}" if worries else f"{told}, of nothing that worries"


def _read(frame: Frame) -> list[tuple[str, str, list[tuple[float, float]]]]:
    """Return the kind, the text and the corners in pixels of each code."""
    import cv2

    try:
        import zxingcpp
    except ImportError as exc:
        raise MissingExtraError("detector 'codes' needs zxing-cpp: pip install zxing-cpp") from exc
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    read = []
    for one in zxingcpp.read_barcodes(luma):
        where = one.position
        corners = [where.top_left, where.top_right, where.bottom_right, where.bottom_left]
        read.append((str(one.format), one.text, [(float(point.x), float(point.y)) for point in corners]))
    return read
