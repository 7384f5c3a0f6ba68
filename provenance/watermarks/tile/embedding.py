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
from provenance.watermarks.tile.canonical import LONGEST_SIDE, to_canonical
from provenance.watermarks.tile.code import Bits, encode_salted
from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile.layout import DATA_LINES, PERIOD, SYNC_LINES, Layout
from provenance.watermarks.tile.mask import CELL, Quality, Visibility, measure_visibility
from provenance.watermarks.tile.reading import IDENTITY, Placed, fold, read, weigh

LEAST_SIDE: Final = 200

# Tried in turn; PSNR is half a dB above the floor of 42 because rounding takes some.
QUALITIES: Final = (Quality(42.3, 0.012), Quality(42.2, 0.018))

# BT.601's luma weights, scaled to a mean square of one: for the same squared error nothing raises luma more, and the
# blue difference that comes with it is where pictures are quietest.
_COLOUR: Final = (0.774, 1.519, 0.295)
_SYNC_POWER: Final = 0.22
_UPRIGHT: Final = Placed(0.0, np.eye(2, dtype=np.int64), np.zeros(2))
# Side of the middle of a large picture that salt and check look at: whole periods.
_WINDOW: Final = 512
_CHECK_QUALITY: Final = 50
_CHECK_PATHS: Final = 8


def embed_tile(frame: Frame, payload: int, layout: Layout) -> Frame:
    """Return a marked copy of a frame with sides of at least 200 pixels.

    Raises:
        PayloadTooLargeError: more than 64 bits.
        UnmarkableError: the mark does not read back.
    """
    import cv2

    codes = encode_salted(layout, payload)
    small = to_canonical(frame)
    code = _choose_code(small, codes, layout)
    tile = build_tile(layout, code, samples=PERIOD if small is frame else 4 * PERIOD)
    visibility = measure_visibility(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    for quality in QUALITIES:
        marked = _add_tile(frame, small.shape[1] / frame.shape[1], tile, visibility, quality)
        if _holds(_through_jpeg(to_canonical(marked)), payload, layout):
            return marked
    if _holds(to_canonical(marked), payload, layout):
        return marked
    raise UnmarkableError("the mark does not read back: the picture hides too little of it")


def build_tile(layout: Layout, code: Bits, *, samples: int) -> NDArray[np.float32]:
    """Return one period of the mark as (samples, samples), of mean 0 and variance 1."""
    signs = 1 - 2.0 * code[layout.code_bits]
    data = np.sqrt(2 * (1 - _SYNC_POWER) / DATA_LINES) * signs * np.exp(1j * layout.data_phases)
    sync = np.sqrt(2 * _SYNC_POWER / SYNC_LINES) * np.exp(1j * layout.sync_phases)
    half = np.zeros((samples, samples // 2 + 1), np.complex64)
    full = np.zeros((samples, samples), np.complex64)
    for lines, values in ((layout.data, data), (layout.sync, sync)):
        full[lines[:, 1] % samples, lines[:, 0] % samples] = values
        full[-lines[:, 1] % samples, -lines[:, 0] % samples] = np.conj(values)
    half[:] = full[:, : samples // 2 + 1]
    return np.ascontiguousarray(np.fft.irfft2(half, (samples, samples)) * (samples * samples / 2), dtype=np.float32)


def _middle(frame: Frame) -> Frame:
    """Return at most 512x512 from the middle, its corner a whole number of periods from the picture's."""
    starts = [max(0, (side - _WINDOW) // 2 // PERIOD * PERIOD) for side in frame.shape[:2]]
    return np.ascontiguousarray(frame[starts[0] :, starts[1] :][:_WINDOW, :_WINDOW])


def _choose_code(small: Frame, codes: NDArray[np.uint8], layout: Layout) -> Bits:
    """Return the code that agrees best with what the picture holds at the tile's lines already."""
    folded = fold(build_residual(_middle(small)), IDENTITY)
    assert folded is not None, "the identity is never degenerate"
    agreement = (1 - 2.0 * codes) @ weigh(folded, layout, _UPRIGHT)
    chosen: Bits = codes[int(agreement.argmax())]
    return chosen


def _add_tile(frame: Frame, scale: float, tile: NDArray[np.float32], visibility: Visibility, quality: Quality) -> Frame:
    from provenance.watermarks.tile._mark_kernel import add_mark

    mask = visibility.scaled(quality)
    marked = np.empty_like(frame)
    places = [(np.arange(side) + 0.5) * scale for side in frame.shape[:2]]
    # Canonical pixel i covers i..i + 1; its centre is where the tile was sampled.
    cells = [(np.floor((place - 0.5) * (len(tile) / PERIOD) + 0.5).astype(np.int32) % len(tile)) for place in places]
    grid = [
        np.clip(place / CELL - 0.5, 0, count - 1).astype(np.float32)
        for place, count in zip(places, mask.shape, strict=True)
    ]
    add_mark(frame, tile, cells[0], cells[1], mask, grid[0], grid[1], np.array(_COLOUR, np.float32), marked)
    return marked


def _through_jpeg(frame: Frame) -> Frame:
    import cv2

    middle = _middle(frame)
    _, file = cv2.imencode(".jpg", cv2.cvtColor(middle, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _CHECK_QUALITY])
    return cv2.cvtColor(cv2.imdecode(file, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _holds(frame: Frame, payload: int, layout: Layout) -> bool:
    folded = fold(build_residual(frame), IDENTITY)
    match = folded and read(folded, layout, _UPRIGHT, paths=_CHECK_PATHS)
    return match is not None and match.payload == payload
