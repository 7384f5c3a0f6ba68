"""Frames without the mark that this site laid into them, for a clip that goes on from one of its own.

Only who holds the key can do this: what marking a frame once more would add is taken away instead. That nothing is read
then was measured, not proved; where something is, the gate holds what was made, as it does all that carries its mark.
"""

import numpy as np

from provenance.media.video.stream import Planes
from provenance.watermarks.clip import STRONG, USUAL, ClipMark


class Unmarker:
    """Takes one mark out of the frames of a clip, in their order."""

    def __init__(self, mark: ClipMark, size: tuple[int, int], payload: int, *, is_strong: bool) -> None:
        """Begin a clip whose frames have this height and width; small ones were marked more strongly."""
        self._shot = mark.begin_shot(*size, payload, quality=STRONG if is_strong else USUAL)

    def clean(self, planes: Planes) -> Planes:
        """Return planes of narrow range without the mark; what is given is not modified."""
        y = planes.y
        added = self._shot.add(y.copy()).astype(np.int16) - y
        return planes._replace(y=np.asarray(np.clip(y - added, 0, 255), np.uint8))
