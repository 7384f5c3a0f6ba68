"""Laying a tile into a picture, and making sure that it holds.

The salt is chosen by what the picture holds already; the strength by what it hides. The marked copy is decoded after a
simulated JPEG of quality 50; where it does not hold the strength is raised as far as quality allows, and where the copy
does not even read untouched the picture is refused.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.errors import UnmarkableError
from provenance.watermarks.tile.canonical import middle, to_canonical
from provenance.watermarks.tile.code import Bits, encode_salted
from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile.layout import DATA_LINES, PERIOD, SYNC_LINES, Layout
from provenance.watermarks.tile.mask import CELL, Quality, measure_visibility
from provenance.watermarks.tile.reading import IDENTITY, UPRIGHT, fold, read, weigh

LEAST_SIDE: Final = 200

# PSNR is above the floor of 42 because rounding takes some; SSIM's floor of 0.98 leaves room for a wrong prediction.
# A small picture holds few periods: it starts where a large one ends up that does not hold otherwise.
_USUAL: Final = Quality(42.3, 0.012, 1.0)
_STRONG: Final = Quality(42.3, 0.017, 1.0)
# On even ground more is seen as grain.
_STRONGEST: Final = Quality(42.3, 0.017, 1.25)
_SMALL: Final = 400_000

# BT.601's luma weights, scaled to a mean square of one: for the same squared error nothing raises luma more, and the
# blue difference that comes with it is where pictures are quietest.
_COLOUR: Final = (0.774, 1.519, 0.295)
_GREY: Final = (1.0, 1.0, 1.0)
_SYNC_POWER: Final = 0.25
# Tile samples a canonical pixel where the picture is larger: the nearest is taken.
_FINE: Final = 4
# Side of the middle of a large picture that salt and check look at.
_WINDOW: Final = 320
_CHECK_QUALITY: Final = 50
_CHECK_PATHS: Final = 8


def embed_tile(frame: Frame, payload: int, layout: Layout) -> Frame:
    """Return a marked copy of a frame with sides of at least 200 pixels.

    Raises:
        PayloadTooLargeError: more than 64 bits.
        UnmarkableError: the mark does not read back.
    """
    import cv2

    height, width = frame.shape[:2]
    codes = encode_salted(layout, payload)
    small = to_canonical(frame)
    code = _choose_code(small, codes, layout)
    tile = build_tile(layout, code, samples=PERIOD if small is frame else _FINE * PERIOD)
    visibility = measure_visibility(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    colour = _GREY if _is_grey(small) else _COLOUR
    for quality in (_STRONG if height * width < _SMALL else _USUAL, _STRONGEST):
        marked = _add_tile(frame, small.shape[1] / frame.shape[1], tile, visibility.scaled(quality), colour)
        if _holds_after_jpeg(to_canonical(marked), payload, layout):
            return marked
    if _holds(to_canonical(marked), payload, layout):
        return marked
    raise UnmarkableError("the mark does not read back: the picture hides too little of it")


def build_tile(layout: Layout, code: Bits, *, samples: int) -> NDArray[np.float32]:
    """Return one period of the mark as (samples, samples), of mean 0 and variance 1."""
    signs = 1 - 2.0 * code[layout.code_bits]
    data = np.sqrt(2 * (1 - _SYNC_POWER) / DATA_LINES) * signs * np.exp(1j * layout.data_phases)
    sync = np.sqrt(2 * _SYNC_POWER / SYNC_LINES) * np.exp(1j * layout.sync_phases)
    spectrum = np.zeros((samples, samples), np.complex64)
    for lines, values in ((layout.data, data), (layout.sync, sync)):
        spectrum[lines[:, 1] % samples, lines[:, 0] % samples] = values
        spectrum[-lines[:, 1] % samples, -lines[:, 0] % samples] = np.conj(values)
    half = np.ascontiguousarray(spectrum[:, : samples // 2 + 1])
    tile = np.fft.irfft2(half, (samples, samples)) * (samples * samples / 2)
    return np.ascontiguousarray(tile, dtype=np.float32)


def _choose_code(small: Frame, codes: NDArray[np.uint8], layout: Layout) -> Bits:
    """Return the code that agrees best with what the picture holds at the tile's lines already."""
    folded = fold(build_residual(middle(small, _WINDOW), in_colour=False), IDENTITY)
    assert folded is not None, "the identity is never degenerate"
    disagreement = codes @ weigh(folded, layout, UPRIGHT)
    chosen: Bits = codes[int(disagreement.argmin())]
    return chosen


def _add_tile(
    frame: Frame, scale: float, tile: NDArray[np.float32], mask: NDArray[np.float32], colour: tuple[float, ...]
) -> Frame:
    """Return frame + mask x tile x colour; `scale` takes the frame's pixels to those of canonical size."""
    from provenance.watermarks.tile._mark_kernel import add_mark

    marked = np.empty(frame.shape, np.uint8)
    source, sink = frame.reshape(len(frame), -1), marked.reshape(len(frame), -1)
    places = [(np.arange(side) + 0.5) * scale for side in frame.shape[:2]]
    # Canonical pixel i covers i..i + 1; its centre is where the tile was sampled.
    cells = [(np.floor((place - 0.5) * (len(tile) / PERIOD) + 0.5).astype(np.int32) % len(tile)) for place in places]
    grid = [
        np.clip(place / CELL - 0.5, 0, count - 1).astype(np.float32)
        for place, count in zip(places, mask.shape, strict=True)
    ]
    add_mark(source, tile, cells[0], cells[1], mask, grid[0], grid[1], np.array(colour, np.float32), sink)
    return marked


def _is_grey(frame: Frame) -> bool:
    red, green, blue = (frame[..., channel] for channel in range(3))
    return bool(np.array_equal(red[0], blue[0]) and np.array_equal(red, blue) and np.array_equal(red, green))


def _holds_after_jpeg(frame: Frame, payload: int, layout: Layout) -> bool:
    part = middle(frame, _WINDOW)
    # JPEG leaves next to nothing of the blue difference.
    if _holds(_through_jpeg(part), payload, layout, in_colour=False):
        return True
    return part.size < frame.size and _holds(_through_jpeg(frame), payload, layout, in_colour=False)


def _through_jpeg(frame: Frame) -> Frame:
    import cv2

    _, file = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _CHECK_QUALITY])
    return np.asarray(cv2.cvtColor(cv2.imdecode(file, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)


def _holds(frame: Frame, payload: int, layout: Layout, *, in_colour: bool = True) -> bool:
    folded = fold(build_residual(frame, in_colour=in_colour), IDENTITY)
    assert folded is not None, "the identity is never degenerate"
    match = read(folded, layout, UPRIGHT, paths=_CHECK_PATHS)
    return match is not None and match.payload == payload
