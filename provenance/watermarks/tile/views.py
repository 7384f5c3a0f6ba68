"""What both tiles look at in one picture, each made when it is first asked for and then kept.

Whoever reads a file asks one scheme after the other for the same frame. So the views of the last frame that nobody can
write to are kept for the thread; they go when the frame goes.
"""

import threading
import weakref
from functools import cached_property
from typing import Final

import numpy as np

from provenance.asset import Frame
from provenance.watermarks.tile.canonical import halved, middle, to_canonical
from provenance.watermarks.tile.front import Residual, build_difference, build_residual, build_thorough
from provenance.watermarks.tile.geometry import Power, build_power
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile.reading import IDENTITY, Folded, fold

SMALL: Final = 200_000
"""A picture of fewer pixels is quiet at its lines, and each attempt is cheap: more are made."""
MIDDLE: Final = 512
"""Side of what is looked at first in a large picture."""
# What was enlarged is found in the picture at half its size; smaller ones are too poor in lines to be that.
_ENLARGED_FROM: Final = 600


class Views:
    """A picture at canonical size, and what stands out in it.

    Attributes:
        small: (H, W, 3) the picture, shrunk to a longest side of 1024.
        is_small: fewer pixels than `SMALL`.
        is_large: so large that its middle is looked at first.
        is_enlarged: so large that it may have been enlarged.
    """

    def __init__(self, frame: Frame) -> None:
        """Shrink the picture; nothing else yet."""
        self.small: Frame = to_canonical(frame)
        height, width = self.small.shape[:2]
        self.is_small = height * width < SMALL
        self.is_large = min(height, width) > MIDDLE + PERIOD
        self.is_enlarged = max(height, width) >= _ENLARGED_FROM
        # Colour tells a large picture's middle as well as the whole; a small one needs all of it.
        self._coloured_side = max(height, width) if height * width < 2 * SMALL else MIDDLE

    @cached_property
    def middle_luma(self) -> Residual:
        """Brightness of the middle."""
        return build_residual(middle(self.small, MIDDLE), in_colour=False)

    @cached_property
    def luma(self) -> Residual:
        """Brightness of the whole."""
        return build_residual(self.small, in_colour=False)

    @cached_property
    def thorough_luma(self) -> Residual:
        """Brightness of the whole, looked at four times as closely."""
        return build_thorough(self.small)

    @cached_property
    def folded_luma(self) -> Folded:
        """Brightness of the whole, its periods added up as they lie."""
        folded = fold(self.luma, IDENTITY)
        assert folded is not None, "the identity is never degenerate"
        return folded

    @cached_property
    def difference(self) -> Residual:
        """The blue difference: of all of it where the picture is small, else of its middle."""
        return build_difference(middle(self.small, self._coloured_side))

    @cached_property
    def coloured_luma(self) -> Residual:
        """Brightness of the part of which the blue difference is known."""
        return middle(self.luma, self._coloured_side)

    @cached_property
    def both(self) -> Residual:
        """Brightness and blue difference added up, of the same part."""
        return self.coloured_luma + self.difference

    @cached_property
    def thorough_both(self) -> Residual:
        """Brightness and blue difference of the whole, looked at four times as closely."""
        return build_thorough(self.small, in_colour=True)

    @cached_property
    def halved_luma(self) -> Residual:
        """Brightness of the picture at half its size."""
        return build_residual(halved(self.small), in_colour=False)

    @cached_property
    def power(self) -> Power:
        """Spectrum of the brightness."""
        return build_power(self.luma)

    @cached_property
    def power_of_both(self) -> Power:
        """Spectrum of brightness and blue difference."""
        return build_power(self.both)

    @cached_property
    def halved_power(self) -> Power:
        """Spectrum of the brightness at half the size."""
        return build_power(self.halved_luma)


class _Last(threading.local):
    frame: "weakref.ref[Frame] | None" = None
    views: Views | None = None


_LAST: Final = _Last()


def views_of(frame: Frame) -> Views:
    """Return the views of a frame: those made before, where it is the thread's last one and nobody can write to it."""
    if not _is_frozen(frame):
        return Views(frame)
    if _LAST.views is not None and _LAST.frame is not None and _LAST.frame() is frame:
        return _LAST.views
    last, views = _LAST, Views(frame)

    def forget(reference: "weakref.ref[Frame]") -> None:
        if last.frame is reference:
            last.views = None

    last.frame, last.views = weakref.ref(frame, forget), views
    return views


def _is_frozen(frame: Frame) -> bool:
    """Say whether nobody can write to a frame, or to what it is a view of."""
    array: object = frame
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return True
