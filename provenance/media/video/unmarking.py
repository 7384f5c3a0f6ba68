"""Frames without the mark that this site laid into them, for a clip that goes on from one of its own.

Only who holds the key can do this: what marking a frame once more would add is taken away instead. That nothing is read
then was measured, not proved; where something is, the gate holds what was made, as it does all that carries its mark.
"""

from typing import Final

import numpy as np

from provenance.media.video.shots import CutDetector
from provenance.media.video.stream import Planes
from provenance.watermarks.clip import STRONG, USUAL, ClipMark, LaidMark

# Where no mark is read in a frame, another one is asked after so many.
_ASKED_AGAIN: Final = 12


class Unmarker:
    """Takes the marks out of the frames of a clip, in their order: each shot has one of its own."""

    def __init__(self, mark: ClipMark, *, is_strong: bool) -> None:
        """Begin a clip; small ones were marked more strongly."""
        self._mark, self._quality = mark, STRONG if is_strong else USUAL
        self._cuts, self._frames = CutDetector(), 0
        self._laid: LaidMark | None = None

    def clean(self, planes: Planes) -> Planes:
        """Return planes of narrow range without the mark; what is given is not modified."""
        y = planes.y
        if self._cuts.is_cut(y):
            self._laid, self._frames = None, 0
        if self._laid is None and self._frames % _ASKED_AGAIN == 0:
            self._laid = self._mark.resume_shot(y, self._quality)
        self._frames += 1
        if self._laid is None:
            return planes
        added = self._laid.add(y.copy()).astype(np.int16) - y
        return planes._replace(y=np.asarray(np.clip(y - added, 0, 255), np.uint8))
