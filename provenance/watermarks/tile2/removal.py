"""Taking an earlier mark of one's own out of a picture before another is laid over it.

Whoever crops a release, changes it and hands it in again brings its mark along. Two tiles of one key at one size share
their sync, and a reader may find either. So the earlier one goes first, where it lies at its own size and upright;
under another scale or turn the two do not meet, and the new one is found first. Only who holds the key can do this.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.watermarks.tile.code import Bits
from provenance.watermarks.tile.front import Residual, build_residual
from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile.reading import IDENTITY, fold
from provenance.watermarks.tile2.layout import CellLayout, Origin
from provenance.watermarks.tile2.placing import UPRIGHT, place
from provenance.watermarks.tile2.reading import TINY, lay, rank_origins, read

_LEAST_SYNC: Final = 5.0
"""Deviations from which a mark may lie there; of 300 unmarked photographs two have so many, and are looked at whole."""
_PATHS: Final = 8
_ORIGINS: Final = 2
_MOST_GAIN: Final = 1.25
"""Of what is taken away, in parts of what is usually laid; compression leaves less."""


class Earlier(NamedTuple):
    """A mark that lies in a picture: what it says, and where its cells lie.

    Attributes:
        code: (1024,) code bits.
        origin: row and column of the square's cell that lies first.
        top, left: pixels of the first row and column of cells that lie before the picture.
        rows, columns: of cells that it touches.
    """

    code: Bits
    origin: Origin
    top: int
    left: int
    rows: int
    columns: int


def find_earlier(small: Frame, seen: Residual, layout: CellLayout) -> Earlier | None:
    """Return the mark of this key that lies in a picture upright and at its own size, or None.

    Args:
        small: (H, W, 3) of canonical size.
        seen: residual of its middle, in which sync is looked for first, which costs little.
        layout: of the key.
    """
    upright = UPRIGHT.sense[None]
    folded = fold(seen, IDENTITY)
    assert folded is not None, "the identity is never degenerate"
    if place(folded, layout.lines, upright)[0].sync < _LEAST_SYNC:
        return None
    residual = build_residual(small, in_colour=False)
    whole = fold(residual, IDENTITY)
    assert whole is not None, "the identity is never degenerate"
    for placed in (*(one for one in place(whole, layout.lines, upright) if not one.is_negative), UPRIGHT):
        found = _read_at(residual, layout, np.rint(placed.origin))
        if found is not None:
            return found
    return None


def _read_at(residual: Residual, layout: CellLayout, corner: NDArray[np.float64]) -> Earlier | None:
    laid = lay(residual, layout.lines, IDENTITY, corner)
    assert laid is not None, "the identity is never degenerate"
    rows, columns = laid.values.shape[1:]
    left, top = (int(-at % PERIOD) for at in corner)
    for placing in rank_origins(laid, layout, _ORIGINS):
        match = read(laid, layout, placing.origin, paths=_PATHS, tickets=residual.size < TINY)
        if match is not None:
            return Earlier(match.code, placing.origin, top, left, rows, columns)
    return None


def measure_gain(small: Frame, plane: NDArray[np.float32], mask: NDArray[np.float32]) -> float:
    """Return how strongly a mark lies in a picture, in parts of `mask`: 0 to 1.25.

    Args:
        small: (H, W, 3) uint8.
        plane: (H, W) of the mark, variance 1.
        mask: (H, W) levels that a deviation of the plane may cost.
    """
    import cv2

    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    laid = plane * mask
    seen, wanted = (one - cv2.GaussianBlur(one, (0, 0), 1.5) for one in (luma, laid))
    # Where the picture itself is busy it says little of the mark.
    trust = 1 / (1 + cv2.GaussianBlur(seen * seen, (0, 0), 4.0))
    gain = float((seen * wanted * trust).sum() / max(float((wanted * wanted * trust).sum()), 1e-9))
    return min(max(gain, 0.0), _MOST_GAIN)
