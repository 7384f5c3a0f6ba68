"""What a picture holds that nobody sees, found and taken out before it ships.

Three places hide a message or a second picture: colour where alpha is 0 or nearly so, the low bits of alpha, and, in a
file without loss, the low bits of colour. Generators write prompts into the latter two. Cleaning rewrites all three
from what can be seen, so the same picture is always cleaned the same way.

Limits: what is spread over higher bits, or over edges and noise as a watermark is, stays; nobody can see that either.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame, Plane
from provenance.media.picture.raster import OPAQUE, STRIP_ROWS, Picture

# Alpha keeps its upper six bits and stands in the middle of what they leave open: no pixel looks different by more than
# three levels of 255 on any background.
_ALPHA_STEP: Final = 4

# Below this alpha, colour fades to the mean of what is visible; no pixel looks different by more than four levels.
_FAINT: Final = 16

# Fewer pixels hold eight letters at most, and stray ones are left by editors.
_WORTH_SAYING: Final = 64


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is in a picture that nobody sees.

    Attributes:
        colour_pixels: how many are transparent and differ from their neighbour all the same.
        alpha_pixels: how many have an alpha that leaves its neighbours' by the lowest bits and comes back.
    """

    colour_pixels: int = 0
    alpha_pixels: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """What is worth saying, in words."""
        found = (
            (self.colour_pixels, "colour under transparent pixels"),
            (self.alpha_pixels, "a pattern in the low bits of transparency"),
        )
        return tuple(name for pixels, name in found if pixels >= _WORTH_SAYING)


def find_hidden(picture: Picture) -> Hidden:
    """Count what a picture with transparency holds that nobody sees; an opaque one costs nothing."""
    alpha = picture.alpha
    if alpha is None:
        return Hidden()
    is_clear = alpha == 0
    differs = (picture.frame[:, 1:] != picture.frame[:, :-1]).any(axis=2)
    # A gradient crosses a step once; a message toggles the lowest bits and comes back, along rows or columns.
    return Hidden(
        int(np.count_nonzero(is_clear[:, 1:] & is_clear[:, :-1] & differs)),
        max(_count_toggles(alpha), _count_toggles(alpha.T)),
    )


def _count_toggles(alpha: Plane) -> int:
    steps = alpha[:, 1:-1] ^ alpha[:, :-2]
    return int(np.count_nonzero((steps > 0) & (steps < _ALPHA_STEP) & (alpha[:, 2:] == alpha[:, :-2])))


def clean_hidden(picture: Picture, *, is_lossless: bool) -> Picture:
    """Return the picture without what nobody sees; itself when there is nothing to do.

    Args:
        picture: not modified.
        is_lossless: it ships in a type without loss, where the lowest bit of each colour would stay as it came.

    Returns:
        A picture that looks the same: alpha within 3 of 255, colour within 1, and colour under faint alpha faded to the
        mean of what is visible.
    """
    if picture.alpha is None and not is_lossless:
        return picture
    frame, alpha = picture.frame, picture.alpha
    if alpha is not None:
        alpha = _apply(_ALPHA_LEVELS, alpha)
        frame = _fade(frame, alpha)
    if is_lossless:
        frame = _apply(_COLOUR_LEVELS, frame)
    for array in (frame, alpha):
        if array is not None:
            array.flags.writeable = False
    return Picture.from_frame(frame, alpha, picture.media_type, is_turned=picture.is_turned, left_out=picture.left_out)


def _apply(levels: Plane, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    return np.asarray(cv2.LUT(pixels, levels), dtype=np.uint8)


def _fade(frame: Frame, alpha: Plane) -> Frame:
    """Return the frame with colour under faint alpha drawn towards the mean of what is visible, wholly at alpha 0."""
    if int(alpha.min()) >= _FAINT:
        return frame
    neutral = _mean_visible(frame, alpha)
    faded = frame.copy()
    for top in range(0, frame.shape[0], STRIP_ROWS):
        strip = slice(top, top + STRIP_ROWS)
        faint = alpha[strip] < _FAINT
        if faint.any():
            weight = alpha[strip][faint].astype(np.int32)[:, None]
            colour = frame[strip][faint].astype(np.int32)
            faded[strip][faint] = (colour * weight + neutral * (_FAINT - weight)) // _FAINT
    return faded


def _mean_visible(frame: Frame, alpha: Plane) -> NDArray[np.int32]:
    """Return the mean colour, weighted by alpha; black where nothing is visible."""
    total, weights = np.zeros(3), 0.0
    for top in range(0, frame.shape[0], STRIP_ROWS):
        weight = alpha[top : top + STRIP_ROWS].astype(np.float64)
        total += np.tensordot(weight, frame[top : top + STRIP_ROWS], axes=2)
        weights += float(weight.sum())
    mean = np.zeros(3) if weights == 0 else total / weights
    return np.floor(mean + 0.5).astype(np.int32)


def _build_alpha_levels() -> Plane:
    levels = np.arange(OPAQUE + 1) // _ALPHA_STEP * _ALPHA_STEP + _ALPHA_STEP // 2
    levels[:_ALPHA_STEP], levels[-_ALPHA_STEP:] = 0, OPAQUE
    return levels.astype(np.uint8)


def _build_colour_levels() -> Plane:
    """Return each level with its lowest bit equal to its highest, so that black and white stay what they are."""
    levels = np.arange(OPAQUE + 1)
    return (levels & 0xFE | levels >> 7).astype(np.uint8)


_ALPHA_LEVELS: Final = _build_alpha_levels()
_COLOUR_LEVELS: Final = _build_colour_levels()
