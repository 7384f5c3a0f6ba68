"""Laying a tile into a picture, and making sure that it holds.

As for the first tile: the salt is chosen by what the picture holds already, the strength by what it hides; the marked
copy is decoded after a simulated JPEG, made stronger where it does not hold, and refused where it does not even read
untouched.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.errors import UnmarkableError
from provenance.watermarks.tile.canonical import middle, to_canonical
from provenance.watermarks.tile.code import Bits, encode_salted
from provenance.watermarks.tile.front import Residual, build_residual
from provenance.watermarks.tile.layout import DATA_LINES, PERIOD, SYNC_LINES
from provenance.watermarks.tile.mask import Quality
from provenance.watermarks.tile.reading import IDENTITY
from provenance.watermarks.tile2.cells import synthesise
from provenance.watermarks.tile2.detection import detect
from provenance.watermarks.tile2.layout import SQUARE, CellLayout, Origin, choose_origin
from provenance.watermarks.tile2.mask import CELL, measure_visibility, scale
from provenance.watermarks.tile2.reading import Laid, fold_signed, lay, read, weigh
from provenance.watermarks.tile2.removal import Earlier, find_earlier, measure_gain
from provenance.watermarks.tile2.similarity import measure_similarity

LEAST_SIDE: Final = 160
LEAST_TICKET_SIDE: Final = 128
"""From here on there is room for a ticket: 32 bits."""
# From here on what reads where it is known to lie is found, too. Of smaller pictures some are not.
_FOUND_FROM: Final = 200

USUAL: Final = Quality(42.3, 0.009, 1.0)
_STRONG: Final = Quality(42.5, 0.0117, 1.0)
_STRONGEST: Final = Quality(42.3, 0.0135, 1.25)
_SMALL: Final = 400_000
# Of structural similarity; 0.015 is promised.
_MOST_LOST: Final = 0.0146

# BT.601's luma weights, scaled to a mean square of one: for the same squared error nothing raises luma more, and the
# blue difference that comes with it is where pictures are quietest.
_COLOUR: Final = (0.774, 1.519, 0.295)
GREY: Final = (1.0, 1.0, 1.0)
_SYNC_POWER: Final = 0.25
WINDOW: Final = 320
"""Side of the middle of a large picture that salt, check and search for an earlier mark look at."""
_CHECK_QUALITY: Final = 50
_CHECK_PATHS: Final = 8
# Rows of a larger picture that are marked at a time.
_STRIP: Final = 256


def embed_tile(frame: Frame, payload: int, layout: CellLayout) -> Frame:
    """Return a marked copy of a frame with sides of at least 128 pixels; of under 160 the payload is a ticket.

    Raises:
        PayloadTooLargeError: more than 64 bits.
        UnmarkableError: the mark does not read back.
    """
    import cv2

    height, width = frame.shape[:2]
    codes = encode_salted(layout.lines, payload)
    frame, small, seen = _clear(frame, layout)
    origin = choose_origin(layout, small, payload)
    code = choose_code(small, seen, codes, layout, origin)
    rows, columns = (-(-side // PERIOD) for side in small.shape[:2])
    plane = build_plane(layout, code, origin, rows, columns)
    visibility = measure_visibility(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    colour = GREY if _is_grey(small) else _COLOUR
    for quality in (_STRONG if height * width < _SMALL else USUAL, _STRONGEST):
        marked = _mark(frame, small.shape[1] / width, plane, scale(visibility, quality), colour)
        if _is_found(marked, payload, layout) and _holds_after_jpeg(to_canonical(marked), payload, layout, origin):
            return marked
    if _is_found(marked, payload, layout) and _holds(build_residual(to_canonical(marked)), payload, layout, origin):
        return marked
    raise UnmarkableError("the mark does not read back: the picture hides too little of it")


def _mark(
    frame: Frame, ratio: float, plane: NDArray[np.float32], mask: NDArray[np.float32], colour: tuple[float, ...]
) -> Frame:
    """Return a marked copy; of a small picture one that is as alike as is promised, whatever its colours."""
    marked = add_plane(frame, ratio, plane, mask, colour)
    if frame.shape[0] * frame.shape[1] >= _SMALL:
        return marked
    # What a mask may cost is told of brightness; where one channel alone is even, it costs more there.
    lost = 1 - measure_similarity(frame, marked)
    if lost <= _MOST_LOST:
        return marked
    return add_plane(frame, ratio, plane, mask * np.float32(np.sqrt(_MOST_LOST / lost)), colour)


def take_off(frame: Frame, layout: CellLayout) -> Frame:
    """Return a frame without the mark of this key that lies in it as it was laid; the same object where none does."""
    return _clear(frame, layout)[0]


def _clear(frame: Frame, layout: CellLayout) -> tuple[Frame, Frame, Residual]:
    """Return a frame without an earlier mark, that at canonical size, and the residual of the latter's middle."""
    small = to_canonical(frame)
    seen = build_residual(middle(small, WINDOW), in_colour=False)
    earlier = find_earlier(small, seen, layout)
    if earlier is None:
        return frame, small, seen
    cleared = _subtract(frame, small, earlier, layout)
    small = to_canonical(cleared)
    return cleared, small, build_residual(middle(small, WINDOW), in_colour=False)


def _subtract(frame: Frame, small: Frame, earlier: Earlier, layout: CellLayout) -> Frame:
    import cv2

    (height, width), ratio = small.shape[:2], small.shape[1] / frame.shape[1]
    plane = build_plane(layout, earlier.code, earlier.origin, earlier.rows, earlier.columns)
    plane = np.ascontiguousarray(plane[earlier.top :, earlier.left :][:height, :width])
    visibility = measure_visibility(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    is_small = frame.shape[0] * frame.shape[1] < _SMALL
    mask, colour = scale(visibility, _STRONG if is_small else USUAL), GREY if _is_grey(small) else _COLOUR
    fine = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    luma = float(np.dot(colour, (0.299, 0.587, 0.114)))
    gain = measure_gain(small, plane, fine * luma)
    return add_plane(frame, ratio, plane, np.asarray(-gain * mask, np.float32), colour)


def build_plane(layout: CellLayout, code: Bits, origin: Origin, rows: int, columns: int) -> NDArray[np.float32]:
    """Return the mark over so many cells as (128 rows, 128 columns), of mean 0 and variance 1 in each."""
    lines = layout.lines
    bits = 1 - 2.0 * code[lines.code_bits]
    data = np.sqrt(2 * (1 - _SYNC_POWER) / DATA_LINES) * bits * np.exp(1j * lines.data_phases)
    sync = np.sqrt(2 * _SYNC_POWER / SYNC_LINES) * np.exp(1j * lines.sync_phases)
    places = [(first + np.arange(count)) % SQUARE for first, count in zip(origin, (rows, columns), strict=True)]
    signs = layout.signs[:, places[0][:, None], places[1][None]].transpose(1, 2, 0)
    waves = np.empty((rows, columns, DATA_LINES + SYNC_LINES), np.complex64)
    waves[..., :DATA_LINES] = signs * data.astype(np.complex64)
    waves[..., DATA_LINES:] = sync
    return synthesise(waves, np.concatenate([lines.data, lines.sync]))


def choose_code(small: Frame, seen: Residual, codes: Bits, layout: CellLayout, origin: Origin) -> Bits:
    """Return the code that agrees best with what the picture, of whose middle `seen` is the residual, holds already."""
    first = _first_of_middle(small, origin)
    ratios = weigh(fold_signed(_lay_upright(seen, layout), layout, first), layout.lines)
    disagreement = np.einsum("sc,c->s", codes, ratios, dtype=np.float32, casting="unsafe")
    chosen: Bits = codes[int(disagreement.argmin())]
    return chosen


def _first_of_middle(small: Frame, origin: Origin) -> Origin:
    row, column = (
        (first + max(0, (length - WINDOW) // 2 // PERIOD)) % SQUARE
        for first, length in zip(origin, small.shape[:2], strict=True)
    )
    return row, column


def _lay_upright(residual: Residual, layout: CellLayout) -> Laid:
    laid = lay(residual, layout.lines, IDENTITY, np.zeros(2))
    assert laid is not None, "the identity is never degenerate"
    return laid


def add_plane(
    frame: Frame, scale: float, plane: NDArray[np.float32], mask: NDArray[np.float32], colour: tuple[float, ...]
) -> Frame:
    """Return frame + mask x plane x colour; `scale` takes the frame's pixels to those of canonical size."""
    import cv2

    from provenance.watermarks.tile._mark_kernel import add_mark

    marked = np.empty(frame.shape, np.uint8)
    height, width = frame.shape[:2]
    tint = np.array(colour, np.float32)
    grid = [
        np.clip((np.arange(side) + 0.5) * scale / CELL - 0.5, 0, count - 1).astype(np.float32)
        for side, count in zip((height, width), mask.shape, strict=True)
    ]
    columns = np.arange(width, dtype=np.int32)
    for top in range(0, height, height if scale == 1 else _STRIP):
        rows = frame[top : top + (height if scale == 1 else _STRIP)]
        if scale == 1:
            part = plane
        else:
            matrix = np.array([[scale, 0, 0.5 * scale - 0.5], [0, scale, (top + 0.5) * scale - 0.5]])
            flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
            part = np.asarray(
                cv2.warpAffine(plane, matrix, (width, len(rows)), flags=flags, borderMode=cv2.BORDER_REPLICATE),
                np.float32,
            )
        add_mark(
            rows.reshape(len(rows), -1),
            part,
            np.arange(len(rows), dtype=np.int32),
            columns,
            mask,
            grid[0][top : top + len(rows)],
            grid[1],
            tint,
            marked[top : top + len(rows)].reshape(len(rows), -1),
        )
    return marked


def _is_grey(frame: Frame) -> bool:
    red, green, blue = (frame[..., channel] for channel in range(3))
    return bool(np.array_equal(red[0], blue[0]) and np.array_equal(red, blue) and np.array_equal(red, green))


def _is_found(marked: Frame, payload: int, layout: CellLayout) -> bool:
    """Say whether the reader finds a small picture's mark; of larger ones it is taken for granted."""
    if min(marked.shape[:2]) >= _FOUND_FROM:
        return True
    found = detect(marked, (layout,))
    return found is not None and found.match.payload == payload


def _holds_after_jpeg(small: Frame, payload: int, layout: CellLayout, origin: Origin) -> bool:
    part = middle(small, WINDOW)
    # JPEG leaves next to nothing of the blue difference.
    residual = build_residual(_through_jpeg(part), in_colour=False)
    if _holds(residual, payload, layout, _first_of_middle(small, origin)):
        return True
    return part.size < small.size and _holds(
        build_residual(_through_jpeg(small), in_colour=False), payload, layout, origin
    )


def _through_jpeg(frame: Frame) -> Frame:
    import cv2

    _, file = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _CHECK_QUALITY])
    return np.asarray(cv2.cvtColor(cv2.imdecode(file, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)


def _holds(residual: Residual, payload: int, layout: CellLayout, origin: Origin) -> bool:
    tickets = min(residual.shape) < LEAST_SIDE
    match = read(_lay_upright(residual, layout), layout, origin, paths=_CHECK_PATHS, tickets=tickets)
    return match is not None and match.payload == payload
